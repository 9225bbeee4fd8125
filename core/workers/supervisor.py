"""The app's side of the worker: starts its process, again whenever it dies, and ends it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from core import PROJECT, VERSION
from core.runs import disk, limits, log
from core.runs.run import LIVE, WAITING
from core.systems.memory import usable_memory

LEAVES = "--leaves"  # to the process: end when there has been nothing to do for a while
NOTHING_TO_DO = 3  # its exit status then

_shared: dict[Path, "Supervisor"] = {}
_sharing = threading.Lock()

QUICK_DEATH = 10.0  # seconds; a process that dies sooner is started again after a pause
MAX_RESTART_PAUSE = 240.0
WRITABLE_CHECK_SECONDS = 5.0  # between checks of a runs directory that is read-only
LEAST_MEGABYTES = 900  # of memory: 741 were measured with a visitor and a quick run
WORK_POLL_SECONDS = 0.5  # between looks for a run, while no worker is kept
HEAD_START = 3.0  # seconds that an app has for its first page


class Supervisor:
    """The app's handle on the worker's process. It restarts the process whenever that dies."""

    def __init__(self, root: Path, head_start: float = 0.0, keeps_worker: bool = True) -> None:
        """The process starts after `head_start` seconds: until then others have the machine.

        Without `keeps_worker` it is there only while there are runs to do.
        """
        self.root, self.keeps_worker = root, keeps_worker
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0  # of `time.monotonic`, as below
        self._not_before = time.monotonic() + head_start  # the next start
        self._pause = 0.0
        self._can_write = True  # as far as was said in the log
        self._closed = threading.Event()
        self.ensure()
        threading.Thread(target=self._watch, daemon=True).start()

    def ensure(self) -> None:
        """Start the process if there is none. Cheap: call it whenever a page polls.

        A process that dies at once each time is not started in a tight loop. If it cannot start,
        that is logged: pages work without it, and runs wait in the queue.
        """
        with self._lock:
            if self._closed.is_set() or (self._process and self._process.poll() is None):
                return
            if self._process:
                self._process.communicate()  # closes our end of the pipe to the dead one
                self._note_end(self._process.returncode)
            if time.monotonic() < self._not_before:
                return
            if not self.keeps_worker and not has_work(self.root):
                self._not_before = time.monotonic() + WORK_POLL_SECONDS
                return
            self._started = time.monotonic()
            options = [] if self.keeps_worker else [LEAVES]
            command = [sys.executable, "-m", "core.workers.worker", *options, str(self.root)]
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                if not self._check_writable():
                    return
                self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)
            except OSError:
                log.trouble("worker cannot be started")
                self._process = None
                self._rest()

    def _note_end(self, status: int) -> None:
        """Of a process that has ended: by itself, when there was nothing to do, or too early."""
        self._process = None
        if status == NOTHING_TO_DO:
            log.event("worker left until there are runs")
        else:
            log.event("worker died", status=status)
            self._rest()

    def _check_writable(self) -> bool:
        """Can a worker do anything? One that cannot write would only die at once, again and again.

        It is logged once, with what to do, and once more when that is done.
        """
        can_write = disk.is_writable(self.root)
        if can_write and not self._can_write:
            log.event("runs directory can be written again")
        elif self._can_write and not can_write:
            advice = "Make the folder writable for the app's user; runs wait until then."
            log.warning("runs directory is read-only", folder=self.root, advice=advice)
        if not can_write:
            self._not_before = time.monotonic() + WRITABLE_CHECK_SECONDS
        self._can_write = can_write
        return can_write

    def _rest(self) -> None:
        """After a death or a failed start: decide how long to wait before the next start."""
        quick = time.monotonic() - self._started < QUICK_DEATH
        self._pause = min(MAX_RESTART_PAUSE, 2 * self._pause or 0.5) if quick else 0.0
        self._not_before = time.monotonic() + self._pause

    def _watch(self) -> None:
        """Wait for the process to die and restart it, even if no page is open."""
        while not self._closed.is_set():
            process = self._process
            if process:
                process.wait()
            else:
                self._closed.wait(max(0.05, self._not_before - time.monotonic()))
            self.ensure()

    @property
    def pid(self) -> int:
        """Of the process; 0 while there is none."""
        process = self._process
        return process.pid if process else 0

    def close(self) -> None:
        """Kill the process now; the next one keeps what a run in training had learned."""
        with self._lock:
            self._closed.set()
            if self._process:
                self._process.kill()
                self._process.communicate()


def has_work(root: Path) -> bool:
    """Are there runs that wait, or that were cut off?"""
    return any(entry.state.name in (*WAITING, *LIVE) for entry in disk.list_entries(root))


def keeps_worker() -> bool:
    """Is there memory for a worker that waits for runs? Too little for any is logged."""
    memory = usable_memory()
    megabytes = float("inf") if memory is None else memory / disk.MEGABYTE
    if megabytes < LEAST_MEGABYTES:
        advice = f"Give it {LEAST_MEGABYTES} MB: less may end a training, or the app."
        log.warning("too little memory", megabytes=round(megabytes), advice=advice)
    return megabytes >= limits.LIMITS.worker_megabytes


def shared_supervisor(root: Path) -> Supervisor:
    """The one supervisor that this app has for a runs directory.

    Not in one of Streamlit's caches: any browser may ask the server to clear those, and each time
    another process would start.
    """
    with _sharing:
        if root not in _shared:
            log.start()
            log.event("app started", version=VERSION)
            _shared[root] = Supervisor(root, HEAD_START, keeps_worker())
        return _shared[root]
