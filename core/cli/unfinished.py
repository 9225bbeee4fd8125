"""A training that is not over: all that the rest of it depends on, in one file beside its result.

The file is written after each epoch. A training that was cut off goes on from it, and ends with the
same weights as one that was not.
"""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.engines.distributed import in_group
from core.errors import UserError
from core.recipes.recipe import Recipe
from core.storage.files import write_atomic
from core.storage.history import Record, Recorder
from core.trainer import Progress, Training, TrainingState

# What reading a file that is damaged or gone may raise.
DAMAGED = (OSError, SafetensorError, ValueError, KeyError, TypeError)


class ResumeError(UserError):
    """An unfinished training cannot go on."""


class Unfinished:
    """One training and its history so far, and the file of both, if there is one."""

    def __init__(self, file: Path | None, recipe: Recipe, training: Training) -> None:
        self.file = file
        self.history: list[Record] = []
        self._recipe, self._training = recipe, training
        self._recorder = Recorder()

    @property
    def seconds(self) -> float:
        """How long it has trained, also before it was cut off."""
        return time.perf_counter() - self._recorder.start

    def refuse_to_overwrite(self) -> None:
        """Begin only where no other training would be lost.

        Raises:
            ResumeError: there is one that was cut off.
        """
        if self.file and self.file.exists():
            raise ResumeError(
                f"{self.file} is a training that was cut off: add --resume to go on with it, or "
                "delete it to begin again."
            )

    def restore(self) -> None:
        """Put the training where the file left it; without a file it begins at the beginning.

        Raises:
            ResumeError: the file is damaged or of another recipe, or several processes train.
        """
        if not self.file or not self.file.exists():
            return
        if in_group():
            raise ResumeError("Only a training in one process can be resumed.")
        try:
            facts = _facts(self.file)
            with safe_open(self.file, "pt") as opened:
                tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            recipe, history = Recipe.read(facts["recipe"]), facts["history"]
            epoch, step, images, schedule = facts["numbers"]
            state = TrainingState(epoch, step, images, schedule, tensors)
        except DAMAGED as error:
            raise ResumeError(f"{self.file} is damaged: delete it and train again.") from error
        if recipe != self._recipe:
            raise ResumeError(f"{self.file} is of other settings: give those, or delete it.")
        self._training.restore(state)
        self.history = history
        self._recorder = Recorder(history[-1]["seconds"])

    def add(self, progress: Progress) -> None:
        """Add a step to the history; after an epoch, save all.

        Raises:
            OSError: the file cannot be written.
        """
        ends_epoch = progress.step % (progress.steps // self._training.epochs) == 0
        if (record := self._recorder.add(progress, due=ends_epoch)) is not None:
            self.history.append(record)
        if ends_epoch and self.file:
            *numbers, tensors = self._training.state()
            facts = {"recipe": self._recipe.to_dict(), "history": self.history, "numbers": numbers}
            write_atomic(self.file, save(tensors, {"facts": json.dumps(facts)}))

    def remove(self) -> None:
        """The training is finished, or what it learned is of no use."""
        if self.file:
            self.file.unlink(missing_ok=True)

    @property
    def words(self) -> str:
        """Where the training so far is, as a sentence: whichever process wrote the file."""
        with suppress(*DAMAGED):
            if self.file and self.file.exists():
                epoch, *_ = _facts(self.file)["numbers"]
                return f"What was learned up to epoch {epoch} is in {self.file}."
        return "Nothing of it was saved here."


def _facts(file: Path) -> dict[str, Any]:
    """All of an unfinished training but its tensors."""
    with safe_open(file, "pt") as opened:
        facts: dict[str, Any] = json.loads(opened.metadata()["facts"])
        return facts
