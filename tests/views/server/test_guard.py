"""The guard between a server and Streamlit, spoken to as uvicorn speaks to it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.runs import limits
from views.server import guard as guarding
from views.server.guard import Guard

Message = dict[str, Any]
FINISHED = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY).SerializeToString()


def rerun(fragment: str = "") -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = fragment
    message.rerun_script.page_script_hash = "3f2a"
    return message.SerializeToString()


class Streamlit:
    """What stands behind the guard: it accepts, and notes what it hears."""

    def __init__(self, answers: bool = True) -> None:
        self.heard: list[bytes] = []
        self.paths: list[str] = []
        self.answers = answers  # does a run finish at once?

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return await send({"type": "http.response.body", "body": b"ok"})
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.heard.append(message["bytes"])
            if self.answers:
                await send({"type": "websocket.send", "bytes": FINISHED})


class Browser:
    """A websocket as uvicorn has it: `said` goes in, `got` comes out."""

    def __init__(self, guard: Guard, address: str = "10.0.0.1", **headers: str) -> None:
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.got: list[Message] = []
        names = {"host": "demo.test"} | headers
        scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "client": (address, 1),
            "headers": [(name.encode(), value.encode()) for name, value in names.items()],
        }
        self.said.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(guard(scope, self.said.get, self._hear))

    async def _hear(self, message: Message) -> None:
        self.got.append(message)

    def say(self, *messages: bytes) -> None:
        for message in messages:
            self.said.put_nowait({"type": "websocket.receive", "bytes": message})

    async def leave(self) -> None:
        self.said.put_nowait({"type": "websocket.disconnect"})
        await self.task

    @property
    def closed(self) -> tuple[int, str] | None:
        found = [m for m in self.got if m["type"] == "websocket.close"]
        return (found[0]["code"], found[0]["reason"]) if found else None


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", replace(limits.Limits(), **values))

    change()
    return change


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


def test_a_site_that_the_operator_names_is_let_in(monkeypatch):
    options = {"server.enableCORS": True, "server.corsAllowedOrigins": ["https://friend.test"]}
    monkeypatch.setattr(guarding.config, "get_option", options.__getitem__)

    async def play() -> None:
        app = Streamlit()
        Browser(Guard(app), origin="https://friend.test")
        await settle()
        assert app.paths == ["/_stcore/stream"]

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

    monkeypatch.setattr(guarding, "asyncio", type("Sleeper", (), {"sleep": staticmethod(sleep)}))

    async def play() -> None:
        browser = Browser(Guard(Streamlit()))
        browser.say(*[rerun("board")] * 100)
        for _ in range(40):
            await settle()
        assert waits[0] == pytest.approx(1.0, abs=0.1)
        assert waits == sorted(waits)
        assert browser.closed == (1008, "Too many messages.")

    asyncio.run(play())


async def ask(
    guard: Guard, method: str, path: str, address: str = "10.0.0.1", **headers: str
) -> Any:
    got: list[Message] = []

    async def send(message: Message) -> None:
        got.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await guard(
        {
            "type": "http",
            "method": method,
            "path": path,
            "client": (address, 1),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        },
        receive,
        send,
    )
    return got[0]["status"], dict(got[0]["headers"]), got[1]["body"]


def put(guard: Guard, session: str, file: str, address: str = "10.0.0.1", size: str = "10") -> Any:
    path = f"/_stcore/upload_file/{session}/{file}"
    return ask(guard, "PUT", path, address, **{"content-length": size})


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    gone: list[tuple[str, str]] = []
    monkeypatch.setattr(guarding, "_forget", lambda *key: gone.append(key))
    return gone


def test_a_session_uploads_so_many_files_a_minute(most, forgotten):
    most(uploads_per_minute=8)

    async def play() -> None:
        guard = Guard(Streamlit())
        found = [(await put(guard, "a", str(n)))[0] for n in range(40)]
        assert found == [200] * 8 + [429] * 32
        assert (await put(guard, "b", "1"))[0] == 200
        assert forgotten == [("a", str(n)) for n in range(5)]

    asyncio.run(play())


def test_an_address_uploads_so_many_files_a_minute_however_many_sessions_it_has(most, forgotten):
    most(uploads_per_minute=2, uploads_per_address=3)

    async def play() -> None:
        guard = Guard(Streamlit())
        found = [(await put(guard, str(n), "1"))[0] for n in range(8)]
        assert found == [200] * 6 + [429] * 2
        assert (await put(guard, "z", "1", address="10.0.0.2"))[0] == 200

    asyncio.run(play())


def test_an_upload_says_how_large_it_is(forgotten):
    async def play() -> None:
        assert (await put(Guard(Streamlit()), "a", "1", size="many"))[0] == 411

    asyncio.run(play())


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_the_operators_own_documents_are_for_this_machine_alone(path):
    async def play() -> None:
        guard = Guard(Streamlit())
        assert (await ask(guard, "GET", path))[0] == 404
        assert (await ask(guard, "GET", path, address="127.0.0.1"))[0] == 200

    asyncio.run(play())


def test_every_answer_says_how_it_may_be_used():
    async def play() -> None:
        _, headers, _ = await ask(Guard(Streamlit()), "GET", "/train")
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert headers[b"referrer-policy"] == b"strict-origin-when-cross-origin"

    asyncio.run(play())
