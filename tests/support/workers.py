"""Workers for tests: real processes that start at once, and what tests do to runs."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import PROJECT
from core.model import ModelConfig
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.recovery import read_weights
from core.runs.run import Run
from core.storage.autosave import Recovered, unpack_autosave
from core.trainer import TrainConfig
from core.workers import supervisor as app_side
from core.workers.supervisor import LEAVES, Supervisor
from tests.conftest import PATIENCE, wait_for

TINY = Recipe(ModelConfig(width=4), TrainConfig(epochs=2, batch_size=30))  # 40 drawn steps
SHORT = replace(TINY, train=TrainConfig(epochs=1, batch_size=200))  # 30 steps of a fork's data
ENDLESS = replace(TINY, train=TrainConfig(epochs=50, batch_size=16))  # 18,750 steps
INTERRUPTED = "Training was interrupted. Train again."

Start = Callable[..., Supervisor]


class ForkServer:
    """Our side of tests/support/fork_server.py."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, cwd=PROJECT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        self._asking = threading.Lock()
        self.changed = threading.Condition()
        self._started: list[int] = []
        self.codes: dict[Path, str] = {}  # by runs directory: what its workers run first
        self.ended: dict[int, int] = {}  # exit codes, as of subprocess
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                facts = json.loads(line)
                with self.changed:
                    if "started" in facts:
                        self._started.append(facts["started"])
                    else:
                        self.ended[facts["ended"]] = facts["code"]
                    self.changed.notify_all()

    def fork(self, root: Path, code: str, leaves: str, stdin: int) -> int:
        """The pid of a new worker that runs `code` before it serves `root`."""
        request = json.dumps({"root": str(root), "code": code, "leaves": leaves}).encode()
        with self._asking:
            socket.send_fds(self._socket, [request], [stdin])
            with self.changed:
                assert self.changed.wait_for(lambda: self._started, PATIENCE), "no fork"
                return self._started.pop()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._socket.close()


class Fork:
    """A forked worker, with what the supervisor uses of `subprocess.Popen`."""

    def __init__(self, server: ForkServer, root: Path, code: str, leaves: str) -> None:
        self._server = server
        theirs, ours = os.pipe()
        self.stdin = os.fdopen(ours, "wb")
        self.pid = server.fork(root, code, leaves, theirs)
        os.close(theirs)

    @property
    def returncode(self) -> int | None:
        return self._server.ended.get(self.pid)

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        with self._server.changed:
            self._server.changed.wait_for(lambda: self.returncode is not None, timeout)
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def communicate(self) -> None:
        self.stdin.close()
        self.wait()


def fork_workers(server: ForkServer) -> SimpleNamespace:
    """What stands in for the module `subprocess` of the supervisor: it forks workers."""

    def popen(command: list[str], **_: Any) -> Fork:
        root = Path(command[-1])
        return Fork(server, root, server.codes[root], "leaves" if LEAVES in command else "")

    return SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE)


def add_run(root: Path, recipe: Recipe = SHORT) -> Run:
    """A run that waits for a worker."""
    return create_run(root, "quick", recipe)


def end_of(run: Run) -> str:
    """Wait for the end of a run; the name of its last state."""
    wait_for(lambda: run.state().is_finished, "the end of a run")
    return run.state().name


def wait_for_progress(run: Run) -> None:
    """Wait until a run is in training and has something to show."""
    wait_for(run.history, "progress")
    assert run.state().name == "training"


def after_steps(monkeypatch: pytest.MonkeyPatch, steps: int, act: Callable[[Run], object]) -> None:
    """Let something happen to a run of this process after so many steps."""
    real = Run.stop_requested
    calls: list[Run] = []

    def stop_requested(run: Run) -> bool:
        calls.append(run)
        if len(calls) == steps:
            act(run)
        return real(run)

    monkeypatch.setattr(Run, "stop_requested", stop_requested)


def contents(run: Run) -> dict[str, bytes]:
    """The files of a run."""
    return {file.name: file.read_bytes() for file in run.path.iterdir() if file.is_file()}


def start_supervisor(
    monkeypatch: pytest.MonkeyPatch, server: ForkServer, root: Path, code: str = ""
) -> Supervisor:
    """A supervisor whose workers are forks that run `code` before they serve."""
    server.codes[root] = code
    monkeypatch.setattr(app_side, "subprocess", fork_workers(server))
    return Supervisor(root)


def recovered(run: Run) -> Recovered:
    """The weights so far of a run, as whoever goes on with it reads them."""
    _, recipe = run.recipe()
    return unpack_autosave(read_weights(run), recipe.model)
