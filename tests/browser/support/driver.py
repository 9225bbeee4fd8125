"""Drive the app in a browser: open it as a visitor, draw on its canvas, read its answers.

    with serve(folder) as app, chromium() as browser:
        page = open_page(browser, app.url)
        draw_digit(page, "5")
        pick_number(page, 7)
        assert text(page, "sum_answer") == "12"

Everything waits for what it needs to see, nothing for an amount of time. Where a test is about what
comes by and by (curves that grow), use Playwright's own `expect(hook(page, "train_status"))`.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal
from weakref import WeakKeyDictionary

from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from core.data.drawing import CANVAS_SIDE, Stroke, Strokes
from tests.browser.support.find_browser import find_browser
from tests.browser.support.talk import Talk

Scheme = Literal["light", "dark"]

WAIT_MS = 120_000  # for anything on a page, on a machine that also trains
LIST_OPENS_MS = 2_000  # until the list of a selectbox shows what was typed
OPENINGS = 5  # of such a list, before it counts as broken
DESKTOP: ViewportSize = {"width": 1440, "height": 900}

FLAGS = [  # no sandbox, as containers forbid it; the rest keeps Chromium from calling home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=WAIT_MS)
# Two frames are drawn, and then what waited for them is done.
TWO_FRAMES = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => requestIdleCallback(() => done(), { timeout: 2000 }))))"""
SHOWN = """() =>
    document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]") &&
    !document.querySelector("[data-testid=stSkeleton]") && document.fonts.status === "loaded" &&
    [...document.querySelectorAll(".st-key-live_answers .place")]
        .every((place) => place.said !== undefined)
"""
CANVAS_ELEMENT = ".st-key-canvas canvas.upper-canvas"
PEN_LISTENS = "!document.querySelector('.st-key-live_pen') || window.sketchAndSum?.pen?.attached"
# When nothing moves or fades any more, but for what does so for ever.
UNFOLDED = """Promise.allSettled(document.getAnimations()
    .filter(animation => animation.effect.getComputedTiming().endTime < Infinity)
    .filter(animation => animation.playState === "running")
    .map(animation => animation.finished))"""


def _stroke(corners: str) -> Stroke:
    return tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in corners.split()))


DIGITS: dict[str, Strokes] = {  # two points close together make a sharp corner
    "2": (
        _stroke("95,95 105,68 138,55 172,68 180,100 160,138 125,180 97,213 96,217 100,218 190,217"),
    ),
    "3": (
        _stroke(
            "95,75 120,55 160,55 182,80 172,112 143,128 140,131 144,133 175,140 192,175 178,210 "
            "140,228 100,212"
        ),
    ),
    "5": (
        _stroke(
            "105,60 101,95 98,130 100,133 130,115 165,120 190,150 185,190 155,215 120,218 92,200"
        ),
        _stroke("105,60 190,58"),
    ),
    "7": (_stroke("85,65 140,63 193,61 196,63 194,68 165,130 130,230"),),
    "8": (
        _stroke(
            "178,88 150,58 115,65 98,92 120,125 155,145 182,178 170,212 138,230 105,215 95,178 "
            "125,145 160,122 180,98 176,84"
        ),
    ),
}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a fresh profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


TALKS: WeakKeyDictionary[Page, Talk] = WeakKeyDictionary()


def open_page(
    browser: Browser,
    url: str,
    *,
    viewport: ViewportSize = DESKTOP,
    color_scheme: Scheme = "light",
    **options: Any,
) -> Page:
    """A new visitor's page, shown completely. `options`: has_touch, device_scale_factor, ..."""
    page = browser.new_context(**options).new_page()
    open_in(page, url, viewport=viewport, color_scheme=color_scheme)
    return page


def open_in(
    page: Page,
    url: str,
    *,
    viewport: ViewportSize = DESKTOP,
    color_scheme: Scheme = "light",
) -> None:
    """Open the app in an empty tab and wait until it is shown completely."""
    page.set_default_timeout(WAIT_MS)
    page.set_viewport_size(viewport)
    page.emulate_media(
        media="screen",
        color_scheme=color_scheme,
        forced_colors="none",
        reduced_motion="no-preference",
    )
    if page not in TALKS:
        TALKS[page] = Talk(page)
    with answered(page):
        page.goto(url)


@contextlib.contextmanager
def answered(page: Page) -> Iterator[None]:
    """Do something that asks the app a question, and wait until the answer is on the page.

    What the page asks by itself, every second or so while a network trains, does not count.
    It begins once nothing moves: a button that moves between press and release is not clicked.
    """
    settle(page)
    before = TALKS[page].asked
    yield
    wait_for(page, lambda: TALKS[page].asked > before, "the page asked the app nothing")
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Until the app has answered what was asked so far and the page shows it."""
    wait_for(page, lambda: not TALKS[page].open, "the app gave no answer")
    page.wait_for_function(SHOWN)
    page.evaluate(TWO_FRAMES)


def settle(page: Page) -> None:
    """Until everything on the page lies where it stays; what was just pressed has begun to move."""
    page.evaluate(TWO_FRAMES)
    page.evaluate(UNFOLDED)


def wait_for(page: Page, fulfilled: Callable[[], bool], complaint: str) -> None:
    """Until something is so; else an error with this complaint."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not fulfilled():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint} in {WAIT_MS / 1000:.0f} s")
        page.wait_for_timeout(10)  # between looks; what the page says arrives meanwhile


def wait_for_canvas(page: Page) -> None:
    """Until a stroke is drawn, and heard by the pen where the page has one."""
    page.locator(CANVAS_ELEMENT).wait_for()
    page.wait_for_function(PEN_LISTENS)


def hook(page: Page, key: str) -> Locator:
    """The part of the page that Streamlit was given `key` for."""
    return page.locator(f".st-key-{key}")


def text(page: Page, key: str) -> str:
    """What a part of the page says, once the app has nothing left to answer."""
    wait_until_idle(page)
    return hook(page, key).inner_text().strip()


def texts(parts: Locator) -> list[str]:
    """What each of these parts says, once there is one; Playwright's own would not wait for it."""
    expect(parts).not_to_have_count(0)
    return parts.all_inner_texts()


def draw(page: Page, strokes: Strokes) -> None:
    """Draw with the mouse, in canvas pixels, and wait for the app's answer to the whole drawing.

    The browser asks the app once the pen has rested, so nothing is to be waited for between two
    strokes; on a busy machine it may ask there, too.
    A canvas that is shown larger is drawn on larger.
    """
    wait_for_canvas(page)
    canvas = page.locator(CANVAS_ELEMENT)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box and round(box["width"]) >= CANVAS_SIDE, f"the canvas lies at {box}"
    scale = box["width"] / CANVAS_SIDE
    for stroke in strokes:
        points = [(box["x"] + scale * x, box["y"] + scale * y) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)  # no steps between: the pen rounds the corners
        with answered(page) if stroke is strokes[-1] else contextlib.nullcontext():
            page.mouse.up()


def draw_digit(page: Page, digit: str) -> None:
    draw(page, DIGITS[digit])


def pick_number(page: Page, number: int) -> None:
    """Press one of the ten buttons of the number to add."""
    button = hook(page, "addend").get_by_role("button", name=str(number), exact=True)
    with answered(page):
        button.click()


def press(page: Page, key: str) -> None:
    """Press the button with this key and wait for the app's answer."""
    with answered(page):
        hook(page, key).get_by_role("button").click()


def click_once_heard(page: Page, button: Locator) -> None:
    """Click a button of a component, whose script may come after it."""
    wait_for(page, lambda: button.evaluate("button => !!button.onclick"), "nobody hears the button")
    button.click()


def choose(page: Page, field: Locator, option: str) -> None:
    """Choose an option of a selectbox or multiselect, and wait for the app's answer.

    The name of the option is typed first: a list that shows it alone does not scroll. A long one
    does, under the mouse, and on a busy machine between the press and the release of its button.
    A page that still moves closes the list: then it is opened again, as anybody would.
    """
    options = page.get_by_role("option")
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(OPENINGS):
        field.fill("")
        field.fill(option)
        with contextlib.suppress(AssertionError):
            expect(options).to_have_count(1, timeout=LIST_OPENS_MS)
            settle(page)
            if wanted.is_visible():
                break
    with answered(page):
        wanted.click()


TURNED = """name => [...document.querySelectorAll("[aria-current=page]")]
    .some(link => link.textContent.includes(name))"""


def turn_to(page: Page, name: str) -> None:
    """Show the page of that name, by the bar on top."""
    link = page.locator("[data-testid=stTopNavLink], .st-key-page_bar a")
    link.filter(has_text=name).filter(visible=True).first.click()
    page.wait_for_function(TURNED, arg=name)
    wait_until_idle(page)


def open_settings(page: Page) -> None:
    """Unfold the settings of the Train page, if they are not."""
    wait_until_idle(page)
    if not hook(page, "setting_lr").is_visible():
        hook(page, "more_settings").get_by_text("More settings").click()
    expect(hook(page, "setting_lr")).to_be_visible()
    settle(page)  # what is scrolled to while it unfolds is scrolled to inside of it
