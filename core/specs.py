"""TODO."""

from dataclasses import dataclass

ADDENDS = 10  # the number to add is 0-9


CLASSES = 10


TRAIN_SIZE = 50_000


VAL_SIZE = 10_000  # of the 60,000 training images; the published MNIST network splits like this


TEST_SIZE = 10_000


@dataclass(frozen=True)
class DatasetSpec:
    """What a page or a card needs to know about a data set."""

    name: str
    title: str
    noun: str  # what one image shows, in the words of the page
    class_names: tuple[str, ...]
    mean: float  # of the 60,000 training images, pixels / 255
    std: float
    mirrored: bool  # is a mirrored image still of its class?

    def numbered(self, label: int) -> str:
        """The name of a class and, where that is no number, its number: "5", "Sneaker (7)"."""
        name = self.class_names[label]
        return name if name == str(label) else f"{name} ({label})"


SPECS = {
    spec.name: spec
    for spec in (
        DatasetSpec("mnist", "MNIST", "digit", tuple("0123456789"), 0.1307, 0.3081, False),
        DatasetSpec(
            "fashion-mnist",
            "Fashion-MNIST",
            "garment",
            (
                *("T-shirt", "Trouser", "Pullover", "Dress", "Coat"),
                *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
            ),
            0.2860,
            0.3530,
            True,
        ),
    )
}
