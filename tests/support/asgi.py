"""Both sides of the guard: what uvicorn is to it, and what Streamlit is."""

import asyncio
from typing import Any, NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from views.server.guard import Guard

Message = dict[str, Any]
FINISHED = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY).SerializeToString()


def rerun(fragment: str = "") -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = fragment
    message.rerun_script.page_script_hash = "3f2a"
    return message.SerializeToString()


class Answer(NamedTuple):
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


def ask(app: Any, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    """One request, as a server hands it on: the path is as it came, nothing is tidied up."""
    got: list[Message] = []

    async def send(message: Message) -> None:
        got.append(message)

    asked = [{"type": "http.request", "body": b""}]

    async def receive() -> Message:
        return asked.pop() if asked else await asyncio.Future()  # then silence

    path, _, query = path.partition("?")
    sent = {"host": "sum.example.org"} | (headers or {})
    scope = {
        "type": "http",
        "scheme": "https",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    asyncio.run(app(scope, receive, send))
    start, *bodies = got
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, b"".join(each.get("body", b"") for each in bodies))


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

    def __init__(
        self,
        guard: Guard,
        address: str = "10.0.0.1",
        path: str = "/_stcore/stream",
        **headers: str,
    ) -> None:
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.got: list[Message] = []
        self.gone = False  # has its network failed, without a word?
        names = {"host": "demo.test"} | headers
        scope = {
            "type": "websocket",
            "path": path,
            "client": (address, 1),
            "headers": [(name.encode(), value.encode()) for name, value in names.items()],
        }
        self.said.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(guard(scope, self.said.get, self._hear))

    async def _hear(self, message: Message) -> None:
        if self.gone:
            raise OSError("The page has gone.")  # as uvicorn's ClientDisconnected is one
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
