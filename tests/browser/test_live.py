"""Answers while the pen moves: by a channel of its own, the same as the page's, and not needed."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from core.data.drawing import Strokes
from tests.browser.conftest import Visit
from tests.browser.support import driver
from tests.browser.support.app import App, serve
from tests.browser.support.driver import DIGITS, TALKS, answered, draw, draw_digit, hook
from tests.browser.test_canvas import LEFT, ON_LEFT, ON_RIGHT, RIGHT, expect_ink

PLACE = "document.querySelector('.st-key-live_answers .place').innerHTML"
OPEN = "window.sketchAndSum?.pen?.isOpen"
RESTED = "sketchAndSum.pen.asked === 0 && sketchAndSum.pen.down === null"
BEYOND: Strokes = (((40.0, 40.0), (320.0, 60.0), (60.0, 150.0), (-30.0, 300.0), (120.0, 260.0)),)


def pen_down(page: Page, strokes: Strokes) -> None:
    """Draw with the mouse, all but the last mouse-up, and wait for no answer of the page."""
    driver.wait_for_canvas(page)
    page.wait_for_function(OPEN)
    box = page.locator(driver.CANVAS_ELEMENT).bounding_box()
    assert box
    for number, stroke in enumerate(strokes):
        page.mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
        page.mouse.down()
        for x, y in stroke[1:]:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
        if number < len(strokes) - 1:
            page.mouse.up()


class Held:
    """A page whose own answers can be held back, or whose live channel can be cut."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.holding = self.refusing = self.unplugged = False
        self.streams: list[WebSocketRoute] = []
        self.kept: list[tuple[WebSocketRoute, str | bytes]] = []
        self.live: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._stream)
        page.route_web_socket(re.compile("/live$"), self._live)

    def _stream(self, socket: WebSocketRoute) -> None:
        if self.unplugged:
            socket.close()
            return
        self.streams.append(socket)

        def pass_on(message: str | bytes) -> None:
            if self.holding:
                self.kept.append((socket, message))
            else:
                socket.send(message)

        socket.connect_to_server().on_message(pass_on)

    def _live(self, socket: WebSocketRoute) -> None:
        if self.refusing:
            socket.close(code=1013)
            return
        self.live.append(socket)
        socket.connect_to_server()

    def release(self) -> None:
        self.holding = False
        for socket, message in self.kept:
            socket.send(message)
        self.kept.clear()


@pytest.fixture(scope="module")
def held_tab(browser: Browser) -> Iterator[Held]:
    """One tab for all: its scripts are compiled once."""
    context = browser.new_context()
    yield Held(context.new_page())
    context.close()


@pytest.fixture
def held(held_tab: Held, app: App) -> Held:
    """A new visitor in that tab."""
    held_tab.page.goto("about:blank")
    held_tab.page.context.clear_cookies()
    held_tab.holding = held_tab.refusing = held_tab.unplugged = False
    held_tab.streams.clear()
    held_tab.kept.clear()
    held_tab.live.clear()
    driver.open_in(held_tab.page, app.url)
    held_tab.page.wait_for_function(OPEN)
    return held_tab


def test_the_answer_moves_with_the_pen_and_the_page_does_not_run(page: Page) -> None:
    asked = TALKS[page].asked
    expect(hook(page, "class_answer")).to_contain_text("Draw a digit")
    top = hook(page, "networks").bounding_box()
    pen_down(page, DIGITS["7"])
    expect(hook(page, "class_answer")).to_have_text("7")
    expect(hook(page, "sum_answer")).to_have_text("14")
    assert TALKS[page].asked == asked
    assert hook(page, "networks").bounding_box() == top  # nothing jumped
    spoken = page.locator(".st-key-live_answers .spoken")
    assert "Draw a digit" in spoken.inner_text()  # read out when the pen rests, not all the time
    with answered(page):
        page.mouse.up()
    expect(spoken).to_contain_text("The class head reads 7")


def most_apart(*screenshots: bytes) -> int:
    """By how many of 255 shades two pictures differ at most; layers of a page round to one."""
    one, other = (Image.open(io.BytesIO(each)).convert("RGB") for each in screenshots)
    assert one.size == other.size
    return max(high for _, high in ImageChops.difference(one, other).getextrema())


def test_the_page_shows_the_same_for_the_same_strokes(page: Page) -> None:
    driver.wait_for_canvas(page)
    for strokes in (*DIGITS.values(), BEYOND):
        page.evaluate("() => { sketchAndSum.pen.send = () => {}; }")  # the page hears of it later
        pen_down(page, strokes)
        page.mouse.up()
        page.wait_for_function(RESTED)
        live, picture = page.evaluate(PLACE), hook(page, "live_answers").screenshot()
        with answered(page):
            page.evaluate("() => { delete sketchAndSum.pen.send; sketchAndSum.pen.send(); }")
        assert page.evaluate(PLACE) == live
        assert most_apart(hook(page, "live_answers").screenshot(), picture) <= 2
        expect(hook(page, "live_answers")).not_to_contain_text("Draw a")
        driver.press(page, "clear")


def test_a_finger_is_followed_too(visit: Visit) -> None:
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=3)
    driver.wait_for_canvas(page)
    canvas = page.locator(driver.CANVAS_ELEMENT)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    kinds = ["touchStart"] + ["touchMove"] * 40
    stroke = [(x, y) for x, y in DIGITS["7"][0] for _ in range(7)]
    for kind, (x, y) in zip(kinds, stroke, strict=False):
        point = {"x": box["x"] + x, "y": box["y"] + y}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    expect(hook(page, "class_answer")).to_have_text("7")
    with answered(page):
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function(RESTED)
        live = page.evaluate(PLACE)
    assert page.evaluate(PLACE) == live


def test_another_number_is_answered_before_the_page_has_run(held: Held) -> None:
    draw_digit(held.page, "7")
    held.holding = True
    hook(held.page, "addend").get_by_role("button", name="2", exact=True).click()
    expect(hook(held.page, "sum_answer")).to_have_text("9")
    held.page.wait_for_timeout(3_200)  # a page that is slow does not bring the old number back
    expect(hook(held.page, "sum_answer")).to_have_text("9")
    held.page.keyboard.press("5")
    expect(hook(held.page, "sum_answer")).to_have_text("12")
    held.release()
    driver.wait_until_idle(held.page)
    expect(hook(held.page, "sum_answer")).to_have_text("12")


def test_the_number_that_is_on_asks_nothing_and_fades_nothing(page: Page) -> None:
    draw_digit(page, "5")
    page.wait_for_function("!sketchAndSum.pen.isAhead")
    hook(page, "addend_7").get_by_role("button").click()
    assert page.evaluate("sketchAndSum.pen.isAhead") is False


def test_a_number_that_the_page_never_tells_of_is_forgotten(page: Page) -> None:
    draw_digit(page, "5")
    choose = "[2, 7].forEach((n) => sketchAndSum.pen.choose(n))"  # the page shows 7 already
    assert page.evaluate(f"({choose}, sketchAndSum.pen.isAhead)")
    page.wait_for_function("!sketchAndSum.pen.isAhead")
    expect(hook(page, "sum_answer")).to_have_text("12")


def test_a_label_of_an_input_field_is_no_number(held: Held) -> None:
    draw_digit(held.page, "7")
    held.page.get_by_role("combobox").focus()
    held.page.keyboard.press("5")
    assert held.page.evaluate("sketchAndSum.pen.number") is None


def test_what_is_drawn_while_the_page_still_clears_the_canvas_stays(held: Held) -> None:
    draw(held.page, (LEFT,))
    expect(hook(held.page, "clear").get_by_role("button")).to_be_enabled()
    held.holding = True
    hook(held.page, "clear").get_by_role("button").click()
    pen_down(held.page, (RIGHT,))
    asked = TALKS[held.page].asked
    held.page.mouse.up()
    sent = "the canvas sent nothing"
    driver.wait_for(held.page, lambda: TALKS[held.page].asked > asked, sent)
    held.release()
    expect_ink(held.page, ON_LEFT, there=False)
    expect_ink(held.page, ON_RIGHT)
    held.page.wait_for_function("sketchAndSum.pen.page.paths === 1")
    driver.wait_until_idle(held.page)
    expect(hook(held.page, "class_answer")).to_contain_text("1")


def test_a_stroke_stays_whole_when_the_page_clears_the_canvas_under_it(held: Held) -> None:
    draw(held.page, (LEFT,))
    expect(hook(held.page, "clear").get_by_role("button")).to_be_enabled()
    held.holding = True
    hook(held.page, "clear").get_by_role("button").click()
    box = held.page.locator(driver.CANVAS_ELEMENT).bounding_box()
    assert box
    held.page.mouse.move(box["x"] + 220, box["y"] + 60)
    held.page.mouse.down()
    held.page.mouse.move(box["x"] + 220, box["y"] + 130, steps=5)
    held.release()
    held.page.wait_for_function("sketchAndSum.pen.page.paths === 0")
    expect_ink(held.page, ON_LEFT, there=False)
    held.page.mouse.move(box["x"] + 220, box["y"] + 200, steps=5)
    with answered(held.page):
        held.page.mouse.up()
        held.page.wait_for_function("!sketchAndSum.pen.isAhead")
    for y in (80, 130, 190):
        expect_ink(held.page, (220, y))
    assert held.page.evaluate("sketchAndSum.pen.page.paths") == 1


def test_what_is_drawn_while_the_connection_is_away_is_said_when_it_is_back(held: Held) -> None:
    held.unplugged = True
    held.streams[-1].close()
    held.page.locator("[data-test-connection-state=CONNECTED]").wait_for(state="detached")
    pen_down(held.page, (LEFT,))
    held.page.mouse.up()
    held.page.wait_for_timeout(1_000)  # longer than the pen rests
    held.unplugged = False
    held.page.wait_for_function("sketchAndSum.pen.page.paths === 1")
    expect(held.page).to_have_url(re.compile("[?&]s="))


def test_a_socket_that_breaks_comes_back_and_the_drawing_stays(held: Held) -> None:
    pen_down(held.page, (LEFT,))
    expect(hook(held.page, "class_answer")).to_contain_text("1")
    held.live[-1].close()
    with answered(held.page):
        held.page.mouse.up()
    expect_ink(held.page, ON_LEFT)
    held.page.wait_for_function(OPEN)
    assert len(held.live) == 2
    driver.press(held.page, "clear")
    pen_down(held.page, DIGITS["3"])
    expect(hook(held.page, "class_answer")).to_have_text("3")
    held.page.mouse.up()


def test_where_no_socket_can_be_had_the_page_answers(held: Held) -> None:
    held.refusing = True
    held.live[-1].close()
    driver.draw_digit(held.page, "3")
    assert driver.text(held.page, "class_answer") == "3"
    driver.pick_number(held.page, 4)
    assert driver.text(held.page, "sum_answer") == "7"


def test_it_can_be_switched_off(visit: Visit, tmp_path: Path) -> None:
    with serve(tmp_path / "app", environment={"SKETCH_SUM_LIVE": "0"}) as app:
        page = visit(app=app)
        draw_digit(page, "3")
        assert driver.text(page, "class_answer") == "3"
        assert page.evaluate("sketchAndSum.pen.socket") is None


def test_a_test_image_is_answered_live_with_another_number(held: Held) -> None:
    driver.open_in(held.page, held.page.url.split("?")[0] + "?v=1&t=0&n=1")
    held.page.wait_for_function(OPEN)
    assert driver.text(held.page, "sum_answer") == "8"  # a 7
    held.holding = True
    hook(held.page, "addend_1").get_by_role("button").focus()
    held.page.keyboard.press("2")
    expect(hook(held.page, "sum_answer")).to_have_text("9")
    expect(held.page.locator("[data-truth]")).to_have_text("✓ Right: this is a 7, and 7 + 2 = 9.")
