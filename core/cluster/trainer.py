"""A trainer: a process that does jobs for the app, on any machine that reaches the scheduler.

    $ python -m core trainer tcp://host:8786

It joins as a worker of Dask's distributed, which brings names, connections and TLS; the app then
speaks to it directly. It has no shared disk and writes none: what a job gives back waits in an
outbox until the app has taken it. So a connection that breaks, a scheduler that restarts or an app
that restarts cost nothing: the training goes on, and its events are taken later. Only when nobody
has asked for so long that the run was surely given to another does it stop.

`core/cluster/host.py` starts this process again when it dies.
"""

import asyncio
import logging
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import dask
import msgspec
import psutil
from distributed import Security, Worker

from core.cluster.cluster import (
    OUT_OF_MEMORY,
    REFUSED,
    TIMEOUTS,
    Asked,
    Options,
    security,
    version_words,
    versions,
)
from core.cluster.task import AbandonedError, Task, run_of
from core.data.download import DownloadError
from core.engines.memory import give_back_freed_memory, keep_freed_memory
from core.errors import UserError
from core.jobs.data_sets import DataSets
from core.jobs.events import (
    Job,
    Refused,
    StateChange,
    decode_job,
)
from core.jobs.job import TOO_LITTLE_MEMORY, do_job, errors_as_ends
from core.jobs.warm_up import warm_up
from core.recipes.presets import PRESETS
from core.runs import log
from core.runs.disk import MEGABYTE
from core.runs.run import State
from core.systems.cores import respect_cores, step_back

MEMORY_POLL_SECONDS = 0.25
LEAVE_SECONDS = 1.5  # between the last events and the end
REJOIN_SECONDS = 1.0  # after a scheduler that could not be joined

DoJob = Callable[..., None]  # as `do_job`; benchmarks have another


class Trainer:
    """Does one training at a time, and teaches one network beside it, as the app's worker does."""

    def __init__(self, options: Options, versions: dict[str, str], work: DoJob = do_job) -> None:
        self.options, self.versions = options, versions
        self.id = secrets.token_hex(8)  # of this process: a job dies with it
        self.refusal = ""  # why it must end, in a sentence
        self.ended = asyncio.Event()
        self.data_sets = DataSets()
        self._work = work
        self._tasks: dict[str, Task] = {}  # by kind

    def join(self, worker: Worker) -> None:
        """Answer the app's questions that come to this worker of Dask."""
        answers = (self.trainer_hello, self.trainer_begin, self.trainer_events)
        for answer in (*answers, self.trainer_wish, self.trainer_drop):
            worker.handlers[answer.__name__] = answer

    def trainer_hello(self, versions: dict[str, str]) -> dict[str, Any]:
        """Who it is, and which jobs it has. It ends when the app has other versions."""
        self.refusal = version_words(self.versions, versions)
        if self.refusal:
            self.ended.set()
        return {
            **msgspec.structs.asdict(self.options),
            "id": self.id,
            "keys": {kind: task.key for kind, task in self._tasks.items()},
            "refusal": self.refusal,
        }

    def trainer_begin(self, key: str, kind: str, job: bytes, asked: bytes) -> dict[str, Any]:
        """Begin a job, unless another one of its kind is being done or this trainer is ending.

        An earlier try of the same run, which the app believed to be lost, goes on: `key` in the
        answer says which try it is.
        """
        before = self._tasks.get(kind)
        if before and run_of(before.key) == run_of(key) and not before.is_dropped:
            return {"begun": True, "key": before.key}
        if self.ended.is_set() or (before and not before.is_done_with):
            return {"begun": False}
        found = msgspec.msgpack.decode(asked, type=Asked)
        task = self._tasks[kind] = Task(key, found, asyncio.get_running_loop())
        given = decode_job(job)
        threading.Thread(target=self._do, args=(task, kind, given), daemon=True).start()
        return {"begun": True, "key": key}

    async def trainer_events(self, key: str, have: int, patience: float) -> dict[str, Any]:
        """What a job gave back after event number `have`."""
        task = self._find(key)
        if task is None:
            return {"known": False}
        last, events = await task.take(have, patience)
        return {"known": True, "last": last, "events": events}

    def trainer_wish(self, key: str, asked: bytes) -> dict[str, Any]:
        """What is asked of a job from now on."""
        if task := self._find(key):
            task.asked = msgspec.msgpack.decode(asked, type=Asked)
        return {"known": task is not None}

    def trainer_drop(self, key: str) -> dict[str, Any]:
        """A job that the app has done with, or given to another."""
        for kind, task in list(self._tasks.items()):
            if task.key == key:
                task.drop()
                if task.is_over:
                    del self._tasks[kind]
        return {}

    def leave(self) -> None:
        """Give back what is being done, for another trainer: this one ends."""
        for task in self._tasks.values():
            if task.is_going_on:
                task.emit(Refused("This trainer was stopped.", leaves=True))

    def give_up(self) -> None:
        """There is too little memory here for what is being done."""
        for task in self._tasks.values():
            if task.is_going_on:
                task.emit(StateChange(State("failed", f"{TOO_LITTLE_MEMORY} Train again.")))

    def _find(self, key: str) -> Task | None:
        return next((task for task in self._tasks.values() if task.key == key), None)

    def _do(self, task: Task, kind: str, job: Job) -> None:
        try:
            with errors_as_ends(task.emit, task.key, job.retry_words):
                task.emit(StateChange(State("preparing")))
                try:
                    self._work(job, self.data_sets, task, task.emit)
                except DownloadError as error:
                    task.emit(Refused(str(error)))
        except AbandonedError:
            log.event("job was given up", job=task.key)
            if self._tasks.get(kind) is task:
                del self._tasks[kind]
        finally:
            task.is_over = True
            give_back_freed_memory()


async def join_for_good(trainer: Trainer, safety: Security | None) -> None:
    """Be a worker at the scheduler, again whenever that is gone, until the trainer ends."""
    while not trainer.ended.is_set():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            worker = Worker(
                trainer.options.address,
                nthreads=1,
                memory_limit=0,
                local_directory=folder,
                security=safety,
                port=trainer.options.port,
                dashboard=False,
                dashboard_address="127.0.0.1:0",  # its pages about itself are for this machine
            )
            trainer.join(worker)
            try:
                await _either(_join(worker), trainer.ended.wait())
                if trainer.ended.is_set():
                    await asyncio.sleep(LEAVE_SECONDS)  # the app takes what is left
            finally:
                await worker.close(timeout=2)


async def _join(worker: Worker) -> None:
    try:
        await worker
    except (OSError, RuntimeError) as error:  # no scheduler there, or not one of ours
        log.warning("scheduler cannot be joined", reason=str(error.__cause__ or error))
        await asyncio.sleep(REJOIN_SECONDS)
        return
    log.event("joined", scheduler=worker.scheduler.address)
    await worker.finished()
    log.event("left the scheduler")


async def _either(*ways: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of them, and end the others."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()


async def train_for_app(options: Options) -> int:
    """Train until standard input closes, memory runs out or the app has other versions."""
    safety = security(options.address)
    trainer = Trainer(options, versions())
    loop, status = asyncio.get_running_loop(), 0

    def end(with_status: int) -> None:
        nonlocal status
        status = with_status
        trainer.ended.set()

    def wait_for_end_of_input() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(trainer.leave)
        loop.call_soon_threadsafe(end, 0)

    def watch_memory() -> None:
        own = psutil.Process()
        while own.memory_info().rss < options.megabytes * MEGABYTE:
            time.sleep(MEMORY_POLL_SECONDS)
        log.warning("memory limit reached", megabytes=options.megabytes)
        loop.call_soon_threadsafe(trainer.give_up)
        loop.call_soon_threadsafe(end, OUT_OF_MEMORY)

    for watch in (wait_for_end_of_input, *([watch_memory] if options.megabytes else [])):
        threading.Thread(target=watch, daemon=True).start()
    await asyncio.to_thread(prepare, trainer.data_sets)
    await join_for_good(trainer, safety)
    if trainer.refusal:
        print(trainer.refusal, file=sys.stderr)
        return REFUSED
    return status


def prepare(data_sets: DataSets) -> None:
    """Fetch and check what most runs need, and take the first slow steps."""
    name = PRESETS["quick"].recipe.model.dataset
    try:
        data_sets.load(name)
    except DownloadError as error:
        log.warning("no data here", reason=str(error))  # another trainer may have them
    else:
        warm_up(data_sets)


def be_trainer(options: Options) -> NoReturn:
    """The process: low priority, its own threads, and an end that no thread can delay."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the host, and that ends us
    step_back()
    log.start()
    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set(TIMEOUTS)
    respect_cores(options.threads)
    keep_freed_memory()
    try:
        status = asyncio.run(train_for_app(options))
    except (UserError, OSError) as error:  # no certificate, no folder for temporary files
        print(f"This trainer cannot start: {error}", file=sys.stderr)
        status = REFUSED
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    be_trainer(msgspec.json.decode(sys.argv[1], type=Options))
