"""The Compare page in a real Chromium: read the table, look at mistakes, open one, come back."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import answered, hook, press, text, wait_until_idle
from tests.browser.test_access import READ_MS, violations

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def look(page: Page, view: str) -> None:
    hook(page, "compare_view").get_by_role("radio", name=view).click()


def test_a_mistake_opens_on_the_draw_page_and_the_way_back_is_short(visit: Visit) -> None:
    page = visit("/compare")
    look(page, "Worst mistakes")
    mistake = hook(page, "mistakes_class_mnist").get_by_role("button").first
    expect(mistake).to_be_visible(timeout=READ_MS)
    wait_until_idle(page)
    said = re.match(r"(\d), read as (\d)", mistake.locator("img").get_attribute("alt") or "")
    assert said
    mistake.click()
    expect(hook(page, "sum_answer")).to_be_visible()
    assert text(page, "class_answer") == said[2] != said[1]
    page.get_by_role("link", name="Compare").click()
    expect(hook(page, "mistakes_class_mnist")).to_be_visible()


def test_every_view_has_something_to_see_for_everybody(visit: Visit) -> None:
    page = visit("/compare")
    for view, chart in (
        ("Confusion", "confusion_mnist"),
        ("Sums", "sums_mnist"),
        ("Reliability", "reliability"),
    ):
        look(page, view)
        expect(hook(page, chart).locator(".js-plotly-plot")).to_be_visible(timeout=READ_MS)
        wait_until_idle(page)
        assert violations(page) == [], view
    expect(hook(page, "calibration")).to_contain_text("expected calibration error")
    page.reload()  # the address knows what is looked at
    expect(hook(page, "reliability").locator(".js-plotly-plot")).to_be_visible()


def test_a_phone_shows_every_figure_without_scrolling_sideways(visit: Visit) -> None:
    page = visit("/compare", **PHONE)
    expect(hook(page, "compare_bars").get_by_role("listitem").first).to_be_in_viewport()
    cells = hook(page, "compare_table").get_by_role("cell")
    expect(cells).not_to_have_count(0)
    for cell in cells.all():
        if box := cell.bounding_box():
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_who_has_no_network_is_led_to_train_one(visit: Visit) -> None:
    page = visit("/compare")
    press(page, "train_one")
    expect(hook(page, "train_start")).to_be_visible()


def test_a_network_can_be_left_out(visit: Visit) -> None:
    page = visit("/compare")
    chosen = page.get_by_test_id("stMultiSelect")
    with answered(page):
        chosen.get_by_role("button", name=re.compile("clear", re.I)).click()
    expect(page.get_by_text("Choose a network to compare.")).to_be_visible()


def test_on_a_phone_values_end_at_the_right_and_a_line_is_above_a_data_set_only(
    visit: Visit,
) -> None:
    page = visit("/compare", **PHONE)
    table = hook(page, "compare_table").locator("table")
    expect(table.locator(".star").first).to_be_visible()
    gaps = table.evaluate("""table => [...table.querySelectorAll("td > b")].map(value =>
        value.parentElement.getBoundingClientRect().right - value.getBoundingClientRect().right)""")
    assert gaps and max(gaps) < 30  # a star is there
    lines = table.evaluate("""table => [...table.querySelectorAll("tr + tr > *")]
        .filter(cell => cell.checkVisibility() && getComputedStyle(cell).borderTopWidth !== "0px")
        .map(cell => cell.tagName)""")
    assert lines == ["TH", "TH"]  # MNIST and Fashion-MNIST
