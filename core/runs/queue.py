"""Who may join the line of runs, and which old runs make room for the new ones.

One run trains at a time, in the order in which they came; a visitor has one place in the line, so
that nobody is behind the same person twice.
"""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from core.recipes.recipe import Recipe
from core.recipes.settings import SettingError
from core.runs import limits
from core.runs.run import (
    RUN_ID,
    WAITING,
    FinetuneJob,
    Run,
    create_run,
    find_run,
    list_runs,
    staging_path,
)
from core.specs import TRAIN_SIZE

MEGABYTE = 1_000_000
# The time of day may be moved while we run; a difference of it and this clock may not.
CLOCK_OFFSET = time.time() - time.monotonic()


class QueueError(RuntimeError):
    """There is no place in the line; the message is one sentence for the visitor."""


def enqueue(
    root: Path, own: Iterable[str], preset: str, recipe: Recipe, lesson: FinetuneJob | None = None
) -> Run:
    """A new run at the end of the line. `own` are the ids of the same visitor's earlier runs.

    Raises:
        SettingError: it would take too long.
        LineError: the visitor waits already, the line is full, or the disk is.
        OSError: it cannot be written.
    """
    if lesson is None:
        check_size(recipe)
    mine = [run for name in own if (run := find_run(root, name))]
    if any(run.state().name in WAITING for run in mine):
        raise QueueError("You have a place in the line already. Wait for it, or stop that run.")
    if sum(run.state().name in WAITING for run in list_runs(root)) >= limits.LIMITS.waiting:
        raise QueueError("The line is full. Try again in a few minutes.")
    make_room(root)
    return create_run(root, preset, recipe, lesson)


def make_room(root: Path) -> None:
    """For one more run, of whatever kind.

    Raises:
        LineError: the disk is nearly full.
        OSError: there can be no runs there.
    """
    root.mkdir(parents=True, exist_ok=True)
    prune(root)
    if shutil.disk_usage(root).free < limits.LIMITS.free_megabytes * MEGABYTE:
        raise QueueError("The disk is nearly full, so that nothing new is kept. Try again later.")


def check_size(recipe: Recipe) -> None:
    """Is a run small enough to share a machine with others?

    Raises:
        SettingError: it is not; what to change.
    """
    most, train = limits.LIMITS, recipe.train
    epochs = int(most.run_size / (recipe.model.width * TRAIN_SIZE))
    if train.epochs > epochs:
        fewer = f"at most {epochs}, or " if epochs else ""
        raise SettingError(
            f"{train.epochs} epochs at width {recipe.model.width} would take too long here. "
            f"Choose {fewer}a smaller width."
        )
    steps = train.epochs * -(-TRAIN_SIZE // train.batch_size)
    if steps > most.run_steps:
        raise SettingError(
            f"{steps:,} steps would take too long here; {most.run_steps:,.0f} are the most. "
            "Choose fewer epochs or a larger batch."
        )


def prune(root: Path) -> None:
    """Remove runs that are over: the oldest, as far as number, age or size are beyond the limits.

    Those that somebody used a short while ago stay whatever the limits say.
    """
    most = limits.LIMITS
    now = min(CLOCK_OFFSET + time.monotonic(), time.time())
    _remove_leftovers(root, now)
    over = [run for run in list_runs(root) if run.state().is_finished]
    number, total = len(over), sum(map(run_bytes, over))
    for run in over:
        with suppress(OSError):
            idle = now - run.last_used()
            old = idle > most.kept_days * 86_400
            many, large = number > most.kept_runs, total > most.kept_megabytes * MEGABYTE
            if (old or many or large) and idle > most.in_use_minutes * 60:
                number, total = number - 1, total - run_bytes(run)
                aside = run.path.rename(staging_path(run))  # gone at once, however long it takes
                shutil.rmtree(aside, ignore_errors=True)


def run_bytes(run: Run) -> int:
    """Bytes on the disk."""
    total = 0
    with suppress(OSError):  # another visitor's page removes it
        for file in run.path.rglob("*"):
            total += file.stat().st_size
    return total


def _remove_leftovers(root: Path, now: float) -> None:
    """Remove what an app that was killed left half made or half removed."""
    for aside in root.glob(".*"):
        with suppress(OSError):
            if RUN_ID.fullmatch(aside.name[1:]) and now - aside.stat().st_mtime > 3_600:
                shutil.rmtree(aside, ignore_errors=True)
