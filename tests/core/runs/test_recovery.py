"""What a run had learned when it was interrupted: saved on the way, tested and kept."""

from dataclasses import replace

import pytest

from core.jobs import job
from core.runs import recovery
from core.runs.recovery import RECOVERY_MESSAGE
from core.runs.run import Run, State
from core.storage import checkpoint
from core.storage.autosave import pack_autosave, unpack_autosave
from core.storage.history import Recorder
from core.trainer import Progress
from tests.conftest import record
from tests.support.workers import INTERRUPTED, TINY, add_run, after_steps, contents, recovered


def test_a_stopped_run_is_saved_before_it_is_tested(root, runner, monkeypatch):
    """Testing takes a while, and an app that ends may not wait for it."""
    seen = []
    real = job.evaluate
    run = add_run(root, TINY)
    after_steps(monkeypatch, 25, Run.request_stop)
    monkeypatch.setattr(job, "evaluate", lambda *a: (seen.append(recovered(run).step), real(*a))[1])
    runner.execute(run)
    assert seen == [25]


def test_weights_are_saved_every_few_seconds(root, runner, monkeypatch):
    """At least AUTOSAVE_SECONDS apart, and once more before the test."""

    def add(recorder: Recorder, progress: Progress, due: bool = False) -> dict[str, float]:
        return record(progress.step) | {"seconds": 0.75 * progress.step}

    taken = []
    monkeypatch.setattr(Recorder, "add", add)
    monkeypatch.setattr(
        recovery, "save_weights", lambda run, content, durable: taken.append(content)
    )
    short = replace(TINY.train, epochs=1, batch_size=60)
    runner.execute(add_run(root, replace(TINY, train=short)))
    found = [unpack_autosave(content, TINY.model)[1:] for content in taken]
    assert found[:-1] == [(3, 10, 2.25), (6, 10, 4.5), (9, 10, 6.75)]
    assert found[-1][:2] == (10, 10)


def test_saved_weights_come_back(root, model):
    run = add_run(root, replace(TINY, model=model.config))
    recovery.save_weights(run, pack_autosave(model, 7, 40, 1.25))
    found = recovered(run)
    assert found[1:] == (7, 40, 1.25)
    assert not found.model.training
    for name, value in model.state_dict().items():
        assert found.model.state_dict()[name].equal(value), name
    recovery.remove_autosave(run)
    assert not recovery.read_weights(run)


@pytest.mark.parametrize("length", [0, 7, 100, 4000])
def test_weights_that_were_cut_off_are_not_used(root, runner, model, length):
    run = add_run(root, replace(TINY, model=model.config))
    recovery.save_weights(run, pack_autosave(model, 7, 40, 1.25))
    file = run.path / "last.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    run.set_state(State("training"))
    runner.recover_interrupted(root)
    assert run.state() == State("interrupted", INTERRUPTED)


def test_a_run_that_cannot_be_tested_is_interrupted(root, runner, model, monkeypatch):
    run = add_run(root, replace(TINY, model=model.config))
    recovery.save_weights(run, pack_autosave(model, 7, 40, 1.25))
    run.set_state(State("training"))
    monkeypatch.setattr(job, "evaluate", lambda *_: 1 / 0)
    runner.recover_interrupted(root)
    assert run.state() == State("interrupted", INTERRUPTED)


def test_a_recovery_says_what_it_does(root, runner, model, monkeypatch):
    seen = []
    run = add_run(root, replace(TINY, model=model.config))
    recovery.save_weights(run, pack_autosave(model, 10, 40, 1.25))
    run.append(record(10))
    run.set_state(State("training"))
    real = job.evaluate
    monkeypatch.setattr(job, "evaluate", lambda *a: (seen.append(run.state()), real(*a))[1])
    runner.recover_interrupted(root)
    assert seen == [State("evaluating", RECOVERY_MESSAGE)]
    assert checkpoint.load(run.checkpoint)[1].epochs == 0.5


def test_what_is_shown_of_a_run_ends_with_the_network_that_is_kept(root, runner, model):
    run = add_run(root, replace(TINY, model=model.config))
    for step in (1, 7, 9):
        run.append(record(step))
    recovery.save_weights(run, pack_autosave(model, 7, 40, 1.25))
    run.set_state(State("training"))
    runner.recover_interrupted(root)
    assert [each["step"] for each in run.history()] == [1, 7]


def test_a_finished_run_leaves_no_weights_but_its_checkpoint(root, runner):
    runner.execute(run := add_run(root, TINY))
    files = contents(run)
    assert sorted(files) == [
        *("checkpoint.json", "checkpoint.safetensors", "disk-full.json"),
        *("progress.jsonl", "recipe.json", "state.json"),
    ]


def test_what_killed_a_worker_while_it_was_tested_is_not_tested_again(root, runner, model):
    run = add_run(root, replace(TINY, model=model.config))
    recovery.save_weights(run, pack_autosave(model, 7, 40, 1.25))
    run.set_state(State("evaluating", RECOVERY_MESSAGE))
    runner.recover_interrupted(root)
    assert run.state() == State("interrupted", INTERRUPTED)


def test_a_training_that_goes_on_forgets_what_came_after_its_weights(root, model):
    run = add_run(root, TINY)
    for step in (1, 7, 9):
        run.append(record(step))
    recovery.cut_history(run, pack_autosave(model, 7, 40, 1.25))
    assert run.history() == [record(1), record(7)]
    recovery.cut_history(run, b"")  # nothing was saved: it begins anew
    assert run.history() == []
