"""Six lessons, each a link and a sentence: what a class can try, and what it will see.

One example: the lesson "weight" opens the Train page with the weight of the sum at 0, some other
settings fixed and the rest hidden. tests/views/session/test_lessons.py tries what each promises.
"""

from dataclasses import dataclass

from core.data.drawing import Strokes
from core.recipes.settings import SETTINGS, Value
from views.session.link import LESSON_NAMES, QUICK, Link, link_query, parse_strokes

HIDDEN_SETTINGS = ("batch_size", "width", "dropout", "augment")  # settings that no lesson is about
A_SHORT_7: Strokes = (((105.0, 95.0), (150.0, 60.0), (145.0, 225.0)),)
A_2_IN_A_MIRROR = parse_strokes("XxaWRBSI0NxBMxiPqMUC0XLXLTX")


@dataclass(frozen=True)
class Lesson:
    """What a class tries on one page."""

    title: str
    says: str  # what to do and what it shows
    page: str  # its name in the address; the first page needs none
    link: Link

    @property
    def address(self) -> str:
        """Relative to the app's own."""
        query = "&".join(f"{name}={value}" for name, value in link_query(self.link).items())
        return f"{self.page or './'}?{query}"


def _train(lesson: str, free: str, bug: str = "", **settings: Value) -> Link:
    """To the Train page: a setting and the seed are free, some are fixed, the rest is hidden."""
    return Link(
        settings=QUICK.change(settings).settings(),
        bug=bug,
        locked=tuple(name for name in SETTINGS if name not in (free, "seed", *HIDDEN_SETTINGS)),
        hidden=HIDDEN_SETTINGS if bug else ("bug", *HIDDEN_SETTINGS),
        lesson=lesson,
    )


LESSONS = {
    "rate": Lesson(
        "A learning rate that is too high",
        "Press Train: at a learning rate of 30, the loss diverges at once. Then lower the rate "
        "until the network learns, and further until it hardly does.",
        "train",
        _train("rate", "lr", lr=30.0),
    ),
    "weight": Lesson(
        "A sum that does not count",
        "Press Train: with a weight of 0, the class head learns as usual, and the sum head is "
        "right one time in ten. Then give the sum its weight back.",
        "train",
        _train("weight", "sum_weight", sum_weight=0.0),
    ),
    "fusion": Lesson(
        "Pixel against late fusion",
        "Press Train, then choose late fusion and train again: after the same two epochs, the sum "
        "is right far more often, as the network need not find the number in the picture.",
        "train",
        _train("fusion", "fusion", fusion="pixels", epochs=2),
    ),
    "bug": Lesson(
        "A published bug",
        "Press Train: with the bug of network A, the class head reads nearly every digit, and R² "
        "of the sum stays near 0. Then choose No bug.",
        "train",
        _train("bug", "", bug="broadcast"),
    ),
    "misread": Lesson(
        "A 7 that it cannot read",
        "The bar of this 7 is short, and the network is sure that it is a 1. Change the number and "
        "see the sum follow the mistake. Then draw a 7 that it reads correctly.",
        "",
        Link(strokes=A_SHORT_7, hidden=("teach",), lesson="misread"),
    ),
    "teach": Lesson(
        "Teach it your handwriting",
        "This mirrored 2 is read as a 5. Label it 2 below, press Teach it, and a few seconds later "
        "it is read correctly.",
        "",
        Link(strokes=A_2_IN_A_MIRROR, lesson="teach"),
    ),
}
assert tuple(LESSONS) == LESSON_NAMES
