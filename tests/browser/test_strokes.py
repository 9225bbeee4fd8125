"""Each stroke of the pen reaches the page once, however it ends and whatever comes next."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support import driver
from tests.browser.support.driver import DIGITS, answered, draw, hook
from tests.browser.test_canvas import LEFT, ON_LEFT, ON_RIGHT, RIGHT, expect_ink
from tests.browser.test_data import name_class
from tests.browser.test_live import pen_down

# A finger draws a stroke and leaves; `rest` is how many other fingers stay on the screen.
FINGER = """([strokes, kind, rest]) => {
    const canvas = document.querySelector(".st-key-canvas [data-testid=stBidiComponentIsolated]")
        .shadowRoot.querySelector(".upper-canvas");
    const box = canvas.getBoundingClientRect();
    const thumb = new Touch({ identifier: 7, target: document.body, clientX: 5, clientY: 5 });
    const others = Array(rest).fill(thumb);
    const at = ([x, y]) => new Touch({
        identifier: 1, target: canvas, clientX: box.left + x, clientY: box.top + y,
    });
    const say = (name, touch, touches) => canvas.dispatchEvent(new TouchEvent(name, {
        bubbles: true, composed: true, cancelable: true, changedTouches: [touch],
        touches: [...others, ...touches], targetTouches: touches,
    }));
    for (const points of strokes) {
        points.forEach((point, number) => {
            const touch = at(point);
            say(number ? "touchmove" : "touchstart", touch, [touch]);
        });
        say(kind, at(points.at(-1)), []);
    }
}"""


@pytest.mark.parametrize(("kind", "rest"), [("touchend", 0), ("touchcancel", 0), ("touchend", 1)])
def test_a_touch_ends_its_stroke_however_it_ends(visit: Visit, kind: str, rest: int) -> None:
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    driver.wait_for_canvas(page)
    with answered(page):
        page.evaluate(FINGER, [DIGITS["7"], kind, rest])
    page.wait_for_function("!sketchAndSum.pen.isAhead")
    expect(hook(page, "class_answer")).to_have_text("7")
    driver.press(page, "clear")
    page.wait_for_timeout(900)  # longer than until a stroke that was lost is drawn again
    expect(hook(page, "clear").get_by_role("button")).to_be_disabled()


@pytest.mark.parametrize(("kind", "rest"), [("touchcancel", 0), ("touchend", 1)])
def test_on_the_canvas_of_another_page_it_ends_too(visit: Visit, kind: str, rest: int) -> None:
    page = visit("/data", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    with answered(page):
        hook(page, "bring_how").get_by_text("Draw", exact=True).tap()
    name_class(page, "seven")
    driver.wait_for_canvas(page)
    page.evaluate(FINGER, [DIGITS["7"], kind, rest])
    expect(hook(page, "keep_drawing").get_by_role("button")).to_be_enabled()


def test_the_other_button_of_the_mouse_ends_no_stroke(page: Page) -> None:
    pen_down(page, (LEFT,))
    page.mouse.down(button="right")
    page.mouse.up(button="right")
    with answered(page):
        page.mouse.up()
    page.wait_for_function("!sketchAndSum.pen.isAhead")
    expect_ink(page, ON_LEFT)


def test_a_stroke_right_before_another_page_is_there_on_the_way_back(page: Page) -> None:
    draw(page, (LEFT,))
    pen_down(page, (RIGHT,))
    page.mouse.up()
    page.evaluate("sketchAndSum.pen.unsent = 0")  # as where the page change overtakes the stroke
    driver.turn_to(page, "Train")
    page.wait_for_timeout(1_500)  # longer than the pen waits for the canvas to come back
    driver.turn_to(page, "Draw")
    expect_ink(page, ON_LEFT)
    expect_ink(page, ON_RIGHT)
    page.wait_for_function("!sketchAndSum.pen.isAhead")  # the page knows it, too


def test_a_stroke_right_after_the_way_back_is_drawn_once(page: Page) -> None:
    draw(page, (LEFT,))
    driver.turn_to(page, "Train")
    page.wait_for_function("sketchAndSum.pen.isBack")
    page.evaluate("() => { sketchAndSum.pen.hearPage = () => {}; }")  # the canvas comes first
    page.get_by_role("link", name="Draw", exact=True).click()
    expect_ink(page, ON_LEFT)
    pen_down(page, (RIGHT,))
    with answered(page):
        page.mouse.up()
        page.evaluate(
            "() => { delete sketchAndSum.pen.hearPage; sketchAndSum.pen.hearPage('answers'); }"
        )
    page.wait_for_function("!sketchAndSum.pen.isAhead")
    driver.press(page, "undo")
    expect_ink(page, ON_RIGHT, there=False)
    expect_ink(page, ON_LEFT)


# In front of the page, where the canvas is looked for, its place while Streamlit builds it.
UNBUILT = """() => {
    document.body.insertAdjacentHTML("afterbegin", `<div class="st-key-canvas" id="unbuilt">
        <div data-testid="stBidiComponentIsolated"></div></div>`);
    sketchAndSum.pen.drawAgain([[440, 120, 440, 260, 440, 400]]);  // of 560 x 560
    setTimeout(() => document.querySelector("#unbuilt").remove(), 700);
}"""


def test_a_stroke_waits_for_a_canvas_that_is_being_built(page: Page) -> None:
    draw(page, (LEFT,))
    with answered(page):
        page.evaluate(UNBUILT)
        expect_ink(page, ON_RIGHT)
    expect_ink(page, ON_LEFT)


def test_it_waits_until_a_canvas_that_was_touched_hears_the_mouse(visit: Visit) -> None:
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    driver.wait_for_canvas(page)
    with answered(page):
        page.evaluate("sketchAndSum.pen.drawAgain([[440, 120, 440, 260, 440, 400]])")
        page.wait_for_timeout(300)  # it looks a second time soon after the finger is gone
        page.evaluate(FINGER, [[LEFT], "touchend", 0])
        expect_ink(page, ON_RIGHT)
    page.wait_for_function("!sketchAndSum.pen.isAhead")
    expect_ink(page, ON_LEFT)


def test_a_stroke_of_the_draw_page_is_not_drawn_on_the_canvas_of_another(page: Page) -> None:
    draw(page, (LEFT,))
    driver.turn_to(page, "Your data")
    page.wait_for_function("!sketchAndSum.pen.attached")
    page.evaluate("sketchAndSum.pen.drawAgain([[440, 120, 440, 260, 440, 400]])")
    with answered(page):
        hook(page, "bring_how").get_by_text("Draw", exact=True).click()
    page.locator(driver.CANVAS_ELEMENT).wait_for()
    page.wait_for_timeout(1_500)  # longer than it waits for a canvas
    expect_ink(page, ON_RIGHT, there=False)
    driver.turn_to(page, "Draw")
    expect_ink(page, ON_RIGHT)


def test_undo_right_after_a_stroke_takes_that_stroke(page: Page) -> None:
    draw(page, (LEFT,))
    pen_down(page, (RIGHT,))
    page.mouse.up()
    with answered(page):
        hook(page, "undo").get_by_role("button").click()
    expect_ink(page, ON_RIGHT, there=False)
    expect_ink(page, ON_LEFT)
    pen_down(page, (RIGHT,))
    page.mouse.up()
    with answered(page):
        page.keyboard.press("Control+z")
    expect_ink(page, ON_RIGHT, there=False)
    expect_ink(page, ON_LEFT)
