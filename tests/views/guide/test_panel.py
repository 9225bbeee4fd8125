"""The panel of the tour and of lessons, in the whole app without a browser."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.recipes.recipe import Recipe
from core.runs.limits import check_size
from core.runs.queue import create_run
from core.runs.run import runs_dir
from core.specs import SPECS
from tests.support.pages import (
    explain_page,
    finished,
    keys,
    lessons_page,
    opened,
    opened_app,
    session_of,
    words,
)
from views.guide import courses, panel
from views.guide.courses import next_lesson
from views.guide.draw_lessons import COURSES
from views.guide.panel import sees
from views.guide.tour import TOUR
from views.session.canvas_state import CanvasState
from views.session.lessons import LESSONS
from views.session.link import DEFAULT_SETTINGS, QUICK, Link
from views.session.session import Answered, Session


def spoken(app: AppTest) -> str:
    """What the panel says to those who hear it."""
    return str(panel_data(app).get("spoken", ""))


def panel_data(app: AppTest) -> dict[str, Any]:
    """What the script of the panel gets; nothing where there is no panel."""
    found = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next((data for data in found if "targets" in data), {})


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def test_the_tour_is_offered_and_its_step_is_in_the_address(pen) -> None:
    app = opened_app()
    assert spoken(app) == ""
    press(app, "tour")
    assert app.query_params["tour"] == "1"
    assert spoken(app).startswith("Tour, step 1. Draw a 5")
    assert "tour" not in keys(app)  # who is on it needs no offer
    press(app, "guide_close")
    assert "tour" not in app.query_params
    assert app.button(key="tour").label == "Tour, 1"


@pytest.mark.parametrize(("text", "step"), [("3", 3), ("99", 10), ("10", 10)])
def test_an_address_opens_a_step_and_a_wrong_one_the_last(pen, text, step) -> None:
    assert spoken(opened_app(tour=text)).startswith(f"Tour, step {step}.")


@pytest.mark.parametrize("text", ["0", "-1", "x", "1e3", "١", ""])
def test_junk_opens_no_tour(pen, text) -> None:
    assert spoken(opened_app(tour=text)) == ""


@pytest.mark.parametrize(
    "query", [{"hide": "pages"}, {"hide": "teach"}, {"lock": "number"}, {"task": "rate"}]
)
def test_a_class_that_cannot_go_all_its_steps_is_offered_none(pen, query) -> None:
    assert "tour" not in keys(opened_app(**query))


@pytest.mark.parametrize("page", [explain_page, lessons_page])
def test_nor_on_the_pages_that_speak_of_it(pen, page) -> None:
    offers = {"explain_tour", "lessons_tour"}
    assert offers & keys(opened(page))
    for query in ({"hide": "teach"}, {"lock": "lr", "lr": "0.5"}, {"hide": "sources"}):
        assert not offers & keys(opened(page, **query))


def test_a_link_into_the_middle_finds_its_page_prepared(pen) -> None:
    app = opened_app(tour="7", lr="3")
    assert "The bug is in" in spoken(app)
    link = session_of(app).link
    assert (link.bug, link.settings["lr"]) == ("broadcast", DEFAULT_SETTINGS["lr"])
    generation = session_of(app).settings_generation
    app.run()
    assert session_of(app).settings_generation == generation  # once


def test_a_drawing_that_is_read_ends_the_wait(pen) -> None:
    app = opened_app(tour="1")
    assert app.button(key="guide_next").disabled
    assert ".st-key-canvas" in panel_data(app)["targets"]
    session_of(app).answered = None
    pen(SPECS["mnist"].example)
    app.run()
    assert not app.exception
    assert "two answers from one network" in spoken(app)
    assert panel_data(app)["targets"] == []  # nothing is to be done there any more
    press(app, "guide_next")
    assert spoken(app).startswith("Tour, step 2.")
    assert app.query_params["tour"] == "2"


@pytest.mark.parametrize("name", LESSONS)
def test_a_link_of_a_lesson_opens_its_question(pen, name) -> None:
    app = opened_app(task=name)
    question = COURSES[name].steps[0].question
    assert question
    assert spoken(app) == f"{LESSONS[name].title}, step 1. {question.asks}"


def test_a_guess_is_kept_and_leads_on(pen) -> None:
    app = opened_app(task="rate")
    assert app.button(key="guide_next").disabled  # nothing is chosen yet
    app.radio(key="guess_rate_loss").set_value("stays").run()
    press(app, "guide_next")
    session = session_of(app)
    assert session.guesses == {"rate.loss": "stays"}
    assert "Press Train" in spoken(app)
    press(app, "guide_back")
    assert app.radio(key="guess_rate_loss").value == "stays"


def test_a_guessed_number_is_there_again_one_step_back(pen) -> None:
    app = opened_app(task="weight")
    app.slider(key="guess_weight_sum").set_value(40).run()
    press(app, "guide_next")
    assert session_of(app).guesses == {"weight.sum": 40}
    press(app, "guide_back")
    assert app.slider(key="guess_weight_sum").value == 40


def test_back_is_one_step_back_and_the_dots_say_how_far(pen) -> None:
    app = opened_app(tour="4")
    assert words(app).count("<i class=past>") == 4
    press(app, "guide_back")
    assert spoken(app).startswith("Tour, step 3.")
    assert words(app).count("<i class=past>") == 3


def test_a_run_that_ended_leads_on_in_its_lesson(pen, monkeypatch) -> None:
    monkeypatch.setattr("views.guide.looks.is_owner_of", lambda session, request: True)
    app = opened_app(task="weight")
    session = session_of(app)
    session.guesses["weight.sum"], session.places["weight"] = 40, 1
    run = create_run(runs_dir(), "quick", QUICK.change(LESSONS["weight"].link.settings))
    session.choose(run=run.id)
    assert app.run().button(key="guide_next").label == "Go to Train"
    finished(run)
    assert app.run().button(key="guide_next").label == "Next"
    assert session.seen["weight.off"]["run"] == run.id


def test_who_has_taken_the_whole_tour_begins_anew_the_next_time(pen, monkeypatch) -> None:
    led_to: list[str] = []
    monkeypatch.setattr(panel, "go_to", led_to.append)
    app = opened_app(tour=str(len(TOUR.steps)))
    figures = {"before": 0.99, "after": 0.98, "read_before": 1, "read_after": 7, "examples": 1}
    session_of(app).seen[f"tour.{TOUR.steps[-1].name}"] = figures
    press(app.run(), "guide_next")
    assert led_to == ["lessons"]
    assert (session_of(app).link.tour, session_of(app).tour_left) == (0, 0)


def test_a_lesson_is_left_in_place_with_all_as_it_was_before(pen) -> None:
    app = opened_app(width="8", bug="relu", n="3")
    session = session_of(app)
    before = session.link

    session.before_lesson = before
    lesson = LESSONS["weight"].link
    session.choose(
        lesson="weight",
        settings=lesson.settings,
        hidden=lesson.hidden,
        locked=lesson.locked,
        bug="",
    )
    courses.close(session, COURSES["weight"])
    assert session.link == before
    assert session.before_lesson is None


def test_who_came_with_the_link_of_a_lesson_leaves_it_to_the_usual_page(pen) -> None:
    app = opened_app(task="misread", hide="teach", lr="30")
    press(app, "guide_close")
    link = session_of(app).link
    assert (link.lesson, link.hidden, link.locked, link.settings) == ("", (), (), DEFAULT_SETTINGS)
    assert "task" not in app.query_params


def test_the_next_lesson_is_the_first_that_is_not_done() -> None:

    session = Session(Link(lesson="rate"), CanvasState())
    found = next_lesson(session, COURSES["rate"])
    assert found is COURSES["weight"]
    for step in found.steps:
        session.guesses[f"weight.{step.name}"] = 1
        session.seen[f"weight.{step.name}"] = {}
    assert next_lesson(session, COURSES["rate"]) is COURSES["fusion"]
    assert next_lesson(session, COURSES["data"]) is COURSES["rate"]


def test_recipes_of_lessons_are_within_what_one_visitor_may_ask() -> None:

    for lesson in LESSONS.values():
        recipe: Recipe = QUICK.change(lesson.link.settings).with_bug(lesson.link.bug)
        check_size(recipe)


def test_what_is_answered_is_none_of_the_panels_without_a_course(pen) -> None:

    session = Session(Link(), CanvasState())
    session.answered = Answered("draw", (), 7, 5, "5", 0.9, 12.0, "mnist", True)
    assert not sees(session)
    session.choose(tour=1)
    assert sees(session)
    assert not sees(session)  # once


@pytest.mark.parametrize("step", [5, 7])
def test_the_tour_gives_the_settings_back_that_it_found(pen, step) -> None:
    app = opened_app(lr="0.5", bug="relu")
    press(app, "tour")
    session_of(app).choose(tour=step)
    app.run()
    assert session_of(app).link.settings["lr"] == DEFAULT_SETTINGS["lr"]
    press(app, "guide_close")
    link = session_of(app).link
    assert (link.settings["lr"], link.bug) == (0.5, "relu")


def test_a_link_into_the_middle_of_the_tour_leaves_no_bug_of_it(pen) -> None:
    app = opened_app(tour="7", lr="3", bug="broadcast")
    press(app, "guide_close")
    link = session_of(app).link
    assert (link.settings["lr"], link.bug) == (3, "")


def test_the_tour_begins_with_the_canvas_and_a_network_that_reads_digits(pen) -> None:
    app = opened_app(t="12", net="fashion-late")
    press(app, "tour")
    assert "undo" in keys(app)
    assert app.segmented_control(key="source").value == "draw"
    assert session_of(app).link.network == "mnist"


def test_what_stands_on_another_page_is_brought_into_view_once_it_is_there(
    pen, monkeypatch
) -> None:
    """guide.js does nothing as long as the step is the same."""
    app = opened_app(tour="5")
    monkeypatch.setattr(panel, "page_name", lambda session: "draw")
    before = panel_data(app.run())
    monkeypatch.setattr(panel, "page_name", lambda session: "train")
    after = panel_data(app.run())
    assert (before["targets"], bool(after["targets"])) == ([], True)
    assert before["step"] != after["step"]


def test_a_lesson_keeps_the_drawing_for_undo(monkeypatch) -> None:
    mine = (((40.0, 40.0), (90.0, 200.0)),)
    session = Session(Link(), CanvasState().show(mine))
    for name in ("go_to", "go_on", "page_name"):
        monkeypatch.setattr(courses, name, lambda *_: "")
    courses.begin_lesson(session, "misread")
    assert session.canvas.strokes == LESSONS["misread"].link.strokes != mine
    back = session.canvas
    while back.strokes:
        back = back.undo()
    assert back.undo().strokes == mine
