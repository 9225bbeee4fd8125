"""Who is there: the trainers that have joined at the scheduler, as the app sees them."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from distributed import Security
from distributed.core import ConnectionPool

from core.cluster.cluster import TrainerInfo, versions
from core.runs import log

ANSWER_SECONDS = 5.0  # to wait for an answer to a short question
LOST_SECONDS = 25.0  # without an answer: a run goes on elsewhere
UNLISTED_SECONDS = 8.0  # not at the scheduler, while that answers: likewise
# What asking may raise: no connection, none in time, no such question there.
UNANSWERED = (OSError, TimeoutError, asyncio.TimeoutError, AttributeError, KeyError)


@dataclass
class Member:
    """A trainer: one process, wherever its connection comes from."""

    id: str
    place: str  # the same for the process that follows it when it dies
    name: str
    threads: int
    megabytes: int
    address: str
    keys: dict[str, str]  # jobs that it had when it joined, by kind
    listed: float = field(default_factory=time.monotonic)  # when it was last at the scheduler
    runs: dict[str, str] = field(default_factory=dict)  # ids of the runs that we gave it, by kind
    problem: str = ""
    problem_until: float = 0.0

    def is_free(self, kind: str) -> bool:
        """May it be given a run of this kind?"""
        there = time.monotonic() - self.listed < 2.0
        return there and kind not in self.runs and time.monotonic() > self.problem_until

    def set_problem(self, reason: str, seconds: float) -> None:
        """It gets no run for so long."""
        self.problem, self.problem_until = reason, time.monotonic() + seconds

    @property
    def info(self) -> TrainerInfo:
        """For the file that pages read."""
        problem = self.problem if time.monotonic() < self.problem_until else ""
        run = self.runs.get("train", "")
        return TrainerInfo(self.name, self.threads, self.megabytes, run, problem)


class Members:
    """All trainers, looked up again and again at the scheduler."""

    def __init__(self, address: str, safety: Security | None) -> None:
        self.address = address
        arguments = safety.get_connection_args("client") if safety else {}
        self._pool = ConnectionPool(limit=4_096, connection_args=arguments)
        self._versions = versions()
        self._addresses: dict[str, str] = {}  # of the trainers that said hello: their ids
        self._asked: set[str] = set()  # addresses that are saying hello now
        self.by_id: dict[str, Member] = {}
        self.problem = ""  # why the scheduler does not answer, in a sentence
        self.refusals: dict[str, str] = {}  # by address: why a trainer was sent away

    async def start(self) -> None:
        """Before the first question."""
        await self._pool.start()

    async def close(self) -> None:
        """After the last one."""
        await self._pool.close()

    async def ask(self, address: str, question: str, seconds: float, **given: Any) -> Any:
        """Ask a trainer or the scheduler.

        Raises:
            UNANSWERED: nobody answered in time.
        """
        return await asyncio.wait_for(getattr(self._pool(address), question)(**given), seconds)

    async def look(self) -> None:
        """Ask the scheduler who is there, and those that are new who they are."""
        try:
            found = await self.ask(self.address, "identity", ANSWER_SECONDS, n_workers=-1)
        except UNANSWERED as error:
            if not self.problem:
                log.warning("scheduler does not answer", address=self.address, reason=str(error))
            self.problem = (
                f"The scheduler at {self.address} does not answer. Runs wait, and what trains "
                "goes on: tell whoever runs this app."
            )
            for member in self.by_id.values():  # nobody can tell who is there
                member.listed = time.monotonic()
            return
        if self.problem:
            log.event("scheduler answers again", address=self.address)
            self.problem = ""
            for member in self.by_id.values():  # they need a moment to come back
                member.listed = time.monotonic()
        there = set(found["workers"])
        for address in there & set(self._addresses):
            if known := self.by_id.get(self._addresses[address]):
                known.listed = time.monotonic()
        self._forget(there)
        new = there - set(self._addresses) - self._asked - set(self.refusals)
        for address in new:
            self._asked.add(address)
            asyncio.ensure_future(self._hello(address))  # noqa: RUF006

    def _forget(self, there: set[str]) -> None:
        """Drop what is gone for long."""
        self._addresses = {a: i for a, i in self._addresses.items() if a in there}
        self.refusals = {a: why for a, why in self.refusals.items() if a in there}
        for member in list(self.by_id.values()):
            if self.is_lost(member) and not member.runs:
                del self.by_id[member.id]

    async def _hello(self, address: str) -> None:
        try:
            said = await self.ask(address, "trainer_hello", ANSWER_SECONDS, versions=self._versions)
            if said["refusal"]:
                self.refusals[address] = f"{said['name']}: {said['refusal']}"
                log.warning("trainer was sent away", trainer=said["name"], reason=said["refusal"])
                return
            facts = {key: said[key] for key in ("place", "name", "threads", "megabytes")}
            known = self.by_id.get(said["id"])
            if known:
                known.address, known.listed, known.keys = address, time.monotonic(), said["keys"]
            else:
                log.event("trainer joined", trainer=said["name"], address=address)
                self.by_id[said["id"]] = Member(
                    said["id"], address=address, keys=said["keys"], **facts
                )
            self._addresses[address] = said["id"]
        except UNANSWERED:
            pass  # asked again at the next look
        finally:
            self._asked.discard(address)

    def is_lost(self, member: Member) -> bool:
        """Is it gone for good? Another process in its place says so at once."""
        heir = any(
            other.place == member.place and other.id != member.id and other.listed > member.listed
            for other in self.by_id.values()
        )
        return heir or time.monotonic() - member.listed > UNLISTED_SECONDS
