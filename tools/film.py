"""Film the real app for the README, as docs/demo.gif: draw, add, train, draw again.

    python -m tools.film [--out docs]

The pictures that stand still come from tools/screenshots.py.
"""

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.support import driver
from tests.browser.support.app import ROOT, serve
from tests.browser.support.driver import DIGITS, draw, hook, pick_number, press, wait_until_idle

SIZE: ViewportSize = {"width": 1100, "height": 700}
SHOWN = (880, 560)  # as the README shows it
QUICK, SLOW = 500, 1_600  # milliseconds a frame stays
COLORS = 128
TRAINED_MS = 240_000


class Film:
    """Frames of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[tuple[Image.Image, int]] = []

    def take(self, stays: int) -> None:
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append((picture.resize(SHOWN, Image.Resampling.LANCZOS), stays))

    def save(self, path: Path) -> None:
        """A GIF with one palette for all frames, so that nothing shimmers."""
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures, stays = zip(*self.frames, strict=True)
        palette = pictures[-1].quantize(COLORS, Image.Quantize.FASTOCTREE)
        first, *rest = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
        first.save(path, save_all=True, append_images=rest, duration=list(stays), loop=0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.film")
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    out = parser.parse_args().out
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as app,
        driver.chromium() as browser,
    ):
        film = Film(driver.open_page(browser, app.url, viewport=SIZE))
        play(film)
        film.save(out / "demo.gif")
        print(out / "demo.gif")


def play(film: Film) -> None:
    page = film.page
    film.take(SLOW)
    for stroke in DIGITS["5"]:
        draw(page, (stroke,))
        film.take(QUICK)
    film.take(SLOW)
    pick_number(page, 3)
    film.take(SLOW)
    page.get_by_role("link", name="Train").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()  # drawn after the rest
    wait_until_idle(page)
    film.take(SLOW)
    press(page, "train_start")
    seen = ""
    while hook(page, "train_stop").count():  # a frame whenever there is something new to see
        status = hook(page, "train_status").inner_text()
        if status != seen and len(film.frames) < 40:
            film.take(QUICK // 2)
        seen = status
        page.wait_for_timeout(700)  # until it may have moved on
    expect(hook(page, "use_network")).to_be_visible(timeout=TRAINED_MS)
    wait_until_idle(page)
    film.take(2 * SLOW)
    press(page, "use_network")
    film.take(QUICK)
    press(page, "clear")
    draw(page, DIGITS["7"])
    film.take(2 * SLOW)


if __name__ == "__main__":
    main()
