"""What a socket may say to the guard, how much, and what it keeps from others meanwhile."""

import asyncio
from functools import partial
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.support.asgi import Browser, Streamlit, rerun, settle
from views.server import guard as guarding
from views.server.guard import Guard
from views.server.turns import Bucket


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes for allowances, however busy the machine is."""
    monkeypatch.setattr(guarding, "Bucket", partial(Bucket, clock=lambda: 0.0))


def test_a_socket_that_says_too_much_waits_however_few_messages_it_takes(
    most, monkeypatch, no_time
):
    most(kilobytes_per_second=1, message_kilobytes=2)  # 8 kB at once
    waits: list[float] = []

    async def sleep(seconds: float, real: Any = asyncio.sleep) -> None:
        waits.append(seconds)
        await real(0)

    loop = staticmethod(asyncio.get_running_loop)
    sleeper = type("Sleeper", (), {"sleep": staticmethod(sleep), "get_running_loop": loop})
    monkeypatch.setattr(guarding, "asyncio", sleeper)
    page = BackMsg()
    page.rerun_script.query_string = "x" * 1_980
    large = page.SerializeToString()

    async def play() -> None:
        browser = Browser(Guard(Streamlit()))
        browser.say(*[large] * 5)
        await settle()
        too_much = 5 * len(large) - 8_000  # bytes
        assert waits == [pytest.approx(too_much / 1_000)]
        assert browser.closed is None

    asyncio.run(play())


def test_a_message_over_the_limit_closes_the_socket(most):
    most(message_kilobytes=1)
    page = BackMsg()
    page.rerun_script.query_string = "x" * 1_000

    async def play() -> None:
        browser = Browser(Guard(Streamlit()))
        browser.say(page.SerializeToString())
        await settle()
        assert browser.closed == (1002, "rerun_script of 1,003 bytes")

    asyncio.run(play())


def test_heartbeats_beyond_their_rate_are_dropped_and_runs_are_not(no_time):
    beat = BackMsg(app_heartbeat=True).SerializeToString()

    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app))
        browser.say(*[beat] * 30, rerun())
        await settle()
        assert app.heard == [beat] * 20 + [rerun()]

    asyncio.run(play())


def test_text_is_no_message_of_a_page_and_nothing_is_said_after_the_end():
    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app))
        browser.said.put_nowait({"type": "websocket.receive", "text": "{}"})
        await settle()
        assert browser.closed == (1002, "text")
        assert browser.got[-1]["type"] == "websocket.close"
        assert app.heard == []

    asyncio.run(play())


def test_streamlit_sends_nothing_into_a_closed_socket():
    async def play() -> None:
        async def chatty(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            await send({"type": "websocket.send", "bytes": b"late"})

        browser = Browser(Guard(chatty))
        browser.say(b"\xff\xff")
        await settle()
        assert [message["type"] for message in browser.got] == [
            *("websocket.accept", "websocket.close"),
        ]

    asyncio.run(play())


@pytest.mark.parametrize("fragment", ["", "board"])
def test_a_page_that_goes_while_it_runs_frees_its_place(most, fragment):
    most(page_runs=1, fragment_runs=1)

    async def play() -> None:
        app = Streamlit(answers=False)
        guard = Guard(app)
        first, second = Browser(guard), Browser(guard)
        first.say(rerun(fragment))
        second.say(rerun(fragment))
        await settle()
        assert len(app.heard) == 1
        await first.leave()
        await settle()
        assert len(app.heard) == 2

    asyncio.run(play())


def test_parts_of_pages_do_not_wait_for_whole_pages(most):
    most(page_runs=1, fragment_runs=1)

    async def play() -> None:
        app = Streamlit(answers=False)
        guard = Guard(app)
        Browser(guard).say(rerun())
        Browser(guard).say(rerun("board"))
        await settle()
        assert sorted(app.heard) == sorted([rerun(), rerun("board")])

    asyncio.run(play())


def test_a_refused_socket_takes_no_place(most):
    most(sockets_per_address=1)

    async def play() -> None:
        guard = Guard(Streamlit())
        first, second = Browser(guard), Browser(guard)
        await settle()
        assert second.closed
        await first.leave()
        assert not guard.sockets and not guard.live_sockets

    asyncio.run(play())
