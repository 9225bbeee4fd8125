"""Who is there: trainers that are free, busy, gone for a moment or for good; no process starts."""

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from core.cluster import members as module
from core.cluster.cluster import ClusterError, TrainerInfo, check_address
from core.cluster.members import Member, Members
from core.cluster.refused_runs import RefusedRuns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """clock(seconds) moves the clock."""
    now = [time.monotonic()]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def member(name: str, place: str = "") -> Member:
    return Member(name, place or name, name, 2, 900, f"tcp://{name}:1", {}, module.time.monotonic())


def test_a_trainer_takes_one_run_of_each_kind(clock):
    one = member("one")
    one.runs["train"] = "ab"
    assert (one.is_free("train"), one.is_free("teach")) == (False, True)
    assert one.info == TrainerInfo("one", 2, 900, "ab")


def test_a_trainer_that_is_not_listed_now_gets_no_run(clock):
    one = member("one")
    clock(1.9)
    assert one.is_free("train")
    clock(0.2)
    assert not one.is_free("train")


def test_a_trainer_with_a_problem_gets_no_run_until_it_is_over(clock):
    one = member("one")
    one.set_problem("No data here.", 1.5)
    assert not one.is_free("train") and one.info.problem == "No data here."
    clock(1.6)
    assert one.is_free("train") and one.info.problem == ""


class Scheduler:
    """In place of the connections: who is listed, and what each trainer says of itself."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.is_there = True
        self.refusal = ""

    async def ask(self, address: str, question: str, seconds: float, **given: Any) -> Any:
        if not self.is_there:
            raise OSError("no route")
        if question == "identity":
            return {"workers": dict.fromkeys(self.listed)}
        name = address.removeprefix("tcp://")
        facts = {"place": name, "name": name, "threads": 2, "megabytes": 0}
        return {**facts, "id": name, "keys": {"train": "ab.1"}, "refusal": self.refusal}


def looks(scheduler: Scheduler, *between: Callable[[Members], object]) -> Members:
    """Look at once, and again after each of these."""

    async def look() -> Members:
        members = Members("tcp://scheduler:8786", None)
        members.ask = scheduler.ask  # type: ignore[method-assign]
        for act in (lambda _: None, *between):
            act(members)
            await members.look()
            for _ in range(5):
                await asyncio.sleep(0)  # they say hello
        return members

    return asyncio.run(look())


def test_who_is_listed_is_asked_who_it_is_and_kept(clock):
    scheduler = Scheduler()
    scheduler.listed = ["tcp://one", "tcp://two"]
    members = looks(scheduler)
    assert sorted(members.by_id) == ["one", "two"]
    found = members.by_id["one"]
    assert (found.name, found.threads, found.keys) == ("one", 2, {"train": "ab.1"})
    assert not members.is_lost(found)


def test_a_trainer_that_is_gone_for_long_is_forgotten_unless_it_has_a_run(clock):
    scheduler = Scheduler()
    scheduler.listed = ["tcp://one", "tcp://two"]

    def leave(members: Members) -> None:
        members.by_id["two"].runs["train"] = "ab"
        scheduler.listed = []

    members = looks(scheduler, leave, lambda _: clock(7))
    assert sorted(members.by_id) == ["one", "two"]
    scheduler.listed = ["tcp://one", "tcp://two"]
    members = looks(scheduler, leave, lambda _: clock(60))
    assert list(members.by_id) == ["two"]
    assert members.is_lost(members.by_id["two"])


def test_nobody_is_lost_while_the_scheduler_does_not_answer(clock):
    scheduler = Scheduler()
    scheduler.listed = ["tcp://one"]

    def fall_silent(_: Members) -> None:
        scheduler.is_there = False
        clock(100)

    members = looks(scheduler, fall_silent)
    assert members.problem.startswith("The scheduler at tcp://scheduler:8786 does not answer.")
    assert not members.is_lost(members.by_id["one"])


def test_when_the_scheduler_answers_again_trainers_have_a_moment_to_come_back(clock):
    scheduler = Scheduler()
    scheduler.listed = ["tcp://one"]

    def fall_silent(_: Members) -> None:
        scheduler.is_there = False

    def answer(_: Members) -> None:
        clock(100)
        scheduler.is_there, scheduler.listed = True, []

    members = looks(scheduler, fall_silent, answer)
    assert members.problem == "" and not members.is_lost(members.by_id["one"])


def test_a_trainer_that_was_sent_away_is_none_and_its_reason_stays_while_it_is_listed(clock):
    scheduler = Scheduler()
    scheduler.listed, scheduler.refusal = ["tcp://one"], "Install the app's version here."
    members = looks(scheduler)
    assert members.by_id == {}
    assert members.refusals == {"tcp://one": "one: Install the app's version here."}
    members = looks(scheduler, lambda _: scheduler.listed.clear())
    assert members.refusals == {}


def test_a_process_in_the_place_of_another_says_that_the_first_is_gone(clock):
    members = looks(Scheduler())
    first, other = member("first", "desk"), member("other", "window")
    clock(1)
    heir = member("heir", "desk")
    members.by_id = {each.id: each for each in (first, other, heir)}
    assert [members.is_lost(each) for each in (first, other, heir)] == [True, False, False]


def test_a_run_ends_when_all_that_are_there_refused_it_with_the_latest_reason():
    refused = RefusedRuns()
    refused.note("run", "one", "No data.")
    assert (refused.may_do("run", "one"), refused.may_do("run", "two")) == (False, True)
    assert refused.may_do("other", "one")
    assert refused.by_all("run", ["one", "two"]) == ""
    refused.note("run", "two", "No room.")
    assert refused.by_all("run", ["one", "two"]) == "No room."
    assert refused.by_all("run", []) == ""  # another one may come
    refused.forget("run")
    assert refused.may_do("run", "one")


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_there_is_not_is_no_address(port):
    with pytest.raises(ClusterError):
        check_address(f"tcp://host:{port}")
