"""The first screen: a ghost shows where to draw, and is gone for good at the first touch."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import (
    CANVAS_ELEMENT,
    answered,
    draw_digit,
    hook,
    open_in,
    press,
    text,
    turn_to,
)
from tests.browser.support.visitors import Visitors
from tests.browser.support.wire import Wire

GHOST = """() => {
    const root = document.querySelector(".st-key-canvas [data-testid=stBidiComponentIsolated]")
        .shadowRoot.querySelector(".canvas-root");
    return getComputedStyle(root, "::before").backgroundImage;
}"""


def test_the_ghost_is_gone_at_the_first_touch_and_the_canvas_stays(page: Page) -> None:
    assert page.evaluate(GHOST).startswith('url("data:image/svg+xml')
    canvas = page.locator(CANVAS_ELEMENT)
    box = canvas.bounding_box()
    assert box
    with answered(page):
        canvas.click(position={"x": 100, "y": 100})
        assert page.evaluate(GHOST) == "none"
    assert text(page, "class_answer").startswith("That is only a dot")
    assert canvas.bounding_box() == box
    draw_digit(page, "5")
    assert canvas.bounding_box() == box
    press(page, "clear")
    assert text(page, "class_answer") == "Draw a digit"
    assert page.evaluate(GHOST) == "none"


def test_an_example_takes_the_ghost_away_too(page: Page) -> None:
    press(page, "example_8")
    assert page.evaluate(GHOST) == "none"


def test_a_link_with_a_drawing_has_no_ghost(visit: Visit) -> None:
    assert visit("/?v=1&s=JhIQRGZhCXRoUiWSDCQTk").evaluate(GHOST) == "none"


def test_after_the_first_answer_training_is_a_press_away(page: Page) -> None:
    expect(hook(page, "train_your_own")).to_have_count(0)
    draw_digit(page, "5")
    hook(page, "train_your_own").get_by_role("button").click()
    hook(page, "train_start").wait_for()


def test_the_colors_follow_the_system_while_the_page_is_open(page: Page) -> None:
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    light = page.evaluate(ink)
    page.emulate_media(media="screen", color_scheme="dark")
    page.wait_for_function(f"{ink} !== '{light}'")
    page.emulate_media(media="screen", color_scheme="light")
    page.wait_for_function(f"{ink} === '{light}'")


def test_charts_come_where_their_library_was_lost_on_its_way(visit: Visit) -> None:
    page, lost = visit(alone=True), []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort() if len(lost) == 1 else route.continue_()

    page.route("**/plotly*.js", lose)
    turn_to(page, "Train")
    expect(hook(page, "shipped_loss_chart").locator(".main-svg").first).to_be_visible()
    assert len(lost) == 2


def test_on_a_weak_link_the_canvas_comes_first_and_the_second_visit_is_light(
    visitors: Visitors, app: App
) -> None:
    """Both fonts wait until the canvas is there; then they come. Nothing comes twice."""
    with visitors.arrive(alone=True) as page:
        wire = Wire(page)
        wire.slow_down(4_000, 300)  # the latency of a weak link; its rate would only take longer
        page.goto(app.url, wait_until="commit")
        page.locator(CANVAS_ELEMENT).wait_for()
        expect(page.locator("html")).not_to_have_class(re.compile("weak-link|no-icons"))
        page.wait_for_function("document.fonts.check('1em \"Source Sans\"')")
        canvas = next(n for n, name in enumerate(wire.asked) if name.startswith("index-"))
        fonts = [n for n, name in enumerate(wire.asked) if name.endswith(".woff2")]
        assert {wire.asked[n][:8] for n in fonts} >= {"Material", "SourceSa"}
        assert min(fonts) > canvas, wire.asked
        page.goto("about:blank")
        open_in(page, app.url)
        draw_digit(page, "7")
        assert text(page, "class_answer") == "7"
        page.goto("about:blank")
        first = wire.bytes
        open_in(page, app.url)
        assert wire.bytes - first < 100_000, (wire.bytes - first, wire.asked)


def test_on_a_strong_link_the_words_have_their_font_at_once(visitors: Visitors, app: App) -> None:
    with visitors.arrive(alone=True) as page:
        wire = Wire(page)
        page.goto(app.url, wait_until="commit")
        page.locator(CANVAS_ELEMENT).wait_for()
        names = [name.partition(".")[0] for name in wire.asked]
        assert names.index("SourceSansVF-Upright") < names.index("BidiComponent")
        assert wire.bytes < 1_500_000


@pytest.mark.parametrize("width", [641, 769, 820, 1000, 1001])
def test_pages_tour_and_share_stand_beside_each_other(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 600})
    row = [hook(page, key).get_by_role("button") for key in ("tour", "share")]
    if width > 768:  # below, Streamlit puts the pages into a sidebar
        row.insert(0, page.get_by_test_id("stTopNavLink").last)
    for each in row:
        expect(each).to_be_visible()
    boxes = [box for each in row if (box := each.bounding_box())]
    ends = [box["x"] + box["width"] for box in boxes]
    starts = [*(box["x"] for box in boxes[1:]), width]
    assert all(end < start for end, start in zip(ends, starts, strict=True)), (ends, starts)
