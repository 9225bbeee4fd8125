"""For a room: pages twice as large on a projector, and a code that fills the screen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.app import App, serve
from tests.browser.support.driver import (
    CANVAS_ELEMENT,
    DIGITS,
    TWO_FRAMES,
    answered,
    click_once_heard,
    draw_digit,
    hook,
    press,
    text,
    turn_to,
    wait_for,
    wait_for_canvas,
)
from tests.browser.test_access import violations
from tests.browser.test_live import PLACE, RESTED

PROJECTOR = {"width": 1920, "height": 1080}
HOVERED = """() => {
    const box = document.querySelector(".hoverlayer .hovertext")?.getBoundingClientRect();
    return box && [box.left, box.top, box.bottom];
}"""
DRAWN = """count => {
    const charts = [...document.querySelectorAll(".stPlotlyChart, .chart[role=figure]")];
    return charts.length >= count && charts.every(each => each.querySelector("svg.main-svg text"));
}"""
IN_CHART = "at => !!document.elementFromPoint(...at)?.closest('.js-plotly-plot')"
SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg.main-svg text")]
    .filter(text => text.textContent.trim())
    .map(text => text.getBoundingClientRect().height))"""


def strokes(page: Page) -> str:
    found = re.search(r"[?&]s=([^&]+)", page.url)
    assert found
    return found[1]


def test_the_canvas_is_twice_as_large_and_the_drawing_the_same(visit: Visit) -> None:
    usual = visit("/", viewport=PROJECTOR)
    draw_digit(usual, "5")
    large = visit("/?v=1&present=1", viewport=PROJECTOR)
    box = large.locator(CANVAS_ELEMENT).bounding_box()
    assert box and (box["width"], box["height"]) == (560, 560)
    draw_digit(large, "5")
    assert text(large, "class_answer") == "5"
    assert strokes(large) == strokes(usual)
    for key in ("class_answer", "sum_answer"):
        sizes = [hook(page, key).bounding_box() for page in (usual, large)]
        assert sizes[0] and sizes[1]
        assert sizes[1]["height"] == pytest.approx(2 * sizes[0]["height"], abs=1)
    for key in ("canvas", "addend", "sum_answer", "tools"):  # nothing to scroll for
        box = hook(large, key).bounding_box()
        assert box and box["y"] >= 0 and box["y"] + box["height"] <= 1080, key


def test_a_large_canvas_is_answered_live_with_the_page_s_answer(visit: Visit) -> None:
    page = visit("/?v=1&present=1", viewport=PROJECTOR)
    wait_for_canvas(page)
    box = page.locator(CANVAS_ELEMENT).bounding_box()
    assert box
    first, *rest = [(box["x"] + 2 * x, box["y"] + 2 * y) for x, y in DIGITS["7"][0]]
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point, steps=5)
    expect(hook(page, "class_answer")).to_have_text("7")
    with answered(page):
        page.mouse.up()
        page.wait_for_function(RESTED)
        live = page.evaluate(PLACE)
    assert page.evaluate(PLACE) == live


def test_the_button_presents_and_ends_it_and_the_drawing_stays(visit: Visit) -> None:
    page = visit("/", viewport=PROJECTOR)
    draw_digit(page, "7")
    drawn = strokes(page)
    press(page, "present")
    expect(page).to_have_url(re.compile("present=1"))
    page.wait_for_function(
        "document.querySelector('.st-key-canvas').offsetWidth * 2 === "
        "document.querySelector('.st-key-canvas').getBoundingClientRect().width"
    )
    assert text(page, "class_answer") == "7"
    turn_to(page, "Train")
    expect(page).to_have_url(re.compile("train.*present=1"))
    turn_to(page, "Draw")
    press(page, "present")
    assert "present" not in page.url and strokes(page) == drawn
    assert text(page, "class_answer") == "7"


def test_the_other_pages_are_as_large_and_scroll_no_further_sideways(visit: Visit) -> None:
    usual, large = (visit(f"/?{query}", viewport=PROJECTOR) for query in ("", "present=1"))
    for name, charts in {"Train": 2, "Compare": 1, "Explain": 4}.items():
        sizes = []
        for page in (usual, large):
            turn_to(page, name)
            page.wait_for_function(DRAWN, arg=charts)
            sizes.append(page.evaluate(SMALLEST))
            assert page.evaluate("document.documentElement.scrollWidth") <= 1920, name
        assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.1), name


def test_a_large_chart_is_as_wide_as_the_page_and_follows_the_pointer(visit: Visit) -> None:
    page = visit("/compare?v=1&present=1", viewport=PROJECTOR)
    chart = hook(page, "curves_chart").locator(".js-plotly-plot")
    page.wait_for_function(DRAWN, arg=1)
    chart.evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    box = chart.bounding_box()
    assert box and box["x"] >= 0 and 1700 < box["width"] <= 1920 - box["x"]
    right = [box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2]
    assert page.evaluate(IN_CHART, right)  # no part of it is cut off
    at: list[float] = []
    told: list[float] = []

    def is_told() -> bool:  # a chart that is drawn anew forgets the pointer
        point = chart.locator(".scatterlayer .points path").nth(2).bounding_box()
        assert point
        at[:] = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
        page.mouse.move(at[0] - 2, at[1])
        page.mouse.move(*at)
        page.evaluate(TWO_FRAMES)
        told[:] = page.evaluate(HOVERED) or []
        return bool(told)

    wait_for(page, is_told, "no label at the point")
    left, top, bottom = told
    assert at[0] <= left <= at[0] + 40 and top <= at[1] <= bottom


@pytest.fixture
def room_app(tmp_path: Path) -> Iterator[App]:
    """An app that others can open, by its operator's word."""
    others = {"STREAMLIT_BROWSER_SERVER_ADDRESS": "192.168.1.23"}
    with serve(tmp_path / "app", environment=others) as app:
        yield app


def test_the_code_fills_the_screen_until_escape_and_clears_nothing(
    visit: Visit, room_app: App
) -> None:
    page = visit("/", app=room_app, viewport=PROJECTOR)
    draw_digit(page, "7")
    for close in ("Escape", "button"):
        press(page, "share")
        show = hook(page, "share_panel").get_by_role("button", name="Show to the room")
        click_once_heard(page, show)
        room = page.get_by_role("dialog", name="Show to the room")
        box, size = room.bounding_box(), page.evaluate("[innerWidth, innerHeight]")
        assert box and [box["width"], box["height"]] == size
        room.get_by_alt_text("QR code of the link").evaluate("image => image.decode()")
        code = room.get_by_alt_text("QR code of the link").bounding_box()
        assert code and code["height"] >= 0.6 * size[1]
        expect(room).to_contain_text(f"192.168.1.23:{room_app.url.split(':')[-1]}")
        assert violations(page) == []
        if close == "Escape":
            page.keyboard.press("Escape")
        else:
            room.get_by_role("button", name="Close").click()
        expect(room).to_have_count(0)
        page.mouse.click(900, 1000)  # beside the panel, which closes it
        expect(hook(page, "share_panel")).to_have_count(0)
        assert text(page, "class_answer") == "7"
