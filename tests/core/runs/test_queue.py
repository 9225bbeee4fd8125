"""The queue of runs: who may join it, and what makes room."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.recipes.settings import SettingError
from core.runs import limits, queue
from core.runs.queue import QueueError, create_run, queue_position, staging_path
from core.runs.run import LIVE, WAITING, FinetuneJob, Request, Run, State, list_runs

QUICK = PRESETS["quick"].recipe
HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]
DAY = 86_400


@pytest.fixture
def limit(monkeypatch):
    """limit(waiting=2) sets a limit for this test."""

    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, **values))

    change(free_megabytes=0)
    return change


def join(root: Path, *own: Run) -> Run:
    return queue.enqueue(root, [run.id for run in own], "quick", QUICK)


def make(root: Path, state: str = "finished", idle: float = 0.0) -> Run:
    """A run that nobody has used for so many seconds."""
    run = create_run(root, "quick", QUICK)
    run.set_state(State(state))
    then = time.time() - idle
    os.utime(run.path, (then, then))
    return run


# --- joining


def test_who_joins_waits_at_the_end(root, limit):
    first, second = join(root), join(root)
    assert [queue_position(root, run) for run in (first, second)] == [0, 1]


def test_a_visitor_has_one_run_in_the_queue(root, limit):
    mine = join(root)
    with pytest.raises(QueueError, match="You already have a run in the queue"):
        join(root, mine)
    join(root)  # somebody else


@pytest.mark.parametrize("state", ["preparing", "training", "evaluating", "finished", "failed"])
def test_a_run_that_waits_no_more_leaves_its_place(root, limit, state):
    mine = join(root)
    mine.set_state(State(state))
    assert join(root, mine).state() == State("queued")


def test_who_leaves_the_queue_may_join_again(root, limit):
    mine = join(root)
    mine.request_stop()
    other = join(root, mine)
    assert queue_position(root, other) == 0


def test_a_full_queue_is_said(root, limit):
    limit(waiting=2)
    make(root, "training")  # does not wait
    join(root)
    leaves = join(root)
    with pytest.raises(QueueError, match=r"^The queue is full. Try again in a few minutes.$"):
        join(root)
    leaves.request_stop()
    join(root)


def test_a_finetune_job_takes_a_place_too(root, limit):
    mine = queue.enqueue(root, [], "mnist", QUICK, FinetuneJob("mnist", HAND))
    with pytest.raises(QueueError):
        join(root, mine)


def test_a_disk_that_is_nearly_full_takes_no_run(root, limit, monkeypatch):
    limit(free_megabytes=200)
    old = make(root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=199_999_999))
    with pytest.raises(QueueError, match="The disk is nearly full"):
        join(root)
    assert list(list_runs(root)) == [old]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=200_000_000))
    join(root)


# --- the size of a run


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"epochs": 50, "width": 64},
            "50 epochs at width 64 would take too long here. Choose at most 6, or a smaller width.",
        ),
        (
            {"epochs": 10, "batch_size": 16},
            "31,250 steps would take too long here; 30,000 is the limit. "
            "Choose fewer epochs or a larger batch.",
        ),
    ],
)
def test_a_run_that_is_too_long_is_refused(root, settings, sentence):
    with pytest.raises(SettingError) as error:
        queue.enqueue(root, [], "quick", QUICK.change(settings))
    assert str(error.value) == sentence
    assert list(list_runs(root)) == []


def test_where_no_epoch_is_short_enough_only_a_smaller_width_helps(limit):
    limit(run_size=100_000)
    with pytest.raises(SettingError, match=r"here\. Choose a smaller width\.$"):
        queue.check_size(QUICK)


def test_the_longest_run_that_the_page_offers_is_short_enough():
    queue.check_size(QUICK.change({"epochs": 8, "width": 32, "batch_size": 32}))


def test_a_finetune_job_may_have_a_base_that_trained_long(root, limit):
    long = QUICK.change({"epochs": 50, "width": 64})
    queue.enqueue(root, [], "mnist", long, FinetuneJob("mnist", HAND))


# --- old runs


def kept(root: Path) -> list[Run]:
    queue.prune(root)
    return list(list_runs(root))


def test_the_oldest_runs_go_first(root, limit):
    limit(kept_runs=2)
    made = [make(root, idle=DAY) for _ in range(4)]
    assert kept(root) == made[2:]


def test_runs_that_nobody_used_for_long_go(root, limit):
    limit(kept_days=30)
    old, used = make(root, idle=31 * DAY), make(root, idle=29 * DAY)
    assert kept(root) == [used]
    assert not old.path.exists()


def test_runs_go_until_the_rest_is_small_enough(root, limit):
    limit(kept_megabytes=2.5)
    made = [make(root) for _ in range(4)]
    for run in made:
        (run.path / "deeper").mkdir()
        (run.path / "deeper" / "weights").write_bytes(bytes(1_000_000))
        os.utime(run.path, (1, time.time() - DAY))
    assert kept(root) == made[2:]


@pytest.mark.parametrize("state", [*WAITING, *LIVE])
def test_a_run_that_is_not_over_stays_whatever_the_limits(root, limit, state):
    limit(kept_runs=1, kept_days=1, kept_megabytes=1e-6)
    live = make(root, state, idle=99 * DAY)
    make(root, idle=99 * DAY)
    assert kept(root) == [live]


def test_a_run_that_somebody_uses_stays(root, limit):
    limit(kept_runs=1, kept_megabytes=1e-6)
    used, other = make(root, idle=DAY), make(root, idle=DAY)
    used.touch()
    assert kept(root) == [used]
    assert not other.path.exists()


def test_a_run_is_in_use_for_so_many_minutes(root, limit):
    limit(kept_runs=0, in_use_minutes=60)
    idle_30, _ = make(root, idle=30 * 60), make(root, idle=61 * 60)
    assert kept(root) == [idle_30]


def test_a_new_run_makes_room_for_itself(root, limit):
    limit(kept_runs=2)
    old = [make(root, idle=DAY) for _ in range(4)]
    new = join(root)
    assert set(list_runs(root)) == {*old[2:], new}


def test_a_run_is_gone_at_once_though_its_files_go_one_by_one(root, limit, monkeypatch):
    limit(kept_days=30)
    old = make(root, idle=31 * DAY)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # the app is killed before it ends
    assert kept(root) == []
    monkeypatch.undo()
    os.utime(staging_path(old), (1, 1))
    queue.prune(root)
    assert not list(root.iterdir())


def test_what_a_killed_app_left_half_made_is_swept(root, limit):
    half, fresh, foreign = root / ".0123456789abcdef", root / ".fedcba9876543210", root / ".other"
    for folder in (half, fresh, foreign):
        folder.mkdir()
    for folder in (half, foreign):
        os.utime(folder, (1, 1))
    (root / ".lock").touch()
    queue.prune(root)
    assert not half.exists()
    assert fresh.exists() and foreign.exists() and (root / ".lock").exists()


# --- the clock


def test_a_clock_that_is_put_back_does_not_change_the_order(root, limit):
    first = join(root)
    future = time.time_ns() + 3_600 * 10**9  # seen from now on
    os.utime(first.path / "recipe.json", ns=(future, future))
    others = [join(root) for _ in range(3)]
    assert list(list_runs(root)) == [first, *others]


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_costs_no_run(root, limit, monkeypatch, years):
    made = [make(root, idle=DAY) for _ in range(3)]
    jumped = time.time() + years * 365 * DAY
    monkeypatch.setattr(time, "time", lambda: jumped)
    assert kept(root) == made


def test_runs_that_come_within_one_tick_of_the_clock_keep_their_order(root, monkeypatch):
    """A new file then has the time of the one before."""
    real = queue._write_request

    def write_within_one_tick(run: Run, request: Request) -> None:
        real(run, request)
        os.utime(run.path / "recipe.json", ns=(DAY * 10**9, DAY * 10**9))

    monkeypatch.setattr(queue, "_write_request", write_within_one_tick)
    made = [create_run(root, "quick", QUICK) for _ in range(3)]
    times = [run.created() for run in made]
    assert times == sorted(set(times))
