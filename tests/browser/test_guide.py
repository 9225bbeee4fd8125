"""The tour from the first visit to its end: by mouse, by touch, by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import (
    answered,
    draw_digit,
    hook,
    pick_number,
    press,
    wait_until_idle,
)
from tests.browser.test_access import violations
from tests.browser.test_phone import PHONE

DONE_MS = 240_000  # for a run on a slow, busy machine
FOCUSED = "key => document.activeElement?.closest(`.st-key-${key}`) !== null"
IN_VIEW = """key => {
    const box = document.querySelector(`.st-key-${key}`).getBoundingClientRect();
    return box.top >= 50 && box.bottom <= document.querySelector(".st-key-guide")
        .getBoundingClientRect().top + 1;
}"""
STEPS = 10


def guide(page: Page) -> Locator:
    return hook(page, "guide")


def go_on(page: Page) -> None:
    """Press the panel's button, once it can be pressed."""
    button = hook(page, "guide_next").get_by_role("button")
    expect(button).to_be_enabled(timeout=DONE_MS)
    with answered(page):
        button.click()


def guess(page: Page, words: str) -> None:
    guide(page).get_by_text(words, exact=True).click()
    wait_until_idle(page)
    go_on(page)


def step_is(page: Page, number: int, target: str = "") -> None:
    """The panel shows this step; its control is framed and in view; axe-core finds nothing."""
    expect(guide(page)).to_contain_text(f"Tour, {number} of {STEPS}")
    expect(page).to_have_url(re.compile(rf"[?&]tour={number}\b"))
    wait_until_idle(page)
    if target:
        expect(hook(page, target).first).to_have_css("outline-style", "solid")
        page.wait_for_function(IN_VIEW, arg=target)
    toasts = page.locator(".stToast")  # Streamlit's own dialog has no name
    expect(toasts).to_have_count(0, timeout=DONE_MS)
    assert violations(page) == []


def draw_and_guess(page: Page) -> None:
    """Steps 1 to 5, up to the first training."""
    press(page, "tour")
    step_is(page, 1, "canvas")
    draw_digit(page, "5")
    expect(guide(page)).to_contain_text("It reads 5 (over 99.9 % sure), and the sum head says 12.0")
    go_on(page)
    step_is(page, 2, "addend")
    guess(page, "Your digit + 2")
    step_is(page, 3, "addend_2")
    pick_number(page, 2)
    expect(guide(page)).to_contain_text("You guessed right: Your digit + 2. It says 7.0.")
    go_on(page)
    step_is(page, 4)
    go_on(page)
    step_is(page, 5, "train_start")


def train_narrow(page: Page) -> None:
    """Train the network of this step, but with four channels, which is quicker."""
    hook(page, "more_settings").get_by_text("More settings").click()
    slider = page.locator("[class*=st-key-setting_width]").get_by_role("slider")
    for _ in range(2):
        slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "4")
    wait_until_idle(page)
    press(page, "train_start")


def test_by_mouse_from_the_first_visit_to_the_end(page: Page) -> None:
    draw_and_guess(page)
    train_narrow(page)
    expect(guide(page)).to_contain_text(
        re.compile(r"You guessed 50 of 100. Measured: 9\d(\.\d)? of 100."), timeout=DONE_MS
    )
    go_on(page)
    step_is(page, 6)
    guess(page, "Class")
    step_is(page, 7, "train_start")
    train_narrow(page)
    expect(guide(page)).to_contain_text(
        "You guessed: Class. Measured: Rounded sum.", timeout=DONE_MS
    )
    go_on(page)
    step_is(page, 8, "canvas")
    draw_digit(page, "7")
    go_on(page)
    step_is(page, 9, "tell_7")
    press(page, "tell_7")
    go_on(page)
    step_is(page, 10, "teach")
    hook(page, "teach").get_by_role("button").click()
    expect(guide(page)).to_contain_text("That was the tour", timeout=DONE_MS)
    go_on(page)
    expect(page).to_have_url(re.compile(r"/lessons\b(?!.*tour=)"))
    expect(guide(page)).not_to_contain_text("Tour")


def test_by_touch_in_the_dark(visit: Visit) -> None:
    """By mouse it goes to the end; what comes after the first training is the same here."""
    draw_and_guess(visit("/", color_scheme="dark", **PHONE))
    step_is(visit("/train?tour=7&v=1", color_scheme="dark", **PHONE), 7, "train_start")
    step_is(visit("/?tour=8&v=1", color_scheme="dark", **PHONE), 8, "canvas")


def tab_to(page: Page, key: str) -> None:
    """Tab until something in this part of the page has the focus."""
    for _ in range(120):
        if page.evaluate(FOCUSED, key):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {key}")


def enter(page: Page, key: str, by: str = "Enter") -> None:
    tab_to(page, key)
    with answered(page):
        page.keyboard.press(by)


def on_by_key(page: Page) -> None:
    """The panel's button from wherever the focus is."""
    expect(hook(page, "guide_next").get_by_role("button")).to_be_enabled(timeout=DONE_MS)
    with answered(page):
        page.keyboard.press("Control+Enter")


def test_by_the_keyboard_alone(page: Page) -> None:
    enter(page, "tour")
    expect(guide(page)).to_contain_text("Tour, 1 of")
    enter(page, "example_8")
    expect(guide(page)).to_contain_text("It reads 8")
    expect(guide(page).get_by_role("status")).to_contain_text("It reads 8")
    on_by_key(page)
    enter(page, "guess_tour_change", "Space")
    on_by_key(page)
    enter(page, "addend_2")
    expect(guide(page)).to_contain_text("You guessed: The same sum as now.")
    on_by_key(page)
    tab_to(page, "guess_tour_accuracy")
    with answered(page):
        page.keyboard.press("ArrowRight")
    on_by_key(page)
    enter(page, "train_start")
    expect(guide(page)).to_contain_text("You guessed 51 of 100.", timeout=DONE_MS)
    on_by_key(page)
    enter(page, "guess_tour_curve", "Space")
    on_by_key(page)
    expect(guide(page)).to_contain_text("Tour, 7 of")


def test_by_the_keyboard_alone_from_its_last_drawing(visit: Visit) -> None:
    page = visit("/?tour=8&v=1")
    enter(page, "example_7")
    on_by_key(page)
    enter(page, "tell_7")
    on_by_key(page)
    enter(page, "teach")
    expect(guide(page)).to_contain_text("That was the tour", timeout=DONE_MS)


@pytest.mark.parametrize("phone", [False, True])
def test_the_offer_moves_nothing_and_the_tour_goes_on_where_it_was_closed(
    visit: Visit, phone: bool
) -> None:
    page = visit("/", **(PHONE if phone else {}))
    canvas = hook(page, "canvas")
    before = canvas.bounding_box()
    draw_digit(page, "5")
    press(page, "tour")
    assert canvas.bounding_box() == before  # and the drawing is still there, which it reads
    expect(guide(page)).to_contain_text("It reads 5")
    go_on(page)
    press(page, "guide_close")
    expect(page).not_to_have_url(re.compile("tour="))
    assert canvas.bounding_box() == before
    expect(hook(page, "tour")).to_contain_text("Tour, 2")
    press(page, "tour")
    expect(guide(page)).to_contain_text("Tour, 2 of")
    page.reload()  # a guess is the session's; the step is in the address
    expect(guide(page)).to_contain_text("Tour, 2 of")


def test_presented_the_panel_stays_in_sight(visit: Visit) -> None:
    page = visit("/lessons?present=1&task=shift&v=1", viewport={"width": 1920, "height": 1080})
    for top in (0, 300, 100_000):
        page.evaluate(f"document.querySelector('[data-testid=stMain]').scrollTo(0, {top})")
        expect(hook(page, "guide_next").get_by_role("button")).to_be_in_viewport(ratio=1)
