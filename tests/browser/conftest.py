"""Fixtures of the browser tests: one app and one Chromium for all, a new visitor for each test.

    def test_something(page): ...          the Draw page at 1440 x 900, light
    def test_a_phone(visit): ...           visit("/train", viewport=..., has_touch=True, ...)
    def test_a_restart(own_app): ...       an app for this test alone

A test fails too when the app's log holds a warning or a traceback that it caused, or when a script
in its page raised. A failed test says where its screenshot and its log are kept.
"""

import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.support import driver
from tests.browser.support.driver import App
from tests.browser.support.find_browser import BrowserError, find_browser

KEPT = driver.ROOT / "out" / "failed"
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
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with driver.serve(tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture
def app(served: App, request: pytest.FixtureRequest) -> Iterator[App]:
    """The app that all tests share; afterwards its log must be clean."""
    yield from _watched(served, request)


@pytest.fixture
def own_app(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    """An app for this test alone, with no runs: for tests that count or break something."""
    with driver.serve(tmp_path / "app") as app:
        yield from _watched(app, request)


def _watched(app: App, request: pytest.FixtureRequest) -> Iterator[App]:
    start = len(app.log())
    request.node.stash[LOG] = (app, start)
    yield app
    trouble = app.trouble(start)
    assert not trouble, f"in the app's log:\n{trouble}"


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open the app as a new visitor: visit("/train", viewport={"width": 390, "height": 844})."""
    pages = request.node.stash.setdefault(PAGES, [])
    errors: list[str] = []

    def open_one(path: str = "/", *, app: App | None = None, **context: object) -> Page:
        app = app or request.getfixturevalue("app")
        page = driver.open_page(browser, app.url + path, **context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield open_one
    for page in pages:
        page.context.close()
    assert not errors, f"scripts of the page raised: {errors}"


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
            page.screenshot(path=folder / f"page-{number}.png")
        if LOG in item.stash:
            app, start = item.stash[LOG]
            (folder / "app.log").write_text(app.log(start))
        report.sections.append(("Kept", f"{folder}: screenshots and the app's log"))
    return report
