"""A phone: the bar of pages in reach of a thumb, and what was just caused in view."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import answered, hook, press, settle, wait_until_idle

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NAMES = ["Draw", "Train", "Compare", "Explain", "Your data", "Lessons"]
MAIN = "document.querySelector('[data-testid=stMain]')"
# Scrolls to the end; does anything there lie under the bar?
UNCOVERED = """top => {
    const main = document.querySelector("[data-testid=stMain]");
    main.scrollTo(0, main.scrollHeight);
    return [...main.querySelectorAll("p, button, img, canvas, svg")]
        .filter(each => !each.closest(".st-key-page_bar") && each.checkVisibility())
        .every(each => each.getBoundingClientRect().bottom <= top);
}"""


def bar_top(page: Page) -> float:
    box = hook(page, "page_bar").bounding_box()
    assert box and round(box["y"] + box["height"]) == 844
    return box["y"]


def test_the_bar_names_all_pages_and_covers_nothing(visit: Visit) -> None:
    page = visit("/", **PHONE)
    links = hook(page, "page_bar").get_by_role("link")
    expect(links).to_have_count(len(NAMES))
    for place, name in enumerate(NAMES):
        box = links.nth(place).bounding_box()
        assert box and box["width"] >= 48 and box["height"] >= 44
        expect(links.nth(place)).to_contain_text(name)
    for name in NAMES:
        links.filter(has_text=name).tap()
        current = hook(page, "page_bar").locator("[aria-current=page]")
        expect(current).to_contain_text(name)
        wait_until_idle(page)
        page.wait_for_function(UNCOVERED, arg=bar_top(page))
        share = hook(page, "share").bounding_box()
        assert share and share["y"] + share["height"] < 64, name  # in the corner, on nothing


def test_the_page_is_marked_however_late_the_links_arrive(visit: Visit) -> None:
    page = visit("/compare", alone=True, **PHONE)
    held: list[Route] = []
    page.route(re.compile(r"/PageLink\..*\.js"), lambda route: held.append(route))
    page.reload()
    hook(page, "page_mark").locator("[data-testid^=stBidi]").wait_for(state="attached")
    settle(page)
    expect(hook(page, "page_bar").get_by_role("link")).to_have_count(0)
    assert held
    for route in held:
        route.continue_()
    current = hook(page, "page_bar").locator("[aria-current=page]")
    expect(current).to_have_text(re.compile("Compare"))


def test_a_wide_window_has_the_pages_on_top_only(page: Page) -> None:
    expect(hook(page, "page_bar")).to_be_hidden()
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(len(NAMES))


def test_another_page_begins_at_its_top(visit: Visit) -> None:
    page = visit("/explain", **PHONE)
    # On a busy machine the page comes at once, and what is there never gets short in between.
    page.add_style_tag(content="[data-testid=stMainBlockContainer] { min-height: 3000px }")
    page.evaluate(f"{MAIN}.scrollTo(0, 300)")
    with answered(page):
        hook(page, "page_bar").get_by_role("link", name="Train").tap()
    page.wait_for_function(f"{MAIN}.scrollTop === 0")
    current = hook(page, "page_bar").locator("[aria-current=page]")
    expect(current).to_have_text(re.compile("Train"))


def test_a_mistake_that_is_opened_is_in_view_with_its_verdict(visit: Visit) -> None:
    page = visit("/compare?v=1&view=mistakes", **PHONE)
    first = hook(page, "compare_shown").get_by_role("button", name=re.compile("Draw|Open")).first
    first.scroll_into_view_if_needed()
    first.tap()
    expect(page.locator(".verdict")).to_contain_text("this is a")
    wait_until_idle(page)
    page.wait_for_function(f"{MAIN}.scrollTop === 0")
    verdict, picture = (
        page.locator(".verdict").bounding_box(),
        hook(page, "test_image").bounding_box(),
    )
    assert verdict and picture
    assert picture["y"] >= 56 and verdict["y"] + verdict["height"] <= bar_top(page)


def test_an_example_is_answered_in_view(visit: Visit) -> None:
    page = visit("/", **PHONE)
    press(page, "example_8")
    for key in ("canvas", "addend", "class_answer", "sum_answer"):
        box = hook(page, key).bounding_box()
        assert box and box["y"] >= 56 and box["y"] + box["height"] <= bar_top(page), key


@pytest.mark.parametrize("width", [320, 343, 344, 359, 360])
def test_on_the_narrowest_phones_all_stands_beside_each_other(visit: Visit, width: int) -> None:
    page = visit("/?v=1&tour=10", **PHONE | {"viewport": {"width": width, "height": 844}})
    press(page, "guide_close")  # "Tour, 10" is the longest
    logo, tour, share = (
        page.get_by_test_id("stHeaderLogo"),
        *(hook(page, key).get_by_role("button").filter(visible=True) for key in ("tour", "share")),
    )
    expect(tour).to_have_text(re.compile("Tour, 10"))
    boxes = [one.bounding_box() for one in (logo, tour, share)]
    assert all(one and two and one["x"] + one["width"] <= two["x"] for one, two in pairwise(boxes))
    press(page, "example_8")
    assert page.evaluate(f"[{MAIN}.scrollLeft, {MAIN}.scrollWidth]") == [0, width]
    canvas = hook(page, "canvas").bounding_box()
    assert canvas and canvas["x"] >= 8 and canvas["width"] == 280
    for key in ("source", "undo", "example_3", "example_8", "addend", "roll"):
        box = hook(page, key).bounding_box()
        assert box and box["x"] >= 8 and box["x"] + box["width"] <= width - 8, (key, box)
        is_beside = box["x"] >= canvas["x"] + canvas["width"]
        is_below = box["y"] >= canvas["y"] + canvas["height"]
        assert is_beside or is_below or key == "source", (key, box)


def test_a_class_without_links_to_pages_has_no_bar(visit: Visit) -> None:
    page = visit("/?v=1&hide=pages", **PHONE)
    expect(hook(page, "page_bar")).to_have_count(0)
