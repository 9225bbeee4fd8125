"""A part of a page that polls, and stops."""

from collections.abc import Callable

import pytest

from views.ui import polling
from views.ui.polling import poll


@pytest.fixture
def browser(monkeypatch) -> tuple[list[float | None], list[Callable[[], None]], list[str]]:
    """How often the browser asks, what it then runs, and whether the whole page ran again."""
    every: list[float | None] = []
    parts: list[Callable[[], None]] = []
    pages: list[str] = []

    def fragment(run_every: float | None) -> Callable[[Callable[[], None]], Callable[[], None]]:
        every.append(run_every)
        return lambda part: parts.append(part) or part

    monkeypatch.setattr(polling.st, "fragment", fragment)
    monkeypatch.setattr(polling.st, "rerun", lambda: pages.append("whole"))
    return every, parts, pages


def test_a_part_is_shown_at_once_and_again_with_the_same_arguments(browser) -> None:
    every, parts, pages = browser
    shown: list[tuple[int, str]] = []
    poll(lambda one, two: shown.append((one, two)), 0.5, 1, two="b")
    parts[0]()
    assert (every, shown, pages) == ([0.5], [(1, "b")] * 2, [])


def test_a_browser_that_polls_although_it_is_over_gets_the_whole_page(browser) -> None:
    every, parts, pages = browser
    poll(lambda: None, None)
    assert (every, pages) == ([None], [])
    parts[0]()
    assert pages == ["whole"]
