"""The worker: whose runs it does, and its process through good days."""

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.data import download
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.queue import create_run, queue_position
from core.runs.run import LIVE, USABLE, FinetuneJob, Run, State, list_runs
from core.storage import checkpoint
from core.systems.locks import try_lock
from core.workers import supervisor as app_side
from core.workers import worker
from core.workers.runner import JobRunner
from core.workers.supervisor import Supervisor
from tests.conftest import PATIENCE, wait_for
from tests.support.workers import (
    ENDLESS,
    SHORT,
    TINY,
    ForkServer,
    add_run,
    end_of,
    fork_workers,
    start_supervisor,
    wait_for_progress,
)

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]


@pytest.fixture
def serve(root, monkeypatch) -> Callable[[], None]:
    """Serve the runs directory for an app that is already gone."""
    monkeypatch.setattr(download, "is_present", lambda *_: False)
    monkeypatch.setattr(os, "nice", lambda by: 0)
    monkeypatch.setattr(worker, "_be_killed_first", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    return lambda: worker.serve(root)


@pytest.mark.parametrize("name", LIVE)
def test_a_run_that_was_cut_off_reads_interrupted(root, serve, name):
    run = create_run(root, "quick", TINY)
    run.set_state(State(name))
    serve()
    assert run.state() == State("interrupted", "Training was interrupted. Train again.")


@pytest.mark.parametrize("name", ["queued", "finished", "stopped", "failed", "interrupted"])
def test_other_runs_stay_as_they_are(root, serve, name):
    run = create_run(root, "quick", TINY)
    run.set_state(State(name))
    serve()
    assert run.state() == State(name)


def test_a_second_worker_leaves_the_runs_of_the_first_alone(root, serve):
    """Two apps may share a directory; who holds its lock trains."""
    run = create_run(root, "quick", TINY)
    run.set_state(State("training"))
    held = try_lock(root / ".lock")
    serve()
    held.release()
    assert run.state() == State("training")


def test_a_run_is_found_though_the_directory_s_time_stands_still(root, serve, monkeypatch):
    """Two changes within one tick of the file system's clock leave the time of the first."""

    class Still(type(root)):  # type: ignore[misc]
        def stat(self, **options: Any) -> Any:
            true = super().stat(**options)
            still = SimpleNamespace(st_mode=true.st_mode, st_mtime_ns=1)
            return still if self == root else true

    def waiting(folder: Path, finetunes: bool) -> list[Run]:
        found = look(folder, finetunes)
        if not finetunes and not list(list_runs(root)):  # it has looked, and now there is a run
            create_run(root, "quick", TINY)
        return found

    def execute(self: JobRunner, run: Run) -> None:
        run.set_state(State("finished"))
        app_ends.set()

    app_ends, look = threading.Event(), worker.waiting_runs
    pipe = SimpleNamespace(read=lambda: app_ends.wait(PATIENCE))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipe))
    monkeypatch.setattr(worker, "waiting_runs", waiting)
    monkeypatch.setattr(JobRunner, "execute", execute)
    worker.serve(Still(root))
    assert [run.state().name for run in list_runs(root)] == ["finished"]


def test_a_worker_takes_no_run_that_it_could_not_write(root, serve, monkeypatch):
    run = create_run(root, "quick", TINY)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    pipe = SimpleNamespace(read=lambda: threading.Event().wait(PATIENCE))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipe))
    serve()  # returns: the app starts another one when it can be written
    assert run.state() == State("queued")
    assert run.history() == []


@pytest.fixture(scope="module")
def process(
    fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Supervisor]:
    """One worker for the tests of this file, with its supervisor."""
    with pytest.MonkeyPatch.context() as patch:
        started = start_supervisor(patch, fork_server, tmp_path_factory.mktemp("app") / "runs")
        yield started
        started.close()


@pytest.fixture
def alive(process: Supervisor) -> Supervisor:
    """The worker, running, whatever earlier tests did to it."""
    process.ensure()
    return process


def test_two_runs_train_one_after_the_other(alive):
    first, second = add_run(alive.root), add_run(alive.root)
    assert queue_position(alive.root, second) == 1
    wait_for(lambda: second.state().name != "queued", "the second run")
    assert first.state().is_finished
    assert (end_of(first), end_of(second)) == ("finished", "finished")
    assert checkpoint.load(second.checkpoint)[1].epochs == 1


def test_who_teaches_a_network_does_not_wait_for_a_training(alive):
    base = add_run(alive.root)
    assert end_of(base) == "finished"
    long = add_run(alive.root, ENDLESS)
    wait_for_progress(long)
    taught = create_run(alive.root, "quick", SHORT, FinetuneJob(base.id, HAND))
    assert end_of(taught) == "finished"
    assert long.state().name == "training"
    assert checkpoint.load(taught.checkpoint)[1].taught == 1
    long.request_stop()
    assert end_of(long) == "stopped"


def test_a_run_that_waits_can_leave_the_queue(alive):
    first, second, third = (add_run(alive.root, recipe) for recipe in (ENDLESS, SHORT, SHORT))
    wait_for_progress(first)
    second.request_stop()
    first.request_stop()
    assert (end_of(first), end_of(third)) == ("stopped", "finished")
    assert second.history() == []
    assert not second.state().is_usable


def test_ctrl_c_reaches_the_app_and_not_the_run(alive):
    run = add_run(alive.root, ENDLESS)
    wait_for_progress(run)
    os.kill(alive.pid, signal.SIGINT)
    step = run.history()[-1]["step"]
    wait_for(lambda: run.history()[-1]["step"] > step, "more progress")
    run.request_stop()
    assert end_of(run) == "stopped"


def test_a_worker_that_lives_is_left_alone(alive):
    before = alive.pid
    alive.ensure()
    assert alive.pid == before


@pytest.mark.posix  # priorities
def test_answers_come_before_training(alive):
    run = add_run(alive.root, ENDLESS)
    wait_for_progress(run)
    ours, theirs = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, alive.pid))
    run.request_stop()
    end_of(run)
    assert theirs >= min(ours + 10, 19)  # 19 is the lowest priority there is


def test_a_killed_worker_is_replaced_and_its_run_reads_interrupted(start, root):
    """Where it was killed before it saved any weights."""
    process = start(root, "from core.jobs import job; job.AUTOSAVE_SECONDS = 1e6")
    run, waiting = add_run(root, ENDLESS), add_run(root)
    wait_for_progress(run)
    before = process.pid
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: process.ensure() or process.pid != before, "another process")
    assert end_of(run) == "interrupted"
    assert run.state().message == "Training was interrupted. Train again."
    assert run.history()
    assert end_of(waiting) == "finished"


def test_the_process_ends_with_its_app_and_keeps_the_run(alive):
    """Its standard input closes when the app dies, however it dies."""
    run = add_run(alive.root, ENDLESS)
    wait_for_progress(run)
    alive._process.stdin.close()
    assert alive._process.wait(PATIENCE) == 0
    assert run.state() == State("stopped")
    assert 0 < checkpoint.load(run.checkpoint)[1].epochs < 50


def test_where_memory_is_short_a_worker_comes_for_a_run_and_leaves_after_it(
    fork_server, root, monkeypatch
):
    """And the next run finds one again, as one that was cut off does."""
    fork_server.codes[root] = "from core.workers import worker; worker.IDLE_SECONDS = 0.2"
    monkeypatch.setattr(app_side, "subprocess", fork_workers(fork_server))
    monkeypatch.setattr(app_side, "WORK_POLL_SECONDS", 0.05)
    started = Supervisor(root, keeps_worker=False)
    try:
        assert started.pid == 0
        for _ in range(2):
            run = add_run(root)
            assert end_of(run) == "finished"
            wait_for(lambda: started.pid == 0, "the worker's leave")
        run = add_run(root, ENDLESS)
        wait_for_progress(run)
        os.kill(started.pid, signal.SIGKILL)
        assert end_of(run) in ("stopped", "interrupted")  # as far as it was saved
    finally:
        started.close()


def test_the_process_as_it_is_trains_on_the_real_data(root, mnist, monkeypatch):
    monkeypatch.setattr(app_side, "subprocess", subprocess)
    started = Supervisor(root)
    try:
        recipe = PRESETS["quick"].recipe.change({"width": 4, "batch_size": 2048, "epochs": 1})
        run = create_run(root, "quick", recipe)
        wait_for(lambda: run.history()[8:], "progress")
        run.request_stop()
        assert end_of(run) in USABLE
    finally:
        started.close()
    assert run.history()[-1]["steps"] == 25  # 50,000 images, 2,048 a step
    _, card = checkpoint.load(run.checkpoint)
    assert sum(map(sum, card.confusion)) == 100_000  # 10,000 images x 10 addends
    assert 8 / 25 < card.epochs <= 1


@pytest.mark.parametrize("finetunes", [False, True])
def test_a_worker_of_which_a_half_fails_is_started_afresh(start, root, finetunes):
    failing = f"""
import core.workers.worker as w
real, marker = w.waiting_runs, w.Path({str(root.parent / "failed")!r})
def waiting(root, finetunes):
    if finetunes == {finetunes} and not marker.exists():
        marker.touch()
        raise OSError(5, "Input/output error")
    return real(root, finetunes)
w.waiting_runs = waiting
"""
    start(root, failing)
    wait_for(lambda: (root.parent / "failed").exists(), "the error")
    assert end_of(add_run(root)) == "finished"


def test_a_worker_that_is_about_to_leave_leaves(root, runner):
    runner._leave_seconds = 60.0
    assert not runner.has_nothing_to_do
    runner._last -= 61.0
    assert runner.has_nothing_to_do
    runner.execute(add_run(root, TINY))  # which the other thread had found
    assert runner.has_nothing_to_do
