"""The address bar as people use it: Back and Forward, mistyped and cut links, other people's
parameters, and what a page is without its icons, under a finger and on paper."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import (
    WAIT_MS,
    draw_digit,
    hook,
    open_settings,
    pick_number,
    text,
    wait_until_idle,
)

HISTORY = "history.length"
ADDRESS_MS = 1_700  # until Streamlit has written the newest address once more, where it does
PHONE = {"width": 390, "height": 844}


def go_to(page: Page, name: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
    page.wait_for_url(f"**/{name.lower()}*")
    wait_until_idle(page)


def test_a_page_is_one_entry_in_the_history_however_much_is_drawn(visit: Visit):
    page = visit(alone=True)  # a history has 50 entries at most
    before = page.evaluate(HISTORY)
    for digit, number in (("3", 4), ("8", 5)):
        draw_digit(page, digit)
        pick_number(page, number)
    expect(page).to_have_url(re.compile("n=5.*s=|s=.*n=5"))
    assert page.evaluate(HISTORY) == before


def test_back_and_forward_go_from_page_to_page_and_lose_nothing(visit: Visit):
    page = visit(has_touch=False, locale="en-US")  # a new window: a history has 50 entries at most
    before = page.evaluate(HISTORY)
    draw_digit(page, "5")
    go_to(page, "Train")
    go_to(page, "Compare")
    assert page.evaluate(HISTORY) == before + 2
    page.go_back()
    expect(page).to_have_url(re.compile(r"/train\?"))
    wait_until_idle(page)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?"))
    expect(hook(page, "class_answer")).to_contain_text("5")
    page.wait_for_timeout(ADDRESS_MS)
    page.go_forward()
    expect(page).to_have_url(re.compile(r"/train\?.*s="))
    assert page.evaluate(HISTORY) == before + 2


def test_a_reload_after_going_back_shows_the_drawing(page):
    draw_digit(page, "5")
    go_to(page, "Train")
    page.go_back()
    expect(hook(page, "class_answer")).to_contain_text("5")
    page.wait_for_timeout(ADDRESS_MS)
    page.reload()
    expect(hook(page, "class_answer")).to_contain_text("5")


def test_a_mistyped_address_leads_to_its_page(visit: Visit):
    """More of them are in tests/views/document/test_head.py."""
    page = visit("/TRAIN.?n=4")
    expect(page).to_have_url(re.compile(r"/train\?n=4&v=1$"))
    expect(hook(page, "train_start")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_a_cut_link_shows_what_is_left_and_says_so(visit: Visit):
    page = visit()
    page.goto(page.url.split("?")[0] + "?n=4&s=JhIQRGZhCXRoUiWSDCQ")  # its toast goes after 10 s
    expect(page.get_by_test_id("stToast")).to_contain_text("cut short")
    assert text(page, "class_answer") == "7"


def test_parameters_of_the_host_stay_while_drawing(visit: Visit):
    page = visit("/?__sign=a-b_&utm_source=forum")
    draw_digit(page, "5")
    expect(page).to_have_url(re.compile(r"\?__sign=a-b_&utm_source=forum&s=.*&v=1$"))
    go_to(page, "Train")
    expect(page).to_have_url(re.compile(r"/train\?__sign=a-b_&utm_source=forum&s="))


def test_without_the_font_of_icons_no_name_of_one_is_seen(browser, app):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.route(re.compile(r"MaterialSymbols.*\.woff2"), lambda route: route.abort())
    page.goto(app.url)
    icon = page.get_by_test_id("stIconMaterial").first
    icon.wait_for(state="attached")
    wait = "() => document.querySelectorAll('[data-testid=stIconMaterial]').length > 5"
    page.wait_for_function(wait)
    seen = page.get_by_test_id("stIconMaterial").evaluate_all(
        "icons => icons.filter(icon => getComputedStyle(icon).visibility !== 'hidden').length"
    )
    context.close()
    assert seen == 0


def test_with_the_font_all_icons_are_seen(page):
    page.wait_for_function("!document.documentElement.classList.contains('no-icons')")
    icon = page.get_by_test_id("stIconMaterial").first
    assert icon.evaluate("icon => getComputedStyle(icon).visibility") == "visible"


def test_a_finger_that_moves_up_over_a_slider_scrolls_and_changes_nothing(visit: Visit):
    page = visit("/train", viewport=PHONE, has_touch=True, is_mobile=True)
    open_settings(page)
    slider = page.get_by_test_id("stSlider").last
    slider.scroll_into_view_if_needed()
    before = page.get_by_role("slider").evaluate_all("all => all.map(one => one.ariaValueText)")
    box = slider.bounding_box()
    assert box
    x, y = box["x"] + 0.8 * box["width"], box["y"] + 0.7 * box["height"]
    main = page.get_by_test_id("stMain")
    top = main.evaluate("main => main.scrollTop")
    touch = page.context.new_cdp_session(page)
    at = [{"x": x, "y": y}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    for step in range(1, 13):
        at = [{"x": x, "y": y + (25 if top > 200 else -25) * step}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    scrolled = "([main, top]) => Math.abs(main.scrollTop - top) > 100"
    page.wait_for_function(scrolled, arg=[main.element_handle(), top])
    wait_until_idle(page)
    after = page.get_by_role("slider").evaluate_all("all => all.map(one => one.ariaValueText)")
    assert after == before


def test_a_tap_beside_the_handle_of_a_slider_moves_it(visit: Visit):
    page = visit("/train", viewport=PHONE, has_touch=True, is_mobile=True)
    open_settings(page)
    slider = page.get_by_test_id("stSlider").last
    slider.scroll_into_view_if_needed()
    track = slider.locator("[data-rac]").nth(1)
    box = track.bounding_box()
    assert box
    track.tap(position={"x": 0.75 * box["width"], "y": box["height"] / 2})
    handle = slider.get_by_role("slider")
    expect(handle).not_to_have_attribute("aria-valuetext", "0.00")


@pytest.mark.parametrize("path", ["/compare", "/?n=4&s=JhIQRGZhCXRoUiWSDCQTk"])
def test_on_paper_nothing_is_cut_off(visit: Visit, path):
    page = visit(path)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1_032})  # A4 without its margins
    wide = "all => all.map(one => one.getBoundingClientRect().right).filter(right => right > 703)"
    assert page.locator("table, svg.main-svg, figure, .answer").evaluate_all(wide) == []
    for part in ("stMain", "stAppViewContainer"):
        held = page.get_by_test_id(part).evaluate("part => getComputedStyle(part).overflowY")
        assert held == "visible"
    expect(page.get_by_test_id("stHeader")).to_be_hidden()


@pytest.fixture
def elsewhere(app: App, tmp_path: Path) -> Iterator[str]:
    """A page of another site that shows the app in a frame: localhost is not 127.0.0.1."""
    frame = f'<iframe src="{app.url}" width="1400" height="860"></iframe>'
    (tmp_path / "index.html").write_text(frame)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_in_a_frame_of_another_site_everything_works(browser, elsewhere, tmp_path):
    """Browsers keep the cookies of such a frame back."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(elsewhere)
    inside = page.frame_locator("iframe")
    inside.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.frames[1].wait_for_function("document.fonts.status === 'loaded'")
    inside.get_by_text("Upload", exact=True).click()
    picture = tmp_path / "seven.png"
    paper = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(paper).line([(85, 65), (195, 63), (130, 230)], fill=0, width=20)
    paper.save(picture)
    inside.locator("input[type=file]").set_input_files(picture)
    expect(inside.locator(".st-key-class_answer, .answer").first).to_contain_text("7")
    expect(inside.get_by_text("Error")).to_have_count(0)
    context.close()
