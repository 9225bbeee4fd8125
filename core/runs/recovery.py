"""What a training learned until it was cut off.

While a run trains, the worker writes the weights so far beside its progress, every few seconds.
When the worker is killed, the next one measures them, and the run is kept as if it had been stopped
there: it loses a few seconds.
"""

from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.model import SumNet
from core.runs.run import Run, RunError
from core.storage.files import write_atomic
from core.trainer import Progress

AUTOSAVE_SECONDS = 2.0  # seconds of training between notes


class Recovered(NamedTuple):
    """A network, and how far its training had come."""

    model: SumNet
    step: int
    steps: int
    seconds: float


def _autosave_file(run: Run) -> Path:
    return run.path / "last.safetensors"


class Autosave:
    """The weights of a run that trains, as they were a few seconds ago."""

    def __init__(self, run: Run, model: SumNet) -> None:
        self.run, self.model = run, model
        self.seconds = 0.0  # of training, when they were taken last

    def take(self, progress: Progress, seconds: float) -> None:
        """Take them if it is time to.

        Raises:
            OSError: there is no room.
        """
        if seconds - self.seconds >= AUTOSAVE_SECONDS:
            save_weights(self.run, self.model, progress.step, progress.steps, seconds)
            self.seconds = seconds


def save_weights(run: Run, model: SumNet, step: int, steps: int, seconds: float) -> None:
    """Write the weights so far.

    Raises:
        OSError: there is no room.
    """
    facts = {"step": str(step), "steps": str(steps), "seconds": str(seconds)}
    write_atomic(_autosave_file(run), save(model.tensors(), facts))


def remove_autosave(run: Run) -> None:
    """The run is over; its checkpoint, if any, says it all."""
    _autosave_file(run).unlink(missing_ok=True)


def recover(run: Run) -> Recovered | None:
    """What was noted last, or None when nothing was, or it cannot be read any more."""
    try:
        _, recipe = run.recipe()
        model = recipe.build()
        with safe_open(_autosave_file(run), "pt") as file:
            facts, names = file.metadata() or {}, file.keys()
            model.load_state_dict({name: file.get_tensor(name) for name in names})
        step, steps = int(facts["step"]), int(facts["steps"])
        return Recovered(model.eval(), step, steps, float(facts["seconds"]))
    except (OSError, RunError, SafetensorError, RuntimeError, KeyError, ValueError):
        return None
