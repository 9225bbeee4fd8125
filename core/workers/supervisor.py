"""The app's side of the worker: starts its process, again whenever it dies, and ends it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from core import PROJECT, VERSION
from core.runs import disk, log

_shared: dict[Path, "Supervisor"] = {}
_sharing = threading.Lock()

QUICK_DEATH = 10.0  # seconds; a process that dies sooner is started again after a pause
MAX_RESTART_PAUSE = 240.0
WRITABLE_CHECK_SECONDS = 5.0  # between checks of a runs directory that is read-only
HEAD_START = 3.0  # seconds that an app has for its first page


class Supervisor:
    """The app's handle on the worker's process. It restarts the process whenever that dies."""

    def __init__(self, root: Path, head_start: float = 0.0) -> None:
        """The process starts after `head_start` seconds: until then others have the machine."""
        self.root = root
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
                log.event("worker died", status=self._process.returncode)
                self._rest()
            if time.monotonic() < self._not_before:
                return
            self._started = time.monotonic()
            command = [sys.executable, "-m", "core.workers.worker", str(self.root)]
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                if not self._check_writable():
                    return
                self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)
            except OSError:
                log.trouble("worker cannot be started")
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
        self._process = None
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


def shared_supervisor(root: Path) -> Supervisor:
    """The one supervisor that this app has for a runs directory.

    Not in one of Streamlit's caches: any browser may ask the server to clear those, and each time
    another process would start.
    """
    with _sharing:
        if root not in _shared:
            log.start()
            log.event("app started", version=VERSION)
            _shared[root] = Supervisor(root, HEAD_START)
        return _shared[root]
