"""Every page for everybody: axe-core finds no serious violation, and nothing scrolls sideways.

axe-core is Deque's; the pinned package axe-playwright-python brings it.
"""

from contextlib import suppress
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import (
    DESKTOP,
    TWO_FRAMES,
    draw_digit,
    hook,
    press,
    settle,
    turn_to,
    wait_until_idle,
)

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
READ_MS = 240_000  # for all test images by the shipped network, on a slow, busy machine
BAD = ("serious", "critical")
RUN = "() => axe.run(document, {resultTypes: ['violations']})"
PAGES = ("Draw", "Train", "Compare", "Explain", "Your data", "Lessons")
TALL = {"width": 1440, "height": 2400}  # more of a page at once
PHONE = {"width": 390, "height": 844}
WIDTHS = (320, 360, 390, 768, 1440, 1920)
WIDE = "document.documentElement.scrollWidth"
MAIN_WIDE = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollWidth - main.clientWidth;
}"""


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical, and where."""
    settle(page)
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(RUN)
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in BAD
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_violation(visit: Visit, scheme: str) -> None:
    """On a tall window, and on a phone with its bar."""
    page = visit("/", color_scheme=scheme)
    for name in PAGES:
        page.set_viewport_size(DESKTOP)
        turn_to(page, name)
        for window in (TALL, PHONE):
            page.set_viewport_size(window)
            page.evaluate(TWO_FRAMES)
            assert violations(page) == [], (name, window)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_examples_and_what_opens_have_none(visit: Visit, scheme: str) -> None:
    page = visit("/", viewport=TALL, color_scheme=scheme)
    draw_digit(page, "5")
    press(page, "tell_5")
    assert violations(page) == []
    hook(page, "load_examples").get_by_role("button").click()
    assert violations(page) == []
    for panel in ("share", "files"):
        page.keyboard.press("Escape")
        press(page, panel)
        assert violations(page) == [], panel


LOCKED = "/train?v=1&lock=lr.dataset.bug.seed.dropout&task=rate&bug=relu"
STATES = (
    "/?v=1&t=3",
    "/?v=1&t=2654",
    "/?v=1&net=fashion-late&t=19",
    "/train?v=1&present=1",
    "/?v=1&net=0123456789abcdef",
    "/train?v=1&run=0123456789abcdef",
    LOCKED,
)


@pytest.mark.parametrize(
    ("path", "scheme"), [*((path, "light") for path in STATES), (LOCKED, "dark")]
)
def test_states_that_a_link_opens_have_none(visit: Visit, path: str, scheme: str) -> None:
    assert violations(visit(path, viewport=TALL, color_scheme=scheme)) == []


def assert_that_nothing_scrolls_sideways(page: Page) -> None:
    """Also at 200 %: a window of 1440 x 900 has half of that then."""
    for width, height in (*((width, 800) for width in WIDTHS), (720, 450)):
        page.set_viewport_size({"width": width, "height": height})
        with suppress(TimeoutError):  # charts follow the window
            page.wait_for_function(f"{WIDE} <= {width} && ({MAIN_WIDE})() <= 0")
        assert page.evaluate(WIDE) <= width, (page.url, width)
        assert page.evaluate(MAIN_WIDE) <= 0, (page.url, width)


@pytest.mark.parametrize("query", ["", "present=1&"])
def test_nothing_scrolls_sideways(visit: Visit, query: str) -> None:
    page = visit(f"/?{query}s=JhIQRGZhCXRoUiWSDCQTk")
    for name in PAGES:
        page.set_viewport_size(DESKTOP)
        turn_to(page, name)
        assert_that_nothing_scrolls_sideways(page)


def test_nothing_scrolls_sideways_in_a_lesson(visit: Visit) -> None:
    assert_that_nothing_scrolls_sideways(visit("/?v=1&t=3&task=rate"))


def test_nothing_scrolls_sideways_among_mistakes(visit: Visit) -> None:
    page = visit("/compare")
    hook(page, "compare_view").get_by_role("radio", name="Worst mistakes").click()
    mistake = hook(page, "mistakes_class_mnist").get_by_role("button").first
    expect(mistake).to_be_visible(timeout=READ_MS)
    wait_until_idle(page)
    assert_that_nothing_scrolls_sideways(page)


def test_a_violation_would_be_found(visit: Visit) -> None:
    page = visit("/")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any("button-name" in violation for violation in violations(page))


def test_in_high_contrast_bars_are_seen_and_the_number_is_marked(visit: Visit) -> None:
    page = visit("/")
    draw_digit(page, "7")
    page.emulate_media(media="screen", forced_colors="active")  # a new visitor has none
    color = "one => getComputedStyle(one).backgroundColor"
    paper = page.locator("body").evaluate(color)
    assert page.locator(".bar.best i").evaluate(color) != paper
    chosen = hook(page, "addend_7").get_by_role("button").evaluate(color)
    assert chosen not in (paper, hook(page, "addend_6").get_by_role("button").evaluate(color))
