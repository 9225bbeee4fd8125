"""A job on a trainer: its thread's side, which emits, and the app's side, which takes.

Events are numbered and wait in an outbox until the app has said that it has kept them, so nothing
is lost or doubled when a question or its answer is.
"""

import asyncio
import itertools
import threading
import time

from core.cluster.cluster import Asked
from core.jobs.events import Autosave, Event, Limit, encode
from core.runs.control import ControlFile

ANSWER_BYTES = 500_000  # of events in one answer, but for a single one that is larger
ABANDONED_SECONDS = 90.0  # without a question for a job: the app has given it to another by then


def key_of(run_id: str, tries: int) -> str:
    """The name of one try of a run."""
    return f"{run_id}.{tries}"


def run_of(key: str) -> str:
    """The id of its run."""
    return key.rpartition(".")[0]


def try_of(key: str) -> int:
    """Which try of its run it is, from 1."""
    return int(key.rpartition(".")[2])


class AbandonedError(BaseException):
    """Nobody asks for this job any more; not an Exception, so that no job reports it."""


class Task:
    """A job in a thread, what is asked of it, and what it has given back so far."""

    def __init__(self, key: str, asked: Asked, loop: asyncio.AbstractEventLoop) -> None:
        self.key = key
        self.asked = asked
        self.is_over = False
        self._loop, self._lock = loop, threading.Lock()
        self._outbox: list[tuple[int, Event]] = []
        self._count = 0
        self._heard = time.monotonic()
        self.is_dropped = False
        self._news = asyncio.Event()

    # --- for the job's thread

    def control(self) -> ControlFile:
        """Pause, one more step, another learning rate."""
        return self.asked.control

    def should_stop(self) -> bool:
        """Did the visitor stop it?"""
        self._check()
        return self.asked.stop

    def limit(self) -> Limit:
        """The time limit, which the app knows."""
        return Limit(self.asked.reason, self.asked.words)

    def emit(self, event: Event) -> None:
        """Put an event into the outbox. Of autosaves that wait there, only the last one counts."""
        self._check()
        with self._lock:
            if isinstance(event, Autosave):
                self._outbox = [e for e in self._outbox if not isinstance(e[1], Autosave)]
            self._count += 1
            self._outbox.append((self._count, event))
        self._loop.call_soon_threadsafe(self._news.set)

    def _check(self) -> None:
        if self._is_abandoned():
            raise AbandonedError

    def _is_abandoned(self) -> bool:
        return self.is_dropped or time.monotonic() - self._heard > ABANDONED_SECONDS

    # --- for the app

    async def take(self, have: int, patience: float) -> tuple[int, bytes]:
        """Events after number `have`, which the app has kept; waits for the first of them."""
        self._heard = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                # The news of an event may come after the event was taken: then look again.
                while not (found := self._events_after(have)):
                    await self._news.wait()
        except TimeoutError:
            return have, encode([])
        return found[-1][0], encode([event for _, event in found])

    def _events_after(self, have: int) -> list[tuple[int, Event]]:
        """As many as an answer holds; the rest comes with the next one."""
        with self._lock:
            self._outbox = [each for each in self._outbox if each[0] > have]
            self._news.clear()
            found = list(self._outbox)
        sizes = itertools.accumulate(len(encode([event])) for _, event in found)
        held = list(itertools.takewhile(lambda size: size <= ANSWER_BYTES, sizes))
        return found[: max(1, len(held))]

    def drop(self) -> None:
        """Nobody wants what it gives back."""
        self.is_dropped = True

    @property
    def is_going_on(self) -> bool:
        """Is it being done, for somebody?"""
        return not self.is_over and not self._is_abandoned()

    @property
    def is_done_with(self) -> bool:
        """Is it over, and has everybody what it gave back?"""
        return self.is_over and self._is_abandoned()
