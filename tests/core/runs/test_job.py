"""One run from its first step to its last, in this process, on the drawn data set."""

import errno
import math
import shutil
import time
from dataclasses import replace

import pytest
import torch

from core.evaluation.metrics import ood_threshold
from core.jobs import job
from core.recipes.recipe import PARAM_BOUNDS
from core.runs import limits
from core.runs.control import TOO_LONG
from core.runs.queue import create_run
from core.runs.run import Run, State, list_runs
from core.storage import checkpoint
from core.trainer import train
from tests.conftest import PATIENCE
from tests.support.workers import TINY, add_run, after_steps


def test_a_run_goes_from_queued_to_finished(root, runner, states):
    runner.execute(create_run(root, "quick", TINY))
    assert states == ["queued", "preparing", "training", "evaluating", "finished"]


def test_a_finished_run_has_a_network_and_its_card(root, runner, data):
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    model, card = checkpoint.load(run.checkpoint)
    assert model.config == TINY.model
    assert (card.preset, card.epochs, card.seed) == ("quick", 2, 0)
    assert sum(map(sum, card.confusion)) == 10 * len(data.test.labels)
    assert card.figures["class_acc"] > 0.5
    assert card.train_seconds > 0


def test_the_network_is_the_one_that_the_recipe_trains(root, runner, data):
    """Same recipe, same network, whether the worker or somebody else trains it."""
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    model = TINY.build()
    list(train(model, data, TINY.train))
    loaded, _ = checkpoint.load(run.checkpoint)
    for name, value in model.state_dict().items():
        assert loaded.state_dict()[name].equal(value), name


def test_a_run_records_its_progress(root, runner):
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    history = run.history()
    assert [record["step"] for record in history] == list(range(1, 41))
    assert len([record for record in history if "val_loss" in record]) >= 10
    assert {record["steps"] for record in history} == {40}
    assert history[-1]["images"] == 1200
    seconds = [record["seconds"] for record in history]
    assert seconds == sorted(seconds)
    assert all(math.isfinite(value) for record in history for value in record.values())


def test_a_stop_keeps_what_was_learned(root, runner, states, monkeypatch):
    run = create_run(root, "quick", TINY)
    after_steps(monkeypatch, 25, Run.request_stop)
    runner.execute(run)
    assert states[-2:] == ["evaluating", "stopped"]
    assert run.state().is_usable
    _, card = checkpoint.load(run.checkpoint)
    assert card.epochs == 2 * 25 / 40
    assert run.history()[-1]["step"] == 25


def test_a_run_is_stopped_and_kept_when_the_app_ends(root, runner, monkeypatch):
    run = create_run(root, "quick", TINY)
    after_steps(monkeypatch, 25, lambda run: runner.app_gone.set())
    runner.execute(run)
    assert run.state() == State("stopped")
    assert checkpoint.load(run.checkpoint)[1].epochs == 1.25


def test_a_run_that_diverges_says_what_to_do(root, runner):
    wild = replace(TINY, train=replace(TINY.train, lr=30.0, sum_weight=1.0))
    run = create_run(root, "quick", wild)
    runner.execute(run)
    assert run.state().name == "failed"
    step = run.history()[-1]["step"] + 1
    sentence = f"The loss ran away at step {step}. Lower the learning rate and train again."
    assert run.state().message == sentence
    assert not run.checkpoint.with_suffix(".safetensors").exists()


def test_a_bug_of_ours_fails_the_run_and_the_next_one_trains(root, runner, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        patch.setattr(job, "evaluate", lambda *_: 1 / 0)
        run = create_run(root, "quick", TINY)
        runner.execute(run)
    assert run.state() == State("failed", "Training failed. Train again.")
    assert "ZeroDivisionError" in caplog.text
    runner.execute(second := create_run(root, "quick", TINY))
    assert second.state() == State("finished")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"preset": "quick", "params": {"width": 99}}'])
def test_a_damaged_recipe_is_said(root, runner, content):
    run = create_run(root, "quick", TINY)
    (run.path / "recipe.json").write_bytes(content)
    runner.execute(run)
    assert run.state() == State("failed", "The files of this run are damaged. Train again.")


def test_a_run_that_is_deleted_in_training_does_no_harm(root, runner, monkeypatch):
    run = create_run(root, "quick", TINY)
    after_steps(monkeypatch, 10, lambda run: shutil.rmtree(run.path))
    runner.execute(run)
    assert list(list_runs(root)) == []


def test_the_ood_threshold_is_set_on_held_out_images(root, runner, data, monkeypatch):
    monkeypatch.setitem(PARAM_BOUNDS, "held_out", (1, 100))
    run = create_run(root, "quick", replace(TINY, train=replace(TINY.train, held_out=40)))
    runner.execute(run)
    model, card = checkpoint.load(run.checkpoint)
    assert card.doubt_level == ood_threshold(model, data.val.first(40))
    assert card.doubt_level != ood_threshold(model, data.val)


@pytest.mark.parametrize("ask", [lambda: torch.empty(2**50), lambda: bytearray(2**60)])
def test_each_way_to_run_out_of_memory_is_said(root, runner, monkeypatch, ask):
    monkeypatch.setattr(job, "evaluate", lambda *_: ask())
    run = add_run(root, TINY)
    runner.execute(run)
    assert run.state().message.startswith("This machine has too little memory for that")


def test_a_run_that_takes_too_long_is_stopped_and_kept(root, runner, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, run_seconds=0))
    run = add_run(root, TINY)
    runner.execute(run)
    assert run.state() == State("stopped", TOO_LONG)
    assert checkpoint.load(run.checkpoint)[1].epochs == 2 / 40


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_moved_changes_no_figure(root, runner, monkeypatch, hours):
    real = time.time
    run = add_run(root, TINY)
    moved = lambda: real() + 3600 * hours  # noqa: E731
    after_steps(monkeypatch, 20, lambda run: monkeypatch.setattr(time, "time", moved))
    runner.execute(run)
    seconds = [each["seconds"] for each in run.history()]
    assert seconds == sorted(seconds)
    assert 0 < checkpoint.load(run.checkpoint)[1].train_seconds < PATIENCE


@pytest.mark.parametrize(
    ("error", "fresh"),
    [
        (RuntimeError("unforeseen"), True),
        (OSError(errno.EIO, "Input/output error"), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
    ],
)
def test_a_fresh_process_is_wanted_after_the_unforeseen_and_not_after_a_full_disk(
    root, runner, monkeypatch, error, fresh
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(job, "evaluate", fail)
    runner.execute(add_run(root, TINY))
    assert runner.needs_restart == fresh
