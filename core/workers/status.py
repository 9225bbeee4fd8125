"""The state of the app for its operator: worker, queue, kept runs, disk.

Read from the runs directory alone, so that anybody on the machine can ask:

    $ python -m core status
    Sketch & Sum 0.1.0, worker up 3 h 12 min (process 71): 1 run trains, 5 wait, 132 kept (210 MB),
    73,012 MB free

The worker holds the lock `.lock` while it lives, and says in `.worker.json` who it is. Both lie in
the runs directory. Imports no torch.
"""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import BaseFileLock

from core import VERSION
from core.cluster.cluster import read_cluster
from core.runs import log
from core.runs.disk import MEGABYTE, list_entries
from core.runs.run import LIVE, WAITING
from core.storage.files import write_atomic
from core.systems.locks import is_marker, try_lock


@dataclass(frozen=True)
class Status:
    """What `python -m core status --json` prints."""

    version: str  # of the worker, or of this code where there is none
    worker: bool  # is there one?
    pid: int  # of the worker; 0 where there is none, or it could not say
    uptime: float  # seconds since the worker started
    training: str  # id of the run in training; "" is none
    waiting: int  # runs in the queue
    kept: int  # finished runs
    kept_megabytes: float
    free_megabytes: float
    cluster: str = ""  # how its cluster is, in words; "" is none
    trainers: tuple[str, ...] = ()  # each of them, in words

    @property
    def words(self) -> str:
        hours, minutes = divmod(int(self.uptime / 60), 60)
        who = f"worker up {hours} h {minutes} min (process {self.pid})"
        return (
            f"Sketch & Sum {self.version}, {who if self.worker else 'no worker'}: "
            f"{'1 run trains' if self.training else 'no run trains'}, "
            f"{self.waiting} {'waits' if self.waiting == 1 else 'wait'}, "
            f"{self.kept} kept ({self.kept_megabytes:,.0f} MB), {self.free_megabytes:,.0f} MB free"
            + "".join(f"\n{line}" for line in (self.cluster, *self.trainers) if line)
        )


class WorkerFile(msgspec.Struct, frozen=True):
    """Who holds the lock, as .worker.json says it."""

    pid: int = 0
    version: str = VERSION


def lock_for_worker(root: Path) -> BaseFileLock | None:
    """Become the worker of a runs directory; None while another process is.

    Keep what comes back: the lock is free again when the process ends, however it ends.

    Raises:
        OSError: there can be no file in `root`.
    """
    lock = try_lock(root / ".lock")
    if lock:
        if is_marker(lock):
            advice = "Put SKETCH_SUM_RUNS on another volume if apps on several hosts share it."
            log.warning("volume has no locks: a marker file stands in", folder=root, advice=advice)
        facts = msgspec.json.encode(WorkerFile(os.getpid()))
        with suppress(OSError):  # a full disk
            write_atomic(root / ".worker.json", facts, durable=False)
    return lock


def read_status(root: Path) -> Status:
    """The status of the app with this runs directory, which need not be there."""
    has_worker = _has_worker(root)
    facts, since = _read_worker(root) if has_worker else (WorkerFile(), time.time())
    entries = list_entries(root)
    finished = [entry for entry in entries if entry.state.is_finished]
    live = [entry.run for entry in entries if entry.state.name in LIVE]
    training = [run.id for run in live if not run.is_finetune]
    cluster = read_cluster(root) if has_worker else None
    there = next(path for path in (root, *root.parents) if path.exists())
    return Status(
        version=facts.version,
        worker=has_worker,
        pid=facts.pid,
        uptime=max(0.0, time.time() - since) if has_worker else 0.0,
        training=training[0] if has_worker and training else "",
        waiting=sum(entry.state.name in WAITING for entry in entries),
        kept=len(finished),
        kept_megabytes=round(sum(entry.size for entry in finished) / MEGABYTE, 1),
        free_megabytes=round(shutil.disk_usage(there).free / MEGABYTE),
        cluster=f"Cluster {cluster.address}: {cluster.words}" if cluster else "",
        trainers=tuple(cluster.lines) if cluster else (),
    )


def _has_worker(root: Path) -> bool:
    """Does a process hold the lock? A worker that starts just now tries again."""
    path = root / ".lock"
    with suppress(OSError):  # not ours to open
        if path.exists():
            lock = try_lock(path)
            if lock is None:
                return True
            lock.release()
    return False


def _read_worker(root: Path) -> tuple[WorkerFile, float]:
    """Who the worker is, and since when (seconds since the epoch)."""
    path = root / ".worker.json"
    try:
        since = path.stat().st_mtime
        return msgspec.json.decode(path.read_bytes(), type=WorkerFile), since
    except (OSError, msgspec.MsgspecError, RecursionError):
        return WorkerFile(), time.time()
