"""What a cluster brings: runs a minute, how full many trainers are kept, how late a record comes.

    python benchmarks/cluster.py                          the worker here, one and two real trainers
    python benchmarks/cluster.py --simulated 8 32 64      so many trainers that only sleep
    ... --plot docs/cluster.svg    --json                 a picture; one JSON object instead

Real trainers share this machine's cores, so two of them are no faster than one here: what counts is
the ratio of one trainer to the worker in the app, in turns within one run of this file. Simulated
trainers stand for machines of their own: each has the connection, the outbox and the thread of a
real one, and its job sleeps as long as a training takes and gives back as many records, snapshots
and autosaves, of the same size. All of them and the scheduler are one process. The app's side is
the real one, in a process of its own: its processor time and memory are measured, and how late each
record is written after the trainer made it (one clock: all are on one machine).
The ideal is as if handing out cost nothing: so many rounds of runs, each as long as one run.
"""

import argparse
import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import psutil

from core.cluster.cluster import Options, read_cluster, versions
from core.jobs.events import Autosave, Checkpoint, Emit, Recorded, Snapshot, StateChange
from core.recipes.presets import PRESETS
from core.runs.queue import Visitor, create_run
from core.runs.run import Run, State
from core.storage.autosave import pack_autosave
from core.storage.snapshots import pack_snapshot, planned_steps
from tests.conftest import wait_for
from tests.support.clusters import free_port

RECIPE = PRESETS["quick"].recipe
STEPS = 391  # of `quick`
RECORDS = 130  # that a training of so many steps gives back
AUTOSAVE_SECONDS = 2.0


# --- processes: each is this file again, with the name of what it is to be


def be_hall(address: str, count: int, seconds: float) -> None:
    """The scheduler and so many simulated trainers."""
    from distributed import Scheduler, Worker

    logging.getLogger("distributed").setLevel(logging.ERROR)
    from core.cluster.trainer import Trainer

    model = RECIPE.build()
    snapshot, autosave = pack_snapshot(model), pack_autosave(model, 1, STEPS, 1.0)
    planned = planned_steps(STEPS, model)

    def pretend(job: object, data_sets: object, wishes: object, emit: Emit) -> None:
        start, saved = time.monotonic(), 0.0
        emit(StateChange(State("training")))
        for number in range(1, RECORDS + 1):
            step = round(STEPS * number / RECORDS)
            due = start + seconds * number / RECORDS
            time.sleep(max(0.0, due - time.monotonic()))
            spent = time.monotonic() - start
            place = {"step": step, "steps": STEPS, "epoch": 1, "images": step}
            emit(Recorded({"seconds": spent, **place, "loss": time.time()}))  # when it was made
            if spent - saved >= AUTOSAVE_SECONDS:
                saved = spent
                emit(Autosave(autosave))
            if step in planned:
                emit(Snapshot(step, snapshot))
        emit(Checkpoint(autosave, b"{}"))
        emit(StateChange(State("finished")))

    async def main() -> None:
        port = int(address.rpartition(":")[2])
        with tempfile.TemporaryDirectory() as folder:
            async with Scheduler(
                host="127.0.0.1", port=port, dashboard=False, dashboard_address="127.0.0.1:0"
            ) as scheduler:
                workers = []
                for number in range(count):
                    worker = Worker(
                        address,
                        nthreads=1,
                        memory_limit=0,
                        local_directory=folder,
                        dashboard=False,
                        dashboard_address="127.0.0.1:0",
                    )
                    name = f"simulated {number}"
                    Trainer(Options(address, name, name, 1), versions(), pretend).join(worker)
                    workers.append(await worker)
                await scheduler.finished()

    asyncio.run(main())


def be_dispatcher(address: str, root: str, result: str) -> None:
    """The app's side; in the end it writes down what it took and how late records were."""
    from core.cluster import dispatcher
    from core.jobs.writer import RunWriter

    delays: list[float] = []
    real = RunWriter.write

    def write(writer: RunWriter, event: Any) -> None:
        real(writer, event)
        if isinstance(event, Recorded):
            delays.append(time.time() - event.record["loss"])

    RunWriter.write = write  # type: ignore[method-assign]
    gone = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), gone.set()), daemon=True).start()
    own, begun = psutil.Process(), time.monotonic()
    before = sum(own.cpu_times()[:2])
    dispatcher.dispatch(Path(root), address, gone)
    facts = {
        "processor": (sum(own.cpu_times()[:2]) - before) / (time.monotonic() - begun),
        "megabytes": own.memory_info().rss / 1e6,
        "delays": delays,
    }
    Path(result).write_text(json.dumps(facts), "utf-8")


@contextmanager
def process(*words: object, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends when its input does."""
    started = subprocess.Popen(
        [sys.executable, *map(str, words)], stdin=subprocess.PIPE, env=os.environ | variables
    )
    assert started.stdin
    try:
        yield started
    finally:
        started.stdin.close()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


# --- measurements


def simulate(count: int, runs: int, seconds: float) -> dict[str, float]:
    """So many simulated trainers do so many runs that were queued before."""
    address = f"tcp://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        root, aside, result = (Path(folder) / name for name in ("runs", "aside", "result.json"))
        root.mkdir()
        with process(__file__, "--be-hall", address, count, seconds) as hall:
            with process(__file__, "--be-dispatcher", address, root, result):
                wait_for(lambda: trainers(root) == count, f"{count} trainers")
                made = [
                    create_run(aside, "quick", RECIPE, visitor=Visitor("hall", f"visitor {number}"))
                    for number in range(runs)
                ]
                start = time.monotonic()
                queued = [Run(run.path.rename(root / run.id)) for run in made]  # all at once
                _until_all_are_over(queued)
                spent = time.monotonic() - start
            facts = json.loads(result.read_text("utf-8"))
            hall.kill()
            whole = [len(run.history()) == RECORDS for run in queued]
        assert all(run.state().name == "finished" for run in queued) and all(whole)
    ideal = -(-runs // count) * seconds
    late = sorted(facts["delays"])
    return {
        "trainers": count,
        "seconds": round(spent, 1),
        "efficiency": round(ideal / spent, 3),
        "delay_median_ms": round(1e3 * statistics.median(late), 1),
        "delay_p95_ms": round(1e3 * late[int(0.95 * len(late))], 1),
        "processor": round(facts["processor"], 2),
        "megabytes": round(facts["megabytes"]),
    }


def trainers(root: Path) -> int:
    """How many the app sees."""
    cluster = read_cluster(root)
    return len(cluster.trainers) if cluster else 0


def _until_all_are_over(runs: list[Run]) -> float:
    """Seconds until the last of them is over."""
    start, left = time.monotonic(), list(runs)
    while left:
        left = [run for run in left if not run.state().is_finished]
        for run in left:
            run.touch()
        time.sleep(0.05)
    return time.monotonic() - start


@contextmanager
def app(count: int) -> Iterator[Path]:
    """A runs directory whose runs are trained: by the worker here, or by so many real trainers."""
    address = f"tcp://127.0.0.1:{free_port()}"
    variables = {"SKETCH_SUM_CLUSTER": address} if count else {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        started = [process("-m", "core.workers.worker", root, **variables)]
        started += [process(__file__, "--be-hall", address, 0, 0)] if count else []
        trains = ("-m", "core", "trainer", address, "--name")
        started += [process(*trains, f"trainer {number}") for number in range(count)]
        entered = [each.__enter__() for each in started]
        try:
            if count:
                wait_for(lambda: trainers(root) == count, "real trainers")
            _until_all_are_over([create_run(root, "quick", RECIPE)])  # warm
            yield root
        finally:
            for each in entered[1:]:
                each.terminate()
            for entry in reversed(started):
                entry.__exit__(None, None, None)


def compare(repeats: int, runs: int) -> dict[str, Any]:
    """One run with the worker and with one trainer, in turns; runs a minute also with two."""
    single: dict[int, list[float]] = {0: [], 1: []}
    rates = {}
    with app(0) as here, app(1) as there:
        for _ in range(repeats):
            for count, root in ((0, here), (1, there)):
                single[count].append(_until_all_are_over([create_run(root, "quick", RECIPE)]))
    for count in (0, 1, 2):
        with app(count) as root:
            queued = [create_run(root, "quick", RECIPE) for _ in range(runs)]
            rates[count] = round(60 * runs / _until_all_are_over(queued), 2)
    ratios = [one / here for here, one in zip(single[0], single[1], strict=True)]
    return {
        "worker_seconds": [round(s, 2) for s in single[0]],
        "one_trainer_seconds": [round(s, 2) for s in single[1]],
        "ratio": round(statistics.median(ratios), 3),
        "runs_a_minute": rates,
    }


# --- what is shown


def show(found: dict[str, Any]) -> None:
    if real := found.get("real"):
        print(f"One run with one trainer takes {real['ratio']} times as long as with the worker.")
        print("| trained by | runs a minute |\n| --- | --- |")
        for count, rate in real["runs_a_minute"].items():
            print(f"| {f'{count} trainers here' if count else 'the worker'} | {rate} |")
    if found["simulated"]:
        print("\n| trainers | time | of the ideal | a record is late | 95 % under | app | memory |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in found["simulated"]:
        print(
            f"| {row['trainers']} | {row['seconds']} s | {row['efficiency']:.1%} | "
            f"{row['delay_median_ms']} ms | {row['delay_p95_ms']} ms | "
            f"{row['processor']:.0%} of a core | {row['megabytes']} MB |"
        )


ROLES: dict[str, Callable[[list[str]], None]] = {
    "--be-hall": lambda words: be_hall(words[0], int(words[1]), float(words[2])),
    "--be-dispatcher": lambda words: be_dispatcher(*words),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--simulated", nargs="+", type=int, default=[], metavar="TRAINERS")
    parser.add_argument("--runs", type=int, default=200, help="queued before simulated trainers")
    parser.add_argument("--seconds", type=float, default=10.0, help="of one simulated run")
    parser.add_argument("--repeats", type=int, default=5, help="single real runs, in turns")
    parser.add_argument("--real-runs", type=int, default=6, help="queued before real trainers")
    parser.add_argument("--plot", type=Path, metavar="SVG")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if not options.simulated:
        found["real"] = compare(options.repeats, options.real_runs)
    found["simulated"] = [
        simulate(count, options.runs, options.seconds) for count in options.simulated
    ]
    if options.plot:
        from benchmarks import plot

        options.plot.write_text(plot.cluster(found["simulated"]), "utf-8")
    if options.json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ROLES:
        ROLES[sys.argv[1]](sys.argv[2:])
    else:
        main()
