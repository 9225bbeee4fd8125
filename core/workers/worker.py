"""One warm process that trains, one run at a time.

Importing torch takes longer than a short training, and a training inside the web server would
freeze every visitor's page. So the app starts `python -m core.worker RUNS_DIR` once and looks after
it (core/process.py); the process imports, loads the data, makes a few steps to warm up, and then
waits for runs to appear on disk. It works at a lower priority: answers to drawings come first.

The process holds a lock on the runs directory while it lives. Two apps on one directory therefore
train one run at a time, and a run that says "training" when the lock is taken was cut off: what it
had learned is kept. The process ends when its app does: its standard input closes, and a run in
training is stopped and kept.
"""

import fcntl
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from core import VERSION
from core.engines.memory import keep_freed_memory
from core.runs import log
from core.runs.job import Jobs
from core.runs.run import WAITING, Run, list_runs

POLL_SECONDS = 0.05  # seconds between looks for a new run
POLLS_PER_FULL_LOOK = 20  # polls between looks that do not trust the directory's time


def serve(root: Path) -> None:
    """Train the runs that appear in `root`, oldest first, until standard input closes.

    After something unforeseen it returns: the app starts a fresh process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the app, and that ends us
    os.nice(10)
    keep_freed_memory()
    with suppress(OSError):  # where memory runs out, the system ends us and not the app
        Path("/proc/self/oom_score_adj").write_text("500")
    app_gone = threading.Event()
    threading.Thread(target=_wait_for_end_of_input, args=(app_gone,), daemon=True).start()
    with open(root / ".lock", "ab") as lock:
        while not _try_lock(lock.fileno()):
            if app_gone.wait(POLL_SECONDS):
                return
        _sign(lock)
        jobs = Jobs(app_gone)
        jobs.recover_interrupted(root)
        jobs.warm_up()
        log.event("worker ready")
        seen = polls = 0
        while not (app_gone.is_set() or jobs.spent):
            polls += 1
            changed = root.stat().st_mtime_ns  # a new run is a new entry in this directory
            # look now and then all the same: two entries within a tick of its clock are one change
            waiting = _waiting(root) if changed != seen or polls % POLLS_PER_FULL_LOOK == 0 else []
            if waiting:
                jobs.execute(waiting[0])
            else:
                seen = changed
                app_gone.wait(POLL_SECONDS)


def _sign(lock: IO[bytes]) -> None:
    """Leave in the lock file who holds it; see core/status.py."""
    with suppress(OSError):  # a full disk
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "version": VERSION}).encode())
        lock.flush()


def _wait_for_end_of_input(app_gone: threading.Event) -> None:
    sys.stdin.buffer.read()
    app_gone.set()


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _waiting(root: Path) -> list[Run]:
    return [run for run in list_runs(root) if run.state().name in WAITING]


if __name__ == "__main__":
    log.start()
    serve(Path(sys.argv[1]))
