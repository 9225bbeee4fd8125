"""A run in the hands of a trainer that leaves, refuses, or is far away; no process is started."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.cluster.dispatcher import Dispatcher
from core.cluster.handout import Handout
from core.cluster.members import Member
from core.jobs.events import Checkpoint, Event, Job, Refused, StateChange, encode
from core.runs.run import Run, State
from tests.support.workers import add_run


def handout(run: Run) -> Handout:
    member = Member("a", "a", "a", 2, 0, "address", {})
    return Handout(run, "train", f"{run.id}.1", member, lambda: False)


class Trainer:
    """In place of all members: one that gives these events back, and notes what it is asked."""

    def __init__(self, *events: Event) -> None:
        self.events = events
        self.asked: dict[str, float] = {}  # seconds to answer, by question

    async def ask(self, address: str, question: str, seconds: float, **given: Any) -> Any:
        self.asked[question] = seconds
        answer = {"known": True, "last": len(self.events), "events": encode(list(self.events))}
        return answer | {"begun": True, "key": given.get("key")}

    def is_lost(self, member: Member) -> bool:
        return False


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        ([Checkpoint(b"w", b"{}"), StateChange(State("finished"))], "over"),
        ([Refused("Bye.", True), Checkpoint(b"w", b"{}"), StateChange(State("finished"))], "over"),
        ([Refused("Bye.", True)], "left"),
        ([Refused("No data here.")], "refused"),
    ],
)
def test_a_run_that_finished_while_its_trainer_left_is_over(root, events, ending):
    run = add_run(root)

    async def follow() -> str:
        return await handout(run).follow(Trainer(*events))  # type: ignore[arg-type]

    assert asyncio.run(follow()) == ending


def test_a_large_job_has_time_to_arrive(root):
    trainer, far = Trainer(), Trainer()
    for each, job in ((trainer, Job("quick", {})), (far, Job("quick", {}, pictures=bytes(8**8)))):
        assert asyncio.run(handout(add_run(root)).begin(each, job))  # type: ignore[arg-type]
    assert trainer.asked["trainer_begin"] < 6 and far.asked["trainer_begin"] > 60


def dispatcher(root: Path, *names: str) -> Dispatcher:
    there = {name: Member(name, name, name, 2, 0, name, {}) for name in names}
    members = SimpleNamespace(by_id=there, refusals={}, problem="", address="x")
    made = Dispatcher(root, members)  # type: ignore[arg-type]
    made._adopt_until = 0
    return made


@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_run_that_all_refused_who_are_left_fails_with_their_reason(root, others):
    names = ["a", "b", "c"][: 1 + others]
    made = dispatcher(root, *names)
    run = add_run(root)
    run.set_state(State("training"))
    held = made._hold(run, "train", f"{run.id}.1", made.members.by_id["a"])
    held.reason = "No data here."
    made._settle(held, "refused")
    if others:
        assert run.state().name == "preparing"
        made._poll()
        assert run.state().name == "preparing"  # one of them may still do it
    for name in names[1:]:
        del made.members.by_id[name]
    made._polled = 0.0  # some time ago
    made._poll()
    assert run.state() == State("failed", "No data here.")
    assert made.again == []
