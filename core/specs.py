"""The data sets that there are: everything that differs between them, each in one spec.

Adding a data set means adding a spec here; nothing else asks which data set it has. Imports no
torch, so that the command line and the settings can read it at once.
"""

from dataclasses import dataclass

from core.data.drawing import Form, Strokes, fashion_form, mnist_form

ADDENDS = 10  # the number to add is 0-9
CLASSES = 10
TRAIN_SIZE = 50_000
VAL_SIZE = 10_000  # of the 60,000 training images; the published MNIST network splits like this
TEST_SIZE = 10_000


@dataclass(frozen=True)
class DatasetSpec:
    """All that a data set is."""

    name: str
    title: str
    noun: str  # what one image shows, in the words of the page
    class_names: tuple[str, ...]  # in order of the label
    mean: float  # of the training images, pixels / 255
    std: float
    form: Form  # ink (H, W) to an image like these, uint8 (28, 28)
    form_words: str  # what `form` does, for the page
    example: Strokes  # a drawing that stands in where a visitor has none
    mirrored: bool = False  # is a mirrored image still of its class?
    empty_margin: bool = False  # can the outer two pixels be left away?
    is_digits: bool = False  # pens may write more of them, and several may stand in a row

    def numbered(self, label: int) -> str:
        """The name of a class and, where that is no number, its number: "5", "Sneaker (7)"."""
        name = self.class_names[label]
        return name if name == str(label) else f"{name} ({label})"


MNIST = DatasetSpec(
    name="mnist",
    title="MNIST",
    noun="digit",
    class_names=tuple("0123456789"),
    mean=0.1307,
    std=0.3081,
    form=mnist_form,
    form_words=(
        "cropped to the ink, the longer side shrunk to 20 pixels, the center of mass moved to the "
        "middle of 28\u00a0×\u00a028. A drawing that is merely shrunk is misread one time in five."
    ),
    example=(
        (
            *((105.0, 60.0), (101.0, 95.0), (98.0, 130.0), (100.0, 133.0), (130.0, 115.0)),
            *((165.0, 120.0), (190.0, 150.0), (185.0, 190.0), (155.0, 215.0), (120.0, 218.0)),
            (92.0, 200.0),
        ),
        ((105.0, 60.0), (190.0, 58.0)),
    ),  # a 5
    empty_margin=True,
    is_digits=True,
)

FASHION_MNIST = DatasetSpec(
    name="fashion-mnist",
    title="Fashion-MNIST",
    noun="garment",
    class_names=(
        *("T-shirt", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    mean=0.2860,
    std=0.3530,
    form=fashion_form,
    form_words="cropped to the ink, the longer side shrunk to 28 pixels, put in the middle.",
    example=(
        (
            *((92.0, 50.0), (86.0, 232.0), (104.0, 232.0), (108.0, 50.0), (126.0, 60.0)),
            (122.0, 232.0),
        ),
        (
            *((188.0, 50.0), (194.0, 232.0), (176.0, 232.0), (172.0, 50.0), (154.0, 60.0)),
            (158.0, 232.0),
        ),
        ((92.0, 50.0), (188.0, 50.0)),
    ),  # a pair of trousers
    mirrored=True,
)

SPECS = {spec.name: spec for spec in (MNIST, FASHION_MNIST)}
