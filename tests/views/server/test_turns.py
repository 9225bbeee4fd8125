"""Allowances fill up by the clock, and places are handed out fairly."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from views.server.turns import Bucket, Turns


def run(what: Coroutine[Any, Any, None]) -> None:
    asyncio.run(what)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_free_and_then_each_waits_for_its_turn():
    clock = Clock()
    bucket = Bucket(rate=2, burst=3, clock=clock)
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    clock.now = 1.0
    assert bucket.take() == 0.5


def test_an_allowance_never_grows_beyond_its_burst():
    clock = Clock()
    bucket = Bucket(rate=2, burst=3, clock=clock)
    clock.now = 1_000.0
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_what_is_not_there_is_not_taken():
    clock = Clock()
    bucket = Bucket(rate=1, burst=1, clock=clock)
    assert bucket.try_take()
    assert not bucket.try_take()
    clock.now = 1.0
    assert bucket.try_take()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def queue(
    turns: Turns, order: list[str], *who: str, size: int = 0
) -> list[asyncio.Task[None]]:
    """Everybody asks for a place, in this order; "a1" is socket 1 of address a."""

    async def ask(name: str) -> None:
        await turns.enter(name[0], name, size)
        order.append(name)

    tasks = [asyncio.ensure_future(ask(name)) for name in who]
    await settle()
    return tasks


def test_no_more_run_at_once_than_there_are_places():
    async def scene() -> None:
        turns, order = Turns(2, 2, hold=60), []
        tasks = await queue(turns, order, "a1", "b1", "c1")
        assert order == ["a1", "b1"]
        turns.leave("a1")
        await settle()
        assert order == ["a1", "b1", "c1"]
        await asyncio.gather(*tasks)

    run(scene())


def test_ten_sockets_of_one_address_keep_nobody_else_waiting():
    async def scene() -> None:
        turns, order = Turns(3, 2, hold=60), []
        await queue(turns, order, *(f"a{n}" for n in range(10)))
        assert order == ["a0", "a1"]  # one place is left for others
        await queue(turns, order, "b1")
        assert order[-1] == "b1"
        await queue(turns, order, "c1", "c2")
        turns.leave("a0")
        await settle()
        turns.leave("a1")
        await settle()
        assert set(order[3:5]) == {"a2", "c1"}  # an address after the other

    run(scene())


def test_a_socket_runs_one_thing_at_a_time():
    async def scene() -> None:
        turns, order = Turns(5, 5, hold=60), []
        await queue(turns, order, "a1")
        await queue(turns, order, "a1", "a2")
        assert order == ["a1", "a2"]
        turns.leave("a1")
        await settle()
        assert order == ["a1", "a2", "a1"]

    run(scene())


def test_a_run_that_takes_long_gives_its_place_to_the_next():
    async def scene() -> None:
        turns, order = Turns(1, 1, hold=0.0), []
        await asyncio.gather(*await queue(turns, order, "a1", "b1", "a2"))
        assert sorted(order) == ["a1", "a2", "b1"]

    run(scene())


def test_a_place_rests_after_a_run_and_then_serves_the_next(monkeypatch):
    async def scene() -> None:
        loop, now = asyncio.get_running_loop(), [100.0]
        monkeypatch.setattr(loop, "time", lambda: now[0])
        turns, order = Turns(1, 1, hold=60, rest=2.0), []
        await queue(turns, order, "a1", "b1")
        now[0] += 0.25
        turns.leave("a1")
        now[0] += 0.49
        await settle()
        assert order == ["a1"]
        now[0] += 0.02
        await settle()
        assert order == ["a1", "b1"]

    run(scene())


def test_who_gives_up_waiting_takes_no_place():
    async def scene() -> None:
        turns, order = Turns(1, 1, hold=60), []
        await queue(turns, order, "a1")
        (waiting,) = await queue(turns, order, "b1")
        waiting.cancel()
        await settle()
        await queue(turns, order, "c1")
        turns.leave("a1")
        await settle()
        assert order == ["a1", "c1"]
        turns.leave("c1")
        assert not turns.running and not turns.by_address

    run(scene())


@pytest.mark.parametrize("times", [1, 2])
def test_leaving_twice_frees_one_place(times):
    async def scene() -> None:
        turns, order = Turns(1, 1, hold=60), []
        await queue(turns, order, "a1", "b1", "c1")
        for _ in range(times):
            turns.leave("a1")
        await settle()
        assert order == ["a1", "b1"]

    run(scene())


def test_who_left_is_not_put_out_later_when_they_are_back():
    async def scene() -> None:
        turns, order = Turns(1, 1, hold=60), []
        await queue(turns, order, "a1")
        timer = turns.running["a1"].timer
        turns.leave("a1")
        assert timer.cancelled()

    run(scene())


def stop_clock() -> Clock:
    """The loop's clock stands still from now on, until somebody moves it."""
    clock, loop = Clock(), asyncio.get_running_loop()
    clock.now = loop.time()
    loop.time = clock  # type: ignore[method-assign]
    return clock


LONG_DRAWING, DIGIT = 100_000, 5_000  # bytes


def test_a_digit_does_not_wait_for_twenty_scribbles_of_its_address():
    async def scene() -> None:
        stop_clock()
        turns, order = Turns(1, 1, hold=60), []
        await queue(turns, order, *(f"a{n}" for n in range(20)), size=LONG_DRAWING)
        await queue(turns, order, "a-digit", size=DIGIT)
        turns.leave("a0")
        await settle()
        assert order == ["a0", "a-digit"]

    run(scene())


def test_a_scribble_waits_for_digits_only_so_long():
    async def scene() -> None:
        clock = stop_clock()
        turns, order = Turns(1, 1, hold=60), []
        await queue(turns, order, "a1", size=DIGIT)
        await queue(turns, order, "a-scribble", size=LONG_DRAWING)
        clock.now += 60.0
        await queue(turns, order, "a2", size=DIGIT)
        turns.leave("a1")
        await settle()
        assert order == ["a1", "a-scribble"]

    run(scene())


async def take_turns(turns: Turns, clock: Clock, name: str, *seconds: float) -> None:
    """Run so many times, for so long each."""
    for each in seconds:
        await turns.enter(name[0], name)
        clock.now += each
        turns.leave(name)


@pytest.mark.parametrize(
    ("a_page", "other", "first"),
    [
        ([0.5] * 8, [0.02] * 8, "other"),
        ([0.5] * 8, [0.02] + [0.5] * 7, "other"),  # which was held up by somebody
        ([0.02] * 8, [0.5] * 8, "page"),
        ([0.5] * 2, [0.02] * 2, "page"),  # too few to tell: in the order in which they came
    ],
)
def test_whose_runs_were_quick_goes_before_whose_were_slow(a_page, other, first):
    async def scene() -> None:
        clock = stop_clock()
        turns, order = Turns(1, 1, hold=60), []
        await take_turns(turns, clock, "a-page", *a_page)
        await take_turns(turns, clock, "a-other", *other)
        await queue(turns, order, "a-runs", "a-page", "a-other")
        turns.leave("a-runs")
        await settle()
        assert order == ["a-runs", f"a-{first}"]

    run(scene())


def test_a_closed_socket_is_forgotten():
    async def scene() -> None:
        turns = Turns(1, 1, hold=60)
        await turns.enter("a", "a1")
        turns.forget("a1")
        assert not turns.running and not turns.by_address and not turns.took

    run(scene())


def test_a_crowd_that_has_gone_is_forgotten_at_once():
    async def play() -> None:
        turns = Turns(1, 1, 60.0)
        await turns.enter("x", "x")
        crowd = [asyncio.ensure_future(turns.enter(f"a{n}", n)) for n in range(3_000)]
        await asyncio.sleep(0)
        for each in crowd:
            each.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        turns.leave("x")
        assert turns.waiting == {}

    run(play())
