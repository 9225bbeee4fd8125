"""One job from its first step to its last, the same in the app's worker and on another machine.

    preparing   load the data set, download it if it is not here
    training    step by step: records, snapshots, autosaves; pauses, a stop, a time limit
    evaluating  on the test images; then the network and its card are given back
    finished | stopped | failed

A job that teaches a network goes the same way with one long step. A job that tests the weights of
an interrupted run begins at evaluating.
"""

import errno
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import NamedTuple

from core import finetune
from core.collections.saved import load_collection
from core.dataset import Data
from core.engines import engine
from core.errors import UserError
from core.evaluation.metrics import evaluate, ood_threshold
from core.jobs.data_sets import DataSets
from core.jobs.events import (
    Autosave,
    Base,
    Checkpoint,
    Emit,
    Job,
    PauseOver,
    Recorded,
    Snapshot,
    StateChange,
    Wishes,
)
from core.model import SumNet
from core.recipes.recipe import Recipe
from core.runs import log
from core.runs.control import KEPT
from core.runs.recovery import RECOVERY_MESSAGE
from core.runs.run import DISK_FULL, State, StateName
from core.storage import checkpoint
from core.storage.autosave import Recovered, pack_autosave, unpack_autosave
from core.storage.history import Recorder
from core.storage.snapshots import SnapshotPlan
from core.storage.start import build_to_train

AUTOSAVE_SECONDS = 2.0  # of training between autosaves
PAUSE_POLL_SECONDS = 0.05  # between polls of what a paused run should do
MAX_PAUSE_SECONDS = 120  # others may be waiting in the queue
DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TOO_LITTLE_MEMORY = (
    "This machine has too little memory for that. Choose a smaller width or batch size."
)


class StoppedError(Exception):
    """A stop was asked for before training began, or the app is gone."""


class Trained(NamedTuple):
    """How the steps of a run ended."""

    step: int  # the last one
    steps: int
    seconds: float  # of training, without pauses
    end: State


class Outcome:
    """What went wrong, for whoever goes on afterwards."""

    is_unforeseen = False  # a fresh process is safer


def do_job(job: Job, data_sets: DataSets, wishes: Wishes, emit: Emit) -> None:
    """Do a job, and give back what comes of it while it goes, its end last.

    Raises:
        UserError: it cannot be done; the message is for the visitor.
        StoppedError: it was stopped before it began.
    """
    if job.tests:
        _test_autosave(job, data_sets, emit)
    elif job.base:
        _teach(job, job.base, data_sets, wishes, emit)
    else:
        _train(job, data_sets, wishes, emit)


@contextmanager
def errors_as_ends(emit: Emit, run_id: str, retry_words: str) -> Iterator[Outcome]:
    """Give back whatever goes wrong as the state in which the run ends."""
    outcome = Outcome()

    def end(name: StateName, message: str) -> None:
        emit(StateChange(State(name, message)))

    try:
        yield outcome
    except StoppedError:
        end("interrupted", "Stopped before training began.")
    except UserError as error:
        end("failed", str(error))
    except Exception as error:
        log.trouble("run failed", run=run_id)
        outcome.is_unforeseen = not _is_disk_full(error)
        end("failed", f"{_reason(error)} {retry_words}")


def _train(job: Job, data_sets: DataSets, wishes: Wishes, emit: Emit) -> None:
    """Train a network from nothing or from its last weights, on a GPU where there is one."""
    own = _own_data(job)  # first: only then is the recipe's data set known here
    recipe = Recipe.read(job.params).ready()
    data = own or _load(recipe.model.dataset, data_sets, wishes, emit)
    recovered = unpack_autosave(job.autosave, recipe.model) if job.autosave else None
    model = recovered.model if recovered else build_to_train(recipe)
    model = model.to(engine.choose_device("auto"))
    emit(StateChange(State("training")))
    trained = _take_steps(recipe, model, data, wishes, emit, recovered)
    # Testing takes a while, and an app that ends may not wait for it.
    emit(Autosave(pack_autosave(model, trained.step, trained.steps, trained.seconds)))
    epochs = recipe.train.epochs * trained.step / trained.steps
    emit(StateChange(State("evaluating")))
    emit(_tested(job.preset, recipe, model.cpu(), data, epochs, trained.seconds))
    emit(StateChange(trained.end))


def _take_steps(
    recipe: Recipe,
    model: SumNet,
    data: Data,
    wishes: Wishes,
    emit: Emit,
    recovered: Recovered | None,
) -> Trained:
    """Train step by step, and give back how it goes, until the last step or a stop.

    Some steps, maybe all, are made already where the network was `recovered`.
    """
    _, step, total, seconds = recovered or (model, 0, 0, 0.0)
    recorder, plan = Recorder(seconds), SnapshotPlan(model)
    if not step:
        emit(Snapshot(0, plan.pack()))
    saved = seconds  # of training at the last autosave
    end, told = State("finished"), ""
    wishes.limit()  # the first step takes the preparation of all images with it
    with closing(recipe.fit(model, data, lambda: wishes.control().lr, step)) as steps:
        for progress in steps:
            step, total = progress.step, progress.steps
            pause = wishes.control().should_pause(progress.step)
            if (record := recorder.add(progress, due=pause)) is not None:
                emit(Recorded(record))
                if record["seconds"] - saved >= AUTOSAVE_SECONDS:
                    saved = record["seconds"]
                    emit(Autosave(pack_autosave(model, progress.step, progress.steps, saved)))
            if plan.is_due(progress, pause):
                emit(Snapshot(progress.step, plan.pack()))
            if pause:
                recorder.start += _pause(wishes, emit, progress.step)
            if wishes.should_stop():
                end = State("stopped")
                break
            if (limit := wishes.limit()).reason:
                end = State("stopped", limit.reason)
                break
            if pause or limit.words != told:
                told = limit.words
                emit(StateChange(State("training", told)))
    return Trained(step, total, time.perf_counter() - recorder.start, end)


def _pause(wishes: Wishes, emit: Emit, step: int) -> float:
    """Wait until the visitor goes on, but not forever; returns the seconds that it took."""
    start, told, is_over = time.perf_counter(), None, False
    while (
        wishes.control().should_pause(step)
        and not wishes.should_stop()
        and not (limit := wishes.limit()).reason
    ):
        if limit.words != told:
            told = limit.words
            emit(StateChange(State("paused", told)))
        if time.perf_counter() - start > MAX_PAUSE_SECONDS and not is_over:
            is_over = True
            emit(PauseOver())
        time.sleep(PAUSE_POLL_SECONDS)
    return time.perf_counter() - start


def _teach(job: Job, base: Base, data_sets: DataSets, wishes: Wishes, emit: Emit) -> None:
    """Fine-tune a copy of a network, on the CPU: one layer takes seconds there."""
    model, card = checkpoint.unpack("to teach", base.weights, base.card)
    examples = finetune.parse_examples(job.examples)
    start = time.perf_counter()
    data = _load(model.config.dataset, data_sets, wishes, emit)
    emit(StateChange(State("training")))
    finetune.finetune(model, data.train, examples)
    seconds = time.perf_counter() - start
    emit(StateChange(State("evaluating")))
    recipe = Recipe.read(card.params)
    emit(_tested(card.preset, recipe, model, data, card.epochs, seconds, len(examples)))
    emit(StateChange(State("finished")))


def _test_autosave(job: Job, data_sets: DataSets, emit: Emit) -> None:
    """Test and give back what an interrupted training had learned."""
    own = _own_data(job)
    recipe = Recipe.read(job.params).ready()
    recovered = unpack_autosave(job.autosave, recipe.model)
    if recovered is None:
        emit(StateChange(State("interrupted", interrupted_words(job.retry_words))))
        return
    model, step, steps, seconds = recovered
    emit(StateChange(State("evaluating", RECOVERY_MESSAGE)))
    data = own or data_sets.load(recipe.model.dataset)
    epochs = recipe.train.epochs * step / steps
    emit(_tested(job.preset, recipe, model, data, epochs, seconds))
    emit(StateChange(State("stopped", f"Stopped at step {step:,} of {steps:,}; {KEPT}")))


def _tested(
    preset: str,
    recipe: Recipe,
    model: SumNet,
    data: Data,
    epochs: float,
    seconds: float,
    taught: int = 0,
) -> Checkpoint:
    """Test the network; its files, with its card. `taught` counts the examples learned."""
    held_out = data.val.first(recipe.train.held_out)
    metrics, threshold = evaluate(model, data.test), ood_threshold(model, held_out)
    card = checkpoint.Card.of(preset, recipe, model, metrics, epochs, seconds, threshold)
    return Checkpoint(*checkpoint.pack(model, replace(card, taught=taught)))


def _own_data(job: Job) -> Data | None:
    """Somebody's own pictures; None where it learns from a data set of ours."""
    return load_collection(job.pictures).data() if job.pictures else None


def _load(name: str, data_sets: DataSets, wishes: Wishes, emit: Emit) -> Data:
    """A data set; the state says how far a download is.

    Raises:
        DownloadError: nobody has it.
        StoppedError: a stop was asked for meanwhile.
    """

    def report(state: State) -> None:
        if wishes.should_stop():
            raise StoppedError
        emit(StateChange(state))

    return data_sets.load(name, report)


def interrupted_words(retry_words: str) -> str:
    """What to say of a run of which nothing is left."""
    return f"Training was interrupted. {retry_words}"


def _is_disk_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in DISK_FULL_ERRORS


def _reason(error: Exception) -> str:
    """What went wrong, in a sentence for the visitor."""
    if _is_disk_full(error):
        return DISK_FULL
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return TOO_LITTLE_MEMORY
    return "Training failed."
