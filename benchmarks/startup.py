"""From starting the server to the first answered stroke, beside an empty app that has the same
canvas; and what the imports on the way cost.

    python benchmarks/startup.py [--times N] [--json]

A Chromium that runs already opens the page as soon as the server answers. The disk is warm: the
first start does not count.
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

from tests.browser.support import driver
from tests.browser.support.app import ROOT, serve
from tests.browser.support.driver import DIGITS, draw, open_page, text

EMPTY = Path(__file__).with_name("empty_app.py")
PACKAGES = ("streamlit", "torch", "numpy", "pandas", "plotly", "PIL", "torchvision", "sklearn")
FIRST_PAGE = """
import pandas, streamlit.web.bootstrap
import views.compare.page, views.draw.page, views.explain.page, views.train.page
"""
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
        draw(page, DIGITS["7"])
        assert text(page, "count" if script else "class_answer") == ("1 strokes" if script else "7")
        note("the first stroke is answered")
        page.context.close()
    return found


def starts(times: int, script: Path | None = None) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder, driver.chromium() as browser:
        _, *found = (start(browser, Path(folder, str(n)), script) for n in range(times + 1))
    return found


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
    found = {"empty app": starts(args.times, EMPTY), "ours": starts(args.times)}
    cost = imports()
    if args.json:
        print(json.dumps({"starts": found, "imports": cost}))
        return
    print("| s after the start, median (slowest) |", *(f"{name} |" for name in found))
    print("| --- | --- | --- |")
    for what in found["ours"][0]:
        columns = [[each[what] for each in times] for times in found.values()]
        print(f"| {what} |", *(f"{statistics.median(c):.2f} ({max(c):.2f}) |" for c in columns))
    print("\nImports of the first page: ", end="")
    print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in cost.items() if seconds))
    print("Not among them:", ", ".join(name for name, seconds in cost.items() if not seconds))


if __name__ == "__main__":
    main()
