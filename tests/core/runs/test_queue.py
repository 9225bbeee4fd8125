"""The queue of runs: who may join it, and what makes room."""

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.recipes.settings import SettingError
from core.runs import limits, queue
from core.runs.queue import QueueError, create_run, queue_position
from core.runs.run import LIVE, FinetuneJob, Request, Run, State, list_runs

QUICK = PRESETS["quick"].recipe
HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]
DAY = 86_400


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


def test_who_waits_to_train_may_teach_meanwhile_but_once(root, limit):
    mine = join(root)
    job = FinetuneJob("mnist", HAND)
    taught = queue.enqueue(root, [mine.id], "mnist", QUICK, job)
    assert [queue_position(root, run) for run in (mine, taught)] == [0, 0]
    with pytest.raises(QueueError):
        queue.enqueue(root, [mine.id, taught.id], "mnist", QUICK, job)


def test_what_is_taught_now_is_not_before_who_waits_to_train(root, limit):
    taught = queue.enqueue(root, [], "mnist", QUICK, FinetuneJob("mnist", HAND))
    taught.set_state(State("training"))
    assert queue_position(root, join(root)) == 0
    next_lesson = queue.enqueue(root, [], "mnist", QUICK, FinetuneJob("mnist", HAND))
    assert queue_position(root, next_lesson) == 1


# --- a run that nobody waits for


def leave(run: Run, seconds: float) -> None:
    """The last page that showed it was closed so long ago."""
    then = time.time() - seconds
    os.utime(run.path, (then, then))


def test_a_run_whose_page_is_gone_leaves_the_queue(root, limit):
    gone, watched = join(root), join(root)
    leave(gone, 121)
    leave(watched, 60)
    assert gone.state().name == "interrupted"
    assert queue.waiting_runs(root, finetunes=False) == [watched]
    assert queue_position(root, watched) == 0


def test_who_comes_back_has_their_place_again(root, limit):
    first, second = join(root), join(root)
    leave(first, 121)
    first.touch()
    assert queue.waiting_runs(root, finetunes=False) == [first, second]


def test_runs_whose_pages_are_gone_fill_no_queue(root, limit):
    limit(waiting=2)
    for run in (join(root), join(root)):
        leave(run, 121)
    assert join(root).state() == State("queued")


@pytest.mark.parametrize("state", [*LIVE, "finished"])
def test_a_run_that_has_begun_needs_no_page(root, limit, state):
    run = make(root, state)
    leave(run, 99_999)
    assert run.state() == State(state)


def test_a_clock_that_is_put_forward_takes_nobody_s_place(root, limit, monkeypatch):
    run, now = join(root), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3_600)
    assert run.state() == State("queued")


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
        limits.check_size(QUICK)


def test_few_images_may_be_seen_often():
    many = QUICK.change({"epochs": 50, "width": 32})
    with pytest.raises(SettingError, match="would take too long"):
        limits.check_size(many)
    limits.check_size(many.change({"images": 500}))


def test_a_secret_run_says_so_and_others_are_none(root):
    secret = queue.enqueue(root, [], "quick", QUICK, is_secret=True)
    assert secret.request().secret
    usual = queue.enqueue(root, [], "quick", QUICK)
    assert not usual.request().secret
    assert b"secret" not in (usual.path / "recipe.json").read_bytes()  # as older versions wrote it


def test_the_longest_run_that_the_page_offers_is_short_enough():
    limits.check_size(QUICK.change({"epochs": 8, "width": 32, "batch_size": 32}))


def test_a_finetune_job_may_have_a_base_that_trained_long(root, limit):
    long = QUICK.change({"epochs": 50, "width": 64})
    queue.enqueue(root, [], "mnist", long, FinetuneJob("mnist", HAND))


# --- the clock


def test_a_clock_that_is_put_back_does_not_change_the_order(root, limit):
    first = join(root)
    future = time.time_ns() + 3_600 * 10**9  # seen from now on
    os.utime(first.path / "recipe.json", ns=(future, future))
    others = [join(root) for _ in range(3)]
    assert list(list_runs(root)) == [first, *others]


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
