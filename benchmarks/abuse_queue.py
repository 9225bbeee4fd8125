"""The queue, the disk and the door under attack, for benchmarks/abuse.py: a sentence each."""

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.heavy import uploaded_networks
from benchmarks.visitor import LostError, Visitor
from core.runs.queue import queue_position
from core.runs.run import WAITING, Run, list_runs
from tests.browser.support.app import App
from tests.browser.support.driver import DIGITS

# Addresses of nobody (RFC 5737). Each waits for its own runs, too: so nobody comes back as another.
FLOOD, PRESSES, ANOTHER = "192.0.2.1", "203.0.113.1", "198.51.100.1"
QUICK_FLOOD, STRANGER = "192.0.2.2", "198.51.100.2"
LONG_RUNS = QUICK_RUNS = 31
TRY_AGAIN = 2.0  # seconds
HALL, HALL_SECONDS = 200, 30.0
SMALL_NETWORKS = 3_000


async def sentences(app: App) -> list[str]:
    """All of them; the last leaves runs behind."""
    return [await hall(app), await press(app), await quick_runs(app), await wait_for_turn(app)]


async def hall(app: App) -> str:
    """A lecture hall behind one address opens the page, and everybody draws a digit."""
    start = time.perf_counter()
    slowest = 0.0

    async def come(number: int) -> bool:
        nonlocal slowest
        await asyncio.sleep(HALL_SECONDS * number / HALL)
        came = time.perf_counter()
        try:
            visitor = await visitors.enter_async_context(Visitor(app.url, client=FLOOD))
            await visitor.open()
            answer = await visitor.draw(DIGITS["5"])
        except (LostError, OSError):
            return False
        slowest = max(slowest, time.perf_counter() - came)
        return answer.label == "5"

    async with AsyncExitStack() as visitors:
        entered = await asyncio.gather(*map(come, range(HALL)))
    seconds = time.perf_counter() - start
    return (
        f"{HALL} visitors of one address come within {HALL_SECONDS:.0f} s: after {seconds:.0f} s "
        f"{sum(entered)} are in and have read a 5; the slowest took {slowest:.1f} s."
    )


async def press(app: App) -> str:
    """A press of Train, before and after somebody has uploaded thousands of small networks."""
    before = await _press_seconds(app)
    await asyncio.to_thread(uploaded_networks, app, SMALL_NETWORKS, 4)
    after = await _press_seconds(app)
    return (
        f"A press of Train takes {before:.2f} s, and {after:.2f} s beside {SMALL_NETWORKS:,} "
        "uploaded networks (the second press)."
    )


async def _press_seconds(app: App) -> float:
    """The first press reads what has changed on disk; the second is as all that follow."""
    for _ in range(2):
        async with Visitor(app.url, "train", client=PRESSES) as page:
            await page.open()
            start = time.perf_counter()
            await page.press("train_start")
            seconds = time.perf_counter() - start
    return seconds


async def wait_for_turn(app: App) -> str:
    """Seconds that runs wait while 31 pages of another, or the same, address queue long ones."""
    async with AsyncExitStack() as pages:
        long = [
            await _press(app, await _open(app, pages, FLOOD, "epochs=8&width=32"))
            for _ in range(LONG_RUNS)
        ]
        while all(run.state().name in WAITING for run in long if run):
            await asyncio.sleep(0.1)  # the worker has others to do
        opened = {who: await _open(app, pages, who) for who in (FLOOD, ANOTHER)}
        start = time.perf_counter()
        mine = {who: run for who, page in opened.items() if (run := await _press(app, page))}
        began: dict[str, float] = {}
        while len(began) < len(mine):
            for who, run in mine.items():
                run.touch()  # as its page does
                if who not in began and run.state().name not in WAITING:
                    began[who] = time.perf_counter() - start
            await asyncio.sleep(0.1)
    return (
        f"With {LONG_RUNS} long runs in the queue, somebody at another address trains after "
        f"{began[ANOTHER]:.0f} s, a newcomer at the same address after {began[FLOOD]:.0f} s."
    )


async def quick_runs(app: App) -> str:
    """31 pages of one address train all the time: who else gets a place in the queue, and when."""
    async with AsyncExitStack() as pages:
        flood = [await _open(app, pages, QUICK_FLOOD) for _ in range(QUICK_RUNS)]
        runs = {page: run for page in flood if (run := await _press(app, page))}
        while all(run.state().name in WAITING for run in runs.values()):
            await asyncio.sleep(0.1)  # the worker has others to do
        stranger, neighbor = [await _open(app, pages, who) for who in (STRANGER, QUICK_FLOOD)]
        start = time.perf_counter()
        theirs = await _press(app, stranger)
        taken = await _press(app, neighbor)
        refusals = int(taken is None)
        began = accepted = 0.0
        while not (began and taken):
            for page in flood:  # as a script does that never stops
                if page not in runs or runs[page].state().is_finished:
                    await page.open()
                    if run := await _press(app, page):
                        runs[page] = run
                else:
                    runs[page].touch()
            if theirs and not began and theirs.state().name not in WAITING:
                began = time.perf_counter() - start
            if taken is None:
                await asyncio.sleep(TRY_AGAIN)
                taken = await _press(app, neighbor)
                accepted, refusals = time.perf_counter() - start, refusals + (taken is None)
        before = queue_position(app.runs, taken)
        for run in list_runs(app.runs):
            if not run.state().is_finished:
                run.request_stop()
    return (
        f"While {QUICK_RUNS} pages of one address train quick runs all the time, somebody at "
        f"another address trains after {began:.0f} s; a newcomer at the same address is refused "
        f"{refusals} times, and after {accepted:.0f} s has a place behind {before} runs."
    )


async def _open(app: App, pages: AsyncExitStack, client: str, settings: str = "") -> Visitor:
    """A new page, on Train."""
    page = await pages.enter_async_context(Visitor(app.url, "train", settings, client=client))
    await page.open()
    return page


async def _press(app: App, page: Visitor) -> Run | None:
    """Press Train: the new run; None where the queue does not take it."""
    before = set(list_runs(app.runs))
    await page.press("train_start")
    made = set(list_runs(app.runs)) - before
    return made.pop() if made else None
