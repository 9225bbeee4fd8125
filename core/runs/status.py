"""How the app is, for its operator: who trains, who waits, what is kept, what is left of the disk.

Read from the runs directory alone, so that it can be asked from outside:

    $ python -m core status
    Sketch & Sum 0.1.0, worker up 3 h 12 min (process 71): 1 run trains, 5 wait, 132 kept (210 MB),
    73,012 MB free
"""

import fcntl
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from core import VERSION
from core.runs import queue
from core.runs.run import LIVE, WAITING, list_runs


@dataclass(frozen=True)
class Status:
    """What `python -m core status --json` prints."""

    version: str  # of the worker, or of this code where there is none
    worker: bool  # is there one?
    pid: int  # of the worker; 0 where there is none, or it did not say
    uptime: float  # seconds since the worker started
    training: str  # id of the run that the worker has; "" is none
    waiting: int  # runs in the line
    kept: int  # runs that are over
    kept_megabytes: float
    free_megabytes: float

    @property
    def words(self) -> str:
        hours, minutes = divmod(int(self.uptime / 60), 60)
        who = f"worker up {hours} h {minutes} min (process {self.pid})"
        return (
            f"Sketch & Sum {self.version}, {who if self.worker else 'no worker'}: "
            f"{'1 run trains' if self.training else 'no run trains'}, "
            f"{self.waiting} {'waits' if self.waiting == 1 else 'wait'}, "
            f"{self.kept} kept ({self.kept_megabytes:,.0f} MB), {self.free_megabytes:,.0f} MB free"
        )


def read_status(root: Path) -> Status:
    """The status of the app with this runs directory, which need not be there."""
    held, signed, since = _read_lock(root / ".lock")
    found = [(run, run.state()) for run in list_runs(root)]
    over = [run for run, state in found if state.is_finished]
    live = [run.id for run, state in found if state.name in LIVE]
    there = next(path for path in (root, *root.parents) if path.exists())
    pid = signed.get("pid")
    return Status(
        version=str(signed.get("version", VERSION)),
        worker=held,
        pid=pid if held and isinstance(pid, int) else 0,
        uptime=max(0.0, time.time() - since) if held else 0.0,
        training=live[0] if held and live else "",
        waiting=sum(state.name in WAITING for _, state in found),
        kept=len(over),
        kept_megabytes=round(sum(map(queue.run_bytes, over)) / queue.MEGABYTE, 1),
        free_megabytes=round(shutil.disk_usage(there).free / queue.MEGABYTE),
    )


def _read_lock(path: Path) -> tuple[bool, dict[str, object], float]:
    """Does a worker hold the lock, what has it written there, and when?"""
    try:
        with open(path, "rb") as file:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True, _signature(file.read()), path.stat().st_mtime
    except OSError:
        pass
    return False, {}, 0.0


def _signature(content: bytes) -> dict[str, object]:
    try:
        signed = json.loads(content)
    except ValueError:
        return {}
    return signed if isinstance(signed, dict) else {}
