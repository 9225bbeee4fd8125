"""A lecture hall at once: visitors draw while one network trains and five wait.

    python benchmarks/load.py 10 50 100            so many visitors, a minute each
    python benchmarks/load.py 50 --seconds 60 --browsers 2
    python benchmarks/load.py 30 --soak 20         they come and go for 20 minutes
    ... --json                                     one JSON object instead of a table

It starts the real app with an empty runs directory. Each visitor is a session over the app's own
websockets (benchmarks/visitor.py) that draws a digit every three seconds: for half a second it asks
the live channel ten times a second, and when the pen has rested, it has the page run. Six
more press Train on a run of minutes and watch it, so that one trains and five wait throughout. With
--browsers some more are real browsers, which draw with the mouse; theirs are the seconds that a
person waits, the canvas's own pause of 0.2 s after each stroke included.

Times are from pen-up to both answers on the live channel (`live`), and of the page's run until both
have come (`answered`) and until all has, where each head looked included (`complete`). A wrong
answer counts as an error: each digit has been drawn clearly.
A soak compares memory, threads, processes, file handles and files before and after; both times
one visitor has just left, and the app has forgotten all sessions but that one.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np

from benchmarks.visitor import LostError, Visitor
from tests.browser.support import driver
from tests.browser.support.app import App, serve
from tests.browser.support.driver import DIGITS

EVERY = 3.0  # seconds between the drawings of one visitor
REST = 0.5  # seconds after a stroke until the browser has the page run
ONE_STROKE = [digit for digit, strokes in DIGITS.items() if len(strokes) == 1]
TRAINERS = 6
LONG = "v=1&epochs=8&width=32&batch_size=64"  # minutes
WARM = 20.0  # seconds of warm-up, which are not counted
FORGOTTEN = 140.0  # seconds; the app keeps a session for 120 after its browser has gone
STAY = (20.0, 90.0)  # seconds that a visitor of a soak stays


@dataclass
class Tally:
    """What the visitors saw."""

    live: list[float] = field(default_factory=list)  # seconds from pen-up to the answer
    answered: list[float] = field(default_factory=list)  # seconds of the page's run, until both
    complete: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)  # whole pages
    browsers: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    counting: bool = False

    def note(self, times: list[float], seconds: float) -> None:
        if self.counting:
            times.append(seconds)


async def draws(url: str, tally: Tally, until: float, query: str = "") -> None:
    """A visitor: opens the page, draws every three seconds, leaves."""
    dice = random.Random()
    await asyncio.sleep(dice.uniform(0, EVERY))
    try:
        async with Visitor(url, query=query) as visitor:
            tally.note(tally.opened, (await visitor.open()).seconds)
            due = time.monotonic()
            while time.monotonic() < until:
                digit = dice.choice(ONE_STROKE)
                if visitor.question:
                    moved = await visitor.move_pen(DIGITS[digit])
                    tally.note(tally.live, moved.shown)
                    await asyncio.sleep(REST)
                answer = await visitor.draw(DIGITS[digit])
                if (answer.label, answer.total) != (digit, str(int(digit) + 7)):
                    said = f"{answer.label!r}, {answer.total!r}"
                    tally.errors[f"{digit} + 7 was answered by {said}"] += 1
                tally.note(tally.answered, answer.shown)
                tally.note(tally.complete, answer.seconds)
                due = max(due + EVERY, time.monotonic())
                await asyncio.sleep(due - time.monotonic())
    except LostError as error:
        tally.errors[str(error)[:100]] += 1
    except OSError as error:
        tally.errors[f"no connection: {error.strerror}"] += 1


async def trains(url: str, tally: Tally, until: float) -> None:
    """A visitor who trains, or waits for it, and watches."""
    try:
        async with Visitor(url, "train", LONG) as visitor:
            await visitor.open()
            while time.monotonic() < until:
                if visitor.live:
                    await visitor.poll()
                    await asyncio.sleep(visitor.live[1] if visitor.live else 0)
                else:  # nothing of theirs trains or waits (any more)
                    await visitor.press("train_start")
    except LostError as error:
        tally.errors[f"on the Train page: {str(error)[:100]}"] += 1


async def crowd(url: str, visitors: int, seconds: float, tally: Tally, tours: int = 0) -> None:
    """They all come at once and stay; so many of them are on the tour."""
    start = time.monotonic()
    until = start + WARM + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(TRAINERS):
            group.create_task(trains(url, tally, until))
        for number in range(visitors):
            group.create_task(draws(url, tally, until, "tour=1&v=1" if number < tours else ""))
        await asyncio.sleep(WARM)
        tally.counting = True
        await asyncio.sleep(max(0, until - time.monotonic()))
        tally.counting = False


async def coming_and_going(url: str, visitors: int, seconds: float, tally: Tally) -> None:
    """So many at any time; each stays for a while, and another one comes."""
    tally.counting = True
    until = time.monotonic() + seconds
    dice = random.Random(0)

    async def seat(who: Any) -> None:
        while time.monotonic() < until:
            await who(url, tally, min(until, time.monotonic() + dice.uniform(*STAY)))

    async with asyncio.TaskGroup() as group:
        for _ in range(TRAINERS):
            group.create_task(seat(trains))
        for _ in range(visitors):
            group.create_task(seat(draws))


def with_browsers(url: str, count: int, tally: Tally, stop: threading.Event) -> None:
    """Real browsers, one thread for all: they take turns."""
    try:
        with driver.chromium() as chromium:
            pages = [driver.open_page(chromium, url) for _ in range(count)]
            while not stop.is_set():
                for page in pages:
                    digit = random.choice(["3", "7"])  # of one stroke
                    start = time.perf_counter()
                    driver.draw_digit(page, digit)
                    tally.note(tally.browsers, time.perf_counter() - start)
                    if driver.text(page, "class_answer") != digit:
                        tally.errors["a browser showed another digit"] += 1
                    driver.press(page, "clear")
                    stop.wait(EVERY / count)
    except Exception as error:  # whatever a browser met, its visitor has left
        tally.errors[f"a browser: {str(error).splitlines()[0][:100]}"] += 1


def state_of(app: App, scratch: Path) -> dict[str, float]:
    """What the app and its worker hold."""
    pids = [app.pid, *children(app.pid)]
    worker = [
        pid for pid in pids[1:] if "core.workers.worker" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    return {
        "memory_app_mb": resident(app.pid),
        "memory_worker_mb": sum(map(resident, worker)),
        "processes": len(pids),
        "threads_app": len(os.listdir(f"/proc/{app.pid}/task")),
        "handles_app": len(os.listdir(f"/proc/{app.pid}/fd")),
        "temporary_files": sum(1 for _ in scratch.rglob("*")),
        "half_made_files": sum(
            1 for path in app.runs.rglob(".*") if path.name not in (".lock", ".worker.json")
        ),
    }


def forgotten(app: App, scratch: Path) -> dict[str, float]:
    """The same, when nobody has been there for long; old sessions go when the next visitor does."""
    time.sleep(FORGOTTEN)
    asyncio.run(warm(app.url))
    return state_of(app, scratch)


def resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it just ended
            found += map(int, (task / "children").read_text().split())
    return found


def summary(tally: Tally, visitors: int, seconds: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "visitors": visitors,
        "answers": len(tally.answered),
        "per_second": round(len(tally.answered) / seconds, 2),
    }
    for name in ("live", "answered", "complete", "browsers"):
        times = getattr(tally, name)
        for percent in (50, 95, 99) if times else ():
            row[f"{name}_p{percent}"] = round(float(np.percentile(times, percent)), 3)
    if tally.opened:
        row["opened_p50"] = round(statistics.median(tally.opened), 3)
    return row | {"errors": sum(tally.errors.values()), "what": dict(tally.errors)}


def rush(visitors: int, seconds: float, browsers: int, tours: int = 0) -> dict[str, Any]:
    """One app, so many visitors at once; the row of the table."""
    tally, stop = Tally(), threading.Event()
    with tempfile.TemporaryDirectory() as name, serve(Path(name)) as app:
        asyncio.run(warm(app.url))
        real = threading.Thread(target=with_browsers, args=(app.url, browsers, tally, stop))
        if browsers:
            real.start()
        asyncio.run(crowd(app.url, visitors, seconds, tally, tours))
        stop.set()
        if browsers:
            real.join()
        row = summary(tally, visitors, seconds) | state_of(app, Path(name, "none"))
        if trouble := app.trouble():
            row["what"]["in the log"] = trouble[:500]
            row["errors"] += 1
    return row


def soak(visitors: int, minutes: float) -> dict[str, Any]:
    """Visitors come and go; what the app holds before and after."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name, "tmp")
        scratch.mkdir()
        os.environ["TMPDIR"] = str(scratch)
        with serve(Path(name, "app")) as app:
            asyncio.run(coming_and_going(app.url, visitors, 60, Tally()))
            before, tally = forgotten(app, scratch), Tally()
            asyncio.run(coming_and_going(app.url, visitors, 60 * minutes, tally))
            row = summary(tally, visitors, 60 * minutes)
            row |= {"minutes": minutes, "before": before, "after": forgotten(app, scratch)}
            if trouble := app.trouble():
                row["what"]["in the log"] = trouble[:500]
                row["errors"] += 1
    return row


async def warm(url: str) -> None:
    """The first visitor waits for imports and for the network."""
    async with Visitor(url) as visitor:
        await visitor.open()
        await visitor.draw(DIGITS["7"])


def show_rush(rows: list[dict[str, Any]]) -> None:
    print(
        "visitors  strokes/s   live p50    p95    p99"
        "  answered p50    p95  errors  app MB  worker MB"
    )
    for row in rows:
        print(
            f"{row['visitors']:8}  {row['per_second']:9.1f}"
            f"{1000 * row['live_p50']:8.0f} ms{1000 * row['live_p95']:4.0f} ms"
            f"{1000 * row['live_p99']:4.0f} ms"
            f"{row['answered_p50']:11.2f} s{row['answered_p95']:5.2f} s"
            f"{row['errors']:8}{row['memory_app_mb']:8.0f}{row['memory_worker_mb']:11.0f}"
        )
        if "browsers_p95" in row:
            print(f"          browsers: p50 {row['browsers_p50']} s, p95 {row['browsers_p95']} s")
        for what, count in row["what"].items():
            print(f"          {count} x {what}")


def show_soak(row: dict[str, Any]) -> None:
    print(
        f"{row['visitors']} visitors at any time for {row['minutes']:g} min: "
        f"{row['answers']:,} answers, p95 {row['answered_p95']} s, {row['errors']} errors"
    )
    for name, before in row["before"].items():
        print(f"{name:20}{before:10,.1f}{row['after'][name]:10,.1f}")
    for what, count in row["what"].items():
        print(f"{count} x {what}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("visitors", type=int, nargs="+", help="how many at once")
    parser.add_argument("--seconds", type=float, default=60, help="that are measured, each time")
    parser.add_argument("--browsers", type=int, default=0, help="so many real ones besides")
    parser.add_argument("--tours", type=int, default=0, help="of the visitors, on the tour")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="they come and go")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    if args.soak:
        row = soak(args.visitors[0], args.soak)
        print(json.dumps(row)) if args.json else show_soak(row)
        return
    rows = [rush(count, args.seconds, args.browsers, args.tours) for count in args.visitors]
    print(json.dumps({"rows": rows})) if args.json else show_rush(rows)


if __name__ == "__main__":
    main()
