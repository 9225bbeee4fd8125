"""The steps of the lessons about data: too little of it, learned by heart, with fixed numbers."""

from collections.abc import Callable

from core.collections.lesson_sets import BIASED, REPAIRED
from core.data.drawing import rasterize
from core.data.pieces import encloses_paper
from core.specs import own_spec
from views.guide.looks import answers, trains
from views.guide.steps import CourseQuestion, Look, Step, Story, judge_number, judge_option
from views.guide.train_lessons import choose, press
from views.session.lessons import SMALL_SET
from views.session.link import DEFAULT_SETTINGS
from views.session.session import Answered, Session
from views.ui.table import percent

ALL = int(DEFAULT_SETTINGS["images"])

# --- too little data

NEW_DIGITS = CourseQuestion(
    f"It learns {SMALL_SET} images, 50 times each. How many of 100 new digits will it read?",
    unit="of 100",
)


def _few(story: Story) -> str:
    facts = story.seen["few"]
    measured = 100 * facts["class_acc"]
    return (
        f"{judge_number(story, 'new', NEW_DIGITS, measured)} Of the images that it learned from, "
        f"it read {percent(facts['train_acc'])} in the end."
    )


def _all(story: Story) -> str:
    few, every = story.seen["few"], story.seen["all"]
    return (
        f"{SMALL_SET} images, 50 times: {percent(few['class_acc'])}. {ALL:,} images, once: "
        f"{percent(every['class_acc'])}. It makes {100 - 100 * few['class_acc']:.1f} mistakes in "
        f"100 instead of {100 - 100 * every['class_acc']:.1f}. New images teach more than old ones."
    )


TOO_FEW = (
    Step("new", NEW_DIGITS.asks, question=NEW_DIGITS),
    press("Press Train.", "few", look=trains(lambda r: r.train.images <= SMALL_SET), told=_few),
    press(
        f"Now it gets all {ALL:,} images, once each. Press Train again.",
        "all",
        look=trains(lambda r: r.train.images == ALL),
        told=_all,
        prepare=lambda session: choose(session, images=ALL, epochs=1),
    ),
)

# --- overfitting

OVERFIT_GAP = CourseQuestion(
    f"It sees the same {SMALL_SET} images 50 times. In the end, how many points better is it on "
    "these than on new images?",
    numbers=(0, 50, 25),
    unit="points",
)


def _gap(story: Story, step: str) -> float:
    facts = story.seen[step]
    return 100 * float(facts["train_acc"] - facts["class_acc"])


def _plain(story: Story) -> str:
    facts = story.seen["plain"]
    return (
        f"{judge_number(story, 'gap', OVERFIT_GAP, round(_gap(story, 'plain'), 1))} It read "
        f"{percent(facts['train_acc'])} of its own images and {percent(facts['class_acc'])} of new "
        "ones. The distance between the thin line and the dots is overfitting."
    )


def _distorted(story: Story) -> str:
    plain, bent = story.seen["plain"], story.seen["bent"]
    return (
        f"Distance: {_gap(story, 'plain'):.1f} points before, {_gap(story, 'bent'):.1f} now. New "
        f"images: {percent(plain['class_acc'])} before, {percent(bent['class_acc'])} now. It never "
        "sees the same image twice, so it cannot know them by heart."
    )


OVERFIT = (
    Step("gap", OVERFIT_GAP.asks, question=OVERFIT_GAP),
    press(
        "Press Train. Watch the thin line and the dots part.",
        "plain",
        look=trains(lambda r: r.train.images <= SMALL_SET and r.train.augment == 0),
        told=_plain,
    ),
    Step(
        "bent",
        "Set Distortion to 0.5 or more, and press Train again.",
        "train",
        ("train_start", "settings"),
        look=trains(lambda r: r.train.augment >= 0.5),
        told=_distorted,
    ),
)

# --- one fixed number per image

OTHER_NUMBERS = CourseQuestion(
    "Each training image always comes with the same number. Tested with all ten numbers, how often "
    "will the rounded sum be right?"
)


def _fixed(story: Story) -> str:
    facts = story.seen["fixed"]
    measured = 100 * facts["sum_acc"]
    return (
        f"{judge_number(story, 'others', OTHER_NUMBERS, measured)} The sum head gets the class and "
        "the number, not the image, so there is nothing to recognize an image by."
    )


def _free(story: Story) -> str:
    fixed, free = (story.seen[name]["sum_acc"] for name in ("fixed", "free"))
    return (
        f"Rounded sum: {percent(fixed)} with fixed numbers, {percent(free)} with new ones. A bug "
        "that no figure shows is still a bug: read the code, too."
    )


FIXED = (
    Step("others", OTHER_NUMBERS.asks, question=OTHER_NUMBERS),
    press(
        "Press Train. The numbers are fixed.",
        "fixed",
        look=trains(lambda r: r.model.bug == "fixed-addend"),
        told=_fixed,
    ),
    press(
        "The bug is out now. Press Train again.",
        "free",
        look=trains(lambda r: not r.model.bug),
        told=_free,
        prepare=lambda session: choose(session, bug=""),
    ),
)


# --- your pictures decide what it learns

THIN_OR_ROUND = CourseQuestion(
    "It learns circles with a thick line and squares with a thin one. What will it call a square "
    "that you draw with the thick pen?",
    {"square": "A square: it learned the form", "circle": "A circle: it learned the line"},
)


def _biased(story: Story) -> str:
    facts = story.seen["biased"]
    return f"It reads {percent(facts['class_acc'])} of its test pictures, which are drawn alike."


def _repaired(story: Story) -> str:
    facts = story.seen["repaired"]
    return f"It reads {percent(facts['class_acc'])} of its test pictures, thick and thin ones."


def _named(story: Story) -> str:
    drawn = story.seen["drawn"]
    said = judge_option(
        story, "form", THIN_OR_ROUND, "circle" if "circle" in drawn["name"] else "square"
    )
    doubt = "" if drawn["is_readable"] else " It only guesses: it has seen no thick square."
    return f"{said}{doubt} In its pictures the line tells both apart as well as the form does."


def _again(story: Story) -> str:
    before, now = (story.seen[step]["name"] for step in ("drawn", "again"))
    if "circle" in now:
        return f"It still reads {now}: with round corners, a square looks like one."
    if before == now:
        return f"It reads {now}, as the network before did. Not every square gives it away."
    return (
        f"It read {before} before, and reads {now} now. No line of code has changed: your pictures "
        "decide what it learns."
    )


def _draws(trained: str) -> Look:
    """A drawing is answered by the network that was trained in that step; after a reload, which
    forgets the step, by any that knows no digits. A guess counts once the line is closed."""

    def fits(found: Answered, story: Story) -> bool:
        run = story.seen.get(trained, {}).get("run", found.network)
        answers_it = found.network == run and not found.name.isdigit()
        is_whole = found.is_readable or encloses_paper(rasterize(found.strokes) > 0)
        return found.source == "draw" and answers_it and is_whole

    return answers(fits, or_guesses=True)


def _empty_canvas(session: Session) -> None:
    session.source, session.canvas = "draw", session.canvas.clear()


def _draw_with(trained: str, name: str, says: str, told: Callable[[Story], str]) -> Step:
    """A task on a new canvas, for the network that was trained in the step `trained`."""
    controls = ("use_network", "canvas")
    return Step(name, says, None, controls, look=_draws(trained), told=told, prepare=_empty_canvas)


BIASED_PICTURES = (
    Step("form", THIN_OR_ROUND.asks, question=THIN_OR_ROUND),
    press(
        "Press Train.",
        "biased",
        look=trains(lambda r: r.model.dataset == own_spec(BIASED).name),
        told=_biased,
    ),
    _draw_with("biased", "drawn", "Press Use this network, then draw a square.", _named),
    press(
        "In the next pictures both pens drew both forms. Press Train again.",
        "repaired",
        look=trains(lambda r: r.model.dataset == own_spec(REPAIRED).name),
        told=_repaired,
        prepare=lambda session: choose(session, dataset=own_spec(REPAIRED).name),
    ),
    _draw_with("repaired", "again", "Press Use this network, then draw the same square.", _again),
)
