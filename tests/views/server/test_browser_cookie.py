"""The secret of a browser: given once, with a page, and read from nobody's junk."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from views.server.browser_cookie import COOKIE, BrowserCookie, new_secret, secret_in

SECRET = "A-z_" * 8


def cookies_of(kind: str = "text/html; charset=utf-8", **headers: str) -> list[str]:
    """What cookies an answer of that kind sets."""
    sent: list[dict] = []

    async def app(scope, receive, send) -> None:
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": b""})

    async def hear(message) -> None:
        sent.append(message)

    lines = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "scheme": "http", "path": "/train", "headers": lines}
    asyncio.run(BrowserCookie(app)(scope, None, hear))
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def test_a_page_brings_a_new_browser_a_secret_that_no_script_reads():
    (cookie,) = cookies_of()
    assert re.fullmatch(
        rf"{COOKIE}=[\w-]{{32}}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax", cookie
    )
    assert cookies_of() != [cookie]


def test_a_browser_keeps_the_secret_that_it_has():
    assert cookies_of(cookie=f"a=b; {COOKIE}={SECRET}") == []


@pytest.mark.parametrize("junk", ["x", "", "é" * 32, SECRET + "!", "=;=;", f"{COOKIE}"])
def test_junk_is_no_secret(junk):
    assert len(cookies_of(cookie=f"{COOKIE}={junk}")) == 1


@pytest.mark.parametrize("kind", ["text/javascript", "application/json"])
def test_only_a_page_brings_one(kind):
    assert cookies_of(kind) == []


def test_over_https_it_never_goes_back_in_the_clear():
    assert cookies_of(x_forwarded_proto="https")[0].endswith("; Secure")


@given(some.text(max_size=40))
def test_whatever_a_browser_sends_is_a_secret_or_nothing(text):
    assert secret_in({COOKIE: text}) in ("", text)
    assert len(secret_in({COOKIE: text})) in (0, 32)


def test_a_secret_is_read_back():
    secret = new_secret()
    assert secret_in({COOKIE: secret}) == secret
    assert secret_in({}) == ""
