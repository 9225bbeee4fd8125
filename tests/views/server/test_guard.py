"""The guard between a server and Streamlit, spoken to as uvicorn speaks to it."""

import asyncio
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.support.asgi import Browser, Streamlit, rerun, settle
from views.document import origins
from views.server import guard as guarding
from views.server.guard import Guard


def test_what_a_page_says_is_heard():
    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app), origin="http://demo.test")
        browser.say(rerun(), rerun("board"))
        await settle()
        assert app.heard == [rerun(), rerun("board")]
        await browser.leave()

    asyncio.run(play())


@pytest.mark.parametrize("kind", ["load_git_info", "clear_cache", "set_run_on_save"])
def test_what_no_page_says_is_dropped_and_the_socket_stays(kind):
    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app))
        browser.say(BackMsg(**{kind: True}).SerializeToString(), rerun())
        await settle()
        assert app.heard == [rerun()]
        assert browser.closed is None

    asyncio.run(play())


@pytest.mark.parametrize("message", [b"\xff\xff", rerun() + rerun(), b"\x5a\xff\xff\xff\x7f"])
def test_nonsense_closes_the_socket_with_a_reason(message):
    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app))
        browser.say(message)
        await settle()
        assert app.heard == []
        assert browser.closed and browser.closed[0] == 1002 and browser.closed[1]
        assert browser.task.done()

    asyncio.run(play())


def test_a_page_of_another_site_is_refused_before_streamlit_sees_it():
    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app), origin="http://evil.test")
        await settle()
        assert app.paths == []
        assert browser.closed == (1008, "This page is of another site.")

    asyncio.run(play())


@pytest.mark.parametrize(("checks", "named"), [(True, ["https://friend.test"]), (False, [])])
def test_a_site_that_the_operator_names_is_let_in_or_any_site(checks, named, monkeypatch):
    options = {
        "server.enableCORS": checks,
        "server.corsAllowedOrigins": named,
        "server.baseUrlPath": "",
    }
    monkeypatch.setattr(origins.config, "get_option", options.__getitem__)

    async def play() -> None:
        app = Streamlit()
        Browser(Guard(app), origin="https://friend.test")
        await settle()
        assert app.paths == ["/_stcore/stream"]

    asyncio.run(play())


def test_a_moving_pen_has_a_socket_of_its_own_beside_the_pages(most):
    most(sockets_per_address=1)

    async def play() -> None:
        app = Streamlit()
        guard = Guard(app)
        page, pen = Browser(guard), Browser(guard, path="/live")
        await settle()
        assert app.paths == ["/_stcore/stream", "/live"]
        pen.say(b"what the channel judges itself")
        other = Browser(guard, path="/live")
        foreign = Browser(guard, "10.0.0.2", path="/live", origin="http://evil.test")
        await settle()
        assert app.heard == [b"what the channel judges itself"]
        assert other.closed and other.closed[0] == 1013
        assert foreign.closed and foreign.closed[0] == 1008
        await pen.leave()
        Browser(guard, path="/live")
        await settle()
        assert app.paths == ["/_stcore/stream", "/live", "/live"]
        await page.leave()

    asyncio.run(play())


def test_a_page_that_came_too_late_hears_it_slowly_as_it_tries_again_at_once(most, monkeypatch):
    """But only so many wait for that: else a flood of them would fill the server."""
    most(sockets=1)
    monkeypatch.setattr(guarding, "PUT_OFF_SECONDS", 60.0)
    monkeypatch.setattr(guarding, "MOST_PUT_OFF", 1)

    async def play() -> None:
        guard = Guard(Streamlit())
        _, second, third = (Browser(guard) for _ in range(3))
        await settle()
        assert second.closed is None and guard.put_off == 1
        assert third.closed and third.closed[0] == 1013

    asyncio.run(play())


def test_an_address_has_so_many_sockets_and_a_closed_one_is_free_again(most):
    most(sockets_per_address=2)

    async def play() -> None:
        app = Streamlit()
        guard = Guard(app)
        first, _, third = (Browser(guard) for _ in range(3))
        other = Browser(guard, address="10.0.0.2")
        await settle()
        assert third.closed and third.closed[0] == 1013
        assert other.closed is None
        await first.leave()
        fourth = Browser(guard)
        await settle()
        assert fourth.closed is None

    asyncio.run(play())


def test_freed_memory_goes_back_to_the_system_again_and_again(monkeypatch):
    times: list[str] = []
    monkeypatch.setattr(guarding, "TIDY_SECONDS", 0)
    monkeypatch.setattr(guarding, "give_back_freed_memory", lambda: times.append("given back"))

    async def play() -> None:
        await Browser(Guard(Streamlit())).leave()
        await settle()
        assert len(times) > 1

    asyncio.run(play())


def test_files_of_a_page_that_has_gone_are_forgotten_by_and_by(monkeypatch):
    gone: list[tuple[str, str]] = []
    monkeypatch.setattr(guarding, "TIDY_SECONDS", 0)
    monkeypatch.setattr(guarding, "_has_page", lambda session: session == "open")
    monkeypatch.setattr(guarding, "forget_file", lambda *key: gone.append(key))
    monkeypatch.setattr(guarding, "is_in_memory", lambda *key: True)

    async def play() -> None:
        guard = Guard(Streamlit())
        await Browser(guard).leave()
        for session in ("open", "closed"):
            guard.uploads.add(session, "file", 10)
        await settle()
        assert gone == [("closed", "file")]

    asyncio.run(play())


def test_an_ipv6_household_is_one_address_as_in_the_queue(most):
    most(sockets_per_address=1)

    async def play() -> None:
        guard = Guard(Streamlit())
        addresses = ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")
        browsers = [Browser(guard, address=address) for address in addresses]
        await settle()
        assert [b.closed is None for b in browsers] == [True, False, True]

    asyncio.run(play())


def test_all_addresses_together_have_so_many_sockets(most):
    most(sockets=2)

    async def play() -> None:
        guard = Guard(Streamlit())
        browsers = [Browser(guard, address=f"10.0.0.{n}") for n in range(3)]
        await settle()
        assert [b.closed is None for b in browsers] == [True, True, False]

    asyncio.run(play())


def test_a_hall_of_200_behind_one_address_gets_in():
    async def play() -> None:
        app = Streamlit()
        guard = Guard(app)
        hall = [Browser(guard) for _ in range(200)]
        for browser in hall:
            browser.say(rerun())
        for _ in range(20):
            await settle()
        assert len(app.heard) == 200
        assert all(browser.closed is None for browser in hall)

    asyncio.run(play())


def test_a_second_page_waits_until_the_first_one_is_shown():
    async def play() -> None:
        app = Streamlit(answers=False)
        browser = Browser(Guard(app))
        browser.say(rerun(), rerun())
        await settle()
        assert app.heard == [rerun()]

    asyncio.run(play())


def test_ten_sockets_of_one_address_leave_a_place_for_others(most):
    most(page_runs=3)

    async def play() -> None:
        app = Streamlit(answers=False)
        guard = Guard(app)
        for _ in range(10):
            Browser(guard).say(rerun())
        await settle()
        assert len(app.heard) == 2
        Browser(guard, address="10.0.0.2").say(rerun())
        await settle()
        assert len(app.heard) == 3

    asyncio.run(play())


def test_who_asks_too_fast_waits_and_who_asks_far_too_fast_is_closed(most, monkeypatch):
    most(messages_per_second=1)
    waits: list[float] = []

    async def sleep(seconds: float, real: Any = asyncio.sleep) -> None:
        waits.append(seconds)
        await real(0)

    loop = staticmethod(asyncio.get_running_loop)
    sleeper = type("Sleeper", (), {"sleep": staticmethod(sleep), "get_running_loop": loop})
    monkeypatch.setattr(guarding, "asyncio", sleeper)

    async def play() -> None:
        browser = Browser(Guard(Streamlit()))
        browser.say(*[rerun("board")] * 100)
        for _ in range(40):
            await settle()
        assert waits[0] == pytest.approx(1.0, abs=0.1)
        assert waits == sorted(waits)
        assert browser.closed == (1008, "Too many messages.")

    asyncio.run(play())


def test_an_answer_to_a_page_that_has_gone_is_no_error():
    async def play() -> None:
        app = Streamlit()
        browser = Browser(Guard(app))
        browser.say(rerun())
        await settle()
        browser.gone = True
        browser.say(rerun())
        await settle()
        assert not browser.task.done()
        await browser.leave()
        assert app.heard == [rerun(), rerun()]

    asyncio.run(play())
