"""Streamlit's scripts and styles, compressed once and then kept: a third of the bytes.

Streamlit sends them as they are, because it would compress each one anew for each visitor. Their
names carry a hash of their content, so a browser keeps them for a year.
"""

import asyncio
import gzip
import re
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import file_util

FILE = re.compile(r"/static/(?P<name>(js|css)/[\w.-]+\.(?P<kind>js|css))$", re.ASCII)
COMPRESSED_KINDS = {"js": "text/javascript", "css": "text/css"}
FOR_EVER = "public, immutable, max-age=31536000"
MOST_FILES = 400  # kept in memory; all of Streamlit's have 4 MB together


class Compressed:
    """Wraps an ASGI app: answers for the files that it would send uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = FILE.search(str(scope.get("path", "")))
        if scope["type"] == "http" and scope["method"] == "GET" and found and _takes_gzip(scope):
            file = Path(file_util.get_static_dir()) / "static" / found["name"]
            if file.is_file():
                content = await asyncio.to_thread(_compressed, file)
                headers = {
                    "content-encoding": "gzip",
                    "vary": "accept-encoding",
                    "cache-control": FOR_EVER,
                }
                kind = COMPRESSED_KINDS[found["kind"]]
                return await Response(content, headers=headers, media_type=kind)(
                    scope, receive, send
                )
        await self.app(scope, receive, send)


def _takes_gzip(scope: Scope) -> bool:
    headers = Headers(raw=scope["headers"])
    return "gzip" in headers.get("accept-encoding", "") and "range" not in headers


@lru_cache(MOST_FILES)
def _compressed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
