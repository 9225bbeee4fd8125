"""From pen-up to both answers on the page, in a real Chromium, beside an empty app.

    python benchmarks/latency.py [--times N] [--json]

The empty app has the same canvas and only counts strokes: what it takes is Streamlit's, the
browser's and the canvas's, which alone waits 200 ms after a stroke. Ours is measured idle and while
another visitor's network trains; so is a change of the number. The browser keeps the time: from the
event to the first frame in which the text is another. Then the waits around a training: from
pressing Train to the first point of the chart, and from its last step to "Use this network".
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
import torch
from playwright.sync_api import Browser, Page

from core.data.drawing import CANVAS_SIDE, mnist_form, rasterize
from core.evaluation.prediction import predict
from core.runs.run import list_runs
from core.storage import checkpoint
from tests.browser.support import driver
from tests.browser.support.app import App, serve
from tests.browser.support.driver import DIGITS, hook, open_page, press, wait_until_idle

SINGLE = [digit for digit, strokes in DIGITS.items() if len(strokes) == 1]
WARM = 2  # times that do not count

# Resolves to the milliseconds from the next event of that kind until all of these texts are others.
WATCH = """([event, keys]) => {
    const texts = () => keys.map(key => document.querySelector(`.st-key-${key}`)?.innerText);
    window.took = new Promise(done => addEventListener(event, () => {
        const start = performance.now(), before = texts();
        const look = () => texts().every((text, i) => text && text !== before[i])
            ? done(performance.now() - start) : requestAnimationFrame(look);
        requestAnimationFrame(look);
    }, {once: true, capture: true}));
}"""
# Resolves to the milliseconds from the next click to the first frame with a curve.
FIRST_POINT = """() => {
    window.took = new Promise(done => addEventListener("click", () => {
        const start = performance.now();
        const chart = () => document.querySelector(".st-key-loss_chart .js-plotly-plot");
        const look = () => chart()?.data?.[0]?.x?.length
            ? done(performance.now() - start) : requestAnimationFrame(look);
        requestAnimationFrame(look);
    }, {once: true, capture: true}));
}"""
ANSWERS = ("class_answer", "sum_answer")


def watched(page: Page, event: str, keys: Sequence[str], act: Callable[[], object]) -> float:
    """Milliseconds from the event that `act` causes until the texts of `keys` have changed."""
    page.evaluate(WATCH, [event, list(keys)])
    act()
    took: float = page.evaluate("window.took")
    wait_until_idle(page)
    return took


def strokes(page: Page, keys: Sequence[str], times: int) -> list[float]:
    """The latency of a stroke on an empty canvas, again and again."""
    found = []
    for time_ in range(WARM + times):
        (stroke,) = DIGITS[SINGLE[time_ % len(SINGLE)]]
        canvas = page.locator(driver.CANVAS_ELEMENT)
        box = canvas.bounding_box()
        assert box and round(box["width"]) == CANVAS_SIDE
        points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        found.append(watched(page, "mouseup", keys, page.mouse.up))
        press(page, "clear")
    return found[WARM:]


def numbers(page: Page, times: int) -> list[float]:
    """The latency of another number under a drawing."""
    found = []
    for time_ in range(WARM + times):
        button = hook(page, "addend").get_by_role("button", name=str(time_ % 10), exact=True)
        found.append(watched(page, "click", ["sum_answer"], button.click))
    return found[WARM:]


def trainings(browser: Browser, app: App, times: int) -> tuple[list[float], list[float]]:
    """The waits before and after a short training, again and again."""
    before, after = [], []
    for _ in range(1 + times):  # the first finds a worker that still warms up
        page = open_page(browser, f"{app.url}/train")
        page.evaluate(FIRST_POINT)
        hook(page, "train_start").get_by_role("button").click()
        before.append(float(page.evaluate("window.took")))
        *_, run = list_runs(app.runs)
        while run.state().name != "evaluating":
            time.sleep(0.02)  # between looks
        start = time.perf_counter()
        hook(page, "use_network").wait_for()
        after.append(1000 * (time.perf_counter() - start))
        page.context.close()
    return before[1:], after[1:]


def measure(times: int) -> dict[str, list[float]]:
    """Milliseconds of everything."""
    found = {}
    empty = Path(__file__).with_name("empty_app.py")
    with tempfile.TemporaryDirectory() as folder, driver.chromium() as browser:
        with serve(Path(folder) / "empty", script=empty) as app:
            found["empty app, stroke"] = strokes(open_page(browser, app.url), ["count"], times)
        with serve(Path(folder) / "ours") as app:
            waits = trainings(browser, app, max(1, times // 3))
            found["Train to the first point"], found["last step to Use this network"] = waits
            page = open_page(browser, app.url)
            found["idle, stroke"] = strokes(page, ANSWERS, times)
            driver.draw_digit(page, SINGLE[0])
            found["idle, number"] = numbers(page, times)
            press(page, "clear")
            learner = open_page(browser, f"{app.url}/train?v=1&epochs=20")
            press(learner, "train_start")
            learner.wait_for_selector(".st-key-train_pause")  # it trains
            found["training, stroke"] = strokes(page, ANSWERS, times)
            driver.draw_digit(page, SINGLE[0])
            found["training, number"] = numbers(page, times)
            assert hook(learner, "train_pause").count(), "the training was over too soon"
    found["prediction alone"] = predictions()
    return found


def predictions(times: int = 300) -> list[float]:
    """Milliseconds from the picture to both answers, on one core."""
    torch.set_num_threads(1)
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    images = [mnist_form(rasterize(DIGITS[digit])) for digit in SINGLE]
    found = []
    for time_ in range(times):
        image = images[time_ % len(images)]
        assert image is not None
        start = time.perf_counter()
        predict(model, image, time_ % 10, card.doubt_level)
        found.append(1000 * (time.perf_counter() - start))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=30, help="of each kind")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    found = measure(args.times)
    if args.json:
        print(json.dumps(found))
        return
    floor = np.percentile(found["empty app, stroke"], 95)
    print("| ms | median | p95 | p95 to the empty app's |")
    print("| --- | --- | --- | --- |")
    for name, values in found.items():
        p95 = np.percentile(values, 95)
        ratio = f"{p95 / floor:.2f}" if name.endswith("stroke") else ""
        print(f"| {name} | {statistics.median(values):.1f} | {p95:.1f} | {ratio} |")


if __name__ == "__main__":
    main()
