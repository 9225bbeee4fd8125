"""TODO."""

import errno
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from core import dataset, finetune
from core.data import download
from core.engines.memory import give_back_freed_memory
from core.evaluation.metrics import evaluate, ood_threshold
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs import limits, log, recovery
from core.runs.control import WatchedControl, change_control
from core.runs.run import LIVE, WAITING, FinetuneJob, Run, RunError, State, list_runs, network_stem
from core.specs import SPECS
from core.storage import checkpoint, snapshots
from core.storage.history import Recorder
from core.trainer import EVAL_BATCH, DivergedError, train

WARM_UP_STEPS = 5


PAUSE_POLL_SECONDS = 0.05  # between looks at what a paused run should do
MAX_PAUSE_SECONDS = 120  # seconds; others may be waiting in the line


TOO_LONG = "Stopped, as a run may take no longer here; what it learned so far is kept"


RECOVERY_MESSAGE = "It was cut off. Measuring what it had learned."


DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoppedError(RuntimeError):
    """A stop was asked for before the training began, or the app has gone."""


class Jobs:
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
            download.DownloadError,
            checkpoint.CheckpointError,
            RunError,
        ) as error:
            self._end(run, "failed", str(error))
        except Exception as error:
            log.trouble("run failed", run=run.id)
            self.spent = not _is_full(error)
            self._end(run, "failed", f"{_reason(error)} {run.retry_words}")
        if run.state().name in WAITING:  # nothing can be written at all
            self.app_gone.wait(1.0)
        with suppress(OSError):
            recovery.remove_autosave(run)
        give_back_freed_memory()
        seconds = round(time.perf_counter() - start, 2)
        log.event("run over", run=run.id, state=run.state().name, seconds=seconds)

    def _end(self, run: Run, name: str, message: str) -> None:
        try:
            run.set_state(State(name, message))
        except OSError:  # no room; or it was deleted meanwhile, and nobody waits for it
            run.give_up()

    def recover_interrupted(self, root: Path) -> None:
        """Settle the runs that were cut off with the worker before us."""
        for run in list_runs(root):
            now = run.state()
            if now.name in LIVE:
                log.event("run was cut off", run=run.id, state=now.name)
                try:
                    self._settle(run, again=now.message == RECOVERY_MESSAGE)
                except Exception:
                    log.trouble("run cannot be settled", run=run.id)
                    self._end(run, "interrupted", _cut_off(run))

    def _settle(self, run: Run, again: bool) -> None:
        """Keep what a run had learned; where that was what killed the worker, it is not tried
        again."""
        learned = None if again else recovery.recover(run)
        if learned is None:
            return run.set_state(State("interrupted", _cut_off(run)))
        run.set_state(State("evaluating", RECOVERY_MESSAGE))
        preset, recipe = run.recipe()
        epochs = recipe.train.epochs * learned.step / learned.steps
        self._keep(
            run, preset, recipe, learned.model, epochs, learned.seconds, message=RECOVERY_MESSAGE
        )
        how_far = f"at step {learned.step:,} of {learned.steps:,}"
        run.set_state(State("stopped", f"Cut off {how_far}; what it learned so far is kept"))
        recovery.remove_autosave(run)

    def _train(self, run: Run) -> None:
        run.set_state(State("preparing"))
        if lesson := run.finetune_job():
            return self._teach(run, lesson)
        preset, recipe = run.recipe()
        data = self._load(recipe.model.dataset, run)
        model = recipe.build()
        recorder, notes = Recorder(), recovery.Autosave(run, model)
        snapshot_writer = snapshots.SnapshotWriter(run.snapshots, model)
        wish = WatchedControl(run.path)
        run.set_state(State("training"))
        outcome, message = "finished", ""
        began = recorder.start  # pauses hold the trainer, too
        with closing(recipe.teach(model, data, lambda: wish.now().lr)) as steps:
            for progress in steps:
                held = wish.now().should_pause(progress.step)
                if (record := recorder.add(progress, due=held)) is not None:
                    run.append(record)
                    notes.take(progress, record["seconds"])
                snapshot_writer.take(progress, held)
                if held:
                    recorder.start += self._pause(run, wish, progress.step)
                if run.stop_requested() or self.app_gone.is_set():
                    outcome = "stopped"
                    break
                if time.perf_counter() - began > limits.LIMITS.run_seconds:
                    outcome, message = "stopped", TOO_LONG
                    break
        seconds = time.perf_counter() - recorder.start
        recovery.save_weights(
            run, model, progress.step, progress.steps, seconds
        )  # measuring takes a while
        epochs = recipe.train.epochs * progress.step / progress.steps
        self._keep(run, preset, recipe, model, epochs, seconds)
        run.set_state(State(outcome, message))

    def _pause(self, run: Run, wish: WatchedControl, step: int) -> float:
        """Wait until the visitor wants to go on, but not for ever; the seconds that it took."""
        start = time.perf_counter()
        run.set_state(State("paused"))
        while (
            wish.now().should_pause(step)
            and not run.stop_requested()
            and not self.app_gone.wait(PAUSE_POLL_SECONDS)
        ):
            if time.perf_counter() - start > MAX_PAUSE_SECONDS:
                change_control(run.path, pause_at=None)
        run.set_state(State("training"))
        return time.perf_counter() - start

    def _teach(self, run: Run, lesson: FinetuneJob) -> None:
        """Teach the network of the lesson, which stays as it is: the run gets a copy."""
        stem = network_stem(run.path.parent, lesson.base)
        if stem is None:
            raise checkpoint.CheckpointError("The network to teach is no longer kept here.")
        model, card = checkpoint.load(stem)
        start = time.perf_counter()
        data = self._load(model.config.dataset, run)
        run.set_state(State("training"))
        finetune.finetune(model, data.train, lesson.examples)
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
        lesson: FinetuneJob | None = None,
        message: str = "",
    ) -> None:
        """Measure the network and write it down."""
        run.set_state(State("evaluating", message))
        data = self._load(recipe.model.dataset)
        held_out = data.val.first(recipe.train.held_out)
        metrics, doubt = evaluate(model, data.test), ood_threshold(model, held_out)
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

            def report(progress: download.DownloadProgress) -> None:
                if run is not None:
                    if run.stop_requested() or self.app_gone.is_set():
                        raise StoppedError
                    share = progress.done / progress.total if progress.total else None
                    what = f"Fetching {SPECS[name].title} from {progress.source}"
                    run.set_state(State("preparing", what, share))

            download.download(name, report=report)
            self.data[name] = dataset.load_data(name)
        return self.data[name]

    def warm_up(self) -> None:
        """Load what most runs need, make a few steps and measure: the first time is the slowest."""
        if not download.is_present("mnist"):
            return
        recipe = PRESETS["quick"].recipe
        with suppress(download.DownloadError):  # damaged: the first run says so
            data = self._load("mnist")
            model = recipe.build()
            with closing(train(model, data, recipe.train)) as steps:
                for _ in islice(steps, WARM_UP_STEPS):
                    pass
            evaluate(model, data.val.first(EVAL_BATCH))


def _cut_off(run: Run) -> str:
    return f"The training was cut off. {run.retry_words}"


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in DISK_FULL_ERRORS


def _reason(error: Exception) -> str:
    """What went wrong, in a sentence for the visitor."""
    if _is_full(error):
        return "The disk is full: nothing more could be kept."
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "This machine has too little memory for that: choose a smaller width or batch."
    return "The training went wrong."
