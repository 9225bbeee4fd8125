"""From starting the server to the first answered stroke, and what the imports on the way cost.

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

from tests.browser import driver
from tests.browser.driver import DIGITS, ROOT, draw, open_page, text

PACKAGES = ("streamlit", "torch", "numpy", "pandas", "plotly", "PIL", "torchvision", "sklearn")
FIRST_PAGE = """
import pandas, streamlit.web.bootstrap
from views import compare, draw, explain, lessons, state, style, train
"""
IMPORT = re.compile(r"import time: +\d+ \| +(\d+) \| ( *)(\w+)$")


def start(browser: Browser, folder: Path) -> dict[str, float]:
    """Seconds since the start of a new server."""
    began = time.perf_counter()
    found = {}

    def note(what: str) -> None:
        found[what] = time.perf_counter() - began

    with driver.serve(folder) as app:
        note("the server answers")
        page = open_page(browser, app.url)
        note("the page is shown")
        draw(page, DIGITS["7"])
        assert text(page, "class_answer") == "7"
        note("the first stroke is answered")
        page.context.close()
    return found


def imports() -> dict[str, float]:
    """Seconds that each package takes in the imports of the first page; 0 where it is not among
    them. What one imports first is counted as its own."""
    command = [sys.executable, "-X", "importtime", "-c", FIRST_PAGE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = dict.fromkeys(PACKAGES, 0.0)
    for line in done.stderr.splitlines():
        if (match := IMPORT.match(line)) and match[3] in found:
            found[match[3]] = int(match[1]) / 1e6
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="starts")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, driver.chromium() as browser:
        _, *starts = (start(browser, Path(folder, str(count))) for count in range(args.times + 1))
    found = {what: [each[what] for each in starts] for what in starts[0]}
    cost = imports()
    if args.json:
        print(json.dumps({"starts": found, "imports": cost}))
        return
    print("| s after the start | median | slowest |")
    print("| --- | --- | --- |")
    for what, seconds in found.items():
        print(f"| {what} | {statistics.median(seconds):.2f} | {max(seconds):.2f} |")
    print("\nImports of the first page: ", end="")
    print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in cost.items() if seconds))
    print("Not among them:", ", ".join(name for name, seconds in cost.items() if not seconds))


if __name__ == "__main__":
    main()
