"""How many phones does this machine hold? A minute of load, with more and more of them.

    python benchmarks/phones.py                   up to 100
    python benchmarks/phones.py --most 200 --json

It starts the real app and lets visitors come at an even pace for a minute. Each draws a digit every
three seconds, as in benchmarks/load.py, while a network trains and five runs wait. The machine
holds as many as were there while 95 of 100 pages answered within a second, and on the live channel,
where answers come while the pen moves, within a quarter of one.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np

from benchmarks.load import TRAINERS, Tally, draws, trains, warm
from tests.browser.support.app import serve

SECONDS, PARTS = 60.0, 10  # of load; so many parts of it are judged, each with more visitors
ANSWERED, LIVE = 1.0, 0.25  # seconds within which 95 of 100 answers come


class Timed(list[float]):
    """Times of answers, each with the moment that it came."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def append(self, seconds: float) -> None:
        super().append(seconds)
        self.moments.append(time.monotonic())

    def worst(self, start: float, end: float) -> float:
        """The 95th percentile of what came in between; 0 where nothing did."""
        found = [s for s, at in zip(self, self.moments, strict=True) if start <= at < end]
        return float(np.percentile(found, 95)) if found else 0.0


async def grow(url: str, most: int, tally: Tally) -> float:
    """Visitors come one by one until `most` are there; the moment when the first one came."""
    async with asyncio.TaskGroup() as group:
        until = time.monotonic() + SECONDS + 20
        for _ in range(TRAINERS):
            group.create_task(trains(url, tally, until))
        await asyncio.sleep(15)  # one trains, the others wait
        start, until = time.monotonic(), time.monotonic() + SECONDS
        tally.counting = True
        for _ in range(most):
            group.create_task(draws(url, tally, until))
            await asyncio.sleep(SECONDS / most)
        return start


def measure(most: int) -> dict[str, object]:
    tally = Tally(live=Timed(), answered=Timed())
    with tempfile.TemporaryDirectory() as name, serve(Path(name)) as app:
        asyncio.run(warm(app.url))
        start = asyncio.run(grow(app.url, most, tally))
    assert isinstance(tally.live, Timed) and isinstance(tally.answered, Timed)
    rows, holds = [], 0
    for part in range(PARTS):
        begin = start + SECONDS * part / PARTS
        end, there = begin + SECONDS / PARTS, most * (part + 1) // PARTS
        answered, live = (times.worst(begin, end) for times in (tally.answered, tally.live))
        rows.append({"phones": there, "answered_p95": answered, "live_p95": live})
        if answered > ANSWERED or live > LIVE:
            break
        holds = there
    return {"holds": holds, "most": most, "errors": sum(tally.errors.values()), "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=100, help="phones at the end of the minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    found = measure(args.most)
    if args.json:
        print(json.dumps(found))
        return
    print("phones   page p95   while drawing p95")
    for row in found["rows"]:  # type: ignore[attr-defined]
        print(f"{row['phones']:6}{row['answered_p95']:9.2f} s{1000 * row['live_p95']:17.0f} ms")
    at_least = "at least " if found["holds"] == args.most else ""
    print(f"This machine holds {at_least}{found['holds']} phones. {found['errors']} errors.")


if __name__ == "__main__":
    main()
