"""Attacks by files, drawings and long computations, for benchmarks/abuse.py.

Each takes the app and how many seconds it goes on.
"""

import asyncio
import itertools
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

from benchmarks.own_data import photos, read
from benchmarks.visitor import LostError, Visitor
from core.data.drawing import Strokes
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import import_run
from core.storage import bundle, checkpoint
from core.storage.checkpoint import Card
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
            ended = await asyncio.gather(*attackers, return_exceptions=True)
            faults = [each for each in ended if isinstance(each, Exception)]
            if other := [each for each in faults if not isinstance(each, LostError | OSError)]:
                raise other[0]  # the benchmark's own


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
    names = uploaded_networks(app, READERS, 64)

    async def one(name: str) -> None:
        query = f"v=1&c={name}&view=sums"
        async with Visitor(app.url, "compare", query) as visitor:
            await visitor.open()
            await asyncio.sleep(seconds)

    await at_once(map(one, names), seconds)


def a_network(seed: int, width: int, **parts: object) -> tuple[SumNet, Card]:
    """A network that has learned nothing, and the card of a shipped one; `parts` are those of its
    config that are no settings."""
    _, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    recipe = PRESETS["quick"].recipe.change({"seed": seed, "width": width, "fusion": "pixels"})
    recipe = Recipe.read(recipe.to_dict() | parts)
    return recipe.build().eval(), Card(**{**vars(card), "params": recipe.to_dict()})


def uploaded_networks(app: App, count: int, width: int) -> list[str]:
    """Ids of so many networks that were uploaded already."""
    network = a_network(0, width)
    made = [a_network(seed, width) for seed in range(count)] if count < 100 else [network] * count
    return [import_run(app.runs, *each).id for each in made]


class Uploader(Visitor):
    """A visitor who uploads files, however large."""

    session = ""
    count = itertools.count()

    def _hear(self, heard: ForwardMsg, said: list[str]) -> None:
        kind = heard.WhichOneof("type")
        if kind == "new_session":
            self.session = heard.new_session.initialize.session_id
        if kind == "delta" and heard.delta.add_block.HasField("popover"):
            self._note(heard.delta.add_block.popover, heard.delta.fragment_id)
        super()._hear(heard, said)

    async def load(self, widget: str, name: str, content: bytes) -> None:
        """As the page does: the file, then its name to the widget with that word in its key."""
        file = f"file{next(self.count)}"  # as in a browser, each has a name of its own
        await asyncio.to_thread(put_file, self.url, self.session, file, content, name)
        files = FileUploaderState()
        info = files.uploaded_file_info.add()
        info.name, info.file_id, info.size = name, file, len(content)
        info.file_urls.file_id = file
        key = [key for key in self.widgets if re.fullmatch(rf"{widget}_\d+", key)][-1]  # is empty
        self.states["file"] = WidgetState(id=self.widgets[key], file_uploader_state_value=files)
        await self.ask()
        del self.states["file"]


async def large_file(app: App, seconds: float) -> None:
    """One page uploads 10 MB of points as examples."""
    points = json.dumps([[1, 1]] * 1_240_000).encode()
    async with Uploader(app.url) as visitor:
        await visitor.open()
        with suppress(LostError):
            await visitor.load(
                "examples", "hand.jsonl", b'{"label": 7, "strokes": [' + points + b"]}"
            )
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
            await visitor.load("examples", "hand.jsonl", content)
            while time.monotonic() < start + seconds:
                await visitor.open()


async def networks(app: App, seconds: float) -> None:
    """29 networks as large as a file may be, uploaded by four pages as fast as it goes."""
    content = bundle.pack_bundle(*a_network(0, 64, convs=[1, 2, 3], hidden=100))  # 7.8 MB

    async def one(count: int) -> None:
        async with Uploader(app.url) as visitor:
            await visitor.open()
            visitor.states["files"] = WidgetState(id=visitor.widgets["files"], bool_value=True)
            await visitor.open()
            for _ in range(count):
                await visitor.load("network", "mine.safetensors", content)

    await at_once(map(one, (8, 7, 7, 7)), seconds)


async def pictures(app: App, seconds: float) -> None:
    """A zip file of 2,000 photos, read by a process of its own as the page *Your data* has it."""
    await asyncio.to_thread(read, app.runs, photos(2_000))


def put_file(url: str, session: str, file: str, content: bytes, name: str = "x.png") -> None:
    """Upload a file to a session of one's own."""
    host = url.removeprefix("http://")
    reader = HTTPConnection(host)
    reader.request("GET", "/_stcore/health")
    cookie = dict(reader.getresponse().headers).get("set-cookie", "")
    token = (re.findall(r"_streamlit_xsrf=([^;]+)", cookie) or [""])[0]
    body = (
        b"--b\r\nContent-Disposition: form-data; name=f; filename=" + name.encode() + b"\r\n"
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
    ("29 networks of 7.8 MB", networks),
    ("a zip file of 2,000 photos", pictures),
)
