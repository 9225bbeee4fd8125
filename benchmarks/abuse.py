"""What one hostile client does to everybody else: attacks on the app, and a visitor who draws.

    python benchmarks/abuse.py [--seconds N] [--script FILE] [--only N ...] [--queue] [--json]

Each attack comes from one address and goes on for so many seconds. Meanwhile another visitor at
that address draws a digit twice a second. The table shows how long that visitor waits, how much
memory the app takes more, and what of it is left within a minute. Then come the sentences of
benchmarks/abuse_queue.py: a full hall, a crowded disk, and 31 long runs in the queue. All of it
stays on this machine. `--script` attacks another entry than the app's, such as one without the
guard.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks import abuse_live, abuse_queue
from benchmarks.heavy import HEAVY, put_file
from benchmarks.visitor import LostError, Visitor, pen_points
from tests.browser.support.app import App, serve
from tests.browser.support.driver import DIGITS

EVERY = 0.5  # seconds between two drawings of the visitor
LOOK = 0.1  # seconds between two looks at the memory
SETTLE = 60.0  # seconds after an attack at most, before the next
BACK = 10.0  # megabytes; within them the memory is back


@dataclass(frozen=True)
class Attack:
    """What one client does."""

    words: str
    do: Callable[[App, float], Awaitable[None]]  # for so many seconds


async def socket(app: App) -> ClientConnection:
    """A websocket of the app, as a browser opens it."""
    url = app.url.replace("http", "ws", 1) + "/_stcore/stream"
    origin: Any = app.url
    protocols: Any = ["streamlit"]
    return await connect(url, subprotocols=protocols, origin=origin, max_size=None)


async def flood(app: App, seconds: float, message: bytes, rate: float, sockets: int = 1) -> None:
    """Send a message so often a second, on each of so many sockets; what comes back is not read."""

    async def one() -> None:
        with suppress(ConnectionClosed, OSError):
            async with await socket(app) as connection:
                reading = asyncio.create_task(_swallow(connection))
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    await asyncio.wait_for(connection.send(message), max(0.1, seconds))
                    await asyncio.sleep(1 / rate)
                reading.cancel()

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds + 2):
            await asyncio.gather(*(one() for _ in range(sockets)), return_exceptions=True)


async def _swallow(connection: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


def names() -> bytes:
    """One request for the addresses of 2.4 million files without a name."""
    message = BackMsg()
    message.file_urls_request.file_names.extend([""] * 2_400_000)
    return message.SerializeToString()


def flag(kind: str) -> bytes:
    message = BackMsg()
    setattr(message, kind, True)
    return message.SerializeToString()


def rerun() -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()


async def many_names(app: App, seconds: float) -> None:
    await flood(app, seconds, names(), rate=0.2)


async def one_socket(app: App, seconds: float) -> None:
    await flood(app, seconds, rerun(), rate=300)


async def ten_sockets(app: App, seconds: float) -> None:
    await flood(app, seconds, rerun(), rate=30, sockets=10)


async def git(app: App, seconds: float) -> None:
    await flood(app, seconds, flag("load_git_info"), rate=40)


async def beats(app: App, seconds: float) -> None:
    await flood(app, seconds, flag("app_heartbeat"), rate=2_000)


async def caches(app: App, seconds: float) -> None:
    await flood(app, seconds, flag("clear_cache"), rate=40)


async def uploads(app: App, seconds: float) -> None:
    """40 files of 10 MB to its own session."""
    async with await socket(app) as connection:
        await connection.send(rerun())
        session = ""
        while not session:
            heard = ForwardMsg.FromString(await connection.recv())  # type: ignore[arg-type]
            if heard.WhichOneof("type") == "new_session":
                session = heard.new_session.initialize.session_id
        await asyncio.to_thread(_put, app, session)
        await asyncio.sleep(max(0, seconds - 9))


def _put(app: App, session: str) -> None:
    for number in range(40):
        with suppress(OSError):
            put_file(app.url, session, str(number), b"x" * 10_000_000)


ATTACKS = (
    Attack("nothing", lambda app, seconds: asyncio.sleep(seconds)),
    Attack("2.4 million empty file names in one message", many_names),
    Attack("300 whole pages a second on one socket", one_socket),
    Attack("30 whole pages a second on each of ten sockets", ten_sockets),
    Attack("`load_git_info` 40 times a second", git),
    Attack("heartbeats, 2,000 a second", beats),
    Attack("`clear_cache` 40 times a second", caches),
    Attack("40 uploads of 10 MB", uploads),
    Attack("moving pens on 50 sockets, 100 questions a second each", abuse_live.pens),
    Attack("questions of 1,500 points on 50 sockets", abuse_live.long_lines),
    Attack("junk on the live channel, a new socket each time", abuse_live.junk),
    *(Attack(words, do) for words, do in HEAVY),
)


def memory(app: App) -> float:
    """Megabytes that the app's process holds."""
    status = Path(f"/proc/{app.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1000


class Watch:
    """The app's memory while something goes on, and afterwards."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.before = self.most = memory(app)

    async def look(self) -> None:
        """Look again and again."""
        while True:
            self.most = max(self.most, memory(self.app))
            await asyncio.sleep(LOOK)

    async def settle(self) -> tuple[float, float]:
        """The least megabytes above those before within a minute, and after how many seconds."""
        start, least = time.monotonic(), (float("inf"), 0.0)
        while (seconds := time.monotonic() - start) < SETTLE and least[0] > BACK:
            await asyncio.sleep(1)
            least = min(least, (memory(self.app) - self.before, seconds))
        return least


def _attack(app: App, number: int, seconds: float, ready: Any) -> None:
    """In a process of its own, so that the visitor's clock does not stand still meanwhile."""
    ready.set()
    asyncio.run(ATTACKS[number].do(app, seconds))


async def measure(app: App, number: int, seconds: float) -> dict[str, Any]:
    """What another visitor waits during an attack, and what the app holds more in memory."""
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    attacker = spawn.Process(target=_attack, args=(app, number, seconds, ready))
    attacker.start()
    await asyncio.to_thread(ready.wait)
    watch = Watch(app)
    looking = asyncio.create_task(watch.look())
    waits, live, lost = await draw_while(app, attacker)
    await asyncio.to_thread(attacker.join)
    if attacker.exitcode:
        raise RuntimeError(f"The attack failed: {ATTACKS[number].words}")
    looking.cancel()
    after, back = await watch.settle()
    return {
        "attack": ATTACKS[number].words,
        "answers": len(waits),
        "median": round(statistics.median(waits), 3) if waits else None,
        "p95": p95(waits),
        "worst": round(max(waits), 3) if waits else None,
        "live_p95": p95(live),
        "lost": lost,
        "megabytes": round(watch.most - watch.before),
        "megabytes_after": round(after),
        "seconds_after": round(back),
    }


async def draw_while(app: App, attacker: Any) -> tuple[list[float], list[float], bool]:
    """Another visitor draws while a process is alive: seconds until the page's answers and until
    the live ones, and whether they ended in an error."""
    waits: list[float] = []
    live: list[float] = []
    digits = cycle(DIGITS.values())
    try:
        async with Visitor(app.url) as visitor:
            await visitor.open()
            await visitor.draw(DIGITS["5"])
            while attacker.is_alive():
                start = time.perf_counter()
                await visitor.draw(next(digits))
                waits.append(time.perf_counter() - start)
                live.append((await visitor.ask_live(pen_points(DIGITS["7"]))).seconds)
                await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - start)))
    except LostError:
        return waits, live, True
    return waits, live, False


def p95(seconds: list[float]) -> float | None:
    return round(sorted(seconds)[int(0.95 * (len(seconds) - 1))], 3) if seconds else None


async def everything(app: App, seconds: float, chosen: list[int]) -> list[dict[str, Any]]:
    await measure(app, 0, seconds)  # loads what the first answers need
    return [await measure(app, number, seconds) for number in chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each attack")
    parser.add_argument("--script", type=Path, help="another entry, such as one without the guard")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of attacks, from 0")
    parser.add_argument("--queue", action="store_true", help="hall, disk and queue, too")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = options.only if options.only is not None else list(range(len(ATTACKS)))
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), script=options.script) as app,
    ):
        rows = asyncio.run(everything(app, options.seconds, chosen))
        asks = options.queue or options.only is None
        sentences = asyncio.run(abuse_queue.sentences(app)) if asks else []
    print(
        "| one client | answers | live: 95 % are under | page: median | 95 % are under | worst "
        "| memory, peak | after |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        times = " | ".join(f"{row[key]} s" for key in ("live_p95", "median", "p95", "worst"))
        lost = ", then none" if row["lost"] else ""
        print(
            f"| {row['attack']} | {row['answers']}{lost} | {times} | {row['megabytes']:+} MB | "
            f"{row['megabytes_after']:+} MB in {row['seconds_after']} s |"
        )
    print("", *sentences, sep="\n")
    if options.json:
        print(json.dumps({"rows": rows, "sentences": sentences}))


if __name__ == "__main__":
    main()
