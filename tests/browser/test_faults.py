"""Bad days as a visitor sees them: the worker dies, the app dies, a stranger sends what he likes.

What happens to runs on disk is in ../test_faults.py.
"""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.load import children
from benchmarks.visitor import LostError, Visitor
from core.workers.status import read_status
from tests.browser.conftest import Visit
from tests.browser.support import driver
from tests.browser.support.app import App, serve
from tests.browser.support.driver import DIGITS, draw_digit, hook, press, text
from tests.conftest import wait_for

TRAINED_MS = 240_000
LONG = "/train?v=1&epochs=8&batch_size=32"
PROGRESS = re.compile(r"step [\d,]+ of 12,504")


def start(page: Page) -> None:
    press(page, "train_start")
    expect(hook(page, "train_status")).to_contain_text(PROGRESS, timeout=TRAINED_MS)


def kept(page: Page) -> None:
    """What was learned is shown and can be used; no traceback is."""
    said = re.compile("what (it|the network) learned so far is kept", re.I)
    expect(hook(page, "train_status")).to_contain_text(said, timeout=TRAINED_MS)
    expect(hook(page, "use_network")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    driver.wait_until_idle(page)  # what stood above it is gone


def noted(app: App) -> None:
    """Wait until weights of the run in training are on disk."""
    wait_for(lambda: list(app.runs.glob("*/last.safetensors")), "weights that are noted")


def in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    """Playwright's own loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def test_a_killed_worker_leaves_the_visitor_with_a_network(own_app: App, visit: Visit) -> None:
    page = visit(LONG, app=own_app)
    start(page)
    noted(own_app)
    os.kill(read_status(own_app.runs).pid, signal.SIGKILL)
    expect(hook(page, "train_status")).to_contain_text("Stopped at step", timeout=TRAINED_MS)
    kept(page)
    press(page, "use_network")
    draw_digit(page, "7")
    expect(hook(page, "class_answer")).not_to_contain_text("Draw a digit")


def test_a_run_goes_on_when_its_browser_has_gone(visit: Visit) -> None:
    page = visit("/train?v=1&epochs=1&width=4")
    press(page, "train_start")
    address = page.url
    page.context.close()
    again = visit("/train?" + address.split("?")[1])
    expect(hook(again, "train_status")).to_contain_text("Finished", timeout=TRAINED_MS)


def test_an_app_that_is_killed_and_started_again(visit: Visit, tmp_path: Path) -> None:
    """The page stays open, connects again by itself with a session that the app does not know."""
    with serve(tmp_path) as app:
        page, drawing = visit(LONG, app=app), visit(app=app)
        draw_digit(drawing, "5")
        start(page)
        noted(app)
        port = int(app.url.rsplit(":", 1)[1])
        worker, asked = read_status(app.runs).pid, driver.TALKS[drawing].asked
        os.kill(app.pid, signal.SIGKILL)
    with serve(tmp_path, port) as app:
        kept(page)
        again = "no new connection"
        driver.wait_for(drawing, lambda: driver.TALKS[drawing].asked > asked, again)
        driver.wait_until_idle(drawing)
        assert text(drawing, "sum_answer") == "12"
        assert read_status(app.runs).pid != worker


def test_a_visitor_of_the_load_benchmark_reads_what_a_browser_shows(app: App) -> None:
    async def read() -> None:
        async with Visitor(app.url) as visitor:
            await visitor.open()
            answer = await visitor.draw(DIGITS["5"])
            assert (answer.label, answer.total) == ("5", "12")
            assert 0 < answer.shown <= answer.seconds

    in_a_thread(read())


def test_a_stranger_who_clears_the_caches_starts_no_worker(app: App, visit: Visit) -> None:
    async def clear() -> None:
        async with Visitor(app.url) as stranger:
            await stranger.open()
            for _ in range(3):
                assert stranger.socket
                await stranger.socket.send(BackMsg(clear_cache=True).SerializeToString())
                await stranger.open()

    page = visit()
    wait_for(lambda: children(app.pid), "the worker")
    before = children(app.pid)
    in_a_thread(clear())
    draw_digit(page, "7")
    assert text(page, "class_answer") == "7"
    wait_for(lambda: children(app.pid) == before, "the same worker, alone")


NEST = '{"drawing": ' + "[" * 50_000 + "]" * 50_000 + "}"
JUNK = ("{", "null", "[]", '{"drawing": {"raw": 7}}', '{"drawing": NaN}', NEST[:20], NEST)


def test_junk_from_a_stranger_s_canvas_harms_nobody_else(visit: Visit, served: App) -> None:
    async def send(url: str, said: str) -> None:
        async with Visitor(url) as stranger:
            await stranger.open()
            pen = stranger.widgets["pen"]
            stranger.states["pen"] = WidgetState(id=pen, json_value=said)
            with contextlib.suppress(LostError):  # the stranger's own page may say that it failed
                await stranger.ask(fragment=stranger.fragments["pen"])
            assert stranger.socket
            await stranger.socket.send(b"\xff" + said.encode()[:99])  # no message at all

    page = visit(app=served)  # the log says what came
    for said in JUNK:
        in_a_thread(send(served.url, said))
    draw_digit(page, "7")
    assert text(page, "class_answer") == "7"


def test_who_comes_too_late_reads_why_and_comes_in_when_there_is_room(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKETCH_SUM_SOCKETS", "1")
    with serve(tmp_path) as app:
        first = driver.open_page(browser, app.url)
        late = browser.new_context().new_page()
        late.goto(app.url)
        told = late.get_by_role("alert").filter(has_text="Too many visitors at once. Wait a minute")
        expect(told).to_be_visible(timeout=TRAINED_MS)
        first.context.close()
        expect(hook(late, "canvas")).to_be_visible(timeout=TRAINED_MS)
        expect(told).to_be_hidden()
        late.context.close()


def test_where_no_websocket_comes_through_the_page_says_so(browser: Browser, app: App) -> None:
    """As behind a proxy that does not pass them on: else the page stays empty for ever."""
    page = browser.new_context().new_page()
    page.route_web_socket(re.compile("_stcore/stream"), lambda route: route.close())
    page.goto(app.url)
    told = page.get_by_role("alert").filter(has_text="This page cannot reach the app.")
    expect(told).to_be_visible(timeout=TRAINED_MS)
    page.context.close()
