"""The queue, the disk and the door under attack, for benchmarks/abuse.py: a sentence each."""

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.heavy import uploaded_networks
from benchmarks.visitor import LostError, Visitor
from core.runs.run import WAITING, Run, list_runs
from tests.browser.support.app import App
from tests.browser.support.driver import DIGITS

FLOOD, ANOTHER = "192.0.2.1", "198.51.100.1"  # addresses of nobody (RFC 5737)
LONG_RUNS = 31
HALL, HALL_SECONDS = 200, 30.0
SMALL_NETWORKS = 3_000


async def sentences(app: App) -> list[str]:
    """All of them; the last leaves runs behind."""
    return [await hall(app), await press(app), await wait_for_turn(app)]


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
        async with Visitor(app.url, "train", client=ANOTHER) as page:
            await page.open()
            start = time.perf_counter()
            await page.press("train_start")
            seconds = time.perf_counter() - start
    return seconds


async def wait_for_turn(app: App) -> str:
    """Seconds that runs wait while 31 pages of another, or the same, address queue long ones."""
    async with AsyncExitStack() as pages:
        for _ in range(LONG_RUNS):
            await _train(app, pages, FLOOD, "epochs=8&width=32")
        start = time.perf_counter()
        mine = {who: await _train(app, pages, who) for who in (FLOOD, ANOTHER)}
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


async def _train(app: App, pages: AsyncExitStack, client: str, settings: str = "") -> Run:
    before = set(list_runs(app.runs))
    page = await pages.enter_async_context(Visitor(app.url, "train", settings, client=client))
    await page.open()
    await page.press("train_start")
    (run,) = set(list_runs(app.runs)) - before
    return run
