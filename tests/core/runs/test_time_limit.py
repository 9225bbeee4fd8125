"""How long a run may hold the trainer: less while others wait for it."""

import threading
import time

import pytest

from core.forecast.speed import Speed, write_speed
from core.jobs.wishes import FileWishes
from core.recipes.presets import PRESETS
from core.runs.control import OTHERS_WAITED, TOO_LONG, ControlFile, TimeLimit, write_control
from core.runs.queue import create_run
from core.runs.run import State
from core.storage import checkpoint
from tests.conftest import PATIENCE, wait_for
from tests.support.workers import ENDLESS, SHORT, TINY

QUICK = PRESETS["quick"].recipe


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


@pytest.mark.parametrize(("test_seconds", "training"), [(5, 35), (30, 20)])
def test_the_test_that_follows_counts_but_leaves_half_of_the_time(
    limit, clock, test_seconds, training
):
    limit(shared_seconds=40)
    limited = TimeLimit(lambda: True, test_seconds)
    limited.reason()
    clock(training)
    assert limited.reason() == ""
    clock(1)
    assert limited.reason() == OTHERS_WAITED


def test_a_run_expects_its_own_test_to_take_what_tests_take_here(root, limit, clock):
    limit(shared_seconds=40)
    write_speed(root, Speed(narrow=40e-6, wide=160e-6, test=5.0))  # at width 16; twice at 32
    run, _ = (create_run(root, "quick", QUICK.change({"width": 32})) for _ in range(2))
    wishes = FileWishes(run, threading.Event())
    assert wishes.limit().reason == ""
    clock(30)
    assert wishes.limit().reason == ""
    clock(1)
    assert wishes.limit().reason == OTHERS_WAITED


def test_a_run_that_was_deleted_has_a_limit_all_the_same(root, limit):
    run = create_run(root, "quick", TINY)
    wishes = FileWishes(run, threading.Event())
    (run.path / "recipe.json").unlink()
    assert wishes.limit().reason == ""


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
    limit(shared_seconds=0.5)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    thread = threading.Thread(target=runner.execute, args=(run,))
    thread.start()
    wait_for(lambda: run.state().name == "paused", "the pause")
    assert run.state().message == ""
    create_run(root, "quick", TINY)
    thread.join(PATIENCE)
    assert run.state() == State("stopped", OTHERS_WAITED)
    assert run.history()[-1]["step"] == 3
