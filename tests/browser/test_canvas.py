"""The canvas in a real Chromium: what is drawn stays, what is taken back goes, without a blink."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support import driver
from tests.browser.support.driver import draw, draw_digit, hook, press, turn_to

LEFT, RIGHT = ((60.0, 60.0), (60.0, 200.0)), ((220.0, 60.0), (220.0, 200.0))
ON_LEFT, ON_RIGHT, MIDDLE = (60, 130), (220, 130), (140, 130)

# Is there ink at a canvas pixel? Looked up in the component's own canvas.
INK = """([x, y]) => {
    const root = document.querySelector(".st-key-canvas [data-testid=stBidiComponentIsolated]");
    const canvas = root?.shadowRoot?.querySelector("canvas.dc-canvas.lower-canvas");
    if (!canvas) return undefined;
    const scale = canvas.width / 280;
    return canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data[0] > 127;
}"""

# Notes at every frame whether the canvas is there with ink at a pixel, and where it ends.
WATCH = f"""point => {{
    window.seen = new Set();
    const look = () => {{
        const canvas = document.querySelector(".st-key-canvas");
        window.seen.add(`${{({INK})(point)}} ${{canvas?.getBoundingClientRect().bottom}}`);
        requestAnimationFrame(look);
    }};
    look();
}}"""


def expect_ink(page: Page, point: tuple[int, int], *, there: bool = True) -> None:
    page.wait_for_function(f"([point, there]) => ({INK})(point) === there", arg=[point, there])


def test_undo_takes_one_stroke_back_and_the_rest_never_blinks(page: Page) -> None:
    draw(page, (LEFT, RIGHT))
    page.evaluate(WATCH, ON_LEFT)
    press(page, "undo")
    expect_ink(page, ON_RIGHT, there=False)
    draw(page, (RIGHT,))
    expect_ink(page, ON_RIGHT)
    (seen,) = page.evaluate("[...window.seen]")
    assert seen.startswith("true ")


def test_clear_empties_the_canvas_and_undo_brings_the_drawing_back(page: Page) -> None:
    draw(page, (LEFT, RIGHT))
    press(page, "clear")
    expect_ink(page, ON_LEFT, there=False)
    expect(hook(page, "class_answer")).to_contain_text("Draw a digit")
    press(page, "undo")
    expect_ink(page, ON_LEFT)
    expect_ink(page, ON_RIGHT)


def test_a_drawing_survives_a_look_at_another_page(page: Page) -> None:
    draw(page, (LEFT,))
    turn_to(page, "Train")
    turn_to(page, "Draw")
    expect_ink(page, ON_LEFT)
    draw(page, (RIGHT,))
    press(page, "undo")
    expect_ink(page, ON_RIGHT, there=False)
    expect_ink(page, ON_LEFT)


def test_a_drawing_survives_a_reload(page: Page) -> None:
    draw(page, (LEFT, RIGHT))
    page.reload()
    expect_ink(page, ON_LEFT)
    expect_ink(page, ON_RIGHT)
    expect_ink(page, MIDDLE, there=False)


def test_a_change_of_the_theme_leaves_the_drawing_alone(page: Page) -> None:
    draw_digit(page, "5")
    page.evaluate(WATCH, (185, 190))
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'"
    )
    driver.wait_until_idle(page)
    assert all(seen.startswith("true ") for seen in page.evaluate("[...window.seen]"))


def test_a_finger_draws_from_the_upper_right_corner(visit: Visit) -> None:
    """Where the component has its invisible toolbar, if one lets it."""
    phone = visit("/", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    canvas = phone.locator(driver.CANVAS_ELEMENT)
    with driver.answered(phone):
        canvas.tap(position={"x": 262, "y": 12})
    expect_ink(phone, (262, 12))
    box = canvas.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
