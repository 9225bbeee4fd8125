"""The Train page: what it hands to a run, and what it says of one."""

import json
from pathlib import Path

import pytest

from core.recipes.presets import PRESETS
from core.runs import disk
from core.runs.queue import create_run
from core.runs.run import Run, State, list_runs, runs_dir
from core.runs.snapshot import read_snapshot
from tests.conftest import record
from tests.support.pages import (
    finished,
    growing_figures,
    opened,
    session_of,
    the_run,
    train_page,
    words,
)
from views.session import networks
from views.train.status import _status_words, pace_of


def test_train_hands_over_the_settings_as_they_are(tmp_path: Path) -> None:
    app = opened(train_page)
    app.select_slider(key="setting_lr").set_value(0.05)
    app.number_input(key="setting_seed").set_value(42)
    app.button(key="train_start").click().run()
    preset, recipe = the_run(app).recipe()
    assert (preset, recipe.train.lr, recipe.train.seed) == ("quick", 0.05, 42)
    assert the_run(app).state() == State("queued")
    assert app.button(key="train_start").disabled
    assert app.query_params["lr"] == "0.05"
    assert app.query_params["run"] == the_run(app).id


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (State("queued"), "Starting."),
        (
            State("preparing", "Downloading MNIST from a mirror", 0.5),
            "Downloading MNIST from a mirror",
        ),
        (State("failed", "The loss ran away at step 3."), "The loss ran away at step 3."),
        (State("interrupted", "Training was interrupted."), "Training was interrupted."),
    ],
)
def test_each_state_of_a_run_has_its_words(now: State, said: str) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    run.set_state(now)
    app = opened(train_page, run=run.id)
    assert app.get("progress")[0].proto.text == said
    assert app.button(key="train_start").disabled == (not now.is_finished)


def test_a_card_that_is_no_card_is_one_sentence() -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    run.checkpoint.with_suffix(".json").write_text(json.dumps({"figures": []}))
    app = opened(train_page, run=run.id)
    assert app.warning[0].value == "The files of this network are damaged. Train again."


def test_settings_outlive_a_look_at_another_page() -> None:
    def pages() -> None:
        import streamlit as st

        from views.train.page import show_train

        if not st.session_state.get("elsewhere"):
            show_train()

    app = opened(pages)
    app.select_slider(key="setting_lr").set_value(0.3)
    app.selectbox(key="bug").set_value("relu").run()
    app.session_state["elsewhere"] = True
    app.run()
    app.session_state["elsewhere"] = False
    app.run()
    assert app.select_slider(key="setting_lr").value == 0.3
    assert app.selectbox(key="bug").value == "relu"
    app.button(key="train_start").click().run()
    recipe = the_run(app).recipe()[1]
    assert (recipe.train.lr, recipe.bug.name) == (0.3, "relu")


def test_runs_that_cannot_be_written_are_one_sentence(pen, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    app = opened(train_page)
    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path / "file" / "runs"))
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "The run could not be written to disk (Not a directory). Try again later."
    ]


def test_a_visitor_who_waits_gets_no_second_place(tmp_path, monkeypatch):
    app = opened(train_page)
    app.button(key="train_start").click().run()
    first = the_run(app)
    session = session_of(app)
    session.choose(run="")  # as if the run had been let go of in the browser
    app.run()
    app.button(key="train_start").click().run()
    assert [e.value for e in app.error] == [
        "You already have a run in the queue. Wait for it, or stop it first."
    ]
    assert list(list_runs(runs_dir())) == [first]


def test_a_run_that_is_too_long_is_refused_in_a_sentence(tmp_path):
    app = opened(train_page, epochs="50", width="64")
    app.button(key="train_start").click().run()
    assert "50 epochs at width 64 would take too long here." in app.error[0].value
    assert not runs_dir().exists()


def test_the_time_left_is_that_of_the_steps_to_come() -> None:
    """10 of 50 steps took 5 seconds."""
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    run.append(record(10))
    run.set_state(State("training"))
    assert '<div class="headline">20 s left</div>' in words(opened(train_page, run=run.id))


def test_who_waits_for_others_polls_seldom() -> None:
    first, second = (create_run(runs_dir(), "quick", PRESETS["quick"].recipe) for _ in range(2))
    assert [pace_of(read_snapshot(run)) for run in (first, second)] == [0.15, 2.0]


def test_a_run_that_waits_in_a_read_only_folder_says_so(monkeypatch) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    monkeypatch.setattr(disk, "is_writable", lambda root: False)
    said = opened(train_page, run=run.id).get("progress")[0].proto.text
    assert said == disk.UNWRITABLE


def run_in(state: State, step: int = 10, **more: float) -> Run:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    if step:
        run.append(record(step, **more))
    run.set_state(state)
    return run


def status(run: Run) -> str:
    return _status_words(read_snapshot(run))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State("preparing"), "Preparing the data."),
        (
            State("training", "It shares the cores."),
            "Training: epoch 1, step 10 of 50, 256 images/s. It shares the cores.",
        ),
        (
            State("paused"),
            "Paused: epoch 1, step 10 of 50. Training resumes by itself after two minutes.",
        ),
        (
            State("evaluating"),
            "Testing on 10,000 test images with ten numbers each. (epoch 1, step 10 of 50)",
        ),
        (State("evaluating", "Testing the last weights."), "Testing the last weights."),
        (State("finished"), "Finished: epoch 1, step 10 of 50, 256 images/s, 5.0 s"),
        (
            State("stopped"),
            "Stopped. What the network learned so far is kept: "
            "epoch 1, step 10 of 50, 256 images/s, 5.0 s",
        ),
        (State("failed", "The loss ran away."), "The loss ran away."),
    ],
)
def test_a_run_says_how_far_it_is_and_how_fast(state: State, said: str) -> None:
    """10 of 50 steps, 1,280 images in 5 seconds."""
    assert status(run_in(state, images=1_280)) == said


def test_a_run_whose_first_step_is_due_says_that_it_starts() -> None:
    assert status(run_in(State("training"), step=0)) == "Starting."


@pytest.mark.parametrize(
    ("name", "step", "seconds"),
    [
        ("preparing", 0, 0.15),
        ("training", 0, 0.15),  # its first point is due
        ("training", 10, 0.5),
        ("paused", 10, 0.5),
        ("evaluating", 10, 0.15),  # its results are due
        ("finished", 10, None),
        ("failed", 10, None),
    ],
)
def test_a_page_asks_as_often_as_there_may_be_news(name, step, seconds) -> None:
    assert pace_of(read_snapshot(run_in(State(name), step))) == seconds


@pytest.mark.parametrize(
    ("state", "step", "share"),
    [
        (State("training"), 10, 20),
        (State("preparing", "Downloading.", 0.35), 0, 35),
        (State("preparing"), 0, 0),
        (State("finished"), 50, 100),
    ],
)
def test_the_bar_is_as_full_as_the_run_is_far(state: State, step: int, share: int) -> None:
    run = run_in(state, step)
    assert opened(train_page, run=run.id).get("progress")[0].proto.value == share


@pytest.mark.parametrize(("bug", "dots"), [("", "images it has never seen"), ("relu", "same bug")])
def test_it_is_said_what_the_dots_are(bug: str, dots: str) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe.with_bug(bug))
    run.append(record(10))
    run.set_state(State("training"))
    captions = [caption.value for caption in opened(train_page, run=run.id).caption]
    assert any(dots in caption for caption in captions)


def test_before_the_first_run_the_shipped_network_s_curves_are_shown() -> None:
    app = opened(train_page)
    said = [caption.value for caption in app.caption]
    epochs = networks.network_history("mnist")[-1]["epoch"]
    assert f"Here is how the shipped network learned, in {epochs:.0f} epochs:" in said
    ends = [figure["layout"]["xaxis"]["range"] for figure in growing_figures(app)]
    assert ends == [[0, epochs]] * 2
    assert app.button(key="train_start").label == "Train"


def test_a_run_that_is_gone_can_be_trained_again() -> None:
    app = opened(train_page, run="0123456789abcdef", lr="0.05")
    assert [each.value for each in app.subheader] == ["This run is no longer kept here"]
    assert app.button(key="train_start").label == "Train again"
    assert not app.button(key="train_start").disabled


@pytest.mark.parametrize("run", ["", "0123456789abcdef"])
def test_pictures_that_are_gone_are_said_whatever_else_is_gone(run: str) -> None:
    app = opened(train_page, run=run, dataset="own-" + "0" * 24)
    assert "pictures that this link trains on are no longer kept here" in app.warning[0].value
    assert "has the settings from the link" not in words(app)
    app.button(key="train_start").click().run()  # on other pictures
    assert the_run(app).recipe()[1].model.dataset == "mnist"
    assert "no longer kept here" not in words(app)


def test_a_run_that_is_here_says_that_its_pictures_are_gone() -> None:
    app = opened(train_page, run=run_in(State("stopped")).id, dataset="own-" + "0" * 24)
    assert "pictures that this link trains on are no longer kept here" in app.warning[0].value


def test_the_curves_and_the_rate_are_those_of_the_run() -> None:
    recipe = PRESETS["quick"].recipe.change({"epochs": 3, "lr": 0.07})
    run = create_run(runs_dir(), "quick", recipe)
    run.append(record(25, loss=1.0))
    run.set_state(State("training"))
    app = opened(train_page, run=run.id)
    figure = growing_figures(app)[0]
    assert figure["layout"]["xaxis"]["range"] == [0, 3]
    assert figure["data"][0]["x"] == [1.5]
    slider = app.select_slider(key="live_lr")
    assert slider.value == 0.07 and "0.07" in slider.options


def test_a_run_whose_recipe_is_damaged_says_so() -> None:
    run = run_in(State("training"))
    (run.path / "recipe.json").write_text("[]")
    app = opened(train_page, run=run.id)
    assert [warning.value for warning in app.warning] == [run.damaged_words]


def test_a_run_whose_end_was_shown_has_no_badge_any_more() -> None:
    app = opened(train_page)
    app.button(key="train_start").click().run()
    assert session_of(app).unseen_run == the_run(app).id
    finished(the_run(app))
    app.run()
    assert session_of(app).unseen_run == ""


def test_pressing_train_brings_the_page_to_its_top() -> None:
    app = opened(train_page)
    assert session_of(app.button(key="train_start").click().run()).arrivals == 1
