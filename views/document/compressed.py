"""Scripts and styles, compressed once and then kept: a third of the bytes.

Streamlit sends its own as they are, because it would compress each one anew for each visitor. Their
names carry a hash of their content, so a browser keeps them for a year. plotly.js is beside them,
from the package of the same name: no other script can call the copy inside of Streamlit's. The
canvas has a hash in its name, too, and is kept as long.
"""

import asyncio
import gzip
import re
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

FILE = re.compile(r"/static/(?P<name>(js|css)/[\w.-]{1,200}\.(?P<kind>js|css))$", re.ASCII)
COMPONENT = re.compile(r"/_stcore/bidi-components/.+-[\w-]{8}\.(js|css)$", re.ASCII)
COMPRESSED_KINDS = {"js": "text/javascript", "css": "text/css"}
FOR_EVER = "public, immutable, max-age=31536000"
PLOTLY = f"js/plotly-{metadata.version('plotly')}.min.js"
PLOTLY_FILE = Path(
    str(metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js"))
)
LEVEL = 6  # of 9, which takes half as long again for 0.3 % less
MOST_FILES = 400  # kept in memory; all of Streamlit's have 4 MB together


class Compressed:
    """Wraps an ASGI app: answers for the files that it would send uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = FILE.search(str(scope.get("path", "")))
        if scope["type"] == "http" and COMPONENT.search(str(scope["path"])):
            return await self.app(scope, receive, _for_ever(send))
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not found:
            return await self.app(scope, receive, send)
        file, headers = _file(found["name"]), {"cache-control": FOR_EVER}
        if file.is_file() and _takes_gzip(scope):
            content = await asyncio.to_thread(_compressed, file)
            headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
            kind = COMPRESSED_KINDS[found["kind"]]
            answer = Response(content, headers=headers, media_type=kind)
            await answer(scope, receive, send)
        elif found["name"] == PLOTLY:
            await FileResponse(file, headers=headers)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _file(name: str) -> Path:
    if name == PLOTLY:
        return PLOTLY_FILE
    return Path(file_util.get_static_dir()) / "static" / name


def _for_ever(send: Send) -> Send:
    """The same, but what is found is kept for ever."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["cache-control"] = FOR_EVER
            message = {**message, "headers": headers.raw}
        await send(message)

    return answer


def _takes_gzip(scope: Scope) -> bool:
    headers = Headers(raw=scope["headers"])
    return "gzip" in headers.get("accept-encoding", "") and "range" not in headers


@lru_cache(MOST_FILES)
def _compressed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), LEVEL, mtime=0)
