"""Single keys work where they are meant (WCAG 2.1.4), and set nothing off elsewhere."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import TALKS, answered, draw_digit, hook, pick_number, press, text

CANVAS = "document.querySelector('.st-key-canvas [data-testid=stBidiComponentIsolated]')"


def answers(page: Page) -> tuple[str, str]:
    return text(page, "class_answer"), text(page, "sum_answer")


def test_escape_that_closes_a_list_clears_nothing(page: Page) -> None:
    draw_digit(page, "5")
    network = hook(page, "network_choice").get_by_role("combobox")
    network.click()
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.press("Escape")
    assert answers(page) == ("5", "12")
    expect(hook(page, "undo").get_by_role("button")).to_be_enabled()


def test_an_undo_in_a_text_field_takes_back_no_stroke(page: Page) -> None:
    draw_digit(page, "5")
    asked = TALKS[page].asked
    network = hook(page, "network_choice").get_by_role("combobox")
    network.click()
    network.press_sequentially("Gar")
    network.press("Control+z")
    network.press("Escape")
    assert answers(page) == ("5", "12")
    assert TALKS[page].asked == asked
    hook(page, "addend_7").get_by_role("button").focus()
    with answered(page):
        page.keyboard.press("Control+z")  # one stroke of two
    with answered(page):
        page.keyboard.press("Control+z")
    assert answers(page)[0] == "Draw a digit"


def test_a_stroke_on_the_map_is_taken_back_by_key_too(visit: Visit) -> None:
    page = visit("/explain?look=map&v=1")
    draw_digit(page, "5")
    undo = hook(page, "undo").get_by_role("button")
    expect(undo).to_be_enabled()
    for _ in range(2):  # strokes
        with answered(page):
            page.keyboard.press("Control+z")
    expect(undo).to_be_disabled()


def test_escape_that_closes_a_panel_clears_nothing(page: Page) -> None:
    draw_digit(page, "5")
    for panel in ("share", "files"):
        press(page, panel)
        page.keyboard.press("Escape")
        expect(hook(page, f"{panel}_panel")).to_have_count(0)
        assert answers(page) == ("5", "12")


def test_keys_do_nothing_where_nothing_has_the_focus(visit: Visit) -> None:
    page = visit("/?v=1&t=0&n=1")
    draw = page.get_by_role("radio", name="Draw")
    with answered(page):
        draw.click()
    draw_digit(page, "5")
    page.evaluate("document.activeElement.blur()")
    asked = TALKS[page].asked
    for key in ("3", "Escape", "0"):
        page.keyboard.press(key)
    assert answers(page) == ("5", "6")
    assert TALKS[page].asked == asked


def test_the_canvas_is_reached_by_tab_and_hears_digits_and_escape(page: Page) -> None:
    draw_digit(page, "5")
    page.evaluate("document.activeElement.blur()")
    page.get_by_role("radio", name="Draw").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate(f"{CANVAS}?.shadowRoot?.activeElement?.className") == "canvas-root":
            break
    label = page.evaluate(f"{CANVAS}.shadowRoot.activeElement.getAttribute('aria-label')")
    assert re.search("0 to 9.*Escape", label)
    with answered(page):
        page.keyboard.press("4")
    assert answers(page) == ("5", "9")
    with answered(page):
        page.keyboard.press("Escape")
    assert answers(page)[0] == "Draw a digit"
    press(page, "undo")
    assert answers(page) == ("5", "9")


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/?v=1", ". Keys: 0 to 9 set the number to add, Escape clears."),
        ("/?v=1&lock=number", ". Keys: Escape clears."),
        ("/?v=1&hide=number", ". Keys: Escape clears."),
        ("/data", ""),
    ],
)
def test_the_canvas_names_the_keys_that_work_there(visit: Visit, path: str, keys: str) -> None:
    page = visit(path)
    if path == "/data":
        with answered(page):
            hook(page, "bring_how").get_by_text("Draw", exact=True).click()
    canvas = page.locator(".st-key-canvas .canvas-root")
    canvas.focus()
    expect(canvas).to_have_attribute("aria-label", f"Canvas to draw on{keys}")


def test_the_numbers_hear_digits_and_not_escape(page: Page) -> None:
    draw_digit(page, "5")
    hook(page, "addend_7").get_by_role("button").focus()
    with answered(page):
        page.keyboard.press("2")
    page.keyboard.press("Escape")
    assert answers(page) == ("5", "7")


FOCUSED = "document.activeElement.closest('[class*=st-key-addend_]')?.innerText.trim()"


@pytest.mark.parametrize("source", ["Draw", "Test image"])
def test_after_a_click_on_a_number_all_keys_count(visit: Visit, source: str) -> None:
    """The page replaces the button that was clicked: it looks different now."""
    page = visit("/?v=1&t=0&n=1")  # a 7
    if source == "Draw":
        with answered(page):
            page.get_by_role("radio", name="Draw").click()
        press(page, "example_7")
    pick_number(page, 3)
    for key, total in (("5", "12"), ("1", "8"), ("3", "10")):
        with answered(page):
            page.keyboard.press(key)
        assert answers(page) == ("7", total)
        assert page.evaluate(FOCUSED) == "3"


def test_a_number_that_is_chosen_by_key_keeps_the_focus(page: Page) -> None:
    draw_digit(page, "5")
    hook(page, "addend_2").get_by_role("button").focus()
    page.keyboard.press("Tab")
    with answered(page):
        page.keyboard.press("Enter")
    assert answers(page) == ("5", "8")
    assert page.evaluate(FOCUSED) == "3"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "4"


@pytest.mark.parametrize("by_click", [True, False])
def test_a_number_that_was_left_gets_no_focus_back(page: Page, by_click: bool) -> None:
    draw_digit(page, "5")
    pick_number(page, 3)
    if by_click:
        page.locator(".below").click()
    else:
        page.evaluate("document.activeElement.blur()")
    with answered(page):  # the button of 3 is replaced once more
        page.evaluate("document.querySelector('.st-key-addend_6 button').click()")
    page.keyboard.press("8")
    assert answers(page) == ("5", "11")
    assert page.evaluate(FOCUSED) is None


def test_a_fixed_number_hears_none(visit: Visit) -> None:
    page = visit("/?v=1&n=4&lock=number")
    draw_digit(page, "5")
    page.keyboard.press("2")
    assert answers(page) == ("5", "9")
