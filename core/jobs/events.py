"""What goes into a job and what comes out of it, as values that may travel to another machine.

    Job      what to do: a recipe to train, a network to teach, saved weights to test
    Wishes   what the visitor, the queue and the app ask of it meanwhile
    Event    what it gives back, in order: states, records, snapshots, autosaves, the checkpoint

Neither names a file. `encode` and `decode_*` turn them into bytes (MessagePack) and back; whatever
does not fit is refused, since it may come from a stranger. Imports no torch.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from core.runs.control import ControlFile
from core.runs.run import State
from core.storage.history import Natural, Record


class Base(Struct, frozen=True):
    """The network that a job teaches: the two files of its checkpoint."""

    weights: bytes
    card: bytes


class Job(Struct, frozen=True, omit_defaults=True):
    """What to do. One example: `Job("quick", {"epochs": 1, ...})` trains a network from nothing."""

    preset: str  # that the recipe started from
    params: dict[str, Any]  # the recipe, flat
    autosave: bytes = b""  # weights to go on from, or to test; see core/storage/autosave.py
    tests: bool = False  # test the autosave and keep it, without another step
    base: Base | None = None  # network to teach; None trains
    examples: str = ""  # to teach it; see `finetune.parse_examples`
    retry_words: str = "Train again."  # what the visitor does when it failed
    pictures: bytes = b""  # somebody's own, to learn from; see core/collections/saved.py


class Limit(NamedTuple):
    """How long a run may hold its trainer, in words."""

    reason: str = ""  # why it must end now; "" while it need not
    words: str = ""  # what the visitor should know; "" is nothing


class Wishes(Protocol):
    """What is asked of a job; read at every step, so each answer must be cheap."""

    def control(self) -> ControlFile:
        """Pause, one more step, another learning rate."""

    def should_stop(self) -> bool:
        """Does the visitor want it to end, or is the app gone?"""

    def limit(self) -> Limit:
        """The time limit. Time counts from the first question."""


class StateChange(Struct, frozen=True, tag="state"):
    """It is at another stage, or there is something else to say of it."""

    state: State


class Recorded(Struct, frozen=True, tag="record"):
    """A line of the history."""

    record: Record


class Snapshot(Struct, frozen=True, tag="snapshot"):
    """The weights after some step, in half precision; see core/storage/snapshots.py."""

    step: Natural
    content: bytes


class Autosave(Struct, frozen=True, tag="autosave"):
    """The weights so far, in full; see core/storage/autosave.py."""

    content: bytes


class Checkpoint(Struct, frozen=True, tag="checkpoint"):
    """The result: the two files of a checkpoint."""

    weights: bytes
    card: bytes


class PauseOver(Struct, frozen=True, tag="pause-over"):
    """A pause took too long; it goes on."""


class Refused(Struct, frozen=True, tag="refused"):
    """This machine cannot do the job, and another one may."""

    reason: str  # one sentence
    leaves: bool = False  # nothing is wrong with the job: the machine is needed otherwise


Event = StateChange | Recorded | Snapshot | Autosave | Checkpoint | PauseOver | Refused
Emit = Callable[[Event], None]

_JOB = msgspec.msgpack.Decoder(Job)
_EVENTS = msgspec.msgpack.Decoder(list[Event])


def encode(value: Job | Sequence[Event]) -> bytes:
    """A job or some events as bytes."""
    return msgspec.msgpack.encode(value)


def decode_job(content: bytes) -> Job:
    """The inverse of `encode`.

    Raises:
        msgspec.MsgspecError: it is no job.
    """
    return _JOB.decode(content)


def decode_events(content: bytes) -> list[Event]:
    """The inverse of `encode`.

    Raises:
        msgspec.MsgspecError: these are no events.
    """
    return _EVENTS.decode(content)
