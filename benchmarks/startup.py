"""From starting the server to the first answered stroke, beside an empty app that has the same
canvas; and what the imports on the way cost.

    python benchmarks/startup.py [--times N] [--json]

A Chromium that runs already opens the page as soon as the server answers. Both apps start in turns.
The disk is warm: the first start of each does not count. A stroke is answered when its answer is to
be seen; the canvas of the empty app waits 200 ms before it sends one.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from playwright.sync_api import Browser

from benchmarks.latency import cpu_seconds, pen_down
from tests.browser.support import driver
from tests.browser.support.app import ROOT, serve
from tests.browser.support.driver import open_page

EMPTY = Path(__file__).with_name("empty_app.py")
PACKAGES = ("streamlit", "torch", "numpy", "pandas", "plotly", "PIL", "torchvision", "sklearn")
FIRST_PAGE = "import streamlit.web.bootstrap, pandas, views.app, views.draw.page"
SAYS = "([key, words]) => document.querySelector(`.st-key-${key}`)?.innerText.trim() === words"
IMPORT = re.compile(r"import time: +(\d+) \| +\d+ \| +(\w+)")


def start(browser: Browser, folder: Path, script: Path | None = None) -> dict[str, float]:
    """Seconds since the start of a new server, for our app or that of `script`."""
    began = time.perf_counter()
    found = {}

    def note(what: str) -> None:
        found[what] = time.perf_counter() - began

    with serve(folder, script=script) as app:
        note("the server answers")
        page = open_page(browser, app.url)
        note("the page is shown")
        found["processor time of the app until then"] = cpu_seconds(app.pid)
        pen_down(page, "7", pause=0)
        page.mouse.up()
        page.wait_for_function(
            SAYS, arg=["count", "1 strokes"] if script else ["class_answer", "7"]
        )
        note("the first stroke is answered")
        page.context.close()
    return found


def starts(times: int) -> dict[str, list[dict[str, float]]]:
    """Of the empty app and of ours, in turns."""
    found: dict[str, list[dict[str, float]]] = {"empty app": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder, driver.chromium() as browser:
        for time_ in range(times + 1):
            for name, script in zip(found, (EMPTY, None), strict=True):
                found[name].append(start(browser, Path(folder, f"{name} {time_}"), script))
    return {name: each[1:] for name, each in found.items()}


def imports() -> dict[str, float]:
    """Seconds that each package's own modules take in the imports of the first page; 0 where it is
    not among them."""
    command = [sys.executable, "-X", "importtime", "-c", FIRST_PAGE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = dict.fromkeys(PACKAGES, 0.0)
    for line in done.stderr.splitlines():
        if (match := IMPORT.match(line)) and match[2] in found:
            found[match[2]] += int(match[1]) / 1e6
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="starts")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    args = parser.parse_args()
    found = starts(args.times)
    cost = imports()
    if args.json:
        print(json.dumps({"starts": found, "imports": cost}))
        return
    print("| s after the start, median (slowest) |", *(f"{name} |" for name in found), "ratio |")
    print("| --- | --- | --- | --- |")
    for what in found["ours"][0]:
        columns = [[each[what] for each in times] for times in found.values()]
        empty, ours = map(statistics.median, columns)
        texts = (f"{statistics.median(c):.2f} ({max(c):.2f})" for c in columns)
        print("|", " | ".join((what, *texts, f"{ours / empty:.2f}")), "|")
    print("\nImports of the first page: ", end="")
    print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in cost.items() if seconds))
    print("Not among them:", ", ".join(name for name, seconds in cost.items() if not seconds))


if __name__ == "__main__":
    main()
