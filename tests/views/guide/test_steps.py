"""What a course keeps of a visitor, and guesses beside what was measured."""

import pytest

from views.guide.steps import (
    Course,
    CourseQuestion,
    Step,
    Story,
    judge_number,
    judge_option,
)
from views.session.canvas_state import CanvasState
from views.session.link import Link
from views.session.session import Session

WHICH = CourseQuestion("Which?", {"a": "The first", "b": "The second"})
HOW_MANY = CourseQuestion("How many?", numbers=(0, 10, 5), unit="points")
COURSE = Course(
    "here",
    "A course",
    (
        Step("which", "Which?", question=WHICH),
        Step("do", "Do it", look=lambda session, story: {"n": 3} if session.addend_seen else None),
    ),
)


class Visitor(Session):
    addend_seen = False


def visitor() -> Visitor:
    return Visitor(Link(), CanvasState())


@pytest.mark.parametrize(
    ("question", "sent", "kept"),
    [
        (WHICH, "a", "a"),
        (WHICH, "c", None),
        (WHICH, 0, None),
        (WHICH, None, None),
        (HOW_MANY, 0, 0),
        (HOW_MANY, 10, 10),
        (HOW_MANY, 11, None),
        (HOW_MANY, True, None),
        (HOW_MANY, 5.5, None),
        (HOW_MANY, "5", None),
    ],
)
def test_what_a_browser_sends_is_a_guess_only_where_it_answers(question, sent, kept):
    assert question.check(sent) == kept


def test_a_task_is_done_once_and_what_was_measured_is_kept():
    session = visitor()
    step = COURSE.steps[1]
    assert not COURSE.look(session, step)
    assert not COURSE.is_done(step, COURSE.story(session))
    session.addend_seen = True
    assert COURSE.look(session, step)
    assert not COURSE.look(session, step)  # once, or the page would run again for ever
    session.addend_seen = False
    assert not COURSE.look(session, step)  # no news, and nothing is lost
    assert COURSE.story(session).seen == {"do": {"n": 3}}


def test_a_question_is_done_when_it_is_guessed_and_forgotten_with_its_course():
    session = visitor()
    session.guesses["other.which"] = "b"
    assert not COURSE.is_done(COURSE.steps[0], COURSE.story(session))
    COURSE.guess(session, COURSE.steps[0], "a")
    assert COURSE.is_done(COURSE.steps[0], COURSE.story(session))
    session.guesses["hereafter.which"] = "a"
    COURSE.forget(session)
    assert session.guesses == {"other.which": "b", "hereafter.which": "a"}


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ({}, "Measured: **7 points**."),
        ({"q": 7}, "You guessed 7 points. Measured: **7 points**. Well guessed."),
        ({"q": 2}, "You guessed 2 points. Measured: **7 points**. Well guessed."),
        ({"q": 1}, "You guessed 1 points. Measured: **7 points**. That is 6 off."),
    ],
)
def test_a_number_stands_beside_what_was_measured(guess, said):
    assert judge_number(Story(guess, {}), "q", HOW_MANY, 7.0) == said


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ({}, "Measured: **The first**."),
        ({"q": "a"}, "You guessed right: **The first**."),
        ({"q": "b"}, "You guessed: The second. Measured: **The first**."),
    ],
)
def test_an_option_stands_beside_what_was_measured(guess, said):
    assert judge_option(Story(guess, {}), "q", WHICH, "a") == said
