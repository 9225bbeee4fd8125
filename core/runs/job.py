"""One run as the worker does it, from its first step to its last.

    queued -> preparing   load the data set, download it if it is not here
           -> training    step by step: records, snapshots, autosaves; pauses, a stop, a time limit
           -> evaluating  on the test images; then the network and its card are saved
           -> finished | stopped | failed

A run that fine-tunes a network goes the same way with one long step.
"""

import errno
import threading
import time
from collections import defaultdict
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from core import dataset, finetune
from core.data import download
from core.engines import engine
from core.engines.memory import give_back_freed_memory
from core.errors import UserError
from core.evaluation.metrics import evaluate, ood_threshold
from core.model import SumNet
from core.recipes.recipe import Recipe
from core.runs import log, recovery
from core.runs.control import KEPT, TimeLimit, WatchedControl, end_pause
from core.runs.queue import waiting_runs
from core.runs.run import (
    DISK_FULL,
    LIVE,
    WAITING,
    FinetuneJob,
    Run,
    State,
    StateName,
    list_runs,
    network_stem,
)
from core.specs import SPECS, data_dir
from core.storage import checkpoint, snapshots
from core.storage.history import Recorder
from core.trainer import Progress

PAUSE_POLL_SECONDS = 0.05  # between polls of what a paused run should do
MAX_PAUSE_SECONDS = 120  # others may be waiting in the queue
DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

RECOVERY_MESSAGE = "Training was interrupted. Testing the last saved weights."


class StoppedError(Exception):
    """A stop was asked for before training began, or the app is gone."""


class Trained(NamedTuple):
    """How the steps of a run ended."""

    last: Progress
    seconds: float  # of training, without pauses
    end: State


class JobRunner:
    """Does runs, and keeps the data sets in memory between them. Two threads may use it."""

    def __init__(self, app_gone: threading.Event) -> None:
        self.app_gone = app_gone
        self.data: dict[str, dataset.Data] = {}
        self._loading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.needs_restart = False  # something unforeseen happened: a fresh process is safer

    def execute(self, run: Run) -> None:
        """Do a run from its first step to its last; its state says whatever goes wrong."""
        start = time.perf_counter()
        try:
            run.set_state(State("preparing"))
            job = run.finetune_job()
            if job:
                self._finetune(run, job)
            else:
                self._train(run)
        except StoppedError:
            _end(run, "interrupted", "Stopped before training began.")
        except UserError as error:
            _end(run, "failed", str(error))
        except Exception as error:
            log.trouble("run failed", run=run.id)
            self.needs_restart = not _is_disk_full(error)
            _end(run, "failed", f"{_reason(error)} {run.retry_words}")
        if run.state().name in WAITING:  # nothing can be written at all
            self.app_gone.wait(1.0)
        with suppress(OSError):
            recovery.remove_autosave(run)
        give_back_freed_memory()
        seconds = round(time.perf_counter() - start, 2)
        log.event("run over", run=run.id, state=run.state().name, seconds=seconds)

    def _train(self, run: Run) -> None:
        """Train a network from nothing, on a GPU where there is one."""
        preset, recipe = run.recipe()
        data = self.load(recipe.model.dataset, run)
        model = recipe.build().to(engine.choose_device("auto"))
        run.set_state(State("training"))
        trained = self._take_steps(run, recipe, model, data)
        last = trained.last
        # Testing takes a while, and an app that ends may not wait for it.
        recovery.save_weights(run, model, last.step, last.steps, trained.seconds)
        epochs = recipe.train.epochs * last.step / last.steps
        self._save(run, preset, recipe, model.cpu(), epochs, trained.seconds)
        run.set_state(trained.end)

    def _take_steps(self, run: Run, recipe: Recipe, model: SumNet, data: dataset.Data) -> Trained:
        """Train step by step, and write down how it goes, until the last step or a stop."""
        recorder, control = Recorder(), WatchedControl(run.path)
        limit = TimeLimit(lambda: bool(waiting_runs(run.path.parent, finetunes=False)))
        autosave = recovery.Autosave(run, model)
        snapshot_writer = snapshots.SnapshotWriter(run.snapshots, model)
        end, told = State("finished"), ""
        with closing(recipe.fit(model, data, lambda: control.now().lr)) as steps:
            for progress in steps:
                pause = control.now().should_pause(progress.step)
                if (record := recorder.add(progress, due=pause)) is not None:
                    run.append(record)
                    autosave.save_if_due(progress, record["seconds"])
                snapshot_writer.save_if_due(progress, pause)
                if pause:
                    recorder.start += self._pause(run, control, limit, progress.step)
                if run.stop_requested() or self.app_gone.is_set():
                    end = State("stopped")
                    break
                if reason := limit.reason():
                    end = State("stopped", reason)
                    break
                if pause or limit.words != told:
                    told = limit.words
                    run.set_state(State("training", told))
        return Trained(progress, time.perf_counter() - recorder.start, end)

    def _pause(self, run: Run, control: WatchedControl, limit: TimeLimit, step: int) -> float:
        """Wait until the visitor goes on, but not forever; returns the seconds that it took."""
        start, told = time.perf_counter(), None
        while (
            control.now().should_pause(step)
            and not run.stop_requested()
            and not limit.reason()
            and not self.app_gone.wait(PAUSE_POLL_SECONDS)
        ):
            if limit.words != told:
                told = limit.words
                run.set_state(State("paused", told))
            if time.perf_counter() - start > MAX_PAUSE_SECONDS:
                end_pause(run.path)
        return time.perf_counter() - start

    def _finetune(self, run: Run, job: FinetuneJob) -> None:
        """Fine-tune a copy of a network, on the CPU: one layer takes seconds there."""
        stem = network_stem(run.path.parent, job.base)
        if stem is None:
            raise checkpoint.CheckpointError("The network to teach is no longer kept here.")
        model, card = checkpoint.load(stem)
        recipe = Recipe.read(card.params)
        start = time.perf_counter()
        data = self.load(model.config.dataset, run)
        run.set_state(State("training"))
        finetune.finetune(model, data.train, job.examples)
        seconds = time.perf_counter() - start
        self._save(run, card.preset, recipe, model, card.epochs, seconds, len(job.examples))
        run.set_state(State("finished"))

    def _save(
        self,
        run: Run,
        preset: str,
        recipe: Recipe,
        model: SumNet,
        epochs: float,
        seconds: float,
        taught: int = 0,
        message: str = "",
    ) -> None:
        """Test the network and save it with its card. `taught` counts the examples learned."""
        run.set_state(State("evaluating", message))
        data = self.load(recipe.model.dataset)
        held_out = data.val.first(recipe.train.held_out)
        metrics, threshold = evaluate(model, data.test), ood_threshold(model, held_out)
        card = checkpoint.Card.of(preset, recipe, model, metrics, epochs, seconds, threshold)
        checkpoint.save(run.checkpoint, model, replace(card, taught=taught))

    def load(self, name: str, run: Run | None = None) -> dataset.Data:
        """A data set from memory, from disk, or downloaded, as the state of `run` then says.

        Raises:
            DownloadError: nobody has it.
            StoppedError: somebody stopped `run` meanwhile.
        """
        with self._loading[name]:
            if name not in self.data:
                self.data[name] = self._read(name, run)
            return self.data[name]

    def _read(self, name: str, run: Run | None) -> dataset.Data:
        """The same, not from memory."""

        def report(progress: download.DownloadProgress) -> None:
            if run is not None:
                if run.stop_requested() or self.app_gone.is_set():
                    raise StoppedError
                share = progress.done / progress.total if progress.total else None
                what = f"Downloading {SPECS[name].title} from {progress.source}"
                run.set_state(State("preparing", what, share))

        download.download(SPECS[name].files, data_dir(), report)
        return dataset.load_data(name)

    # --- before the first run

    def recover_interrupted(self, root: Path) -> None:
        """Settle the runs that were interrupted when the worker before this one died."""
        for run in list_runs(root):
            now = run.state()
            if now.name in LIVE:
                log.event("run was cut off", run=run.id, state=now.name)
                try:
                    self._recover(run, tried=now.message == RECOVERY_MESSAGE)
                except Exception:
                    log.trouble("run cannot be settled", run=run.id)
                    _end(run, "interrupted", _interrupted(run))

    def _recover(self, run: Run, tried: bool) -> None:
        """Test and keep the last saved weights; not again where that is what killed the worker."""
        recovered = None if tried else recovery.recover(run)
        if recovered is None:
            return run.set_state(State("interrupted", _interrupted(run)))
        model, step, steps, seconds = recovered
        run.set_state(State("evaluating", RECOVERY_MESSAGE))
        preset, recipe = run.recipe()
        epochs = recipe.train.epochs * step / steps
        self._save(run, preset, recipe, model, epochs, seconds, message=RECOVERY_MESSAGE)
        run.set_state(State("stopped", f"Stopped at step {step:,} of {steps:,}; {KEPT}"))
        recovery.remove_autosave(run)


def _end(run: Run, name: StateName, message: str) -> None:
    try:
        run.set_state(State(name, message))
    except OSError:  # no room; or it was deleted meanwhile, and nobody waits for it
        run.set_disk_full()


def _interrupted(run: Run) -> str:
    return f"Training was interrupted. {run.retry_words}"


def _is_disk_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in DISK_FULL_ERRORS


def _reason(error: Exception) -> str:
    """What went wrong, in a sentence for the visitor."""
    if _is_disk_full(error):
        return DISK_FULL
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "This machine has too little memory for that. Choose a smaller width or batch size."
    return "Training failed."
