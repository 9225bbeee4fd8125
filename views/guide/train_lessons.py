"""The steps of the lessons on the Train page: a guess, one or two runs, the guess beside them."""

from views.guide.looks import trains
from views.guide.steps import CourseQuestion, Step, Story, judge_number, judge_option
from views.session.link import DEFAULT_SETTINGS
from views.session.session import Session
from views.ui.table import percent

START = ("train_start",)
USUAL_LR = float(DEFAULT_SETTINGS["lr"])


def choose(session: Session, *, bug: str | None = None, **settings: str | float) -> None:
    """Set the controls of the next run; new ones take the place of those on the page."""
    session.choose(settings={**session.link.settings, **settings})
    if bug is not None:
        session.choose(bug=bug)
    session.settings_generation += 1


def press(says: str, name: str, **rest: object) -> Step:
    """A task on the Train page: press Train, and wait for the result."""
    return Step(name, says, "train", START, **rest)  # type: ignore[arg-type]


# --- a learning rate that is too high

LOSS = CourseQuestion(
    "The learning rate is 30, about 150 times the usual. What will the loss do?",
    {
        "falls": "It falls faster than usual",
        "stays": "It stays where it is",
        "away": "It runs away to infinity",
    },
)


def _at_30(story: Story) -> str:
    facts = story.seen["high"]
    right = "away" if facts["ran_away"] else "falls" if facts["class_acc"] > 0.9 else "stays"
    said = judge_option(story, "loss", LOSS, right)
    if right != "away":
        return said
    return (
        f"{said} It was over after {facts['step']} steps: each step jumps across the valley "
        "and lands higher on the other side."
    )


def _lower(story: Story) -> str:
    high, low = story.seen["high"], story.seen["low"]
    return (
        f"At {low['lr']:g} it reads {percent(low['class_acc'])} of the test images, at "
        f"{high['lr']:g} it read {percent(high['class_acc']) if high['class_acc'] else 'none'}. "
        "Try 0.001 too: it is stable, and so slow that one epoch is too short."
    )


RATE = (
    Step("loss", LOSS.asks, question=LOSS),
    press(
        "Press Train and watch the loss.",
        "high",
        look=trains(lambda r: r.train.lr >= 10),
        told=_at_30,
    ),
    Step(
        "low",
        f"Lower the learning rate, for example to {USUAL_LR:g}, and press Train again.",
        "train",
        ("train_start", "settings"),
        look=trains(lambda r: r.train.lr <= 1),
        told=_lower,
    ),
)

# --- switch one loss off

SUM_RIGHT = CourseQuestion(
    "The sum's loss counts 0. How often will the rounded sum be right, of 100 test cases?"
)


def _off(story: Story) -> str:
    measured = 100 * story.seen["off"]["sum_acc"]
    return (
        f"{judge_number(story, 'sum', SUM_RIGHT, measured)} Nobody ever told the sum head that it "
        f"was wrong. The class head reads {percent(story.seen['off']['class_acc'])}."
    )


def _on(story: Story) -> str:
    off, on = story.seen["off"], story.seen["on"]
    return (
        f"Rounded sum: {percent(off['sum_acc'])} without its loss, {percent(on['sum_acc'])} with "
        f"it. The class hardly changed: {percent(off['class_acc'])}, {percent(on['class_acc'])}. "
        "A network learns what its loss asks for, and nothing else."
    )


WEIGHT = (
    Step("sum", SUM_RIGHT.asks, question=SUM_RIGHT),
    press(
        "Press Train and watch the rounded sum.",
        "off",
        look=trains(lambda r: r.train.sum_weight == 0),
        told=_off,
    ),
    Step(
        "on",
        "Let the sum count again: choose 0.003 or more, and press Train.",
        "train",
        ("train_start", "settings"),
        look=trains(lambda r: r.train.sum_weight > 0),
        told=_on,
    ),
)

# --- pixel against late fusion

AHEAD = CourseQuestion(
    "The number is written into the picture's last row, or joins after reading. Which network adds "
    "better after two epochs?",
    {"pixels": "In the picture", "same": "No difference", "late": "After reading"},
)


def _fused(story: Story) -> str:
    pixels, late = (story.seen[name]["sum_acc"] for name in ("pixels", "late"))
    ahead = "same" if abs(pixels - late) < 0.02 else "late" if late > pixels else "pixels"
    return (
        f"{judge_option(story, 'ahead', AHEAD, ahead)} Rounded sum: {percent(pixels)} with the "
        f"number in the picture, {percent(late)} after reading. In the picture, the network first "
        "has to find the number among the ink."
    )


FUSION = (
    Step("ahead", AHEAD.asks, question=AHEAD),
    press(
        "The number is written into the picture now. Press Train.",
        "pixels",
        look=trains(lambda r: r.model.fusion == "pixels"),
        told=lambda story: f"Rounded sum: {percent(story.seen['pixels']['sum_acc'])}. Now late.",
    ),
    press(
        "Late fusion is chosen now. Press Train again.",
        "late",
        look=trains(lambda r: r.model.fusion == "late"),
        told=_fused,
        prepare=lambda session: choose(session, fusion="late"),
    ),
)

# --- a published bug

SPOILED = CourseQuestion(
    "Network A compares each answer with everybody's target. Which head does that spoil?",
    {"class": "Class head", "sum": "Sum head", "both": "Both", "none": "Neither"},
)


def spoiled_heads(facts: object) -> str:
    """Which heads a run spoiled, as `SPOILED` names them: by its test metrics."""
    assert isinstance(facts, dict)
    bad = {
        name
        for name, is_bad in (("class", facts["class_acc"] < 0.9), ("sum", facts["sum_r2"] < 0.5))
        if is_bad
    }
    return "both" if len(bad) == 2 else bad.pop() if bad else "none"


def _broken(story: Story) -> str:
    facts = story.seen["broken"]
    return (
        f"{judge_option(story, 'head', SPOILED, spoiled_heads(facts))} Class: "
        f"{percent(facts['class_acc'])}. R² of the sum: {facts['sum_r2']:.2f}, so it answers the "
        "average, 9, whatever you draw."
    )


def _sound(story: Story) -> str:
    broken, sound = story.seen["broken"], story.seen["sound"]
    return (
        f"R² of the sum: {broken['sum_r2']:.2f} with the bug, {sound['sum_r2']:.2f} without. One "
        "missing `squeeze(1)`, no error message, and a published result."
    )


PUBLISHED_BUG = (
    Step("head", SPOILED.asks, question=SPOILED),
    press(
        "Press Train. The bug is in.",
        "broken",
        look=trains(lambda r: r.model.bug == "broadcast"),
        told=_broken,
    ),
    press(
        "The bug is out now. Press Train again.",
        "sound",
        look=trains(lambda r: not r.model.bug),
        told=_sound,
        prepare=lambda session: choose(session, bug=""),
    ),
)
