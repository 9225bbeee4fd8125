"""Each lesson asks before it shows, and says what was measured, whatever that was."""

import pytest

from core.collections.lesson_sets import REPAIRED
from core.recipes.recipe import Recipe
from core.specs import own_spec
from tests.support.pages import PRESETS
from views.guide.draw_lessons import COURSES
from views.guide.steps import Course, Step, Story, words_of
from views.guide.tour import TOUR
from views.lessons.shift import Share
from views.session.canvas_state import CanvasState
from views.session.lessons import LESSONS, SMALL_SET
from views.session.link import QUICK, Link
from views.session.session import Answered, Session

EVERY = (*COURSES.values(), TOUR)
BAD = {"class_acc": 0.0, "sum_acc": 0.0, "joint_acc": 0.0, "sum_r2": -3.0, "ran_away": True}
GOOD = {"class_acc": 0.99, "sum_acc": 0.98, "joint_acc": 0.98, "sum_r2": 0.99, "ran_away": False}
REST = {
    **{"run": "0" * 16, "lr": 0.2, "step": 60, "seconds": 6.0, "train_acc": 1.0, "label": 5},
    **{"name": "5", "certainty": 0.99, "addend": 2, "sum": 7.0, "strokes": (), "count": 200},
    **{"before": 0.99, "after": 0.98, "read_before": 1, "read_after": 7, "examples": 1},
    **{
        "is_readable": False,
        "first": 9,
        "share": Share(0.4, 200),
        "inverted_share": Share(0.3, 200),
        "pixels": 9,
    },
}


def ids(course: Course) -> str:
    return course.name


@pytest.mark.parametrize("course", EVERY, ids=ids)
def test_the_first_task_of_a_lesson_comes_after_a_question(course: Course) -> None:
    kinds = ["ask" if step.question else "do" for step in course.steps]
    assert len({step.name for step in course.steps}) == len(course.steps)
    assert "ask" in kinds
    if course is not TOUR:  # which lets them draw first
        assert kinds[0] == "ask"
    for step in course.steps:
        assert bool(step.question) != bool(step.look), step.name


@pytest.mark.parametrize("measured", [BAD, GOOD])
@pytest.mark.parametrize("course", EVERY, ids=ids)
def test_whatever_was_measured_is_told_with_and_without_a_guess(course, measured) -> None:
    seen = {step.name: REST | measured for step in course.steps if step.look}
    guesses = {
        step.name: next(iter(step.question.options), step.question.numbers[2])
        for step in course.steps
        if step.question
    }
    for story in (Story({}, seen), Story(guesses, seen)):
        for step in course.steps:
            assert words_of(step.says, story)
            told = words_of(step.told, story)
            assert told or step.question
    assert any("guess" in words_of(step.told, Story(guesses, seen)) for step in course.steps)


def asks_for(step: Step, recipe: Recipe) -> Session:
    """The session when a step has prepared the page for who was at this recipe."""
    session = Session(Link(settings=recipe.settings(), bug=recipe.bug.name), CanvasState())
    step.prepare(session)
    return session


@pytest.mark.parametrize(
    ("name", "step", "changed"),
    [
        ("fusion", "late", {"fusion": "late"}),
        ("few", "all", {"images": 50_000, "epochs": 1}),
        ("bug", "sound", {}),
        ("fixed", "free", {}),
        ("data", "repaired", {"dataset": own_spec(REPAIRED).name}),
    ],
)
def test_a_second_run_is_prepared_with_what_it_is_about(name, step, changed) -> None:
    link = LESSONS[name].link
    recipe = QUICK.change(link.settings).with_bug(link.bug)
    found = next(each for each in COURSES[name].steps if each.name == step)
    session = asks_for(found, recipe)
    before = dict(recipe.settings())
    assert {k: v for k, v in session.link.settings.items() if v != before[k]} == changed
    assert session.link.bug == ""
    assert session.settings_generation == 1  # the controls on the page are new ones


def test_the_tour_trains_with_the_usual_settings_whatever_was_chosen_before() -> None:
    odd = QUICK.change({"lr": 3.0, "images": SMALL_SET}).with_bug("relu")
    by_name = {step.name: step for step in TOUR.steps}
    sound, broken = asks_for(by_name["train"], odd), asks_for(by_name["break"], odd)
    assert (sound.link.settings, sound.link.bug) == (PRESETS["quick"].recipe.settings(), "")
    assert broken.link.bug == "broadcast"
    assert 8 <= len(TOUR.steps) <= 10


def test_a_test_image_is_no_square_that_was_drawn() -> None:
    course = next(each for each in COURSES.values() if "drawn" in {s.name for s in each.steps})
    step = next(each for each in course.steps if each.name == "drawn")
    assert step.page is None and step.targets[0] == "use_network" and step.look
    story = Story({"form": "square"}, {})
    session = Session(Link(), CanvasState())
    for source, is_done in (("test", False), ("draw", True)):
        session.answered = Answered(source, (), 7, 1, "square", 0.99, 8.0, "a" * 16, True)
        assert bool(step.look(session, story)) == is_done
    session.source = "test"
    step.prepare(session)
    assert session.source == "draw"


LINE = ((60.0, 60.0), (200.0, 60.0))
SQUARE = ((*LINE, (200.0, 200.0), (60.0, 200.0), (60.0, 60.0)),)


@pytest.mark.parametrize(
    ("network", "name", "strokes", "is_readable", "is_done"),
    [
        ("a" * 16, "circle", SQUARE, True, False),  # it is the one before
        ("b" * 16, "square", SQUARE, True, True),
        ("b" * 16, "square", SQUARE, False, True),
        ("b" * 16, "circle", (LINE,), False, False),  # the first line is not the drawing
        ("mnist", "4", SQUARE, True, False),
    ],
)
def test_the_repaired_network_counts_once_the_drawing_is_whole(
    network, name, strokes, is_readable, is_done
) -> None:
    (step,) = (each for each in COURSES["data"].steps if each.name == "again")
    assert step.look
    story = Story({}, {"biased": {"run": "a" * 16}, "repaired": {"run": "b" * 16}})
    session = Session(Link(), CanvasState())
    session.answered = Answered("draw", strokes, 7, 1, name, 0.99, 8.0, network, is_readable)
    assert bool(step.look(session, story)) == is_done


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("circle", "square", "It read circle before, and reads square now."),
        ("circle", "circle", "It still reads circle: with round corners"),
        ("square", "square", "It reads square, as the network before did."),
    ],
)
def test_what_the_repair_changed_is_told_as_it_was(before, now, said) -> None:
    (step,) = (each for each in COURSES["data"].steps if each.name == "again")
    story = Story({}, {"drawn": {"name": before}, "again": {"name": now}})
    assert said in words_of(step.told, story)
