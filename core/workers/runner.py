"""Does runs in this process: what is asked lies in files, and what comes back is written there."""

import threading
import time
from contextlib import suppress
from pathlib import Path

from core.engines.memory import give_back_freed_memory
from core.jobs.data_sets import DataSets
from core.jobs.events import StateChange
from core.jobs.job import do_job, errors_as_ends, interrupted_words
from core.jobs.wishes import FileWishes
from core.jobs.writer import RunWriter, read_job
from core.runs import log, recovery
from core.runs.recovery import RECOVERY_MESSAGE
from core.runs.run import LIVE, WAITING, Run, State, list_runs
from core.storage.autosave import autosave_step


class JobRunner:
    """Does runs, and keeps the data sets in memory between them. Two threads may use it."""

    def __init__(self, app_gone: threading.Event, leave_seconds: float | None = None) -> None:
        """After `leave_seconds` without a run there is nothing to do; None: it waits for more."""
        self.app_gone = app_gone
        self._leave_seconds = leave_seconds
        self._leaves = False
        self._doing = 0
        self._last = time.monotonic()  # when a run began or ended
        self.data_sets = DataSets()
        self.needs_restart = False  # something unforeseen happened: a fresh process is safer

    @property
    def has_nothing_to_do(self) -> bool:
        """Has there been no run for so long that the process is not worth its memory?

        Once there was, it stays so: both threads of a worker end.
        """
        if self._leave_seconds is not None and not self._doing:
            self._leaves |= time.monotonic() - self._last > self._leave_seconds
        return self._leaves

    def execute(self, run: Run) -> None:
        """Do a run from its first step to its last; its state says whatever goes wrong."""
        self._doing += 1
        try:
            self._execute(run)
        finally:
            self._doing -= 1
            self._last = time.monotonic()

    def _execute(self, run: Run) -> None:
        start = time.perf_counter()
        write = RunWriter(run).write
        with errors_as_ends(write, run.id, run.retry_words) as outcome:
            write(StateChange(State("preparing")))
            do_job(read_job(run), self.data_sets, FileWishes(run, self.app_gone), write)
        self.needs_restart = self.needs_restart or outcome.is_unforeseen
        if run.state().name in WAITING:  # nothing can be written at all
            self.app_gone.wait(1.0)
        with suppress(OSError):
            recovery.remove_autosave(run)
        give_back_freed_memory()
        seconds = round(time.perf_counter() - start, 2)
        log.event("run over", run=run.id, state=run.state().name, seconds=seconds)

    def recover_interrupted(self, root: Path) -> None:
        """Settle the runs that were interrupted when the worker before this one died."""
        for run in list_runs(root):
            now = run.state()
            if now.name in LIVE:
                log.event("run was cut off", run=run.id, state=now.name)
                write = RunWriter(run).write
                try:
                    # not again where that is what killed the worker
                    tried = now.message == RECOVERY_MESSAGE
                    autosave = b"" if tried else recovery.read_weights(run)
                    if autosave_step(autosave):
                        recovery.cut_history(run, autosave)
                    wishes = FileWishes(run, self.app_gone)
                    do_job(read_job(run, autosave, tests=True), self.data_sets, wishes, write)
                    recovery.remove_autosave(run)
                except Exception:  # logged; the run ends, and the next one is settled
                    log.trouble("run cannot be settled", run=run.id)
                    lost = State("interrupted", interrupted_words(run.retry_words))
                    write(StateChange(lost))
