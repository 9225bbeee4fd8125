"""What the tests of runs and workers share: a runner on the drawn data set, workers by fork."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.data import download
from core.dataset import Data
from core.runs import limits
from core.runs.run import Run, State
from core.workers.runner import JobRunner
from core.workers.supervisor import Supervisor
from tests.support.workers import ForkServer, Start, start_supervisor


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """limit(waiting=2) sets a limit for this test."""

    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, **values))

    change(free_megabytes=0)
    return change


@pytest.fixture
def runner(data: Data, monkeypatch: pytest.MonkeyPatch) -> JobRunner:
    """Does runs in this process, on the drawn data set, without a warm-up."""
    monkeypatch.setattr(download, "is_present", lambda *_: False)
    made = JobRunner(threading.Event())
    made.data_sets.loaded["mnist"] = data
    return made


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the states that runs go through."""
    seen: list[str] = []
    real = Run.set_state

    def set_state(run: Run, state: State) -> None:
        seen.append(state.name)
        real(run, state)

    monkeypatch.setattr(Run, "set_state", set_state)
    return seen


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Forks workers; it imports torch once for all tests."""
    server = ForkServer()
    yield server
    server.close()


# A worker steps back for whatever else is busy; tests would wait for it.
NOT_NICE = "import os; os.nice = lambda by: 0\n"


@pytest.fixture
def start(fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """start(root, "code") starts a supervised worker that runs code before it serves."""
    started: list[Supervisor] = []

    def begin(root: Path, code: str = "") -> Supervisor:
        started.append(start_supervisor(monkeypatch, fork_server, root, NOT_NICE + code))
        return started[-1]

    yield begin
    for each in started:
        each.close()
