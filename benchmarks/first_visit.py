"""The first visit on a weak link, and the second: seconds and bytes to the first answered stroke.

    python benchmarks/first_visit.py [--kilobits N] [--milliseconds N] [--times N] [--json]

A Chromium with an empty cache, slowed down by its own developer tools, opens the page and draws a 7
as soon as the canvas is there. The second visit is another tab of the same browser.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from playwright.sync_api import Browser, BrowserContext

from tests.browser.support import driver
from tests.browser.support.app import App, serve
from tests.browser.support.driver import CANVAS_ELEMENT, DIGITS
from tests.browser.support.wire import Wire

PATIENCE_MS = 300_000


def visit(context: BrowserContext, app: App, kilobits: float, latency: float) -> dict[str, float]:
    """Seconds until the canvas and from the pen's rest to the answer; kilobytes until then."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    wire = Wire(page)
    if kilobits:
        wire.slow_down(kilobits, latency)
    began = time.perf_counter()
    page.goto(app.url, wait_until="commit")
    page.locator(CANVAS_ELEMENT).wait_for()
    found = {"canvas, s": time.perf_counter() - began}
    box = page.locator(CANVAS_ELEMENT).bounding_box()
    assert box
    for stroke in DIGITS["7"]:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
            if not number:
                page.mouse.down()
        page.mouse.up()
    drawn = time.perf_counter()
    page.locator(".st-key-class_answer", has_text="7").wait_for()
    found["answer after the stroke, s"] = time.perf_counter() - drawn
    found["until then, kB"] = wire.bytes / 1000
    page.close()
    return found


def visits(browser: Browser, app: App, args: argparse.Namespace) -> list[dict[str, float]]:
    """The first and the second visit of a new browser profile."""
    context = browser.new_context()
    found = [visit(context, app, args.kilobits, args.milliseconds) for _ in range(2)]
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kilobits", type=float, default=400, help="a second; 0 is no limit")
    parser.add_argument("--milliseconds", type=float, default=300, help="more for each request")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as app,
        driver.chromium() as browser,
    ):
        all_visits = [visits(browser, app, args) for _ in range(args.times)]
    rows = {
        what: [statistics.median(each[k][what] for each in all_visits) for k in range(2)]
        for what in all_visits[0][0]
    }
    if args.json:
        print(json.dumps(rows))
        return
    print("| median of", args.times, "| first visit | second |\n| --- | --- | --- |")
    for what, (first, second) in rows.items():
        print(f"| {what} | {first:.2f} | {second:.2f} |")


if __name__ == "__main__":
    main()
