"""A secret of each browser, in a cookie: so a run knows after a reload whose it is.

An ASGI middleware gives it with the page, so the websocket brings it from the first run on. Scripts
cannot read it, other sites do not send it, and no page, link or log shows it. Runs keep its hash.
"""

import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "sketch_sum_browser"
SECRET = re.compile(r"[\w-]{32}", re.ASCII)
MAX_AGE = 30 * 86_400  # seconds: as long as runs are kept


def new_secret() -> str:
    """192 random bits as 32 characters."""
    return secrets.token_urlsafe(24)


def secret_in(cookies: Mapping[str, str]) -> str:
    """The secret of the browser that sent these cookies; "" where it has none yet."""
    found = str(cookies.get(COOKIE, ""))
    return found if SECRET.fullmatch(found) else ""


class BrowserCookie:
    """Wraps an ASGI app: a page that goes to a browser without a secret brings one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                headers = [*message["headers"], (b"set-cookie", _cookie(scope).encode())]
                message = {**message, "headers": headers}
            await send(message)

        wants_one = scope["type"] == "http" and not secret_in(_cookies(scope))
        await self.app(scope, receive, answer if wants_one else send)


def _is_page(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return any(kind.startswith(b"text/html") for kind in kinds)


def _cookies(scope: Scope) -> dict[str, str]:
    found: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                found.load(value.decode("latin-1"))
            except CookieError:
                continue  # junk
    return {name: morsel.value for name, morsel in found.items()}


def _cookie(scope: Scope) -> str:
    """Only a secure page makes it a secure cookie: a class may well use plain HTTP."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"")
    secure = "; Secure" if b"https" in (forwarded, str(scope.get("scheme")).encode()) else ""
    lasting = f"Max-Age={MAX_AGE}; Path=/; HttpOnly; SameSite=Lax{secure}"
    return f"{COOKIE}={new_secret()}; {lasting}"
