"""Attacks by files, drawings and long computations, for benchmarks/abuse.py.

Each takes the app and how many seconds it goes on.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any

from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.visitor import LostError, Visitor
from core.data.drawing import Strokes
from core.recipes.presets import PRESETS
from core.runs.queue import import_run
from core.storage import checkpoint
from tests.browser.support.app import App

SCRIBBLERS, READERS = 20, 8  # pages at once
SCRIBBLE = 4_000  # points; 100 KB as the canvas sends it
HAND = 100, 2_000  # examples, and points of each


def scribble(points: int, seed: int) -> Strokes:
    """One stroke that jumps about the canvas."""
    rng = random.Random(seed)
    return (tuple((float(rng.randrange(280)), float(rng.randrange(280))) for _ in range(points)),)


async def at_once(attackers: Iterable[Awaitable[None]], seconds: float) -> None:
    """All of them for so long; who loses the connection stops."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*attackers, return_exceptions=True)


async def scribbles(app: App, seconds: float) -> None:
    """20 pages draw 100 KB each, again and again."""

    async def one(number: int) -> None:
        async with Visitor(app.url) as visitor:
            await visitor.open()
            for turn in range(1_000):
                await visitor.draw(scribble(SCRIBBLE, 1_000 * number + turn))
                visitor.canvas = visitor.canvas.show(())  # as the app does with so long a drawing

    await at_once(map(one, range(SCRIBBLERS)), seconds)


async def readings(app: App, seconds: float) -> None:
    """Eight pages compare a network each that nobody has looked at yet."""
    recipe = PRESETS["quick"].recipe
    _, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    names = []
    for seed in range(READERS):
        model = recipe.change({"seed": seed, "width": 64}).build().eval()
        facts = {**vars(card), "params": recipe.change({"seed": seed, "width": 64}).to_dict()}
        names.append(import_run(app.runs, model, checkpoint.Card(**facts)).id)

    async def one(name: str) -> None:
        query = f"v=1&c={name}&view=sums"
        async with Visitor(app.url, "compare", query) as visitor:
            await visitor.open()
            await asyncio.sleep(seconds)

    await at_once(map(one, names), seconds)


class Uploader(Visitor):
    """A visitor who uploads a file of examples, however large."""

    session = ""

    def _hear(self, heard: ForwardMsg, said: list[str]) -> None:
        if heard.WhichOneof("type") == "new_session":
            self.session = heard.new_session.initialize.session_id
        super()._hear(heard, said)

    async def load_examples(self, content: bytes) -> None:
        """As the page does: the file, then its name to the widget."""
        await asyncio.to_thread(put_file, self.url, self.session, "hand", content)
        files = FileUploaderState()
        info = files.uploaded_file_info.add()
        info.name, info.file_id, info.size = "hand.jsonl", "hand", len(content)
        info.file_urls.file_id = "hand"
        key = next(key for key in self.widgets if key.startswith("examples_"))
        self.states["hand"] = WidgetState(id=self.widgets[key], file_uploader_state_value=files)
        await self.ask()
        del self.states["hand"]


async def large_file(app: App, seconds: float) -> None:
    """One page uploads 10 MB of points as examples."""
    points = json.dumps([[1, 1]] * 1_240_000).encode()
    async with Uploader(app.url) as visitor:
        await visitor.open()
        with suppress(LostError):
            await visitor.load_examples(b'{"label": 7, "strokes": [' + points + b"]}")
        await asyncio.sleep(max(0.0, seconds - 2))


async def large_hand(app: App, seconds: float) -> None:
    """One page loads as many and as long examples as a file may have, and looks at them again."""
    count, points = HAND
    lines = [{"label": n % 10, "strokes": scribble(points, n)} for n in range(count)]
    content = "\n".join(map(json.dumps, lines)).encode()
    start = time.monotonic()
    async with Uploader(app.url) as visitor:
        await visitor.open()
        with suppress(LostError):
            await visitor.load_examples(content)
            while time.monotonic() < start + seconds:
                await visitor.open()


def put_file(url: str, session: str, file: str, content: bytes) -> None:
    """Upload a file to a session of one's own."""
    host = url.removeprefix("http://")
    reader = HTTPConnection(host)
    reader.request("GET", "/_stcore/health")
    cookie = dict(reader.getresponse().headers).get("set-cookie", "")
    token = (re.findall(r"_streamlit_xsrf=([^;]+)", cookie) or [""])[0]
    body = (
        b"--b\r\nContent-Disposition: form-data; name=f; filename=hand.jsonl\r\n"
        b"Content-Type: image/png\r\n\r\n" + content + b"\r\n--b--\r\n"
    )
    putter = HTTPConnection(host)
    headers: dict[str, Any] = {
        "Content-Type": "multipart/form-data; boundary=b",
        "X-Xsrftoken": token,
        "Cookie": f"_streamlit_xsrf={token}",
        "Origin": url,
    }
    putter.request("PUT", f"/_stcore/upload_file/{session}/{file}", body, headers)
    putter.getresponse().read()
    putter.close()


HEAVY: tuple[tuple[str, Callable[[App, float], Awaitable[None]]], ...] = (
    ("scribbles of 100 KB on each of 20 pages", scribbles),
    ("eight networks read at once on Compare", readings),
    ("a file of examples of 10 MB", large_file),
    ("100 examples of 2,000 points", large_hand),
)
