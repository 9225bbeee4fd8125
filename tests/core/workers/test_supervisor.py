"""The app's side of the worker: it starts the process, again whenever it dies, and ends it."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from core.workers import supervisor as app_side
from core.workers.supervisor import Supervisor
from tests.conftest import wait_for


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
    wait_for(lambda: started.ensure() or len(starts) == 4, "four starts")
    started.close()
    first, second, third, fourth = starts
    assert second - first >= 0.5
    assert third - second >= 1
    assert fourth - third >= 2


def test_a_pause_is_never_so_long_that_a_visitor_waits_ten_seconds():
    assert app_side.MAX_RESTART_PAUSE < 10


def test_an_app_that_cannot_start_its_worker_goes_on(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    started = Supervisor(tmp_path / "file" / "runs")
    assert started.pid == 0
    started.ensure()
    started.close()
    assert "worker cannot be started" in caplog.text
