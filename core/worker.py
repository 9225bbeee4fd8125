"""One warm process that trains, one run at a time.

Importing torch takes longer than a short training, and a training inside the web server would
freeze every visitor's page. So the app starts `python -m core.worker RUNS_DIR` once; the process
imports, loads the data, makes a few steps to warm up, and then waits for runs to appear on disk.
It works at a lower priority: answers to drawings come first.

    Worker          the app's side: start, look after, end the process
    serve           the process's side: wait for a run, train it, again

The process holds a lock on the runs directory while it lives. Two apps on one directory therefore
train one run at a time, and a run that says "training" when the lock is taken was interrupted. It
ends when its app does: its standard input closes, and a run in training is stopped and kept.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from core import checkpoint, control, dataset, fetch, moments, runs, teach
from core.evaluation import doubt_level, evaluate
from core.memory import keep_freed_memory
from core.model import SumNet
from core.presets import PRESETS
from core.recipe import Recipe
from core.recorder import Recorder
from core.runs import Lesson, Run, State
from core.trainer import DivergedError, train

log = logging.getLogger("sketch_sum.worker")

POLL = 0.05  # seconds between looks for a new run
LOOK = 20  # polls between looks that do not trust the directory's time
WARM_UP_STEPS = 5
LONGEST_PAUSE = 120  # seconds; others may be waiting in the line


class Worker:
    """The app's handle on the process. `ensure` is cheap: call it whenever a page looks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.ensure()

    def ensure(self) -> None:
        """Start the process, or start it again if it has died."""
        with self._lock:
            if self._process is not None:
                if self._process.poll() is None:
                    return
                self._process.communicate()  # closes our end of the pipe to the dead one
            self.root.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "core.worker", str(self.root)]
            here = Path(__file__).parent.parent
            self._process = subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def close(self) -> None:
        """End the process now; a run in training is left as interrupted."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()


def serve(root: Path) -> None:
    """Train the runs that appear in `root`, oldest first, until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the app, and that ends us
    os.nice(10)
    keep_freed_memory()
    app_gone = threading.Event()
    threading.Thread(target=_wait_for_end_of_input, args=(app_gone,), daemon=True).start()
    with open(root / ".lock", "wb") as lock:
        while not _try_lock(lock.fileno()):
            if app_gone.wait(POLL):
                return
        for run in runs.every(root):
            if run.state().name in runs.LIVE:
                run.set_state(State("interrupted", f"The training was cut off. {run.again}"))
        trainings = Trainings(app_gone)
        seen = polls = 0
        while not app_gone.is_set():
            polls += 1
            changed = root.stat().st_mtime_ns  # a new run is a new entry in this directory
            # look now and then all the same: two entries within a tick of its clock are one change
            waiting = _waiting(root) if changed != seen or polls % LOOK == 0 else []
            if waiting:
                trainings.execute(waiting[0])
            else:
                seen = changed
                app_gone.wait(POLL)


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


class Trainings:
    """Trains runs, keeping the data sets in memory between them."""

    def __init__(self, app_gone: threading.Event) -> None:
        self.app_gone = app_gone
        self.data: dict[str, dataset.Data] = {}
        if fetch.is_present("mnist"):
            with suppress(fetch.FetchError):  # damaged: the first run says so
                self._warm_up()

    def execute(self, run: Run) -> None:
        """Train a run to its end; whatever goes wrong is said in its state."""
        try:
            self._train(run)
        except (DivergedError, fetch.FetchError, checkpoint.CheckpointError) as error:
            self._fail(run, str(error))
        except Exception:
            log.exception("run %s failed", run.id)
            self._fail(run, f"The training went wrong. {run.again}")

    def _fail(self, run: Run, message: str) -> None:
        with suppress(FileNotFoundError):  # the run was deleted meanwhile: nobody waits for it
            run.set_state(State("failed", message))

    def _train(self, run: Run) -> None:
        run.set_state(State("preparing"))
        if lesson := run.lesson():
            return self._teach(run, lesson)
        preset, recipe = run.recipe()
        data = self._load(recipe.model.dataset, run)
        model = recipe.build()
        recorder = Recorder()
        wish = control.Watched(run.path)
        run.set_state(State("training"))
        outcome = "finished"
        plan: set[int] = set()
        moments.keep(run.moments, 0, model)
        with closing(recipe.teach(model, data, lambda: wish.now().lr)) as steps:
            for progress in steps:
                held = wish.now().holds(progress.step)
                if (record := recorder.add(progress, due=held)) is not None:
                    run.append(record)
                plan = plan or moments.planned(progress.steps, model)
                if held or progress.step in plan:
                    moments.keep(run.moments, progress.step, model)
                if held:
                    recorder.start += self._pause(run, wish, progress.step)
                if run.stop_requested() or self.app_gone.is_set():
                    outcome = "stopped"
                    break
        seconds = time.perf_counter() - recorder.start
        epochs = recipe.train.epochs * progress.step / progress.steps
        self._keep(run, preset, recipe, model, epochs, seconds)
        run.set_state(State(outcome))

    def _pause(self, run: Run, wish: control.Watched, step: int) -> float:
        """Wait until the visitor wants to go on, but not for ever; the seconds that it took."""
        start = time.perf_counter()
        run.set_state(State("paused"))
        while wish.now().holds(step) and not run.stop_requested() and not self.app_gone.wait(POLL):
            if time.perf_counter() - start > LONGEST_PAUSE:
                control.write(run.path, replace(wish.now(), until=None))
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
    ) -> None:
        """Measure the network and write it down."""
        run.set_state(State("evaluating"))
        data = self._load(recipe.model.dataset)
        metrics, doubt = evaluate(model, data.test), doubt_level(model, data.val)
        card = checkpoint.Card.of(preset, recipe, model, metrics, epochs, seconds, doubt)
        taught = len(lesson.examples) if lesson else 0
        checkpoint.save(run.checkpoint, model, replace(card, taught=taught))

    def _load(self, name: str, run: Run | None = None) -> dataset.Data:
        """A data set from memory, from disk, or from where it can be fetched."""
        if name not in self.data:

            def report(progress: fetch.FetchProgress) -> None:
                if run is not None:
                    share = progress.done / progress.total if progress.total else None
                    what = f"Fetching {dataset.SPECS[name].title} from {progress.source}"
                    run.set_state(State("preparing", what, share))

            fetch.fetch(name, report=report)
            self.data[name] = dataset.load(name)
        return self.data[name]

    def _warm_up(self) -> None:
        """Load what most runs need and make a few steps: the first ones are the slowest."""
        recipe = PRESETS["quick"].recipe
        with closing(train(recipe.build(), self._load("mnist"), recipe.train)) as steps:
            for _ in islice(steps, WARM_UP_STEPS):
                pass


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    serve(Path(sys.argv[1]))
