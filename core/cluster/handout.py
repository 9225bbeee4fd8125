"""One run in the hands of a trainer: what is asked of it goes there, what it gives back is written.

The trainer numbers its events and keeps them until it hears that they are written, so nothing is
lost or doubled when a question or its answer is. An answer comes as soon as there is an event.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import msgspec

from core.cluster.cluster import Asked
from core.cluster.members import ANSWER_SECONDS, LOST_SECONDS, UNANSWERED, Member, Members
from core.jobs.events import Event, Job, Refused, StateChange, decode_events, encode
from core.jobs.wishes import FileWishes
from core.jobs.writer import RunWriter
from core.runs import log
from core.runs.run import Run, State

EVENT_SECONDS = 1.0  # that a trainer waits for an event before it answers that there is none
SILENT_SECONDS = 4.0  # without an answer: the page says so
WISH_SECONDS = 0.1  # between looks at what the visitor wants
RETRY_SECONDS = 0.25
SLOW_BYTES = 100_000  # a second that a network carries at least
SILENT = "Its trainer does not answer. If it stays away, another one goes on."

# How it ended: the run is over, or its trainer is gone, was stopped, cannot do it or was busy.
Ending = Literal["over", "lost", "left", "refused", "busy"]


class Handout:
    """A run and the trainer that has it."""

    def __init__(
        self, run: Run, kind: str, key: str, member: Member, others_wait: Callable[[], bool]
    ) -> None:
        self.run, self.kind, self.key, self.member = run, kind, key, member
        self.reason = ""  # why the trainer refused
        self._writer = RunWriter(run, flushes=False)
        never = threading.Event()  # the trainings outlive the app
        self._wishes = FileWishes(run, never, others_wait)
        self._asked: Asked | None = None  # unknown: it may be taken up in the middle
        self._began = False  # to train: the time limit counts from there
        self._state: State | None = None  # the last one that the trainer said
        self._heard = time.monotonic()
        self._told_silent = False

    async def begin(self, members: Members, job: Job) -> bool:
        """Give the trainer the job; False where it has another one of that kind, or is gone.

        Where it still has an earlier try of the run, that one goes on, and `key` becomes its name.
        """
        content = encode(job)
        given = {"key": self.key, "kind": self.kind, "job": content}
        asked = msgspec.msgpack.encode(self._asked_now())
        seconds = ANSWER_SECONDS + len(content) / SLOW_BYTES
        try:
            said = await members.ask(
                self.member.address, "trainer_begin", seconds, asked=asked, **given
            )
        except UNANSWERED:
            return False
        self.key = said.get("key", self.key)
        return bool(said["begun"])

    async def follow(self, members: Members) -> Ending:
        """Write what comes back until the run is over, or is no longer in these hands."""
        state = self.run.state()
        if state.name in ("training", "paused"):  # taken up
            self._state, self._began = State(state.name), True
            self._told_silent = state.message == SILENT
        last = self.run.history()[-1:]
        self._writer.done = last[0]["step"] if last else 0
        wishing = asyncio.ensure_future(self._send_wishes(members))
        try:
            ending = await self._take_events(members)
        except OSError as error:  # the disk is full, or the run was deleted
            log.event("run cannot be written", run=self.run.id, reason=str(error))
            self.run.set_disk_full()
            ending = "over"
        finally:
            wishing.cancel()
        if ending != "lost":
            await self._drop(members)
        return ending

    async def _take_events(self, members: Members) -> Ending:
        have = 0
        while True:
            try:
                said = await members.ask(
                    self.member.address,
                    "trainer_events",
                    EVENT_SECONDS + ANSWER_SECONDS,
                    key=self.key,
                    have=have,
                    patience=EVENT_SECONDS,
                )
            except UNANSWERED:
                if self._is_lost(members):
                    return "lost"
                await self._say_silent()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not said["known"]:
                return "lost"
            await self._heard_again()
            events = decode_events(said["events"])
            await asyncio.to_thread(self._write, events)
            have = said["last"]
            if any(isinstance(e, StateChange) and e.state.is_finished for e in events):
                return "over"  # also where its trainer was just told to leave
            for event in events:
                if isinstance(event, Refused):
                    self.reason = event.reason
                    return "left" if event.leaves else "refused"

    def _write(self, events: list[Event]) -> None:
        for event in events:
            self._writer.write(event)
            if isinstance(event, StateChange):
                self._state = event.state
                self._began = self._began or event.state.name == "training"

    def _is_lost(self, members: Members) -> bool:
        return members.is_lost(self.member) or time.monotonic() - self._heard > LOST_SECONDS

    async def _say_silent(self) -> None:
        """Nobody waits without a word."""
        if (
            self._state
            and not self._told_silent
            and time.monotonic() - self._heard > SILENT_SECONDS
        ):
            self._told_silent = True
            said = StateChange(State(self._state.name, SILENT))
            await asyncio.to_thread(self._writer.write, said)

    async def _heard_again(self) -> None:
        self._heard = time.monotonic()
        if self._told_silent and self._state:
            self._told_silent = False
            await asyncio.to_thread(self._writer.write, StateChange(self._state))

    async def _send_wishes(self, members: Members) -> None:
        """What the visitor, the queue and the clock ask of the run, whenever that changes."""
        while True:
            asked = self._asked_now()
            if asked != self._asked:
                content = msgspec.msgpack.encode(asked)
                try:
                    await members.ask(
                        self.member.address,
                        "trainer_wish",
                        ANSWER_SECONDS,
                        key=self.key,
                        asked=content,
                    )
                    self._asked = asked
                except UNANSWERED:
                    pass  # asked again
            await asyncio.sleep(WISH_SECONDS)

    def _asked_now(self) -> Asked:
        limit = self._wishes.limit() if self._began and self.kind == "train" else ("", "")
        return Asked(self._wishes.control(), self._wishes.should_stop(), *limit)

    async def _drop(self, members: Members) -> None:
        """Tell the trainer that all is written."""
        with suppress(*UNANSWERED):  # it finds out by itself
            await members.ask(self.member.address, "trainer_drop", ANSWER_SECONDS, key=self.key)


def read_tries(run: Run) -> int:
    """How many trainers have had it."""
    try:
        return int((run.path / "tries").read_bytes())
    except (OSError, ValueError):
        return 0


def write_tries(run: Run, tries: int) -> None:
    """Note how many have."""
    (run.path / "tries").write_bytes(b"%d" % max(0, tries))
