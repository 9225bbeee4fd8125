"""What a page sees of a run: its directory read once, and handed to whatever shows it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.control import ControlFile, read_control
from core.runs.run import FinetuneJob, Request, Run, RunError, State, find_run
from core.storage.history import Record


@dataclass(frozen=True)
class RunSnapshot:
    """A run at one moment. Each of its files was read once."""

    run: Run
    state: State  # read first: a finished run has its whole history
    history: list[Record]
    request: Request  # what was asked for, and by whom; empty where it cannot be read
    recipe: Recipe | None  # None where it cannot be read
    control: ControlFile

    @property
    def last(self) -> Record | None:
        """The latest record, if there is one."""
        return self.history[-1] if self.history else None

    @property
    def is_growing(self) -> bool:
        """Will its history grow? Not while the test images need the machine."""
        return not self.state.is_finished and self.state.name != "evaluating"

    def images_after(self, step: int) -> int:
        """How many images it had learned from, about: the last batch of an epoch may be small."""
        return round(step * self.last["images"] / self.last["step"]) if self.last else 0

    def repeatable_recipe(self) -> Recipe | None:
        """The recipe, if settings alone make this run again, so that a link can carry them."""
        return _repeatable(self.run, self.recipe, self.control)


def read_snapshot(run: Run) -> RunSnapshot:
    """Read a run's directory; damaged files read as `RunSnapshot` says."""
    request = request_of(run)
    return RunSnapshot(
        run,
        state=run.state(),
        history=run.history(),
        request=request,
        recipe=_recipe(request),
        control=read_control(run.path),
    )


def repeatable_recipe(run: Run) -> Recipe | None:
    """The same without reading the rest of the run."""
    return _repeatable(run, _recipe(request_of(run)), read_control(run.path))


def request_of(run: Run) -> Request:
    """What was asked for, and by whom; an empty one where that cannot be read."""
    try:
        return run.request()
    except RunError:
        return Request("", {})


def _recipe(request: Request) -> Recipe | None:
    try:
        return Recipe.read(request.params) if request.params else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # damaged


def _repeatable(run: Run, recipe: Recipe | None, control: ControlFile) -> Recipe | None:
    if recipe is None or run.is_finetune or control.lr is not None:
        return None
    try:
        same = PRESETS["quick"].recipe.change(recipe.settings()).with_bug(recipe.bug.name).ready()
    except ValueError:
        return None  # damaged
    return recipe if recipe == same else None


def finetune_job_of(root: Path, name: str) -> FinetuneJob | None:
    """What the network of that name was fine-tuned with; None for one trained from nothing."""
    run = find_run(root, name)
    with suppress(RunError):  # damaged; the network may answer all the same
        return run.finetune_job() if run else None
    return None
