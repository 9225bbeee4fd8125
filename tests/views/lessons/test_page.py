"""The Lessons page: a card for each lesson, the shifted picture, the sheet for a printer."""

import pytest

from tests.support.pages import keys, lessons_page, opened, session_of, words
from views.guide.draw_lessons import COURSES
from views.lessons.sheet import sheet_html
from views.session.lessons import LESSONS


def test_each_lesson_has_a_card_with_minutes_a_level_and_its_question() -> None:
    app = opened(lessons_page)
    said = words(app)
    for name, lesson in LESSONS.items():
        assert lesson.title in said
        assert f"{lesson.minutes} min, {lesson.level}" in said
        question = COURSES[name].steps[0].question
        assert question
        assert question.asks in said
        assert f"start_{name}" in keys(app)


def test_a_lesson_that_is_done_shows_what_was_guessed_and_measured() -> None:
    app = opened(lessons_page)
    session = session_of(app)
    facts = {"class_acc": 0.99, "sum_acc": 0.1, "run": "a"}
    session.guesses["weight.sum"] = 40
    session.seen |= {"weight.off": facts, "weight.on": {**facts, "sum_acc": 0.98}}
    app.run()
    assert "✓ done" in words(app)
    assert "You guessed 40 %. Measured: **10 %**. That is 30 off." in words(app)
    assert app.button(key="start_weight").label == "Again"


def test_a_lesson_that_was_left_goes_on_where_it_was() -> None:
    app = opened(lessons_page)
    session = session_of(app)
    session.guesses["weight.sum"] = 40
    session.places["weight"] = 1
    app.run()
    assert "Step 2 of 3" in words(app)
    assert app.button(key="start_weight").label == "Go on"


def test_a_lesson_that_is_open_is_not_started_again() -> None:
    app = opened(lessons_page, task="rate")
    assert words(app).count("This lesson is open") == 1
    assert "start_rate" not in keys(app)
    assert not app.slider  # of the experiment, which is another lesson's


def test_the_picture_moves_until_it_is_misread() -> None:
    app = opened(lessons_page, task="shift")
    app.slider(key="shift").set_value(14).run()
    assert not app.exception
    moved = session_of(app).moved
    assert moved
    assert moved["is_misread"]
    assert 1 < moved["first"] <= 14
    assert moved["share"].read < 0.4
    app.slider(key="shift").set_value(0).run()
    found = session_of(app).moved
    assert found
    assert not found["is_misread"]
    assert found["share"].read > 0.97


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_sheet_has_each_question_and_the_address(lesson: str) -> None:
    sheet = sheet_html("http://192.168.1.5:8501/lessons")
    assert "192.168.1.5:8501/lessons" in sheet
    assert LESSONS[lesson].title in sheet
    for step in COURSES[lesson].steps:
        assert not step.question or step.question.asks.replace("'", "&#x27;") in sheet
