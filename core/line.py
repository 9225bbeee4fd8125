"""Who may join the line of runs, and which old runs make room for the new ones.

One run trains at a time, in the order in which they came; a visitor has one place in the line, so
that nobody is behind the same person twice.
"""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from core import limits, runs
from core.dataset import TRAIN_SIZE
from core.recipe import Recipe, SettingError
from core.runs import Lesson, Run

MEGABYTE = 1_000_000
# The time of day may be moved while we run; a difference of it and this clock may not.
STARTED = time.time() - time.monotonic()


class LineError(RuntimeError):
    """There is no place in the line; the message is one sentence for the visitor."""


def join(
    root: Path, own: Iterable[str], preset: str, recipe: Recipe, lesson: Lesson | None = None
) -> Run:
    """A new run at the end of the line. `own` are the ids of the same visitor's earlier runs.

    Raises:
        SettingError: it would take too long.
        LineError: the visitor waits already, the line is full, or the disk is.
        OSError: it cannot be written.
    """
    if lesson is None:
        check(recipe)
    mine = [run for name in own if (run := runs.find(root, name))]
    if any(run.state().name in runs.WAITING for run in mine):
        raise LineError("You have a place in the line already. Wait for it, or stop that run.")
    if sum(run.state().name in runs.WAITING for run in runs.every(root)) >= limits.LIMITS.waiting:
        raise LineError("The line is full. Try again in a few minutes.")
    make_room(root)
    return runs.create(root, preset, recipe, lesson)


def make_room(root: Path) -> None:
    """For one more run, of whatever kind.

    Raises:
        LineError: the disk is nearly full.
        OSError: there can be no runs there.
    """
    root.mkdir(parents=True, exist_ok=True)
    prune(root)
    if shutil.disk_usage(root).free < limits.LIMITS.free_megabytes * MEGABYTE:
        raise LineError("The disk is nearly full, so that nothing new is kept. Try again later.")


def check(recipe: Recipe) -> None:
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
    now = min(STARTED + time.monotonic(), time.time())
    _sweep(root, now)
    over = [run for run in runs.every(root) if run.state().over]
    number, total = len(over), sum(map(size, over))
    for run in over:
        with suppress(OSError):
            idle = now - run.used()
            old = idle > most.kept_days * 86_400
            many, large = number > most.kept_runs, total > most.kept_megabytes * MEGABYTE
            if (old or many or large) and idle > most.in_use_minutes * 60:
                number, total = number - 1, total - size(run)
                aside = run.path.rename(runs.hidden(run))  # gone at once, however long it takes
                shutil.rmtree(aside, ignore_errors=True)


def size(run: Run) -> int:
    """Bytes on the disk."""
    total = 0
    with suppress(OSError):  # another visitor's page removes it
        for file in run.path.rglob("*"):
            total += file.stat().st_size
    return total


def _sweep(root: Path, now: float) -> None:
    """Remove what an app that was killed left half made or half removed."""
    for aside in root.glob(".*"):
        with suppress(OSError):
            if runs.ID.fullmatch(aside.name[1:]) and now - aside.stat().st_mtime > 3_600:
                shutil.rmtree(aside, ignore_errors=True)
