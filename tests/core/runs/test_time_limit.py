"""How long a run may hold the trainer: less while others wait for it."""

import threading
import time

import pytest

from core.runs.control import OTHERS_WAITED, TOO_LONG, ControlFile, TimeLimit, write_control
from core.runs.queue import create_run
from core.runs.run import State
from core.storage import checkpoint
from tests.conftest import PATIENCE, wait_for
from tests.support.workers import ENDLESS, SHORT, TINY


@pytest.fixture
def clock(monkeypatch):
    """clock(seconds) moves the clock of time limits."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def test_who_is_alone_has_the_whole_time(limit, clock):
    limit(run_seconds=600, shared_seconds=40)
    limited = TimeLimit(lambda: False)
    clock(600)
    assert limited.reason() == ""
    clock(1)
    assert limited.reason() == TOO_LONG


def test_others_wait_no_longer_than_the_shared_time(limit, clock):
    limit(shared_seconds=40)
    limited = TimeLimit(lambda: True)
    assert limited.reason() == ""
    clock(40)
    assert limited.reason() == ""
    assert limited.words == "Others are waiting: it ends after 40 s at most."
    clock(1)
    assert limited.reason() == OTHERS_WAITED


def test_the_shared_time_counts_from_when_others_came(limit, clock):
    limit(shared_seconds=40)
    others: list[str] = []
    limited = TimeLimit(lambda: bool(others))
    clock(300)
    assert (limited.reason(), limited.words) == ("", "")
    others.append("one")
    clock(1)
    assert limited.reason() == ""
    clock(41)
    assert limited.reason() == OTHERS_WAITED


def test_when_others_leave_there_is_time_again(limit, clock):
    limit(shared_seconds=40)
    others = ["one"]
    limited = TimeLimit(lambda: bool(others))
    limited.reason()
    others.clear()
    clock(41)
    assert limited.reason() == ""


def test_a_long_run_is_stopped_and_kept_while_others_wait(root, runner, limit):
    limit(shared_seconds=0.2)
    run, _ = create_run(root, "quick", ENDLESS), create_run(root, "quick", TINY)
    runner.execute(run)
    assert run.state() == State("stopped", OTHERS_WAITED)
    assert 0 < checkpoint.load(run.checkpoint)[1].epochs < 50


def test_a_run_that_nobody_waits_for_is_not(root, runner, limit):
    limit(shared_seconds=1e-9)
    run = create_run(root, "quick", SHORT)
    runner.execute(run)
    assert run.state() == State("finished")


def test_a_paused_run_holds_nobody_up(root, runner, limit):
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    thread = threading.Thread(target=runner.execute, args=(run,))
    thread.start()
    wait_for(lambda: run.state().name == "paused", "the pause")
    assert run.state().message == ""
    limit(shared_seconds=0.5)
    create_run(root, "quick", TINY)
    thread.join(PATIENCE)
    assert run.state() == State("stopped", OTHERS_WAITED)
    assert run.history()[-1]["step"] == 3
