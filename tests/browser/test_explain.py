"""The Explain page in a real Chromium: the visitor's own drawing, on a phone and on a wall."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import (
    answered,
    draw_digit,
    hook,
    pick_number,
    press,
    wait_until_idle,
)

WIDTHS = [360, 768, 1440]
OVERFLOW = "document.querySelector('[data-testid=stMain]').scrollWidth"


def test_what_was_drawn_is_explained(visit: Visit) -> None:
    page = visit()
    draw_digit(page, "8")
    pick_number(page, 5)
    with answered(page):
        page.get_by_test_id("stTopNavLink").get_by_text("Explain").click()
    expect(page.get_by_text("from your drawing and your number, 5")).to_be_visible()
    expect(hook(page, "idea_1")).to_contain_text("A picture of 8 with the number 5")
    expect(hook(page, "idea_3").get_by_alt_text("The network")).to_be_visible()
    expect(hook(page, "idea_10")).to_contain_text("585 of 60,000")


def test_a_link_opens_the_page_with_its_drawing(visit: Visit) -> None:
    page = visit("/explain?v=1&n=4&s=JhIQRGZhCXRoUiWSDCQTk")
    expect(hook(page, "idea_1")).to_contain_text("A picture of 7 with the number 4")
    press(page, "explain_roll")
    expect(hook(page, "idea_1")).not_to_contain_text("with the number 4")
    assert "s=JhIQRGZhCXRoUiWSDCQTk" in page.url


def test_nothing_sticks_out(visit: Visit) -> None:
    page = visit("/explain")
    wait_until_idle(page)
    hook(page, "idea_3").get_by_text("Every layer").click()
    expect(hook(page, "idea_3").get_by_role("table")).to_be_visible()
    expect(hook(page, "idea_10").locator(".js-plotly-plot")).to_have_count(2)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(f"{OVERFLOW} <= {width}")  # charts follow the window
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_contents_lead_to_an_idea(visit: Visit) -> None:
    page = visit("/explain")
    page.get_by_role("link", name="A column against a row", exact=True).first.click()
    expect(page.get_by_role("heading", name="9. A column against a row")).to_be_in_viewport()
    expect(page.get_by_text("mean of the 16 squares: 11.25")).to_be_visible()
