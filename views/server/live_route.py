"""The route of the live channel: `/live`, below the path that the app is served at.

The channel itself (views/live) needs torch. It is imported by the first visitor's page, which is
there before the first question, and not when the server starts.
"""

import asyncio
import importlib
import os

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from streamlit import config

ENVIRONMENT = "SKETCH_SUM_LIVE"  # 0: no live answers, the page answers when the pen rests


def is_live_on() -> bool:
    """Does the server answer while the pen moves?"""
    return os.environ.get(ENVIRONMENT) != "0"


def live_path() -> str:
    """The path of the live channel, from the root of the host."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}/live" if base else "/live"


def live_routes() -> list[WebSocketRoute]:
    """The route of the channel; none where it is switched off."""
    return [WebSocketRoute(live_path(), _answer)] if is_live_on() else []


async def _answer(socket: WebSocket) -> None:
    channel = await asyncio.to_thread(importlib.import_module, "views.live.channel")
    await channel.CHANNEL.answer(socket)
