"""The app's side of the worker: start its process, start it again whenever it dies, end it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from core import PROJECT, VERSION
from core.runs import log

_shared: dict[Path, "Supervisor"] = {}
_sharing = threading.Lock()

QUICK_DEATH = 10.0  # seconds; a process that dies sooner is started again after a pause
MAX_RESTART_PAUSE = 8.0
HEAD_START = 3.0  # seconds that an app has for its first page


class Supervisor:
    """The app's handle on the process, which it starts again whenever it dies."""

    def __init__(self, root: Path, head_start: float = 0.0) -> None:
        """The process starts after `head_start` seconds, which others have the machine for."""
        self.root = root
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0  # of `time.monotonic`, as below
        self._not_before = time.monotonic() + head_start  # the next start
        self._pause = 0.0
        self._closed = threading.Event()
        self.ensure()
        threading.Thread(target=self._watch, daemon=True).start()

    def ensure(self) -> None:
        """Start the process if there is none. Cheap: call it whenever a page looks.

        One that dies at once each time is not started in a tight loop. That it cannot be started
        is logged: pages work without it, and runs wait in line.
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
                self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)
            except OSError:
                log.trouble("worker cannot be started")
                self._rest()

    def _rest(self) -> None:
        """It died, or could not be started: how long to wait before the next start."""
        self._process = None
        quick = time.monotonic() - self._started < QUICK_DEATH
        self._pause = min(MAX_RESTART_PAUSE, 2 * self._pause or 0.5) if quick else 0.0
        self._not_before = time.monotonic() + self._pause

    def _watch(self) -> None:
        """Wait for its death, and start it again: also when nobody looks."""
        while not self._closed.is_set():
            process = self._process
            if process:
                process.wait()
            else:
                self._closed.wait(max(0.05, self._not_before - time.monotonic()))
            self.ensure()

    @property
    def pid(self) -> int:
        """0 while there is none."""
        process = self._process
        return process.pid if process else 0

    def close(self) -> None:
        """End the process now; the next one keeps what a run in training had learned."""
        with self._lock:
            self._closed.set()
            if self._process:
                self._process.kill()
                self._process.communicate()


def shared_supervisor(root: Path) -> Supervisor:
    """The one worker that this app has for a runs directory.

    Not in a cache of Streamlit's: any browser may ask the server to clear those, and each time
    another process would be started.
    """
    with _sharing:
        if root not in _shared:
            log.start()
            log.event("app started", version=VERSION)
            _shared[root] = Supervisor(root, HEAD_START)
        return _shared[root]
