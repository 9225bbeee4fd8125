"""A trainer's side of a job: what waits in its outbox, and what ends it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from core.cluster import task as tasks
from core.cluster.cluster import Asked, Options
from core.cluster.task import AbandonedError, Task
from core.cluster.trainer import Trainer
from core.jobs.events import (
    Autosave,
    Event,
    Job,
    Recorded,
    Refused,
    Snapshot,
    StateChange,
    decode_events,
    encode,
)
from core.runs.run import State
from tests.conftest import record

OPTIONS = Options("tcp://host:1", "one", "here", 2)
JOB = encode(Job("quick", {}))
ASKED = msgspec.msgpack.encode(Asked())


@contextmanager
def task() -> Iterator[tuple[Task, asyncio.AbstractEventLoop]]:
    loop = asyncio.new_event_loop()
    try:
        yield Task("key", Asked(), loop), loop
    finally:
        loop.close()


def taken(found: tuple[int, bytes]) -> tuple[int, list[Event]]:
    return found[0], decode_events(found[1])


def test_events_stay_until_they_are_known_to_be_kept():
    with task() as (job, loop):
        events = [Recorded(record(step)) for step in (1, 2)]
        for event in events:
            job.emit(event)
        for _ in range(2):  # the answer was lost: asked again
            assert taken(loop.run_until_complete(job.take(0, 0.01))) == (2, events)
        assert taken(loop.run_until_complete(job.take(1, 0.01))) == (2, events[1:])
        assert taken(loop.run_until_complete(job.take(2, 0.01))) == (2, [])


def test_of_autosaves_that_wait_only_the_last_one_counts():
    with task() as (job, loop):
        for event in (Autosave(b"1"), Recorded(record(1)), Autosave(b"2"), Autosave(b"3")):
            job.emit(event)
        assert taken(loop.run_until_complete(job.take(0, 0.01))) == (
            4,
            [Recorded(record(1)), Autosave(b"3")],
        )


def test_an_event_wakes_who_waits_for_it():
    with task() as (job, loop):

        async def ask() -> tuple[int, bytes]:
            asyncio.get_running_loop().call_later(0.01, job.emit, Recorded(record(1)))
            return await job.take(0, 60.0)

        assert taken(loop.run_until_complete(ask())) == (1, [Recorded(record(1))])


def test_the_news_of_an_event_that_was_taken_already_is_no_news():
    with task() as (job, loop):

        async def take_before_the_news_come() -> list[tuple[int, bytes]]:
            job.emit(Recorded(record(1)))
            return [await job.take(0, 0.05), await job.take(1, 0.05)]

        found = loop.run_until_complete(take_before_the_news_come())
    assert [taken(each) for each in found] == [(1, [Recorded(record(1))]), (1, [])]


def test_what_is_larger_than_an_answer_goes_alone(monkeypatch):
    """The weights of a wide network; without them nothing that comes later would ever be taken."""
    monkeypatch.setattr(tasks, "ANSWER_BYTES", 1_000)
    large, small = Autosave(bytes(2_000)), Recorded(record(1))
    with task() as (job, loop):
        for event in (large, small, small):
            job.emit(event)
        first, then = (loop.run_until_complete(job.take(have, 0.01)) for have in (0, 1))
    assert taken(first) == (1, [large])
    assert taken(then) == (3, [small, small])


def test_a_job_that_nobody_asks_for_ends(monkeypatch):
    with task() as (job, _):
        assert not job.should_stop()
        monkeypatch.setattr(tasks, "ABANDONED_SECONDS", 0)
        with pytest.raises(AbandonedError):
            job.should_stop()


def run_trainer_with(work, ask) -> object:
    """Ask a trainer whose jobs are `work`, inside a running loop."""

    async def main() -> object:
        made = Trainer(OPTIONS, {"torch": "1"}, work)
        return await ask(made)

    return asyncio.run(main())


def test_one_training_at_a_time_and_one_lesson_beside_it():
    hold = threading.Event()

    async def ask(made: Trainer) -> list[object]:
        begun = [
            made.trainer_begin(key, kind, JOB, ASKED)["begun"]
            for key, kind in (
                ("a.1", "train"),
                ("b.1", "train"),
                ("c.1", "teach"),
                ("a.1", "train"),
            )
        ]
        hold.set()
        return begun

    assert run_trainer_with(lambda *_: hold.wait(), ask) == [True, False, True, True]


def test_a_trainer_that_is_ending_begins_nothing():
    async def ask(made: Trainer) -> object:
        made.ended.set()
        return made.trainer_begin("a.1", "train", JOB, ASKED)

    assert run_trainer_with(None, ask) == {"begun": False}


@pytest.mark.parametrize("end", [Trainer.leave, Trainer.give_up])
def test_a_job_that_was_dropped_does_not_keep_a_trainer_from_ending_well(end):
    hold = threading.Event()

    async def ask(made: Trainer) -> tuple[object, ...]:
        for key, kind in (("a.1", "train"), ("b.1", "teach")):
            made.trainer_begin(key, kind, JOB, ASKED)
        made.trainer_drop("a.1")
        end(made)
        said = await made.trainer_events("b.1", 0, 1.0)
        hold.set()
        preparing = StateChange(State("preparing"))  # the job's thread says so, now or later
        return tuple(event for event in decode_events(said["events"]) if event != preparing)

    (last,) = run_trainer_with(lambda *_: hold.wait(), ask)
    assert isinstance(last, Refused if end is Trainer.leave else StateChange)


def test_an_earlier_try_of_the_same_run_goes_on():
    """The app believed it to be lost. One that it dropped does not."""

    def train(job, data_sets, wishes, emit):
        while not wishes.should_stop():
            time.sleep(0.001)

    async def ask(made: Trainer) -> list[dict[str, object]]:
        said = [made.trainer_begin("run.1", "train", JOB, ASKED)]
        said.append(made.trainer_begin("run.3", "train", JOB, ASKED))
        made.trainer_drop("run.1")
        said.append(made.trainer_begin("run.4", "train", JOB, ASKED))
        while made._tasks:
            await asyncio.sleep(0.001)
        said.append(made.trainer_begin("run.4", "train", JOB, ASKED))
        made.trainer_drop("run.4")
        return said

    first, last = ({"begun": True, "key": key} for key in ("run.1", "run.4"))
    assert run_trainer_with(train, ask) == [first, first, {"begun": False}, last]


def test_a_result_that_nobody_has_fetched_is_not_thrown_away():
    def finish(job, data_sets, wishes, emit):
        emit(StateChange(State("finished")))

    async def ask(made: Trainer) -> tuple[object, ...]:
        made.trainer_begin("a.1", "train", JOB, ASKED)
        while not made._tasks["train"].is_over:
            await asyncio.sleep(0.01)
        refused = made.trainer_begin("b.1", "train", JOB, ASKED)["begun"]
        said = await made.trainer_events("a.1", 0, 1.0)
        made.trainer_drop("a.1")
        begun = made.trainer_begin("b.1", "train", JOB, ASKED)["begun"]
        while not made._tasks["train"].is_over:
            await asyncio.sleep(0.01)
        return refused, said["known"], begun

    assert run_trainer_with(finish, ask) == (False, True, True)


def test_who_asks_for_another_job_hears_that_it_is_unknown():
    async def ask(made: Trainer) -> object:
        return await made.trainer_events("x", 0, 1.0), made.trainer_wish("x", ASKED)

    assert run_trainer_with(None, ask) == ({"known": False}, {"known": False})


def test_an_app_of_another_version_ends_it_with_a_sentence():
    async def ask(made: Trainer) -> tuple[str, bool]:
        said = made.trainer_hello({"torch": "2"})
        return said["refusal"], made.ended.is_set()

    refusal, ended = run_trainer_with(None, ask)
    assert refusal.startswith("This trainer has torch 1 and the app has torch 2")
    assert ended


def test_an_answer_holds_so_much_and_the_next_one_the_rest():
    with task() as (job, loop):
        for step in range(5):
            job.emit(Snapshot(step, bytes(300_000)))
        have, counts = 0, []
        while have < 5:
            have, events = taken(loop.run_until_complete(job.take(have, 0.01)))
            counts.append(len(events))
    assert counts == [1] * 5
