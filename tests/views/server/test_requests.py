"""The guard's answers to requests: uploads, the operator's documents, headers."""

import asyncio
import logging
from typing import Any

import pytest

from core.runs import log
from tests.support.asgi import Message, Streamlit
from views.server import guard as guarding
from views.server.guard import Guard


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
    monkeypatch.setattr(guarding, "forget_file", lambda *key: gone.append(key))
    monkeypatch.setattr(guarding, "is_in_memory", lambda *key: key not in gone)
    return gone


def test_a_session_uploads_so_many_files_a_minute(most, forgotten, monkeypatch):
    most(uploads_per_minute=8)
    monkeypatch.setattr("views.server.uploads.KEPT_FILES", 3)

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


def test_a_session_id_is_in_no_log(most, forgotten, caplog):
    """Who knows it takes the session over."""
    most(uploads_per_minute=1)
    caplog.set_level(logging.INFO)

    async def play() -> None:
        guard = Guard(Streamlit())
        for size in ("10", "10", "much"):
            await put(guard, "SECRET", "1", size=size)

    asyncio.run(play())
    assert any("upload refused" in each.getMessage() for each in caplog.records)
    assert not any("SECRET" in log.JsonLines().format(each) for each in caplog.records)


def test_a_file_that_the_page_took_back_makes_room(most, forgotten):
    most(uploads_per_minute=100)

    async def play() -> None:
        guard = Guard(Streamlit())
        for number in range(3):
            await put(guard, "a", str(number))
        await ask(guard, "DELETE", "/_stcore/upload_file/a/0")
        await put(guard, "a", "3")
        assert forgotten == []
        assert guard.uploads.total == 30  # bytes

    asyncio.run(play())


def test_files_of_all_sessions_together_have_so_many_megabytes(most, forgotten):
    most(uploads_megabytes=2)

    async def play() -> None:
        guard = Guard(Streamlit())
        for session in ("a", "b", "c"):
            assert (await put(guard, session, "1", size="1000000"))[0] == 200
        assert forgotten == [("a", "1")]

    asyncio.run(play())


def test_a_session_may_upload_again_after_a_while(most, forgotten):
    most(uploads_per_minute=6)  # one in ten seconds

    async def play() -> None:
        guard = Guard(Streamlit())
        assert [(await put(guard, "a", str(n)))[0] for n in range(7)] == [200] * 6 + [429]
        guard.upload_rates["a"].then -= 5
        assert (await put(guard, "a", "7"))[0] == 429
        guard.upload_rates["a"].then -= 6
        assert (await put(guard, "a", "8"))[0] == 200

    asyncio.run(play())


def test_sessions_without_end_fill_no_memory_and_one_costs_its_neighbors_nothing(most, forgotten):
    most(uploads_per_minute=2, uploads_per_address=2)

    async def play() -> None:
        guard = Guard(Streamlit())
        said = [(await put(guard, "a", str(n)))[0] for n in range(50)]
        said += [(await put(guard, f"made up {n}", "1"))[0] for n in range(50)]
        assert said.count(200) == 4 and said[50:52] == [200, 200]  # as many as an address may
        assert len(guard.upload_rates) == 4  # the address and three sessions

    asyncio.run(play())


def test_who_is_refused_is_told_when_to_come_again(most, forgotten):
    most(uploads_per_minute=1)

    async def play() -> None:
        guard = Guard(Streamlit())
        await put(guard, "a", "1")
        status, headers, body = await put(guard, "a", "2")
        assert (status, headers[b"retry-after"]) == (429, b"60")
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert body == b"Too many files at once. Wait a minute."

    asyncio.run(play())


def test_what_the_app_says_of_itself_is_not_said_twice():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"X-Content-Type-Options", b"own")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def play() -> None:
        _, headers, _ = await ask(Guard(app), "GET", "/")
        assert headers == {
            b"X-Content-Type-Options": b"own",
            b"referrer-policy": b"strict-origin-when-cross-origin",
        }

    asyncio.run(play())


def test_an_address_is_also_this_machine_in_its_newer_form():
    async def play() -> None:
        guard = Guard(Streamlit())
        assert (await ask(guard, "GET", "/_stcore/metrics", address="::1"))[0] == 200

    asyncio.run(play())


class Store:
    """In place of Streamlit: it keeps what comes, or refuses it."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.sizes: dict[tuple[str, str], int] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message.get("more_body", False)
        if self.status < 300:
            self.sizes[tuple(scope["path"].split("/")[-2:])] = size  # type: ignore[index]
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def upload(guard: Guard, session: str, file: str, size: int, said: int) -> None:
    """A file that comes in pieces, under a header that says another size."""
    pieces = [b"x" * (size // 4)] * 4

    async def receive() -> Message:
        await asyncio.sleep(0)
        piece = pieces.pop()
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        return None

    path = f"/_stcore/upload_file/{session}/{file}"
    headers = [(b"content-length", str(said).encode())]
    scope = {"type": "http", "method": "PUT", "path": path, "client": ("10.0.0.1", 1)}
    await guard(scope | {"headers": headers}, receive, send)


@pytest.mark.parametrize("said", [1, 10_000, 10**12])
def test_a_file_counts_as_it_came_whatever_its_header_says(most, forgotten, said):
    async def play() -> None:
        guard = Guard(Store())
        await upload(guard, "a", "1", size=10_000, said=said)
        assert guard.uploads.total >= 10_000

    asyncio.run(play())


def test_files_that_arrive_together_are_counted(most, monkeypatch):
    most(uploads_megabytes=1)
    store = Store()
    monkeypatch.setattr(guarding, "forget_file", lambda *key: store.sizes.pop(key))
    monkeypatch.setattr(guarding, "is_in_memory", lambda *key: key in store.sizes)

    async def play() -> None:
        guard = Guard(store)
        each = (upload(guard, "a", str(n), size=200_000, said=200_000) for n in range(20))
        await asyncio.gather(*each)
        assert sum(store.sizes.values()) == guard.uploads.total <= 1_000_000

    asyncio.run(play())


def test_a_file_that_is_refused_pushes_nothing_out(most, forgotten):
    async def play() -> None:
        store = Store()
        guard = Guard(store)
        await upload(guard, "a", "1", size=1_000, said=1_000)
        store.status = 400
        await upload(guard, "made up", "1", size=4, said=10**12)
        assert forgotten == [] and guard.uploads.total == 1_000

    asyncio.run(play())
