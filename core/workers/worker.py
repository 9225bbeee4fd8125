"""One warm process that does runs: one that trains at a time, and one that fine-tunes beside it.

Importing torch takes longer than a short training, and a training inside the web server would
freeze every visitor's page. So the app starts `python -m core.workers.worker RUNS_DIR` once and
looks after it (core/workers/supervisor.py). The process imports, loads the data, takes a few steps
to warm up, and then waits for runs to appear on disk. It has a lower priority than the app: answers
to drawings come first. Fine-tuning takes seconds, so a thread of its own does it: nobody who
teaches a network waits behind trainings.

The process holds a lock on the runs directory while it lives. So two apps on one directory train
one run at a time, and a run that says "training" when the lock is taken was interrupted: what it
had learned is kept. The process ends when its app does: its standard input closes, and a run in
training is stopped and kept.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from core.cluster.cluster import MISSING, VARIABLE, Cluster, cluster_address, write_cluster
from core.engines.memory import keep_freed_memory
from core.errors import UserError
from core.forecast.speed import note_run, write_speed
from core.jobs.warm_up import warm_up
from core.runs import disk, log
from core.runs.queue import note_turn, waiting_runs
from core.systems.cores import respect_cores, step_back
from core.workers.runner import JobRunner
from core.workers.status import lock_for_worker
from core.workers.supervisor import LEAVES, NOTHING_TO_DO

POLL_SECONDS = 0.05  # between polls for a new run
IDLE_SECONDS = 30.0  # without a run, where a worker leaves
POLLS_PER_FULL_POLL = 20  # polls between those that do not trust the directory's time


def serve(root: Path, leaves: bool = False) -> int:
    """Do the runs that appear in `root`, in turn, until standard input closes; the exit status.

    After something unforeseen it returns: the app starts a fresh process. With `leaves` it also
    does when there has been nothing to do for a while.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the app, and that ends us
    step_back()
    respect_cores()
    keep_freed_memory()
    _be_killed_first()
    app_gone = threading.Event()
    threading.Thread(target=_wait_for_end_of_input, args=(app_gone,), daemon=True).start()
    while (lock := lock_for_worker(root)) is None:
        if app_gone.wait(POLL_SECONDS):
            return 0
    try:
        if os.environ.get(VARIABLE):
            _serve_cluster(root, app_gone)
            return 0
        runner = JobRunner(app_gone, IDLE_SECONDS if leaves else None)
        runner.recover_interrupted(root)
        if not leaves and (speed := warm_up(runner.data_sets)):
            write_speed(root, speed)
        log.event("worker ready")
        beside = threading.Thread(target=_serve_with_other, args=(root, runner, True))
        beside.start()
        try:
            _serve_with_other(root, runner, False)
        finally:
            beside.join()  # until then the lock is ours
        return NOTHING_TO_DO if runner.has_nothing_to_do and not runner.needs_restart else 0
    finally:
        lock.release()


def _serve_cluster(root: Path, app_gone: threading.Event) -> None:
    """Hand the runs to trainers instead; where that cannot be, pages and `status` say why."""
    try:
        address = cluster_address()
        from core.cluster.dispatcher import dispatch  # brings distributed, which is optional

        return dispatch(root, address, app_gone)
    except UserError as error:
        problem = str(error)
    except ModuleNotFoundError:
        problem = MISSING
    log.warning("cluster cannot be used", reason=problem)
    while not app_gone.wait(1.0):
        with suppress(OSError):  # a full disk
            write_cluster(root, Cluster("", problem=f"Runs wait: {problem}"))


def _be_killed_first() -> None:
    """Where memory runs out, the system kills us and not the app."""
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text("500", "utf-8")


def _serve_with_other(root: Path, runner: JobRunner, finetunes: bool) -> None:
    """One of the two queues; when it ends, the other one ends, and a fresh process has both."""
    try:
        _serve_queue(root, runner, finetunes)
    finally:
        if not runner.has_nothing_to_do:
            runner.needs_restart = True


def _serve_queue(root: Path, runner: JobRunner, finetunes: bool) -> None:
    seen = polls = 0
    while not (runner.app_gone.is_set() or runner.needs_restart or runner.has_nothing_to_do):
        polls += 1
        changed = root.stat().st_mtime_ns  # a new run is a new entry in this directory
        # poll now and then all the same: two entries within a tick of its clock are one change
        is_due = changed != seen or polls % POLLS_PER_FULL_POLL == 0
        if is_due and not disk.is_writable(root):
            log.warning("runs directory is read-only", advice="The worker ends until it is not.")
            return
        if is_due and (waiting := waiting_runs(root, finetunes)):
            note_turn(root, waiting[0])
            start = time.perf_counter()
            runner.execute(waiting[0])
            note_run(root, waiting[0], time.perf_counter() - start)
        else:
            seen = changed
            runner.app_gone.wait(POLL_SECONDS)


def _wait_for_end_of_input(app_gone: threading.Event) -> None:
    sys.stdin.buffer.read()
    app_gone.set()


if __name__ == "__main__":
    log.start()
    # at once: the thread that reads standard input would have Python abort
    os._exit(serve(Path(sys.argv[-1]), leaves=LEAVES in sys.argv))
