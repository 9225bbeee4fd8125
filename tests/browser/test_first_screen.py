"""The first screen: a ghost shows where to draw, and is gone for good at the first touch."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import CANVAS_ELEMENT, answered, draw_digit, hook, press, text

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
