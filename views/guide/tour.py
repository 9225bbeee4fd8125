"""The tour: ten steps from the first digit to a network that one has broken and taught.

Its step is in the address, `tour=3`, so that a reload or a link leads back to it.
"""

from views.guide.looks import answers, labels, teaches, trains
from views.guide.steps import Course, CourseQuestion, Step, Story, judge_number, judge_option
from views.guide.train_lessons import choose, spoiled_heads
from views.session import networks
from views.session.link import DEFAULT_SETTINGS
from views.session.session import Answered, Session
from views.ui.table import certainty, percent

NEW_NUMBER = 2  # the number that takes the place of the usual 7
FIRST_NUMBER = 7
TOUR_BUG = "broadcast"

CHANGED = CourseQuestion(
    f"If the number to add becomes {NEW_NUMBER}, what will the sum head say?",
    {
        "same": "The same sum as now",
        "digit": f"Your digit + {NEW_NUMBER}",
        "number": f"{NEW_NUMBER}, the number alone",
    },
)
ACCURACY = CourseQuestion(
    "Now train your own network. It will see each of 50,000 images once. How many of 100 new "
    "digits will it then read?",
    unit="of 100",
)
CURVE = CourseQuestion(
    "Now break it with the bug of a published network: each answer is compared with everybody's "
    "target. Which curve will give it away?",
    {"class": "Class", "sum": "Rounded sum", "both": "Both of them", "none": "Neither"},
)


def _begin(session: Session) -> None:
    session.source = "draw"
    networks.use_network(session, networks.DEFAULT_NETWORK)


def _first(story: Story) -> str:
    facts = story.seen["draw"]
    return (
        f"It reads {facts['name']} ({certainty(facts['certainty'])} sure), and the sum head says "
        f"{facts['sum']:.1f}: two answers from one network."
    )


def _is_changed(found: Answered, story: Story) -> bool:
    return found.addend == NEW_NUMBER


def _changed(story: Story) -> str:
    facts = story.seen["number"]
    sums = {
        "same": facts["label"] + FIRST_NUMBER,
        "digit": facts["label"] + NEW_NUMBER,
        "number": NEW_NUMBER,
    }
    right = min(sums, key=lambda name: abs(sums[name] - facts["sum"]))
    return (
        f"{judge_option(story, 'change', CHANGED, right)} It says {facts['sum']:.1f}. It learned "
        "to add from examples alone."
    )


def _train(session: Session) -> None:
    choose(session, bug="", **DEFAULT_SETTINGS)


def _trained(story: Story) -> str:
    facts = story.seen["train"]
    return (
        f"{judge_number(story, 'accuracy', ACCURACY, 100 * facts['class_acc'])} It took "
        f"{facts['seconds']:.0f} seconds on this machine."
    )


def _break(session: Session) -> None:
    choose(session, **{**DEFAULT_SETTINGS, "sum_head": "regression"}, bug=TOUR_BUG)


def _broken(story: Story) -> str:
    facts = story.seen["break"]
    return (
        f"{judge_option(story, 'curve', CURVE, spoiled_heads(facts))} Class: "
        f"{percent(facts['class_acc'])} right, rounded sum: {percent(facts['sum_acc'])}. There was "
        "no error message: the sum head learned only the average, 9."
    )


def _draw_a_7(session: Session) -> None:
    choose(session, bug="")
    _begin(session)
    session.canvas = session.canvas.clear()


def _taught(story: Story) -> str:
    facts = story.seen["teach"]
    return (
        f"Your 7 was read as {facts['read_before']}, and is read as {facts['read_after']}. The "
        f"test images: {percent(facts['before'])} before, {percent(facts['after'])} now. That was "
        "the tour: you drew, trained, broke and taught a network. The lessons go further."
    )


TOUR = Course(
    "tour",
    "Tour",
    (
        Step(
            "draw",
            "Draw a 5 on the black square. (Or take an example beside it.)",
            "draw",
            ("canvas",),
            look=answers(lambda found, story: found.source == "draw"),
            told=_first,
            prepare=_begin,
        ),
        Step("change", CHANGED.asks, "draw", ("addend",), question=CHANGED),
        Step(
            "number",
            f"Press {NEW_NUMBER} and look at the sum.",
            "draw",
            (f"addend_{NEW_NUMBER}",),
            look=answers(_is_changed),
            told=_changed,
        ),
        Step("accuracy", ACCURACY.asks, question=ACCURACY),
        Step(
            "train",
            "Press Train and watch the curves.",
            "train",
            ("train_start",),
            look=trains(lambda recipe: not recipe.model.bug),
            told=_trained,
            prepare=_train,
        ),
        Step("curve", CURVE.asks, question=CURVE),
        Step(
            "break",
            "The bug is in. Press Train again.",
            "train",
            ("train_start",),
            look=trains(lambda recipe: recipe.model.bug == TOUR_BUG),
            told=_broken,
            prepare=_break,
        ),
        Step(
            "seven",
            "Back to the shipped network. Draw a 7 as you write it.",
            "draw",
            ("canvas",),
            look=answers(lambda found, story: found.source == "draw"),
            told=lambda story: f"It reads {story.seen['seven']['name']}.",
            prepare=_draw_a_7,
        ),
        Step(
            "label",
            "Tap 7 under “Wrong?”, right or wrong: so it keeps your 7 as an example.",
            "draw",
            ("tell_7",),
            look=labels(7),
            told="Kept as a 7.",
        ),
        Step(
            "teach",
            "Press Teach it. It learns your handwriting in some seconds.",
            "draw",
            ("teach",),
            look=teaches(7),
            told=_taught,
        ),
    ),
)
