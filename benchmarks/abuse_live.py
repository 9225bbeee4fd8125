"""Attacks on the live channel, for benchmarks/abuse.py."""

import asyncio
import json
import random
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.browser.support.app import App

QUESTION: dict[str, Any] = {"network": "mnist", "addend": 4, "source": "draw", "id": 1}
SOCKETS = 50


async def pens(app: App, seconds: float) -> None:
    """Half a stroke, asked far faster than any hand moves; no answer is waited for."""
    line = [float(at) for step in range(100) for at in (100 + 3 * step, 300 - step)]
    await _flood(app, seconds, json.dumps(QUESTION | {"pen": [line], "down": True}))


async def long_lines(app: App, seconds: float) -> None:
    """As many points as a question may have, all over the canvas, to be simplified."""
    dice = random.Random(0)
    line = [round(dice.uniform(0, 560), 4) for _ in range(2 * 1_500)]
    await _flood(app, seconds, json.dumps(QUESTION | {"pen": [line]}))


async def junk(app: App, seconds: float) -> None:
    """What is no question; the socket closes, and the next one opens."""
    dice = random.Random(0)

    async def one() -> None:
        while True:
            with suppress(ConnectionClosed, OSError):
                async with await _socket(app) as socket:
                    await socket.send(
                        dice.choice(["[" * 100_000, "{}", "\0" * 1_000, "x" * 200_000])
                    )
                    await socket.recv()

    await _for(seconds, [one() for _ in range(10)])


async def _flood(app: App, seconds: float, question: str) -> None:
    async def one() -> None:
        with suppress(ConnectionClosed, OSError):
            async with await _socket(app) as socket:
                while True:
                    await socket.send(question)
                    await asyncio.sleep(0.01)

    await _for(seconds, [one() for _ in range(SOCKETS)])


async def _for(seconds: float, doing: list[Any]) -> None:
    tasks = [asyncio.ensure_future(each) for each in doing]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _socket(app: App) -> ClientConnection:
    origin: Any = app.url
    return await connect(app.url.replace("http", "ws", 1) + "/live", origin=origin)
