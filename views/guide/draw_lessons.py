"""The steps of the lessons on the Draw page and of the shifted picture; all lessons by name."""

from views.guide import data_lessons, train_lessons
from views.guide.looks import answers, labels, teaches
from views.guide.steps import (
    Course,
    CourseQuestion,
    Step,
    Story,
    judge_number,
    judge_option,
)
from views.session.lessons import A_SHORT_7, LESSONS
from views.session.session import Findings, Session
from views.ui.table import certainty, percent

# --- fool it with a 7

NINE = 9  # the number that the lesson adds
MISREAD = CourseQuestion(
    f"It reads this 7 as a 1. What does the sum head say when you add {NINE}?",
    {"16": "16: that is 7 + 9", "10": "10: that is 1 + 9", "13": "13: something between"},
)


def _added(story: Story) -> str:
    facts = story.seen["nine"]
    nearest = min(MISREAD.options, key=lambda option: abs(int(option) - facts["sum"]))
    return (
        f"{judge_option(story, 'sum', MISREAD, nearest)} It said {facts['sum']:.1f}, and was "
        f"{certainty(facts['certainty'])} sure of {facts['name']}. The sum head sees what the "
        "class head thinks, so it makes the same mistake."
    )


def _read(story: Story) -> str:
    return (
        f"It reads a 7 now, {certainty(story.seen['seven']['certainty'])} sure. A longer bar is "
        "what most people of its training images write."
    )


MISREAD_STEPS = (
    Step("sum", MISREAD.asks, question=MISREAD),
    Step(
        "nine",
        f"Press {NINE} and look at the sum.",
        "draw",
        (f"addend_{NINE}",),
        look=answers(lambda found, _: found.addend == NINE and found.strokes == A_SHORT_7),
        told=_added,
    ),
    Step(
        "seven",
        "Clear the canvas and draw a 7 that it reads. Draw until it says 7.",
        "draw",
        ("clear", "canvas"),
        look=answers(lambda found, _: found.label == 7 and found.strokes != A_SHORT_7),
        told=_read,
    ),
)

# --- teach it your handwriting

FORGOTTEN = CourseQuestion(
    "You teach it one mirrored 2. What happens to its 10,000 test images?",
    {
        "worse": "It forgets: over 1 point worse",
        "same": "Within 1 point of before",
        "better": "Over 1 point better",
    },
)


def _taught(story: Story) -> str:
    facts = story.seen["taught"]
    points = 100 * (facts["after"] - facts["before"])
    change = "worse" if points < -1 else "better" if points > 1 else "same"
    return (
        f"{judge_option(story, 'lost', FORGOTTEN, change)} Test images: {percent(facts['before'])} "
        f"before, {percent(facts['after'])} now. Your 2 was read as {facts['read_before']}, and is "
        f"read as {facts['read_after']}."
    )


TEACH_STEPS = (
    Step("lost", FORGOTTEN.asks, question=FORGOTTEN),
    Step(
        "label",
        "This mirrored 2 is read as a 5. Tap 2 under “Wrong?”.",
        "draw",
        ("tell_2",),
        look=labels(2),
        told="Kept. Now let it learn.",
    ),
    Step(
        "taught",
        "Press Teach it. It takes some seconds.",
        "draw",
        ("teach",),
        look=teaches(2),
        told=_taught,
    ),
)

# --- a shifted or inverted picture

FIRST_MISREAD = CourseQuestion(
    "A digit moves to the right, a pixel at a time. The picture is 28 wide. When is it misread?",
    numbers=(1, 14, 7),
    unit="pixels",
)
INVERTED = CourseQuestion(
    "Now black and white are swapped. Of 100 test images, how many does it still read?",
    unit="of 100",
)


def _moved(session: Session, story: Story) -> Findings | None:
    found = session.moved
    if not found or found["inverted"]:
        return None
    return found if found["is_misread"] or found["is_never_misread"] else None


def _swapped(session: Session, story: Story) -> Findings | None:
    found = session.moved
    return found if found and found["inverted"] else None


def _shift_told(story: Story) -> str:
    facts = story.seen["moved"]
    share = facts["share"]
    judged = "Not even at the edge: it is a digit that looks the same wherever it stands."
    if facts["first"] is not None:
        judged = judge_number(story, "pixels", FIRST_MISREAD, facts["first"])
    others = f"Of {share.of} test images moved so far, it reads {share.percent}. " if share else ""
    return f"{judged} {others}That is why a drawing is centered before the network gets it."


def _swap_told(story: Story) -> str:
    share = story.seen["swapped"]["inverted_share"]
    judged = judge_number(story, "inverted", INVERTED, 100 * share.read) if share else ""
    return (
        f"{judged} It has seen white ink on black "
        "only. That is why a photo of ink on paper is turned around before it is read."
    ).lstrip()


SHIFT_STEPS = (
    Step("pixels", FIRST_MISREAD.asks, "lessons", question=FIRST_MISREAD),
    Step(
        "moved",
        "Move the slider until the digit is misread, or to its end.",
        "lessons",
        ("shift",),
        look=_moved,
        told=_shift_told,
    ),
    Step("inverted", INVERTED.asks, "lessons", question=INVERTED),
    Step(
        "swapped",
        "Swap black and white.",
        "lessons",
        ("invert",),
        look=_swapped,
        told=_swap_told,
    ),
)

STEPS = {
    "rate": train_lessons.RATE,
    "weight": train_lessons.WEIGHT,
    "fusion": train_lessons.FUSION,
    "bug": train_lessons.PUBLISHED_BUG,
    "misread": MISREAD_STEPS,
    "teach": TEACH_STEPS,
    "few": data_lessons.TOO_FEW,
    "overfit": data_lessons.OVERFIT,
    "fixed": data_lessons.FIXED,
    "shift": SHIFT_STEPS,
    "data": data_lessons.BIASED_PICTURES,
}
COURSES = {
    name: Course(name, lesson.title, STEPS.get(name, (Step("do", lesson.says),)))
    for name, lesson in LESSONS.items()
}
