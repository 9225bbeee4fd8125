"""The lesson that a link brings stands above every page."""

import pytest

from tests.support.pages import explain_page, opened, opened_app
from views.session.lessons import LESSONS


def markdown(app) -> str:
    return " ".join(part.value for part in app.markdown)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_says_what_to_do_and_how_to_leave_it(pen, name) -> None:
    said = markdown(opened_app(task=name))
    assert f"**Lesson: {LESSONS[name].title}.** {LESSONS[name].says} [Leave the lesson](./)" in said


def test_without_a_lesson_nothing_is_said_of_one(pen) -> None:
    assert "Lesson" not in markdown(opened_app())


def test_all_lessons_are_listed_as_links() -> None:
    said = markdown(opened(explain_page))
    for lesson in LESSONS.values():
        assert f"- [{lesson.title}]({lesson.address}): {lesson.says}" in said
