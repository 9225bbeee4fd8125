"""Jobs and events as bytes: they come back as they were, and junk is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.events import (
    Autosave,
    Base,
    Checkpoint,
    Job,
    PauseOver,
    Recorded,
    Refused,
    Snapshot,
    StateChange,
    decode_events,
    decode_job,
    encode,
)
from core.runs.run import State
from tests.conftest import record


def test_each_event_comes_back_as_it_was():
    events = [
        StateChange(State("preparing", "Downloading", 0.5)),
        Recorded(record(3, loss=0.5, val_loss=0.25)),
        Snapshot(3, b"\x00weights"),
        Autosave(b"more"),
        Checkpoint(b"weights", b"{}"),
        PauseOver(),
        Refused("No data."),
    ]
    assert decode_events(encode(events)) == events


def test_a_job_comes_back_as_it_was():
    job = Job("quick", {"epochs": 1, "convs": [1, 2, 1]}, b"w", True, Base(b"a", b"b"), "x", "Y.")
    assert decode_job(encode(job)) == job


@given(st.binary(max_size=200))
def test_junk_is_refused(junk):
    for decode in (decode_events, decode_job):
        try:
            decode(junk)
        except msgspec.MsgspecError:
            continue
        assert decode is decode_events and junk == b"\x90"  # no events at all


@pytest.mark.parametrize(
    "event",
    [
        {"type": "state", "state": {"name": "owned"}},
        {"type": "record", "record": {"step": -1}},
        {"type": "snapshot", "step": 1 << 60, "content": b""},
        {"type": "run", "code": "import os"},
    ],
)
def test_an_event_out_of_bounds_is_refused(event):
    with pytest.raises(msgspec.MsgspecError):
        decode_events(msgspec.msgpack.encode([event]))
