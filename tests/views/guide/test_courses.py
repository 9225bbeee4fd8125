"""Into a course, from one to the next, and out again: what the visitor had chosen comes back."""

import pytest

from views.guide import courses
from views.guide.draw_lessons import COURSES
from views.guide.steps import Story, nothing_to_prepare
from views.guide.tour import TOUR
from views.session.canvas_state import CanvasState
from views.session.lessons import LESSONS
from views.session.link import QUICK, Link
from views.session.session import Session


@pytest.fixture(autouse=True)
def one_page(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were led to; the one that is shown stays."""
    led_to: list[str] = []
    monkeypatch.setattr(courses, "go_to", led_to.append)
    monkeypatch.setattr(courses, "page_name", lambda session: "draw")
    monkeypatch.setattr(courses.st, "rerun", lambda: None)
    return led_to


@pytest.fixture
def session() -> Session:
    link = Link(settings=QUICK.change({"width": 8}).settings(), bug="relu", addend=3)
    return Session(link, CanvasState())


def test_who_goes_from_lesson_to_lesson_and_leaves_has_what_was_before_the_first(session) -> None:
    before = session.link
    courses.begin_lesson(session, "rate")
    assert session.link.locked or session.link.hidden
    courses.begin_lesson(session, "weight")
    assert session.link.lesson == "weight"
    courses.close(session, COURSES["weight"])
    kept = ("lesson", "settings", "bug", "hidden", "locked")
    assert [getattr(session.link, name) for name in kept] == [getattr(before, n) for n in kept]


def test_a_lesson_opens_on_its_page_with_its_settings(session, one_page) -> None:
    courses.begin_lesson(session, "weight")
    asked = LESSONS["weight"].link
    link = session.link
    assert (link.settings, link.bug, link.locked) == (asked.settings, asked.bug, asked.locked)
    assert one_page[0] == LESSONS["weight"].page == "train"
    assert session.settings_generation == 1  # the controls on the page are new ones


def test_who_leaves_a_lesson_for_the_tour_has_nothing_of_the_lesson_in_it_or_after_it(
    session,
) -> None:
    before = session.link
    courses.begin_lesson(session, "rate")
    assert courses.can_take_tour(session)  # what the lesson has locked it gives free
    courses.begin_tour(session)
    assert (session.link.lesson, session.link.locked, session.link.tour) == ("", (), 1)
    courses.close(session, TOUR)
    assert (session.link.settings, session.link.bug) == (before.settings, before.bug)


def test_a_lesson_gives_nothing_free_that_a_link_had_fixed_before_it(session) -> None:
    session.choose(locked=("lr",))
    courses.begin_lesson(session, "rate")
    assert not courses.can_take_tour(session)


def test_the_tour_goes_on_where_it_was_closed_and_begins_anew_when_it_was_over(session) -> None:
    courses.begin_tour(session)
    first = next(step for step in TOUR.steps if step.question)
    TOUR.guess(session, first, 7)
    session.choose(tour=3)
    courses.close(session, TOUR)
    courses.begin_tour(session)
    assert session.link.tour == 3
    assert TOUR.story(session).guesses == {first.name: 7}
    courses.close(session, TOUR, at_end=True)
    courses.begin_tour(session)
    assert session.link.tour == 1
    assert TOUR.story(session).guesses == {}


def test_a_lesson_that_was_left_goes_on_and_one_that_is_over_begins_anew(session) -> None:
    course = COURSES["weight"]
    courses.begin_lesson(session, "weight")
    course.guess(session, course.steps[0], 40)
    courses.go_on(session, course, 1)
    courses.close(session, course)
    courses.begin_lesson(session, "weight")
    assert courses.step_place(session, course) == 1
    assert course.story(session).guesses == {course.steps[0].name: 40}
    for step in course.steps[1:]:
        session.seen[f"weight.{step.name}"] = {}
    courses.close(session, course)
    courses.begin_lesson(session, "weight")
    assert courses.step_place(session, course) == 0
    assert course.story(session) == Story({}, {})


def test_a_lesson_about_a_drawing_shows_it_to_the_shipped_network(session) -> None:
    session.source, session.moved = "test", {"pixels": 3}
    session.choose(network="fashion-late")
    courses.begin_lesson(session, "misread")
    assert (session.source, session.link.network, session.moved) == ("draw", "mnist", None)
    assert session.canvas.strokes == LESSONS["misread"].link.strokes


def test_a_step_leads_to_its_page_unless_that_is_shown(session, one_page) -> None:
    places = {step.page: place for place, step in enumerate(TOUR.steps)}
    courses.go_on(session, TOUR, places["train"])
    assert (one_page, session.link.tour) == (["train"], places["train"] + 1)
    courses.go_on(session, TOUR, places["draw"])
    assert one_page == ["train"]


@pytest.mark.parametrize("name", ["bug", "fixed", "few", "fusion"])
def test_a_lesson_that_was_left_at_its_second_run_goes_on_with_what_that_needs(
    session, name: str
) -> None:
    course = COURSES[name]
    place = next(
        place
        for place, step in enumerate(course.steps)
        if place and step.prepare is not nothing_to_prepare
    )
    courses.begin_lesson(session, name)
    courses.go_on(session, course, place)
    needed = session.link.settings, session.link.bug
    courses.close(session, course)
    courses.begin_lesson(session, name)
    assert (session.link.settings, session.link.bug) == needed


def test_a_lesson_in_the_middle_of_the_tour_leaves_its_bug_behind(session) -> None:
    before = session.link
    courses.begin_tour(session)
    place = next(n for n, step in enumerate(TOUR.steps) if step.name == "break")
    courses.go_on(session, TOUR, place)
    courses.begin_lesson(session, "misread")
    courses.close(session, COURSES["misread"])
    assert (session.link.settings, session.link.bug) == (before.settings, before.bug)
    assert session.tour_left == place + 1
