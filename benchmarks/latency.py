"""From pen-up to both answers on the page, in a real Chromium, beside an empty app.

    python benchmarks/latency.py [--times N] [--json]

The empty app has the same canvas and only counts strokes: what it takes is Streamlit's, the
browser's and the canvas's, which alone waits 200 ms after a stroke. Ours answers over the live
channel; it is measured idle and while another visitor's network trains, and so is a change of the
number. A stroke takes half a second here, and it is counted how many answers came meanwhile, and
how much of a core the app spent on it, the page's run after it included. The browser keeps the
time: from the event to the first frame after its answer came. "without the channel" is the same
with SKETCH_SUM_LIVE=0, where the page's run answers. Then the waits around a training: from
pressing Train to the first point of the chart, and from its last step to "Use this network".
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
import torch
from playwright.sync_api import Browser, Locator, Page

from core.data.drawing import CANVAS_SIDE, mnist_form, rasterize
from core.engines.tracing import Forward, traced
from core.evaluation.prediction import predict
from core.runs.run import list_runs
from core.storage import checkpoint
from tests.browser.support import driver
from tests.browser.support.app import App, serve
from tests.browser.support.driver import DIGITS, hook, open_page, press, wait_until_idle

SINGLE = [digit for digit, strokes in DIGITS.items() if len(strokes) == 1]
WARM = 2  # times that do not count
STROKE, STEPS = 0.5, 30  # seconds of a stroke, and how often the pen moves in it

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
# Notes what is said on the live channel, from before the page's own scripts run.
SPY = """() => {
    window.heard = [];
    window.last = () => {};
    window.WebSocket = class extends WebSocket {
        constructor(...args) {
            super(...args);
            if (!this.url.endsWith("/live")) return;
            this.addEventListener("message", ({data}) => {
                const {id} = JSON.parse(data);
                window.heard.push(id);
                if (id === window.said.id && !window.said.down) requestAnimationFrame(window.last);
            });
        }
        send(text) {
            if (typeof text === "string") window.said = JSON.parse(text);
            super.send(text);
        }
    };
}"""
# Resolves to the milliseconds from the next event of that kind to the frame with its answer.
ANSWERED = """(event) => {
    window.took = new Promise(done => addEventListener(event, () => {
        const start = performance.now();
        window.last = () => done(performance.now() - start);
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
    """The latency of a stroke on an empty canvas where the page's run answers, again and again."""
    found = []
    for time_ in range(WARM + times):
        pen_down(page, SINGLE[time_ % len(SINGLE)], pause=0)
        found.append(watched(page, "mouseup", keys, page.mouse.up))
        press(page, "clear")
    return found[WARM:]


def numbers(page: Page, times: int) -> list[float]:
    """The latency of another number under a drawing where the page's run answers."""
    found = []
    for time_ in range(WARM + times):
        found.append(watched(page, "click", ["sum_answer"], number_button(page, time_).click))
    return found[WARM:]


def live_strokes(page: Page, app: App, times: int) -> dict[str, list[float]]:
    """The latency, the answers and the work of the app for a stroke on an empty canvas."""
    took, answers, work = [], [], []
    for time_ in range(WARM + times):
        before = page.evaluate("window.heard.length"), cpu_seconds(app.pid)
        pen_down(page, SINGLE[time_ % len(SINGLE)], pause=STROKE / STEPS)
        answers.append(float(page.evaluate("window.heard.length") - before[0]))
        page.evaluate(ANSWERED, "mouseup")
        with driver.answered(page):
            page.mouse.up()
        took.append(float(page.evaluate("window.took")))
        work.append(1000 * (cpu_seconds(app.pid) - before[1]))
        press(page, "clear")
    parts = {"stroke": took, "answers meanwhile": answers, "CPU for it": work}
    return {name: values[WARM:] for name, values in parts.items()}


def live_numbers(page: Page, times: int) -> list[float]:
    """The latency of another number under a drawing."""
    found = []
    for time_ in range(WARM + times):
        page.evaluate(ANSWERED, "click")
        with driver.answered(page):
            number_button(page, time_).click()
        found.append(float(page.evaluate("window.took")))
    return found[WARM:]


def number_button(page: Page, number: int) -> Locator:
    return hook(page, "addend").get_by_role("button", name=str(number % 10), exact=True)


def pen_down(page: Page, digit: str, pause: float) -> None:
    """Draw a digit of one stroke, and do not lift the pen; so many seconds between its points."""
    (stroke,) = DIGITS[digit]
    box = page.locator(driver.CANVAS_ELEMENT).bounding_box()
    assert box and round(box["width"]) == CANVAS_SIDE
    corners = [(box["x"] + x, box["y"] + y) for x, y in stroke]
    along = np.linspace(0, len(corners) - 1, STEPS if pause else len(corners))
    x, y = (np.interp(along, range(len(corners)), each) for each in zip(*corners, strict=True))
    page.mouse.move(*corners[0])
    page.mouse.down()
    due = time.perf_counter()
    for point in zip(x[1:].tolist(), y[1:].tolist(), strict=True):
        page.mouse.move(*point)
        due += pause
        page.wait_for_timeout(max(0, 1000 * (due - time.perf_counter())) if pause else 0)


def cpu_seconds(pid: int) -> float:
    """The time that a process has computed."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def trainings(browser: Browser, app: App, times: int) -> tuple[list[float], list[float]]:
    """The waits before and after a short training, again and again."""
    before, after = [], []
    for _ in range(1 + times):  # the first finds a worker that still warms up
        page = open_page(browser, f"{app.url}/train")
        page.wait_for_selector(".js-plotly-plot")  # the shipped curves, and with them the library
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
        with serve(Path(folder) / "alone", environment={"SKETCH_SUM_LIVE": "0"}) as app:
            page = open_page(browser, app.url)
            found["without the channel, stroke"] = strokes(page, ANSWERS, times)
            driver.draw_digit(page, SINGLE[0])
            found["without the channel, number"] = numbers(page, times)
        with serve(Path(folder) / "ours") as app:
            waits = trainings(browser, app, max(1, times // 3))
            found["Train to the first point"], found["last step to Use this network"] = waits
            page = spied_page(browser, app.url)
            found |= live(page, app, times, "idle")
            learner = open_page(browser, f"{app.url}/train?v=1&epochs=20")
            press(learner, "train_start")
            learner.wait_for_selector(".st-key-train_pause")  # it trains
            found |= live(page, app, times, "training")
            assert hook(learner, "train_pause").count(), "the training was over too soon"
    return found | predictions()


def spied_page(browser: Browser, url: str) -> Page:
    """A page that notes what is said on its live channel."""
    page = browser.new_context().new_page()
    page.add_init_script(f"({SPY})()")
    driver.open_in(page, url)
    return page


def live(page: Page, app: App, times: int, when: str) -> dict[str, list[float]]:
    """Strokes and numbers."""
    found = live_strokes(page, app, times)
    driver.draw_digit(page, SINGLE[0])
    found["number"] = live_numbers(page, times)
    press(page, "clear")
    return {f"{when}, {name}": values for name, values in found.items()}


def predictions(times: int = 100) -> dict[str, list[float]]:
    """Milliseconds from the picture to both answers, on one core; alone, and beside a thread that
    is busy with Python, where the network that is not traced waits after each of its operations."""
    torch.set_num_threads(1)
    sys.setswitchinterval(0.001)  # as the app
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    images = [mnist_form(rasterize(DIGITS[digit])) for digit in SINGLE]
    forwards: dict[str, Forward] = {"": traced(model), " not traced,": model}
    found: dict[str, list[float]] = {}
    stop = threading.Event()
    busy = threading.Thread(target=lambda: [sum(range(1000)) for _ in iter(stop.is_set, True)])
    for where in ("alone", "beside a busy thread"):
        if where != "alone":
            busy.start()
        for kind, forward in forwards.items():
            took = found[f"the prediction,{kind} {where}"] = []
            for time_ in range(times):
                image = images[time_ % len(images)]
                assert image is not None
                start = time.perf_counter()
                predict(forward, image, time_ % 10, card.doubt_level)
                took.append(1000 * (time.perf_counter() - start))
    stop.set()
    busy.join()
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
