"""Lessons, each a link and a sentence: what a class can try. views/guide/ has their steps.

One example: the lesson "weight" opens the Train page with the weight of the sum at 0, some other
settings fixed and the rest hidden. tests/views/session/test_lessons.py tries what each promises.
"""

from dataclasses import dataclass
from typing import Literal

from core.collections.lesson_sets import BIASED
from core.data.drawing import Strokes
from core.recipes.settings import SETTINGS, Value
from core.specs import own_spec
from views.session.link import LESSON_NAMES, QUICK, Link, link_query, parse_strokes

# settings that no lesson is about, or only those that leave them free
HIDDEN_SETTINGS = ("images", "start", "batch_size", "width", "dropout", "augment")
A_SHORT_7: Strokes = (((105.0, 95.0), (150.0, 60.0), (145.0, 225.0)),)
A_2_IN_A_MIRROR = parse_strokes("XxaWRBSI0NxBMxiPqMUC0XLXLTX")
BY_TEACHER, BY_LESSON = "Set by your teacher", "Set for this lesson"  # of what a link has fixed
SMALL_SET = 500  # images of the lessons about too little data


@dataclass(frozen=True)
class Lesson:
    """What a class tries on one page."""

    title: str
    says: str  # what to do and what it shows
    page: str  # its name in the address; the first page needs none
    link: Link
    minutes: int = 3  # on two cores, the trainings included: `benchmarks/lessons.py`
    level: Literal["beginner", "advanced"] = "beginner"

    @property
    def address(self) -> str:
        """Relative to the app's own."""
        query = "&".join(f"{name}={value}" for name, value in link_query(self.link).items())
        return f"{self.page or './'}?{query}"


def _train(lesson: str, free: tuple[str, ...] = (), bug: str = "", **settings: Value) -> Link:
    """To the Train page: some settings and the seed are free, some are fixed, the rest is hidden.

    A lesson about a bug leaves the choice of the bug free.
    """
    unseen = tuple(name for name in HIDDEN_SETTINGS if name not in free)
    return Link(
        settings=QUICK.change(settings).settings(),
        bug=bug,
        locked=tuple(name for name in SETTINGS if name not in (*free, "seed", *unseen)),
        hidden=tuple(name for name in ("bug", *SETTINGS) if name in unseen or _hides(name, bug)),
        lesson=lesson,
    )


def _hides(name: str, bug: str) -> bool:
    return name == "bug" and not bug


def who_fixed(link: Link) -> str:
    """Who has fixed a control, in words."""
    return BY_LESSON if link.lesson else BY_TEACHER


LESSONS = {
    "rate": Lesson(
        "A learning rate that is too high",
        "Guess: what does a learning rate of 30 do? Now press Train. Then lower the rate until the "
        "network learns, and further until it hardly does.",
        "train",
        _train("rate", ("lr",), lr=30.0),
    ),
    "weight": Lesson(
        "Switch one loss off",
        "Guess: what does the sum head learn while the sum counts 0? Now press Train. Then let it "
        "count again.",
        "train",
        _train("weight", ("sum_weight",), sum_weight=0.0),
    ),
    "fusion": Lesson(
        "Pixel against late fusion",
        "Guess: is the sum easier when the number is written into the picture, or when it joins "
        "after reading? Press Train, then choose late fusion and train again.",
        "train",
        _train("fusion", ("fusion",), fusion="pixels", epochs=2),
        minutes=4,
        level="advanced",
    ),
    "bug": Lesson(
        "A published bug",
        "Guess: which head does the bug of network A spoil? Now press Train. Then choose No bug "
        "and train again.",
        "train",
        _train("bug", bug="broadcast"),
    ),
    "misread": Lesson(
        "Fool it with a 7",
        "The bar of this 7 is short, and the network is sure that it is a 1. Change the number and "
        "see the sum follow the mistake. Then draw a 7 that it reads correctly.",
        "",
        Link(strokes=A_SHORT_7, hidden=("teach",), lesson="misread"),
        minutes=2,
    ),
    "teach": Lesson(
        "Teach it your handwriting",
        "This mirrored 2 is read as a 5. Tap 2 below, then Teach it, and draw it once more a few "
        "seconds later.",
        "",
        Link(strokes=A_2_IN_A_MIRROR, lesson="teach"),
    ),
    "few": Lesson(
        "Too little data",
        f"Guess: how many new digits does it read after learning {SMALL_SET} images 50 times each? "
        "Press Train. Then give it all 50,000 images, once each, and train again.",
        "train",
        _train("few", ("images", "epochs"), images=SMALL_SET, epochs=50),
    ),
    "overfit": Lesson(
        "Overfitting",
        f"Guess: on which images does it do better, on the {SMALL_SET} that it learns from or on "
        "new ones, and by how much? Press Train. Then distort the training images and train again.",
        "train",
        _train("overfit", ("augment",), images=SMALL_SET, epochs=50),
        level="advanced",
    ),
    "fixed": Lesson(
        "One fixed number per image",
        "Guess: each training image always comes with the same number. Can the network still add "
        "the other nine? Press Train. Then choose No bug and train again.",
        "train",
        _train("fixed", bug="fixed-addend"),
        level="advanced",
    ),
    "shift": Lesson(
        "A shifted or inverted picture",
        "Guess: how far may a digit move before the network misreads it? Move yours, then swap "
        "black and white.",
        "lessons",
        Link(lesson="shift"),
        minutes=2,
    ),
    "data": Lesson(
        "Your pictures decide what it learns",
        "In these pictures every circle has a thick line and every square a thin one. Guess: what "
        "will the network call a square that you draw? Press Train, use the network and draw one. "
        "Then train on pictures with both pens, and draw it again.",
        "train",
        _train("data", ("dataset",), dataset=own_spec(BIASED).name, epochs=3, augment=0.5),
    ),
}
assert tuple(LESSONS) == LESSON_NAMES
