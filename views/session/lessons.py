"""Six lessons, each a link and a sentence: what a class may try, and what it will see.

One example: the lesson "weight" opens the Train page with the weight of the sum at 0, some other
settings locked and the rest left out. What a lesson promises is tried in tests/test_tasks.py.
"""

from dataclasses import dataclass

from core.data.drawing import Strokes
from core.recipes.settings import SETTINGS, Value
from views.session.link import LESSON_NAMES, QUICK, Link, link_query, parse_strokes

HIDDEN_SETTINGS = ("batch_size", "width", "dropout", "augment")  # settings that no lesson is about
A_V_FOR_A_7: Strokes = (((80.0, 70.0), (135.0, 215.0), (205.0, 60.0)),)
A_2_IN_A_MIRROR = parse_strokes("XxaWRBSI0NxBMxiPqMUC0XLXLTX")


@dataclass(frozen=True)
class Lesson:
    """A lesson."""

    title: str
    says: str  # what to do and what it shows
    page: str  # in the address; the first page has no name
    link: Link

    @property
    def address(self) -> str:
        """Relative to the app's own."""
        query = "&".join(f"{name}={value}" for name, value in link_query(self.link).items())
        return f"{self.page or './'}?{query}"


def _train(task: str, free: str, bug: str = "", **settings: Value) -> Link:
    """To the Train page, with a setting and the seed free, some locked, the rest left out."""
    return Link(
        settings=QUICK.change(settings).settings(),
        bug=bug,
        locked=tuple(name for name in SETTINGS if name not in (free, "seed", *HIDDEN_SETTINGS)),
        hidden=HIDDEN_SETTINGS if bug else ("bug", *HIDDEN_SETTINGS),
        task=task,
    )


LESSONS = {
    "rate": Lesson(
        "A learning rate that is too high",
        "Press Train: at a learning rate of 30 the loss runs away at once; then lower the rate "
        "until it learns, and further until it hardly does.",
        "train",
        _train("rate", "lr", lr=30.0),
    ),
    "weight": Lesson(
        "A sum that counts nothing",
        "Press Train: with a weight of 0 the class head learns as ever, and the sum head is right "
        "in one case of ten; then give the sum its weight.",
        "train",
        _train("weight", "sum_weight", sum_weight=0.0),
    ),
    "fusion": Lesson(
        "Pixel against late fusion",
        "Press Train, then choose late fusion and train again: after the same two epochs, the sum "
        "is right far more often where the number need not be found in the picture.",
        "train",
        _train("fusion", "fusion", fusion="pixels", epochs=2),
    ),
    "bug": Lesson(
        "A published bug",
        "Press Train: with the bug of network A the class head reads nearly every digit and R² of "
        "the sum stays near 0; then choose No bug.",
        "train",
        _train("bug", "", bug="broadcast"),
    ),
    "misread": Lesson(
        "A hand that it cannot read",
        "This 7 is drawn like a V, and the network is sure that it is a 4: change the number and "
        "see the sum follow the mistake, then draw a 7 that is read.",
        "",
        Link(strokes=A_V_FOR_A_7, hidden=("teach",), task="misread"),
    ),
    "teach": Lesson(
        "Teaching it a hand",
        "This 2 is written in a mirror and read as a 5: tell it below that it was a 2, press Teach "
        "it, and some seconds later it is read.",
        "",
        Link(strokes=A_2_IN_A_MIRROR, task="teach"),
    ),
}
assert tuple(LESSONS) == LESSON_NAMES
