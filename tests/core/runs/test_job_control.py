"""A run that a visitor pauses, steps, stops, or gives another learning rate."""

import threading
import time

import pytest

from core.data import download
from core.jobs import job
from core.runs.control import TOO_LONG, ControlFile, read_control, write_control
from core.runs.queue import create_run
from core.runs.run import State
from core.storage import checkpoint, snapshots
from tests.conftest import PATIENCE, wait_for
from tests.support.workers import TINY, after_steps


def test_a_paused_run_waits_and_makes_one_step_when_asked(root, runner, states):
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    thread = threading.Thread(target=runner.execute, args=(run,))
    thread.start()
    wait_for(lambda: run.state().name == "paused", "the pause")
    assert run.history()[-1]["step"] == 3
    write_control(run.path, ControlFile(pause_at=4))
    wait_for(lambda: run.history()[-1]["step"] == 4, "one step")
    wait_for(lambda: run.state().name == "paused", "the next pause")
    assert run.history()[-1]["step"] == 4
    assert {0, 3, 4} <= set(snapshots.snapshot_steps(run.snapshots))
    write_control(run.path, ControlFile())
    thread.join(PATIENCE)
    assert run.history()[-1]["step"] == 40
    paused = ["paused", "training"]
    assert states == ["queued", "preparing", "training", *paused, *paused, "evaluating", "finished"]


def test_a_pause_does_not_count_as_training(root, runner, monkeypatch):
    monkeypatch.setattr(job, "_pause", lambda *_: 1_000.0)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=40))  # at the last step, measured just after
    runner.execute(run)
    _, card = checkpoint.load(run.checkpoint)
    assert run.history()[-1]["seconds"] > 0
    assert card.train_seconds < 0  # the pause, which took no time here, is taken off


def test_pauses_count_toward_the_time_limit(root, runner, monkeypatch):
    real, pauses = time.perf_counter, []
    monkeypatch.setattr(time, "perf_counter", lambda: real() + 1_000 * len(pauses))
    monkeypatch.setattr(job, "_pause", lambda *_: pauses.append(1) or 1_000.0)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    runner.execute(run)
    assert run.state() == State("stopped", TOO_LONG)
    assert run.history()[-1]["step"] == 3


def test_a_paused_run_can_be_stopped(root, runner):
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    thread = threading.Thread(target=runner.execute, args=(run,))
    thread.start()
    wait_for(lambda: run.state().name == "paused", "the pause")
    run.request_stop()
    thread.join(PATIENCE)
    assert (run.state().name, run.history()[-1]["step"]) == ("stopped", 3)


def test_nobody_holds_up_the_queue_forever(root, runner, monkeypatch):
    monkeypatch.setattr(job, "MAX_PAUSE_SECONDS", 0.1)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3, lr=0.05))
    runner.execute(run)
    assert run.state().name == "finished"
    assert read_control(run.path) == ControlFile(None, 0.05)


def test_the_learning_rate_changes_while_it_trains(root, runner, monkeypatch):
    after_steps(
        monkeypatch, 20, lambda run: write_control(run.path, ControlFile(lr=TINY.train.lr / 10))
    )
    run, other = create_run(root, "quick", TINY), create_run(root, "quick", TINY)
    runner.execute(run)
    monkeypatch.undo()
    monkeypatch.setattr(download, "is_present", lambda *_: False)
    runner.execute(other)
    ratios = [
        one["lr"] / two["lr"] for one, two in zip(run.history(), other.history(), strict=True)
    ]
    moved = sum(ratio > 0.5 for ratio in ratios)
    assert 15 < moved < 25
    assert ratios == pytest.approx([1.0] * moved + [0.1] * (40 - moved))
