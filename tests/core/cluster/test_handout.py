"""A run in the hands of a trainer that leaves, refuses, or is far away; no process is started."""

import asyncio
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.cluster.dispatcher import GOES_ON, Dispatcher
from core.cluster.handout import SILENT, SILENT_SECONDS, Handout, read_tries, write_tries
from core.cluster.members import Member
from core.jobs.events import Checkpoint, Event, Job, Refused, StateChange, encode
from core.runs import recovery
from core.runs.queue import Visitor, create_run, read_turns
from core.runs.run import Run, State
from tests.support.workers import SHORT, add_run


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


def visit(root: Path, browser: str) -> Run:
    return create_run(root, "quick", SHORT, visitor=Visitor("a", browser))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Which runs are handed to which trainer, by the trainer's name; nothing is sent."""
    given: dict[str, str] = {}

    def start(made: Dispatcher, run: Run, kind: str, member: Member) -> None:
        made._hold(run, kind, f"{run.id}.1", member)
        given[member.name] = run.id

    monkeypatch.setattr(Dispatcher, "_start", start)
    return given


def test_each_free_trainer_gets_a_run_and_each_visitor_one_at_a_time(root, started):
    made = dispatcher(root, "a", "b", "c")
    first, again, other = visit(root, "1"), visit(root, "1"), visit(root, "2")
    made.waiting["train"] = [first, again, other]
    made._hand_out("train")
    assert started == {"a": first.id, "b": other.id}
    assert made.waiting["train"] == [again]
    assert read_turns(root) == ["a/1", "a/2"]
    made._hand_out("train")
    assert made.waiting["train"] == [again]


def test_a_run_that_lost_its_trainer_comes_before_those_that_wait(root, started):
    made = dispatcher(root, "a")
    waits, lost = visit(root, "1"), visit(root, "2")
    made.again = [lost]
    made._adopt_until = math.inf  # a trainer may still say that it has the run
    made._hand_out("train")
    assert (started, made.again) == ({}, [lost])
    made._adopt_until, made.waiting["train"] = 0, [waits]
    made._hand_out("train")
    assert started == {"a": lost.id}
    assert (made.again, made.waiting["train"]) == ([], [waits])
    assert read_turns(root) == []  # it had its turn


def test_a_trainer_with_nothing_to_do_comes_before_one_that_teaches(root, started):
    made = dispatcher(root, "a", "b")
    made.members.by_id["a"].runs["teach"] = "ab"
    made.waiting["train"] = [run := visit(root, "1")]
    made._hand_out("train")
    assert started == {"b": run.id}


@pytest.mark.parametrize(("ending", "tries"), [("lost", 2), ("left", 1), ("refused", 1)])
def test_a_try_counts_unless_the_trainer_left_or_could_not(root, ending, tries):
    made = dispatcher(root, "a", "b")
    run = add_run(root)
    run.set_state(State("training"))
    write_tries(run, 2)
    held = made._hold(run, "train", f"{run.id}.2", made.members.by_id["a"])
    made._settle(held, ending)
    assert (read_tries(run), made.again) == (tries, [run])
    assert run.state() == State("preparing", GOES_ON)
    assert made.handouts == made.members.by_id["a"].runs == {}
    assert made.members.by_id["a"].is_free("train") is (ending == "lost")


def test_a_run_that_is_over_leaves_no_tries_and_no_saved_weights(root):
    made = dispatcher(root, "a")
    run = add_run(root)
    write_tries(run, 2)
    recovery.save_weights(run, b"weights")
    made._settle(made._hold(run, "train", f"{run.id}.2", made.members.by_id["a"]), "over")
    assert (read_tries(run), recovery.read_weights(run), made.again) == (0, b"", [])


@pytest.mark.parametrize(
    ("kind", "began", "is_limited"),
    [("train", True, True), ("train", False, False), ("teach", True, False)],
)
def test_the_time_limit_holds_for_a_training_that_began(root, kind, began, is_limited):
    run = add_run(root)
    held = Handout(run, kind, f"{run.id}.1", Member(*"aaa", 2, 0, "a", {}), lambda: True)
    held._began = began
    assert held._asked_now().words.startswith("Others are waiting") is is_limited


def test_each_silence_of_a_trainer_is_told_and_taken_back(root):
    run = add_run(root)
    held, said = handout(run), []

    async def follow() -> None:
        for _ in range(2):
            held._state = State("training")
            held._heard -= 2 * SILENT_SECONDS
            await held._say_silent()
            said.append(run.state().message)
            await held._heard_again()
            said.append(run.state().message)

    asyncio.run(follow())
    assert said == [SILENT, "", SILENT, ""]


@pytest.mark.parametrize("adopting", [True, False])
def test_a_stopped_run_is_lost_only_where_no_trainer_can_have_it_any_more(root, adopting):
    made = dispatcher(root)
    made._adopt_until = math.inf if adopting else 0
    run = add_run(root)
    run.set_state(State("training"))
    run.request_stop()
    made.again = [run]
    made._poll()
    assert (made.again, run.state().name) == (
        ([run], "training") if adopting else ([], "interrupted")
    )


def test_a_run_that_is_taken_up_hears_what_it_was_not_told(root):
    """Its trainer said long ago that it trains, and may have been told to pause."""
    run = add_run(root)
    run.set_state(State("paused"))

    class Rests(Trainer):
        async def ask(self, address: str, question: str, seconds: float, **given: Any) -> Any:
            answer = await super().ask(address, question, seconds, **given)
            if question == "trainer_events" and "trainer_wish" not in self.asked:
                await asyncio.sleep(0)
                return answer | {"last": 0, "events": encode([])}
            return answer

    trainer, held = Rests(StateChange(State("finished"))), handout(run)
    assert asyncio.run(asyncio.wait_for(held.follow(trainer), 60)) == "over"  # type: ignore[arg-type]
    assert "trainer_wish" in trainer.asked
    assert held._began
