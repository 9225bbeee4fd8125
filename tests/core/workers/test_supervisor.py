"""The app's side of the worker: it starts the process, again whenever it dies, and ends it."""

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from core.runs.run import LIVE, State
from core.workers import supervisor as app_side
from core.workers.supervisor import Supervisor, has_work
from tests.conftest import wait_for
from tests.support.workers import add_run


def test_close_ends_the_process(root):
    started = Supervisor(root)
    pid = started.pid
    started.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_dies_at_once_is_not_started_in_a_tight_loop(root, monkeypatch):
    starts: list[float] = []

    def popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        starts.append(time.monotonic())
        return subprocess.Popen([sys.executable, "-S", "-c", "raise SystemExit(1)"], **options)

    monkeypatch.setattr(app_side, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
    started = Supervisor(root)
    wait_for(lambda: started.ensure() or len(starts) >= 4, "four starts")
    started.close()
    first, second, third, fourth = starts[:4]
    assert second - first >= 0.5
    assert third - second >= 1
    assert fourth - third >= 2


def test_a_worker_that_dies_again_and_again_is_started_less_and_less_often(root, monkeypatch):
    monkeypatch.setattr(Supervisor, "ensure", lambda *_: None)
    started = Supervisor(root)
    pauses = []
    for _ in range(12):
        started._started = time.monotonic()
        started._rest()
        pauses.append(started._pause)
    started.close()
    assert sum(pauses[:4]) < 10  # what dies a few times keeps no visitor waiting
    assert pauses == sorted(pauses)
    assert pauses[-1] == app_side.MAX_RESTART_PAUSE == 240


def test_a_read_only_folder_starts_no_worker_until_it_is_mended(root, monkeypatch, caplog):
    """Without a process that dies at once, again and again: said once, mended by itself."""
    caplog.set_level("INFO")
    starts: list[float] = []

    def popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        starts.append(time.monotonic())
        return subprocess.Popen(["sleep", "60"], **options)

    monkeypatch.setattr(app_side, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
    monkeypatch.setattr(app_side, "WRITABLE_CHECK_SECONDS", 0.01)
    checks: list[int] = []
    monkeypatch.setattr(os, "access", lambda path, mode: checks.append(mode) or len(checks) > 5)
    started = Supervisor(root)
    wait_for(lambda: starts, "a worker")
    started.close()
    assert len(checks) == 6
    said = [record.getMessage() for record in caplog.records]
    assert said.count("runs directory is read-only") == 1
    assert said.index("runs directory is read-only") < said.index(
        "runs directory can be written again"
    )


def test_an_app_that_cannot_start_its_worker_goes_on(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    started = Supervisor(tmp_path / "file" / "runs")
    assert started.pid == 0
    started.ensure()
    started.close()
    assert "worker cannot be started" in caplog.text


@pytest.fixture
def started(monkeypatch) -> list[tuple[object, float]]:
    """The supervisors that the app made, and their head start."""
    made: list[tuple[object, float]] = []

    class Watched:
        def __init__(self, root: object, head_start: float, keeps_worker: bool) -> None:
            made.append((root, head_start))
            if len(made) == 1:
                second.wait(0.3)  # which has to wait for us
            second.set()

    second = threading.Event()
    monkeypatch.setattr(app_side, "Supervisor", Watched)
    monkeypatch.setattr(app_side, "_shared", {})
    return made


def test_an_app_has_one_supervisor_for_a_directory(root, started):
    """However many visitors come first at the same time."""
    threads = [threading.Thread(target=app_side.shared_supervisor, args=(root,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == [(root, app_side.HEAD_START)]
    assert app_side.shared_supervisor(root) is app_side.shared_supervisor(root)
    app_side.shared_supervisor(root / "other")
    assert len(started) == 2


def test_the_first_page_has_the_machine_for_a_while(root, monkeypatch):
    starts: list[str] = []
    monkeypatch.setattr(
        app_side,
        "subprocess",
        SimpleNamespace(Popen=lambda *_, **__: starts.append("started"), PIPE=-1),
    )
    waiting = Supervisor(root, head_start=600)
    waiting.ensure()
    assert (starts, waiting.pid) == ([], 0)
    waiting.close()


@pytest.mark.parametrize(
    ("memory", "is_kept", "is_said"),
    [(None, True, False), (3_000, True, False), (1_400, False, False), (512, False, True)],
)
def test_little_memory_keeps_no_worker_and_too_little_is_said(
    monkeypatch, caplog, memory, is_kept, is_said
):
    bytes_there = memory and int(memory * 1e6)
    monkeypatch.setattr(app_side, "usable_memory", lambda: bytes_there)
    assert app_side.keeps_worker() == is_kept
    assert ("too little memory" in caplog.text) == is_said


@pytest.mark.parametrize(
    ("name", "work"),
    [("queued", True), *((name, True) for name in LIVE), ("finished", False), ("failed", False)],
)
def test_a_run_that_waits_or_was_cut_off_is_work(root, name, work):
    assert not has_work(root)
    add_run(root).set_state(State(name))
    assert has_work(root) is work
