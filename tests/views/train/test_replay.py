"""The Train page while a run lives: pause, one step, the learning rate, and what is watched."""

import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.evaluation.prediction import Prediction
from core.recipes.presets import PRESETS
from core.runs.control import ControlFile, change_control, read_control, write_control
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.specs import SPECS
from core.storage import checkpoint, snapshots
from tests.support.pages import opened, session_of, train_page, words
from views.input.sources import EXAMPLES
from views.session import networks
from views.train import replay

QUICK = PRESETS["quick"].recipe


def live(state: str, step: int = 3) -> Run:
    run = create_run(runs_dir(), "quick", QUICK)
    run.append({"seconds": 2.0, "step": step, "steps": 391, "epoch": 1, "images": 384, "lr": 0.1})
    run.set_state(State(state))
    return run


def button(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_pause_asks_the_worker_to_wait() -> None:
    run = live("training")
    app = opened(train_page, run=run.id)
    assert app.button(key="train_step").disabled
    button(app, "train_pause")
    assert read_control(run.path) == ControlFile(pause_at=0)


def test_a_paused_run_makes_one_step_or_goes_on() -> None:
    run = live("paused")
    write_control(run.path, ControlFile(pause_at=0, lr=0.5))
    app = opened(train_page, run=run.id)
    assert "Paused: epoch 1, step 3 of 391" in app.get("progress")[0].proto.text
    button(app, "train_step")
    assert read_control(run.path) == ControlFile(pause_at=4, lr=0.5)
    button(app, "train_pause")
    assert read_control(run.path) == ControlFile(pause_at=None, lr=0.5)


def test_two_quick_presses_make_two_steps() -> None:
    """The page does not know yet that the first one was made."""
    run = live("paused")
    app = opened(train_page, run=run.id)
    for _ in range(2):
        button(app, "train_step")
    assert read_control(run.path).pause_at == 5


def test_the_learning_rate_is_moved_and_that_is_said_afterwards() -> None:
    run = live("training")
    app = opened(train_page, run=run.id)
    app.select_slider(key="live_lr").set_value(0.05).run()
    assert read_control(run.path) == ControlFile(lr=0.05)
    run.set_state(State("interrupted", "Training was interrupted."))
    (said,) = [c.value for c in opened(train_page, run=run.id).caption if "was changed" in c.value]
    assert "from 0.2 to 0.05" in said


def test_a_rate_that_was_just_moved_outlives_the_next_press() -> None:
    run = live("paused")
    write_control(run.path, ControlFile(pause_at=0))
    app = opened(train_page, run=run.id)
    change_control(run, "", lr=0.05)  # since the page was drawn
    button(app, "train_pause")
    assert read_control(run.path) == ControlFile(lr=0.05)


def test_a_page_that_is_opened_shows_the_rate_as_it_was_changed() -> None:
    run = live("training")
    write_control(run.path, ControlFile(lr=0.05))
    assert opened(train_page, run=run.id).select_slider(key="live_lr").value == 0.05


def test_a_run_whose_rate_was_left_alone_is_said_nothing_about() -> None:
    run = live("interrupted")
    captions = " ".join(caption.value for caption in opened(train_page, run=run.id).caption)
    assert "rate was changed" not in captions


@pytest.mark.parametrize("state", ["queued", "preparing", "evaluating"])
def test_nothing_is_offered_that_would_do_nothing(state: str) -> None:
    app = opened(train_page, run=live(state).id)
    keys = {button.key for button in app.button}
    assert "train_stop" in keys
    assert not keys & {"train_pause", "train_step"}
    assert "live_lr" not in {slider.key for slider in app.select_slider}


def test_a_stop_that_cannot_be_written_is_no_error(monkeypatch) -> None:
    def gone(run: Run) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Run, "request_stop", gone)
    app = opened(train_page, run=live("training").id)
    button(app, "train_stop")
    assert not app.exception


@pytest.mark.parametrize(("how", "said"), [("lock", True), ("hide", False)])
def test_a_rate_kept_by_a_link_is_kept_while_it_trains(how: str, said: bool) -> None:
    app = opened(train_page, run=live("training").id, **{how: "lr"})
    assert "live_lr" not in {slider.key for slider in app.select_slider}
    assert ("Learning rate 0.2. Set by your teacher." in words(app)) is said


@pytest.mark.parametrize("broken", [float("nan"), 1e30])
def test_a_moment_when_the_loss_ran_away_is_not_shown(broken: float) -> None:
    run = live("failed")
    model = QUICK.build()
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(model))
    with torch.no_grad():
        model.class_head[1].weight.fill_(broken)
    snapshots.save_snapshot(run.snapshots, 3, snapshots.pack_snapshot(model))
    said = words(opened(train_page, run=run.id))
    assert "nan" not in said
    assert "<th>now</th>" in said


def test_a_drawing_is_answered_at_every_moment() -> None:
    """Untrained, a network knows nothing; the one that is shipped knows a 3."""
    shipped, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    recipe = QUICK.read(card.params)
    run = create_run(runs_dir(), "quick", recipe)
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(recipe.build()))
    snapshots.save_snapshot(run.snapshots, 391, snapshots.pack_snapshot(shipped))
    run.set_state(State("training"))
    app = opened(train_page, run=run.id)
    session = session_of(app)
    session.canvas = session.canvas.show(EXAMPLES["3"])
    session.choose(addend=4)
    said = words(app.run())
    assert "Watch it learn your digit" in said
    assert "<th>now</th><td>3 (100&nbsp;%)</td><td>7.0</td>" in said
    assert "<th>+ 4</th>" in said
    captions = " ".join(caption.value for caption in app.caption)
    assert "An example." not in captions
    assert "Dotted: the class it reads now + number, 3 + 4 = 7." in captions


def test_where_nothing_is_drawn_an_example_is_watched() -> None:
    run = live("training")
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(QUICK.build()))
    captions = " ".join(caption.value for caption in opened(train_page, run=run.id).caption)
    assert "An example. Draw a digit on the Draw page" in captions
    assert "Dotted: class + number, 5 + 7 = 12." in captions  # whatever the network reads


def test_a_damaged_moment_is_left_out() -> None:
    run = live("training")
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(QUICK.build()))
    (run.snapshots / "00000005.safetensors").write_bytes(b"junk")
    assert "Watch it learn" in words(opened(train_page, run=run.id))
    run = live("training")
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(QUICK.build()))
    (run.snapshots / "00000000.safetensors").write_bytes(b"junk")
    assert "Watch it learn" not in words(opened(train_page, run=run.id))


def test_what_is_watched_is_the_label_of_a_test_image_and_its_sum(data, monkeypatch) -> None:
    run = live("training")
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(QUICK.build()))
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    drawn: list[tuple[list[int], int]] = []
    monkeypatch.setattr(
        replay.charts,
        "sum_while_learning",
        lambda images, values, expected, palette: drawn.append((images, expected)) or go.Figure(),
    )
    snapshots.save_snapshot(run.snapshots, 3, snapshots.pack_snapshot(QUICK.build()))
    said = words(opened(train_page, run=run.id, t="13", n="4"))
    assert drawn[-1] == ([0, 3 * QUICK.train.batch_size], 7)  # test image 13 is a 3
    assert "The picture that the network is shown: test image 13 of MNIST" in said


@pytest.mark.parametrize(
    ("steps", "answered", "said"),
    [
        ([0, 3, 9], [0, 3], "from step 9 on."),
        ([0, 3, 9], [0, 9], "at 1 of these steps."),
        ([0, 3, 1_000], [0], "from step 3 on."),
        ([0, 3], [], "from step 0 on."),
    ],
)
def test_it_is_said_from_when_on_there_were_no_numbers(steps, answered, said) -> None:
    words_of_loss = replay._lost_words(steps, answered)
    assert words_of_loss == f"This network's answer is not a number {said}"


def test_the_first_answer_stands_above_the_latest() -> None:
    first, latest = (
        Prediction(np.zeros((28, 28)), 4, label, (0.3,) * 10, value, round(value), None)
        for label, value in ((1, 9.04), (3, 7.0))
    )
    table = replay._first_and_latest(first, latest, SPECS["mnist"])
    assert re.findall(r"<th>(\w+)</th><td>(.*?)</td><td>(.*?)</td>", table) == [
        ("untrained", "1 (30&nbsp;%)", "9.0"),
        ("now", "3 (30&nbsp;%)", "7.0"),
    ]


def test_a_name_of_a_class_is_only_text_in_the_table() -> None:
    spec = replace(SPECS["mnist"], class_names=("salt & pepper", *"123456789"))
    answer = Prediction(np.zeros((28, 28)), 4, 0, (0.3,) * 10, 4.0, 4, None)
    assert "<td>salt &amp; pepper (30&nbsp;%)</td>" in replay._first_and_latest(
        answer, answer, spec
    )
