"""What is asked of a job while it trains, and what it says of it."""

import threading
from types import SimpleNamespace

import pytest

from core.finetune import HandExample
from core.jobs import job
from core.jobs.data_sets import DataSets
from core.jobs.events import Checkpoint, Event, Job, Limit, PauseOver, Recorded, Snapshot
from core.jobs.events import StateChange as Change
from core.jobs.job import do_job
from core.jobs.wishes import FileWishes
from core.runs.control import ControlFile
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, State
from core.storage import checkpoint
from core.storage.autosave import pack_autosave
from tests.conftest import wait_for
from tests.support.workers import TINY

SHARED = Limit(words="Others are waiting.")
HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]


@pytest.fixture
def sets(data) -> DataSets:
    found = DataSets()
    found.loaded["mnist"] = data
    return found


def wishes(**asked: object) -> SimpleNamespace:
    patient = {"control": ControlFile, "should_stop": lambda: False, "limit": Limit}
    return SimpleNamespace(**patient | asked)


def test_a_job_that_goes_on_counts_on(sets):
    """After step 25 of 40 and 100 seconds, wherever these were."""
    events: list[Event] = []
    autosave = pack_autosave(TINY.build(), 25, 40, 100.0)
    do_job(Job("quick", TINY.to_dict(), autosave), sets, wishes(), events.append)
    records = [event.record for event in events if isinstance(event, Recorded)]
    assert [record["step"] for record in records] == list(range(26, 41))
    assert all(record["seconds"] > 100 for record in records)
    assert not any(isinstance(event, Snapshot) and event.step == 0 for event in events)
    (saved,) = (event for event in events if isinstance(event, Checkpoint))
    _, card = checkpoint.unpack("it", saved.weights, saved.card)
    assert card.train_seconds > 100 and card.epochs == 2


def test_who_trains_is_told_that_others_came_and_that_they_left(sets):
    events: list[Event] = []

    def limit() -> Limit:
        taken = sum(isinstance(event, Recorded) for event in events)
        return SHARED if 10 <= taken < 20 else Limit()

    do_job(Job("quick", TINY.to_dict()), sets, wishes(limit=limit), events.append)
    states = [event.state for event in events if isinstance(event, Change)]
    training = [state.message for state in states if state.name == "training"]
    assert training == ["", SHARED.words, ""]


def test_time_counts_from_before_the_first_step(sets):
    events: list[Event] = []
    seen: list[int] = []  # records at each question

    def limit() -> Limit:
        seen.append(sum(isinstance(event, Recorded) for event in events))
        return Limit()

    do_job(Job("quick", TINY.to_dict()), sets, wishes(limit=limit), events.append)
    assert seen[:2] == [0, 1]


def test_a_pause_says_who_waits_and_ends_once(sets, monkeypatch):
    monkeypatch.setattr(job, "MAX_PAUSE_SECONDS", 0)
    monkeypatch.setattr(job, "PAUSE_POLL_SECONDS", 0.001)
    events: list[Event] = []
    limits = iter([Limit(), Limit(), SHARED, SHARED])  # before it trains, then of the pause
    asked = wishes(
        control=lambda: ControlFile(pause_at=1), limit=lambda: next(limits, Limit("Too long."))
    )
    do_job(Job("quick", TINY.to_dict()), sets, asked, events.append)
    paused = [e.state.message for e in events if isinstance(e, Change) and e.state.name == "paused"]
    assert paused == ["", SHARED.words]
    assert sum(isinstance(event, PauseOver) for event in events) == 1
    assert events[-1] == Change(State("stopped", "Too long."))


def test_who_waits_to_teach_a_network_makes_no_training_shorter(root):
    """A network is taught on its own thread."""
    run, base = create_run(root, "quick", TINY), create_run(root, "quick", TINY)
    base.set_state(State("finished"))
    create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    asked = FileWishes(run, threading.Event())
    run.set_state(State("training"))
    assert asked.limit().words == ""
    create_run(root, "quick", TINY)
    later = FileWishes(run, threading.Event())
    wait_for(lambda: later.limit().words.startswith("Others are waiting"), "who waits to train")
