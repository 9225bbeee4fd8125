"""Fixtures of the browser tests: one app and one Chromium for all tests of a process, a new visitor
for each test.

    def test_something(page): ...          the Draw page at 1440 x 900, light
    def test_a_phone(visit): ...           visit("/train", viewport=..., has_touch=True, ...)
    def test_a_restart(own_app): ...       an app for this test alone

A test fails too when the app's log holds a warning or a traceback that it caused, or when a script
in its page raised. A failed test says where its screenshot and its log are kept.
"""

import contextlib
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, ViewportSize

from tests.browser.support import driver
from tests.browser.support.app import ROOT, App, serve
from tests.browser.support.driver import DESKTOP, Scheme
from tests.browser.support.find_browser import BrowserError, find_browser
from tests.browser.support.visitors import Visitors

KEPT = ROOT / "out" / "failed"
PAGES = pytest.StashKey[list[Page]]()
LOG = pytest.StashKey[tuple[App, int]]()  # the app and where its log stood when the test began


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        find_browser()
    except BrowserError as error:
        pytest.exit(str(error), returncode=1)
    with driver.chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def visitors(browser: Browser) -> Visitors:
    return Visitors(browser)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with serve(tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture
def app(served: App, request: pytest.FixtureRequest) -> Iterator[App]:
    """The app that all tests share; afterwards its log must be clean."""
    yield from _watched(served, request)


@pytest.fixture
def own_app(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    """An app for this test alone, with no runs: for tests that count or break something."""
    with serve(tmp_path / "app") as app:
        yield from _watched(app, request)


def _watched(app: App, request: pytest.FixtureRequest) -> Iterator[App]:
    start = len(app.log())
    request.node.stash[LOG] = (app, start)
    yield app
    trouble = app.trouble(start)
    assert not trouble, f"in the app's log:\n{trouble}"


Visit = Callable[..., Page]


@pytest.fixture
def visit(visitors: Visitors, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open the app as a new visitor: visit("/train", viewport={"width": 390, "height": 844})."""
    pages = request.node.stash.setdefault(PAGES, [])
    errors: list[str] = []

    def open_one(
        path: str = "/",
        *,
        app: App | None = None,
        viewport: ViewportSize = DESKTOP,
        color_scheme: Scheme = "light",
        **options: Any,
    ) -> Page:
        app = app or request.getfixturevalue("app")
        page = tabs.enter_context(visitors.arrive(**options))
        tabs.enter_context(_listening(page, errors))
        pages.append(page)
        driver.open_in(page, app.url + path, viewport=viewport, color_scheme=color_scheme)
        return page

    with contextlib.ExitStack() as tabs:
        yield open_one
    assert not errors, f"scripts of the page raised: {errors}"


@contextlib.contextmanager
def _listening(page: Page, errors: list[str]) -> Iterator[None]:
    def note(error: Error) -> None:
        errors.append(str(error))

    page.on("pageerror", note)
    yield
    page.remove_listener("pageerror", note)


@pytest.fixture
def page(app: App, visit: Visit) -> Page:
    """The Draw page as a new visitor with a mouse sees it."""
    return visit()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        folder = KEPT / re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        pages = item.stash.get(PAGES, None) or []
        for number, page in enumerate(pages, start=1):
            with contextlib.suppress(Error):  # it is closed, or hangs
                page.screenshot(path=folder / f"page-{number}.png")
        if LOG in item.stash:
            app, start = item.stash[LOG]
            (folder / "app.log").write_text(app.log(start))
        report.sections.append(("Kept", f"{folder}: screenshots and the app's log"))
    return report
