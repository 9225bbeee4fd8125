"""A training from the command line: from a recipe to a checkpoint, in one process or in several."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save

from core import dataset
from core.engines.distributed import LostProcessError, in_group, join_group
from core.engines.memory import keep_freed_memory
from core.evaluation.metrics import evaluate, ood_threshold
from core.recipes.recipe import Recipe
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.storage.files import write_atomic
from core.storage.history import Recorder, history_file, write_history
from core.trainer import DivergedError, Progress

Show = Callable[[Progress], None]


def train_and_save(
    preset: str, recipe: Recipe, device: torch.device, out: Path | None, show: Show
) -> Card | None:
    """Train, measure on the test split, and save in `out` under the name of the preset.

    After each epoch the weights so far go to a file called unfinished, which is removed in the end.
    Every process of a group gets here; None comes back in all of them but the first.

    Raises:
        DivergedError: the loss ran away.
        LostError: another process of the group is gone; says where the unfinished weights are.
        OSError: `out` cannot be written.
    """
    keep_freed_memory()
    data = dataset.load_data(recipe.model.dataset)
    model = recipe.build().to(device)
    history = []
    recorder = Recorder()
    unfinished = out / f"{preset}.unfinished.safetensors" if out else None
    epoch = 0
    try:
        with join_group(device) as rank:
            if in_group():
                signal.signal(signal.SIGTERM, _ended)
            for progress in recipe.fit(model, data):
                if rank > 0:
                    continue
                if (record := recorder.add(progress)) is not None:
                    history.append(record)
                if unfinished and progress.step * recipe.train.epochs % progress.steps == 0:
                    epoch = progress.epoch
                    write_atomic(unfinished, save(model.tensors()))
                show(progress)
    except LostProcessError as error:
        kept = f"What was learned up to epoch {epoch} is in {unfinished}." if epoch else ""
        raise LostProcessError(
            f"{error} {kept or 'It was gone before an epoch was over.'}"
        ) from error
    except DivergedError:
        if unfinished:
            unfinished.unlink(missing_ok=True)
        raise
    if rank > 0:
        return None
    seconds = time.perf_counter() - recorder.start
    model.cpu()
    held_out = data.val.first(recipe.train.held_out)
    metrics, doubt = evaluate(model, data.test), ood_threshold(model, held_out)
    card = Card.of(preset, recipe, model, metrics, recipe.train.epochs, seconds, doubt)
    if out and unfinished:
        checkpoint.save(out / preset, model, card)
        write_history(history_file(out / preset), history)
        unfinished.unlink(missing_ok=True)
    return card


def _ended(*_: object) -> None:
    """What torchrun tells those that are left when one is gone."""
    raise LostProcessError("Another process of the training is gone.")
