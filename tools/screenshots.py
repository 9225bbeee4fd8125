"""Take pictures of the pages.

    python -m tools.screenshots [--out docs]       the five of the README, and a link's preview
    python -m tools.screenshots --all [--out out/screenshots] [--only draw]

The README's are draw.png, train.png, compare.png, explain.png and phone.png. With --all it is every
page at four widths in both themes: draw-1440-light.png is the first screen as a visitor opens it,
draw-5-1440-light.png has a 5 drawn on it, and what does not fit on the first screen is in a second,
taller picture, draw-390-dark-all.png.
"""

import argparse
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.support import driver
from tests.browser.support.app import ROOT, App, serve
from tests.browser.support.driver import Scheme, draw_digit, hook, open_page, pick_number, press
from views.document.head import DOCUMENT_FILES, PREVIEW

WIDE: ViewportSize = {"width": 1440, "height": 900}
TALL: ViewportSize = {"width": 1440, "height": 1080}
PHONE: ViewportSize = {"width": 390, "height": 844}
CHAT: ViewportSize = {"width": 1200, "height": 630}  # as chats show a link
README_WIDTH = 1240  # pixels: twice what the README shows, for sharp screens
TRAINED_MS = 240_000
BELOW_THE_BAR = "idea.style.scrollMarginTop = '70px'"  # the way to the pages lies over the page
SEVEN = "/?v=1&n=4&s=JhIQRGZhCXRoUiWSDCQTk"  # a drawn 7, and 4 to add

SIZES = {1440: 900, 768: 1024, 390: 844, 360: 740}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DRAW = "draw"  # the page that also gets something drawn on it
TALLEST = 8_000  # pixels of a page that shall be taken whole

LINKS = """links => Object.fromEntries(
    links.map(link => [link.innerText.split(/\\s+/).pop(), link.href])
)"""
CONTENT = "document.querySelector('[data-testid=stMain]').scrollHeight"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots")
    parser.add_argument("--out", type=Path, help="folder; docs, or out/screenshots with --all")
    parser.add_argument("--all", action="store_true", help="every page, width and theme")
    parser.add_argument("--only", help="with --all, one page: draw, train, ...")
    arguments = parser.parse_args()
    out = arguments.out or ROOT / ("out/screenshots" if arguments.all else "docs")
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as app,
        driver.chromium() as browser,
    ):
        if arguments.all:
            pages = find_pages(browser, app.url)
            if arguments.only not in (None, *pages):
                parser.error(f"there is no page {arguments.only}: choose of {', '.join(pages)}")
            chosen = [arguments.only] if arguments.only else list(pages)
            for name in chosen:
                print(*take(browser, name, pages[name], out), sep="\n")
        else:
            print(*illustrate(browser, app, out), sep="\n")
        print(app.trouble(), end="")


def illustrate(browser: Browser, app: App, out: Path) -> Iterator[Path]:
    """The README's pictures, in its order."""
    page = open_page(browser, app.url, viewport=WIDE)
    draw_digit(page, "5")
    pick_number(page, 3)
    yield still(page, out / "draw.png")

    page = open_page(browser, app.url + SEVEN.replace("/?", "/train?"), viewport=TALL)
    press(page, "train_start")
    expect(hook(page, "use_network")).to_be_visible(timeout=TRAINED_MS)
    yield still(page, out / "train.png")

    page = open_page(browser, f"{app.url}/compare", viewport=TALL)
    expect(hook(page, "curves_chart").locator(".js-plotly-plot")).to_be_visible()
    yield still(page, out / "compare.png")

    page = open_page(browser, app.url + SEVEN.replace("/?", "/explain?"), viewport=TALL)
    hook(page, "idea_3").evaluate(f"idea => {{ {BELOW_THE_BAR}; idea.scrollIntoView() }}")
    yield still(page, out / "explain.png")

    touch = {"has_touch": True, "is_mobile": True}
    page = open_page(browser, app.url, viewport=PHONE, color_scheme="dark", **touch)
    draw_digit(page, "8")
    page.locator("[data-testid=stMain]").evaluate("main => { main.scrollTop = 0 }")
    yield still(page, out / "phone.png")

    page = open_page(browser, app.url, viewport=CHAT)
    draw_digit(page, "5")
    yield still(page, DOCUMENT_FILES / PREVIEW)


def still(page: Page, path: Path) -> Path:
    """What the window shows, at most README_WIDTH wide."""
    driver.wait_until_idle(page)
    page.mouse.move(0, 0)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if picture.width > README_WIDTH:
        size = README_WIDTH, round(picture.height * README_WIDTH / picture.width)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    octree = (
        Image.Quantize.FASTOCTREE
    )  # keeps the few colored pixels colored, at a third of the size
    picture.quantize(method=octree, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def find_pages(browser: Browser, url: str) -> dict[str, str]:
    """Name and address of every page, as the navigation lists them."""
    page = open_page(browser, url)
    links: dict[str, str] = page.get_by_test_id("stTopNavLink").evaluate_all(LINKS)
    page.context.close()
    return {name.lower(): address for name, address in links.items()}


def take(browser: Browser, name: str, url: str, out: Path) -> Iterator[Path]:
    for scheme in SCHEMES:
        for width, height in SIZES.items():
            page = open_page(
                browser,
                url,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                device_scale_factor=2 if width < 700 else 1,
                has_touch=width < 700,
            )
            yield from shoot(page, out / f"{name}-{width}-{scheme}.png")
            if name == DRAW:
                draw_digit(page, "5")
                yield from shoot(page, out / f"{name}-5-{width}-{scheme}.png")
            page.context.close()


def shoot(page: Page, file: Path) -> Iterator[Path]:
    """The first screen, and the whole page if there is more of it."""
    page.mouse.move(0, 0)
    page.screenshot(path=file)
    yield file
    size = page.viewport_size
    assert size
    content = page.evaluate(CONTENT)
    if content > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": min(content, TALLEST)})
        page.evaluate(driver.TWO_FRAMES)
        whole = file.with_stem(f"{file.stem}-all")
        page.screenshot(path=whole)
        page.set_viewport_size(size)
        yield whole


if __name__ == "__main__":
    main()
