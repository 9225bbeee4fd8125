"""Every page for everybody: axe-core finds no serious violation, and nothing scrolls sideways.

axe-core is Deque's; the pinned package axe-playwright-python brings it.
"""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.support.driver import (
    TWO_FRAMES,
    answered,
    draw_digit,
    hook,
    press,
    wait_until_idle,
)

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
BAD = ("serious", "critical")
RUN = "() => axe.run(document, {resultTypes: ['violations']})"
PAGES = ("/", "/train", "/compare", "/explain", "/data", "/lessons")
TALL = {"width": 1440, "height": 2400}  # more of a page at once
WIDTHS = (360, 390, 768, 1440, 1920)
PRESENTED = tuple(f"{path}?v=1&present=1" for path in PAGES)
WIDE = "document.documentElement.scrollWidth"
MAIN_WIDE = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollWidth - main.clientWidth;
}"""


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical, and where."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(RUN)
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in BAD
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_serious_violation(visit: Visit, path: str, scheme: str) -> None:
    page = visit(path, viewport=TALL, color_scheme=scheme)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_and_examples_have_none(visit: Visit, scheme: str) -> None:
    page = visit("/", viewport=TALL, color_scheme=scheme)
    draw_digit(page, "5")
    with answered(page):
        hook(page, "tell_5").get_by_role("button").click()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("panel", ["share", "files", "load_examples"])
def test_what_opens_has_none(visit: Visit, panel: str, scheme: str) -> None:
    page = visit("/?n=3", viewport=TALL, color_scheme=scheme)
    if panel == "load_examples":
        hook(page, panel).get_by_role("button").click()
    else:
        press(page, panel)
    assert violations(page) == []


LOCKED = "/train?v=1&lock=lr.dataset.bug.seed.dropout&task=rate&bug=relu"
STATES = (
    *(
        "/?v=1&t=3",
        "/?v=1&t=2654",
        "/?v=1&net=fashion-late&t=19",
        "/train?v=1&present=1",
        "/?v=1&net=0123456789abcdef",
        "/train?v=1&run=0123456789abcdef",
        LOCKED,
    ),
    *(f"/compare?v=1&view={view}" for view in ("confusion", "sums", "reliability")),
)


@pytest.mark.parametrize(
    ("path", "scheme"), [*((path, "light") for path in STATES), (LOCKED, "dark")]
)
def test_states_that_a_link_opens_have_none(visit: Visit, path: str, scheme: str) -> None:
    assert violations(visit(path, viewport=TALL, color_scheme=scheme)) == []


@pytest.mark.parametrize(
    "path", [*PAGES, "/?v=1&t=3&task=rate", "/compare?v=1&view=mistakes", *PRESENTED]
)
def test_nothing_scrolls_sideways(visit: Visit, path: str) -> None:
    page = visit(path)
    if path == "/":
        draw_digit(page, "8")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(TWO_FRAMES)
        assert page.evaluate(WIDE) <= width
        assert page.evaluate(MAIN_WIDE) <= 0, width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_phone_with_its_bar_has_none(visit: Visit, path: str, scheme: str) -> None:
    page = visit(path, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert violations(page) == []


def test_a_violation_would_be_found(visit: Visit) -> None:
    page = visit("/")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any("button-name" in violation for violation in violations(page))


@pytest.mark.parametrize("path", PAGES)
def test_at_200_percent_nothing_runs_out_of_the_page(visit: Visit, path: str) -> None:
    """A window of 1440 x 900 at 200 % has half of that; with a drawing and its answers."""
    page = visit(f"{path}?s=JhIQRGZhCXRoUiWSDCQTk", viewport={"width": 720, "height": 450})
    wait_until_idle(page)
    assert page.evaluate(MAIN_WIDE) <= 0


def test_in_high_contrast_bars_are_seen_and_the_number_is_marked(visit: Visit) -> None:
    page = visit("/")
    draw_digit(page, "7")
    page.emulate_media(media="screen", forced_colors="active")
    color = "one => getComputedStyle(one).backgroundColor"
    paper = page.locator("body").evaluate(color)
    assert page.locator(".bar.best i").evaluate(color) != paper
    chosen = hook(page, "addend_7").get_by_role("button").evaluate(color)
    assert chosen not in (paper, hook(page, "addend_6").get_by_role("button").evaluate(color))
    page.emulate_media(media="screen", forced_colors="none")
