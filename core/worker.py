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

import errno
import fcntl
import json
import os
import signal
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO

from core import (
    VERSION,
    checkpoint,
    control,
    dataset,
    fetch,
    limits,
    log,
    moments,
    rescue,
    runs,
    teach,
)
from core.evaluation import doubt_level, evaluate
from core.memory import give_back_freed_memory, keep_freed_memory
from core.model import SumNet
from core.presets import PRESETS
from core.recipe import Recipe
from core.recorder import Recorder
from core.runs import Lesson, Run, RunError, State
from core.trainer import EVAL_BATCH, DivergedError, train

POLL = 0.05  # seconds between looks for a new run
LOOK = 20  # polls between looks that do not trust the directory's time
WARM_UP_STEPS = 5
LONGEST_PAUSE = 120  # seconds; others may be waiting in the line
TOO_LONG = "Stopped, as a run may take no longer here; what it learned so far is kept"
RESCUE = "It was cut off. Measuring what it had learned."
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
            if app_gone.wait(POLL):
                return
        _sign(lock)
        trainings = Trainings(app_gone)
        trainings.take_over(root)
        trainings.warm_up()
        log.event("worker ready")
        seen = polls = 0
        while not (app_gone.is_set() or trainings.spent):
            polls += 1
            changed = root.stat().st_mtime_ns  # a new run is a new entry in this directory
            # look now and then all the same: two entries within a tick of its clock are one change
            waiting = _waiting(root) if changed != seen or polls % LOOK == 0 else []
            if waiting:
                trainings.execute(waiting[0])
            else:
                seen = changed
                app_gone.wait(POLL)


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
    return [run for run in runs.every(root) if run.state().name in runs.WAITING]


class StoppedError(RuntimeError):
    """A stop was asked for before the training began, or the app has gone."""


class Trainings:
    """Trains runs, keeping the data sets in memory between them."""

    def __init__(self, app_gone: threading.Event) -> None:
        self.app_gone = app_gone
        self.data: dict[str, dataset.Data] = {}
        self.spent = False  # something unforeseen happened to this process: a fresh one is better

    def execute(self, run: Run) -> None:
        """Train a run to its end; whatever goes wrong is said in its state."""
        start = time.perf_counter()
        try:
            self._train(run)
        except StoppedError:
            self._end(run, "interrupted", "Stopped before the training began.")
        except (
            DivergedError,
            fetch.FetchError,
            checkpoint.CheckpointError,
            RunError,
        ) as error:
            self._end(run, "failed", str(error))
        except Exception as error:
            log.trouble("run failed", run=run.id)
            self.spent = not _is_full(error)
            self._end(run, "failed", f"{_reason(error)} {run.again}")
        if run.state().name in runs.WAITING:  # nothing can be written at all
            self.app_gone.wait(1.0)
        with suppress(OSError):
            rescue.forget(run)
        give_back_freed_memory()
        seconds = round(time.perf_counter() - start, 2)
        log.event("run over", run=run.id, state=run.state().name, seconds=seconds)

    def _end(self, run: Run, name: str, message: str) -> None:
        try:
            run.set_state(State(name, message))
        except OSError:  # no room; or it was deleted meanwhile, and nobody waits for it
            run.give_up()

    def take_over(self, root: Path) -> None:
        """Settle the runs that were cut off with the worker before us."""
        for run in runs.every(root):
            now = run.state()
            if now.name in runs.LIVE:
                log.event("run was cut off", run=run.id, state=now.name)
                try:
                    self._settle(run, again=now.message == RESCUE)
                except Exception:
                    log.trouble("run cannot be settled", run=run.id)
                    self._end(run, "interrupted", _cut_off(run))

    def _settle(self, run: Run, again: bool) -> None:
        """Keep what a run had learned; where that was what killed the worker, it is not tried
        again."""
        learned = None if again else rescue.recall(run)
        if learned is None:
            return run.set_state(State("interrupted", _cut_off(run)))
        run.set_state(State("evaluating", RESCUE))
        preset, recipe = run.recipe()
        epochs = recipe.train.epochs * learned.step / learned.steps
        self._keep(run, preset, recipe, learned.model, epochs, learned.seconds, message=RESCUE)
        how_far = f"at step {learned.step:,} of {learned.steps:,}"
        run.set_state(State("stopped", f"Cut off {how_far}; what it learned so far is kept"))
        rescue.forget(run)

    def _train(self, run: Run) -> None:
        run.set_state(State("preparing"))
        if lesson := run.lesson():
            return self._teach(run, lesson)
        preset, recipe = run.recipe()
        data = self._load(recipe.model.dataset, run)
        model = recipe.build()
        recorder, notes = Recorder(), rescue.Notes(run, model)
        album = moments.Album(run.moments, model)
        wish = control.Watched(run.path)
        run.set_state(State("training"))
        outcome, message = "finished", ""
        began = recorder.start  # pauses hold the trainer, too
        with closing(recipe.teach(model, data, lambda: wish.now().lr)) as steps:
            for progress in steps:
                held = wish.now().holds(progress.step)
                if (record := recorder.add(progress, due=held)) is not None:
                    run.append(record)
                    notes.take(progress, record["seconds"])
                album.take(progress, held)
                if held:
                    recorder.start += self._pause(run, wish, progress.step)
                if run.stop_requested() or self.app_gone.is_set():
                    outcome = "stopped"
                    break
                if time.perf_counter() - began > limits.LIMITS.run_seconds:
                    outcome, message = "stopped", TOO_LONG
                    break
        seconds = time.perf_counter() - recorder.start
        rescue.note(run, model, progress.step, progress.steps, seconds)  # measuring takes a while
        epochs = recipe.train.epochs * progress.step / progress.steps
        self._keep(run, preset, recipe, model, epochs, seconds)
        run.set_state(State(outcome, message))

    def _pause(self, run: Run, wish: control.Watched, step: int) -> float:
        """Wait until the visitor wants to go on, but not for ever; the seconds that it took."""
        start = time.perf_counter()
        run.set_state(State("paused"))
        while wish.now().holds(step) and not run.stop_requested() and not self.app_gone.wait(POLL):
            if time.perf_counter() - start > LONGEST_PAUSE:
                control.change(run.path, until=None)
        run.set_state(State("training"))
        return time.perf_counter() - start

    def _teach(self, run: Run, lesson: Lesson) -> None:
        """Teach the network of the lesson, which stays as it is: the run gets a copy."""
        stem = runs.stem(run.path.parent, lesson.base)
        if stem is None:
            raise checkpoint.CheckpointError("The network to teach is no longer kept here.")
        model, card = checkpoint.load(stem)
        start = time.perf_counter()
        data = self._load(model.config.dataset, run)
        run.set_state(State("training"))
        teach.teach(model, data.train, lesson.examples)
        seconds = time.perf_counter() - start
        self._keep(run, card.preset, Recipe.read(card.params), model, card.epochs, seconds, lesson)
        run.set_state(State("finished"))

    def _keep(
        self,
        run: Run,
        preset: str,
        recipe: Recipe,
        model: SumNet,
        epochs: float,
        seconds: float,
        lesson: Lesson | None = None,
        message: str = "",
    ) -> None:
        """Measure the network and write it down."""
        run.set_state(State("evaluating", message))
        data = self._load(recipe.model.dataset)
        held_out = data.val.first(recipe.train.held_out)
        metrics, doubt = evaluate(model, data.test), doubt_level(model, held_out)
        card = checkpoint.Card.of(preset, recipe, model, metrics, epochs, seconds, doubt)
        taught = len(lesson.examples) if lesson else 0
        checkpoint.save(run.checkpoint, model, replace(card, taught=taught))

    def _load(self, name: str, run: Run | None = None) -> dataset.Data:
        """A data set from memory, from disk, or from where it can be fetched, as `run` then says.

        Raises:
            FetchError: nobody has it.
            StoppedError: `run` is wanted no more.
        """
        if name not in self.data:

            def report(progress: fetch.FetchProgress) -> None:
                if run is not None:
                    if run.stop_requested() or self.app_gone.is_set():
                        raise StoppedError
                    share = progress.done / progress.total if progress.total else None
                    what = f"Fetching {dataset.SPECS[name].title} from {progress.source}"
                    run.set_state(State("preparing", what, share))

            fetch.fetch(name, report=report)
            self.data[name] = dataset.load(name)
        return self.data[name]

    def warm_up(self) -> None:
        """Load what most runs need, make a few steps and measure: the first time is the slowest."""
        if not fetch.is_present("mnist"):
            return
        recipe = PRESETS["quick"].recipe
        with suppress(fetch.FetchError):  # damaged: the first run says so
            data = self._load("mnist")
            model = recipe.build()
            with closing(train(model, data, recipe.train)) as steps:
                for _ in islice(steps, WARM_UP_STEPS):
                    pass
            evaluate(model, data.val.first(EVAL_BATCH))


def _cut_off(run: Run) -> str:
    return f"The training was cut off. {run.again}"


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in NO_ROOM


def _reason(error: Exception) -> str:
    """What went wrong, in a sentence for the visitor."""
    if _is_full(error):
        return "The disk is full: nothing more could be kept."
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "This machine has too little memory for that: choose a smaller width or batch."
    return "The training went wrong."


if __name__ == "__main__":
    log.start()
    serve(Path(sys.argv[1]))
