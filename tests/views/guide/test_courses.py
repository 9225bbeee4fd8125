"""Into a course, from one to the next, and out again: what the visitor had chosen comes back."""

import pytest

from views.guide import courses
from views.guide.draw_lessons import COURSES
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
