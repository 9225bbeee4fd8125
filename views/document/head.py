"""The document of every page: title and picture for chats and searches, and our style and script.

One example: a chat that is sent https://sum.example.org/train asks for it and shows the title, the
description and the picture of the tags below, where Streamlit's document says "Streamlit". An ASGI
middleware writes them, so a plain `streamlit run streamlit_app.py` has them too.
"""

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, file_util

TITLE = "Sketch & Sum"
DESCRIPTION = (
    "Draw a digit and pick a number: one neural network reads the digit and adds the number. "
    "Then train a network of your own in seconds and watch it learn."
)
DOCUMENT_FILES = Path(__file__).parent / "static"
PREVIEW = "preview.png"  # 1200 × 630, as chats show it
# Of a path that leads to a page: one last word, perhaps with what a chat took for a part of it.
PAGE = re.compile(r"(?P<folder>.*/)(?P<name>[A-Za-z]*)(?P<rest>[^\w/]*)")
CANVAS_PACKAGE, CANVAS_FILES = "streamlit_drawable_canvas", "frontend/build/index-*.js"
CANVAS_PATH = f"_stcore/bidi-components/streamlit-drawable-canvas.{CANVAS_PACKAGE}"
ELEMENTS = ("Html", "PageLink", "BidiComponent", "ButtonGroup", "Button", "Selectbox")
FIRST_PAGE = "draw"
NO_PAGE = re.compile(r"/(_stcore|static|media|component|app/static)/")
HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-fA-F:]+\](:\d+)?", re.ASCII)


class Document:
    """Wraps an ASGI app: its HTML gets our head, and a mistyped path leads to its page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        found = PAGE.fullmatch(path)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif path == f"{_base()}/{PREVIEW}":
            await FileResponse(DOCUMENT_FILES / PREVIEW)(scope, receive, send)
        elif not found or NO_PAGE.search(path):
            await self.app(scope, receive, send)
        elif (name := _page_name(found["name"])) != found["name"] + found["rest"]:
            query = scope["query_string"].decode("latin-1")
            # relative, so that it is no way to another site and stands any prefix of a proxy
            target = (name or "./") + (f"?{query}" if query else "")
            await RedirectResponse(target)(scope, receive, send)
        else:
            plain = ("accept-encoding", "if-none-match", "if-modified-since")
            headers = [each for each in scope["headers"] if each[0].decode("latin-1") not in plain]
            answer = _Rewriter(send, head(scope).encode())
            await self.app({**scope, "headers": headers}, receive, answer.send)


def _page_name(name: str) -> str:
    """The name of a page in addresses, as it was perhaps meant; the first page has none."""
    name = name.lower()
    return "" if name == FIRST_PAGE else name


class _Rewriter:
    """Puts our head into a whole HTML document on its way; all else passes."""

    def __init__(self, send: Send, added: bytes) -> None:
        self._send, self._added = send, added
        self._start: Message | None = None  # of an HTML document, held back until it is whole
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        for name in ("etag", "last-modified", "content-length"):  # of the document without our head
            del headers[name]
        body = self._body.replace(b"<title>Streamlit</title>", self._added, 1)
        body = body.replace(b'rel="preload"', b'rel="later-font"', 1)  # head.js says when
        if body:  # the answer to HEAD has none
            headers["content-length"] = str(len(body))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_html(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] == 200 and kind.startswith("text/html")


def head(scope: Scope) -> str:
    """Title, description, preview, style and script for the document of a request."""
    tags = [("og:type", "website"), ("og:title", TITLE), ("og:description", DESCRIPTION)]
    if site := _site(scope):
        tags += [("og:image", f"{site}/{PREVIEW}"), ("twitter:card", "summary_large_image")]
    return "\n".join(
        [
            f"<title>{escape(TITLE)}</title>",
            f'<meta name="description" content="{escape(DESCRIPTION)}" />',
            *_meta(tags),
            *_canvas_links(),
            *_element_links(),
            *_inline(),
        ]
    )


def _meta(tags: Iterable[tuple[str, str]]) -> list[str]:
    return [f'<meta property="{name}" content="{escape(value)}" />' for name, value in tags]


@cache
def _inline() -> tuple[str, str]:
    style, script = ((DOCUMENT_FILES / name).read_text() for name in ("head.css", "head.js"))
    return f"<style>\n{style}</style>", f"<script>\n{script}</script>"


@cache
def _canvas_links() -> list[str]:
    """Where the canvas component's script is; head.js says when the browser asks for it."""
    found = find_spec(CANVAS_PACKAGE)
    folders = found.submodule_search_locations if found else None
    files = [file for folder in folders or () for file in Path(folder).glob(CANVAS_FILES)]
    return [f'<link rel="later-canvas" href="./{CANVAS_PATH}/{file.name}" />' for file in files]


@cache
def _element_links() -> list[str]:
    """Where the scripts of what the first page shows are. Streamlit's page asks for each only when
    the app has sent such an element; head.js asks while the app still starts."""
    scripts = Path(file_util.get_static_dir(), "static", "js")
    files = [file for name in ELEMENTS for file in scripts.glob(f"{name}.*.js")]
    return [f'<link rel="later-element" href="./static/js/{file.name}" />' for file in files]


def _site(scope: Scope) -> str:
    """Where the app is, as whoever asks sees it: "https://sum.example.org"; "" where unknown."""
    headers = Headers(raw=scope["headers"])
    host = headers.get("x-forwarded-host", "").split(",")[0].strip() or headers.get("host", "")
    return f"{scope['scheme']}://{host}{_base()}" if HOST.fullmatch(host) else ""


def _base() -> str:
    """The path that the app is served at, such as "/sums"; "" is the root."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""
