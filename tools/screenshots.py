"""Look at the pages: a PNG of each at four widths, in the light and the dark theme.

    python -m tests.browser.screenshots [--out out/screenshots] [--only draw]

draw-1440-light.png is the first screen as a visitor opens it; draw-5-1440-light.png with a 5 drawn
on it. What does not fit on the first screen is in a second, taller picture: draw-390-dark-all.png.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.support import driver
from tests.browser.support.app import ROOT, serve

SIZES = {1440: 900, 768: 1024, 390: 844, 360: 740}
SCHEMES = ("light", "dark")
DRAW = "draw"  # the page that also gets something drawn on it
TALLEST = 8_000  # pixels of a page that shall be taken whole

LINKS = """links => Object.fromEntries(
    links.map(link => [link.innerText.split(/\\s+/).pop(), link.href])
)"""
CONTENT = "document.querySelector('[data-testid=stMain]').scrollHeight"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "screenshots")
    parser.add_argument("--only", help="one page: draw, train, ...")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as app,
        driver.chromium() as browser,
    ):
        pages = find_pages(browser, app.url)
        wanted = {n: url for n, url in pages.items() if arguments.only in (None, n)}
        if not wanted:
            parser.error(f"there is no page {arguments.only}: choose of {', '.join(pages)}")
        for name, url in wanted.items():
            for file in take(browser, name, url, arguments.out):
                print(file)
        print(app.trouble(), end="")


def find_pages(browser: Browser, url: str) -> dict[str, str]:
    """Name and address of every page, as the navigation lists them."""
    page = driver.open_page(browser, url)
    links: dict[str, str] = page.get_by_test_id("stTopNavLink").evaluate_all(LINKS)
    page.context.close()
    return {name.lower(): address for name, address in links.items()}


def take(browser: Browser, name: str, url: str, out: Path) -> Iterator[Path]:
    for scheme in SCHEMES:
        for width, height in SIZES.items():
            page = driver.open_page(
                browser,
                url,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                device_scale_factor=2 if width < 700 else 1,
                has_touch=width < 700,
            )
            yield from shoot(page, out / f"{name}-{width}-{scheme}.png")
            if name == DRAW:
                driver.draw_digit(page, "5")
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
