"""Teaching under the canvas: the next sheet by itself, Undo, and what is said at the end."""

import os
import time

import pytest

from core.finetune import HandExample
from core.forecast.speed import Speed, write_speed
from core.runs.run import State, runs_dir
from tests.support.pages import (
    draw_page,
    finetune_run,
    keys,
    opened,
    opened_app,
    session_of,
    taught,
    the_finetune_run,
    words,
)
from tests.views.draw.test_finetune import status, told
from views.input.sources import EXAMPLES
from views.session import networks


def test_the_next_sheet_comes_by_itself_and_undo_brings_the_last_one_back() -> None:
    app = opened(draw_page)
    session = session_of(app)
    session.canvas = session.canvas.show(EXAMPLES["8"])
    app.run().button(key="tell_8").click().run()
    assert told(app) == [(8, EXAMPLES["8"])]
    assert session.canvas.strokes == ()
    assert session.canvas.undo().strokes == EXAMPLES["8"]
    assert "Kept as an 8. Draw the next one." in words(app)
    assert app.button(key="tell_3").disabled  # there is nothing to label yet
    assert "addend_3" not in keys(app)  # the labels stand in the place of the numbers
    app.button(key="teaching_ends").click().run()
    assert "addend_3" in keys(app) and "tell_3" not in keys(app)


def test_examples_are_drawn_under_the_canvas_from_the_start() -> None:
    app = opened(draw_page)
    app.button(key="teaching_begins").click().run()
    assert "Draw a digit, then tap what it is." in words(app)
    assert session_of(app).arrivals == 1  # the canvas is in view


def test_what_can_be_done_about_labels_that_wait_is_said(pen) -> None:
    dot, two = (((60.0, 60.0),),), (((60.0, 80.0), (60.0, 200.0)), ((180.0, 80.0), (182.0, 200.0)))
    app = opened(draw_page)
    assert "Does it misread your writing? Draw a digit, tap what it was" in words(app)
    app.button(key="teaching_begins").click().run()
    for strokes, said in (
        (dot, "Draw a digit, then tap what it is."),
        (two, "Draw only one digit, then tap what it is."),
        (EXAMPLES["8"], "Tap what it is:"),
    ):
        pen(strokes)
        assert f">{said}<" in words(app.run())
        assert app.button(key="tell_3").disabled == (strokes is not EXAMPLES["8"])


def test_other_pictures_than_drawings_have_numbers_while_teaching(pen, data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(draw_page)
    session = session_of(app)
    session.is_teaching, session.source = True, "test"
    assert "addend_7" in keys(app.run()) and "tell_0" not in keys(app)
    session.source = "draw"
    assert "tell_0" in keys(app.run()) and "addend_7" not in keys(app)


def test_teach_it_stays_in_reach_of_who_turns_to_another_picture(pen, data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(draw_page)
    pen(EXAMPLES["8"])
    app.run().button(key="tell_8").click().run()
    for source in ("test", "upload", "camera"):
        app.segmented_control(key="source").set_value(source).run()
        assert {"teach", "teaching_begins"} <= keys(app) and "teaching_ends" not in keys(app)
    app.button(key="teaching_begins").click().run()
    assert session_of(app).source == "draw"
    assert {"teach", "tell_8", "teaching_ends"} <= keys(app) and "teaching_begins" not in keys(app)


def test_a_network_that_has_learned_says_so_and_is_adding_again(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened_app()
    app.button(key="tell_8").click().run()
    app.button(key="teach").click().run()
    assert "tell_8" in keys(app)  # below the answers, as before
    assert status(app) == "Starting."
    taught(the_finetune_run(app))
    app.run()
    assert [toast.value for toast in app.toast] == ["Learned. Draw another one."]
    assert "addend_3" in keys(app)


@pytest.mark.parametrize(
    ("state", "seconds_ago", "shares"),
    [
        ("queued", 500, range(1)),
        ("training", 500, range(50, 60)),  # of 1,000, and what this test took
        ("training", 5_000, range(95, 96)),
        ("evaluating", 1e9, range(95, 96)),
    ],
)
def test_the_bar_grows_with_the_time_and_is_never_full(pen, state, seconds_ago, shares) -> None:
    run = finetune_run(HandExample(7, EXAMPLES["7"]))
    write_speed(runs_dir(), Speed(1e-5, 1e-4, 1.0, finetunes=[1_000.0]))
    begun = time.time() - seconds_ago
    os.utime(run.path / "recipe.json", (begun, begun))
    run.set_state(State(state))
    app = opened(draw_page)
    session_of(app).finetune_run = run.id
    (bar,) = app.run().get("progress")
    assert not app.exception and bar.proto.value in shares
