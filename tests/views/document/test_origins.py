"""Which sites may open a socket or upload: tried with what browsers and proxies send."""

import asyncio
import logging

import pytest

from tests.support.asgi import Browser, Streamlit, ask, settle
from views.document.origins import ALLOWED_ORIGINS, from_here, is_same_origin
from views.server.guard import Guard

HERE = "demo.test:8501"


def request(origin: str, **more: str) -> dict[str, object]:
    headers = {"host": HERE, "origin": origin} | {k.replace("_", "-"): v for k, v in more.items()}
    return {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}


@pytest.mark.parametrize(
    ("origin", "allowed", "in_"),
    [
        ("http://demo.test:8501", "", True),
        ("https://evil.test", "", False),
        ("http://demo.test", "", False),  # another port is another site
        ("null", "", False),  # a page in a sandbox
        ("http://[", "", False),
        ("https://a.example.org", "https://a.example.org", True),
        ("https://a.example.org", "https://b.test, a.example.org", True),
        ("https://a-8501.example.org", "https://*.example.org", True),
        ("https://example.org.evil.test", "https://*.example.org", False),
        ("https://evil.test/.example.org", "https://*.example.org", False),
    ],
)
def test_a_site_is_let_in_if_it_is_ours_or_allowed(monkeypatch, origin, allowed, in_):
    monkeypatch.setenv(ALLOWED_ORIGINS, allowed)
    assert is_same_origin(request(origin)) is in_


def test_a_proxy_that_changes_host_says_what_it_was():
    assert is_same_origin(request("https://a.test", x_forwarded_host="a.test, inner"))
    assert not is_same_origin(request("https://evil.test", x_forwarded_host="a.test"))


def test_streamlit_hears_its_own_host_as_origin():
    headers = dict(from_here(request("https://a.test"))["headers"])
    assert headers[b"origin"] == b"http://demo.test:8501"


def test_the_log_names_the_site_that_was_refused_and_the_variable(caplog):
    async def play() -> None:
        browser = Browser(Guard(Streamlit()), origin="https://a-8501.example.org")
        await settle()
        assert browser.closed

    with caplog.at_level(logging.INFO, "sketch_sum"):
        asyncio.run(play())
    (line,) = [r for r in caplog.records if r.getMessage() == "origin refused"]
    assert vars(line)["facts"]["origin"] == "https://a-8501.example.org"
    assert ALLOWED_ORIGINS in vars(line)["facts"]["advice"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_no_other_site_uploads(method):
    headers = {"origin": "https://evil.test", "content-length": "3"}
    app = Streamlit()
    assert ask(Guard(app), "/_stcore/upload_file/s/f", method, headers).status == 403
    assert app.paths == []
