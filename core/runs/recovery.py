"""What a run had learned when its training was interrupted.

While a run trains, the worker saves the weights so far beside its history, every few seconds. When
the worker is killed, the next one tests them, and the run is kept as if it had been stopped there:
it loses a few seconds.
"""

from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.model import SumNet
from core.runs.run import Run, RunError
from core.storage.files import write_atomic
from core.trainer import Progress

AUTOSAVE_SECONDS = 2.0  # seconds of training between autosaves


class Recovered(NamedTuple):
    """A network, and how far its training had come."""

    model: SumNet
    step: int
    steps: int  # of the whole run
    seconds: float  # of training


def _autosave_file(run: Run) -> Path:
    return run.path / "last.safetensors"


class Autosave:
    """Saves the weights of a run that trains, every few seconds."""

    def __init__(self, run: Run, model: SumNet) -> None:
        self.run, self.model = run, model
        self._saved = 0.0  # seconds of training at the last autosave

    def save_if_due(self, progress: Progress, seconds: float) -> None:
        """Save the weights if the last autosave is old enough; `seconds` of training are over.

        Raises:
            OSError: there is no room.
        """
        if seconds - self._saved >= AUTOSAVE_SECONDS:
            save_weights(self.run, self.model, progress.step, progress.steps, seconds)
            self._saved = seconds


def save_weights(run: Run, model: SumNet, step: int, steps: int, seconds: float) -> None:
    """Save the weights so far.

    Raises:
        OSError: there is no room.
    """
    facts = {"step": str(step), "steps": str(steps), "seconds": str(seconds)}
    write_atomic(_autosave_file(run), save(model.tensors(), facts))


def remove_autosave(run: Run) -> None:
    """Remove the weights so far: the run is finished, and its checkpoint, if any, has the rest."""
    _autosave_file(run).unlink(missing_ok=True)


def recover(run: Run) -> Recovered | None:
    """The last saved weights, or None where there are none or they cannot be read."""
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
