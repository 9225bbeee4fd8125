"""How runs come and go: who may join the queue, how a run is made, which old ones make room.

One run trains at a time, in the order in which they came. A visitor has one run in the queue, so
that nobody waits behind the same person twice. Imports no torch.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.errors import UserError
from core.recipes.settings import SettingError
from core.runs import limits
from core.runs.run import (
    DISK_FULL,
    DISK_FULL_FILE,
    RUN_ID,
    WAITING,
    FinetuneJob,
    Request,
    Run,
    State,
    find_run,
    list_runs,
)
from core.specs import TRAIN_SIZE
from core.storage.files import write_atomic

if TYPE_CHECKING:
    from core.model import SumNet
    from core.recipes.recipe import Recipe
    from core.storage.checkpoint import Card

MEGABYTE = 1_000_000
# The time of day may be moved while we run; the difference of it and this clock may not.
CLOCK_OFFSET = time.time() - time.monotonic()


class QueueError(UserError):
    """There is no place in the queue; the message is one sentence for the visitor."""


def enqueue(
    root: Path,
    own: Iterable[str],
    preset: str,
    recipe: "Recipe",
    finetune_job: FinetuneJob | None = None,
) -> Run:
    """A new run at the end of the queue. `own` are the ids of the same visitor's earlier runs.

    Raises:
        SettingError: it would take too long.
        QueueError: the visitor has a run in the queue already, or the queue or the disk is full.
        OSError: it cannot be written.
    """
    if finetune_job is None:
        check_size(recipe)
    mine = [run for name in own if (run := find_run(root, name))]
    if any(run.state().name in WAITING for run in mine):
        raise QueueError("You already have a run in the queue. Wait for it, or stop it first.")
    if sum(run.state().name in WAITING for run in list_runs(root)) >= limits.LIMITS.waiting:
        raise QueueError("The queue is full. Try again in a few minutes.")
    make_room(root)
    return create_run(root, preset, recipe, finetune_job)


def queue_position(root: Path, run: Run) -> int:
    """How many runs are before this one: the one in training and those that wait longer."""
    before = 0
    for other in list_runs(root):
        if other.id == run.id:
            break
        before += not other.state().is_finished
    return before


def queue_words(position: int) -> str:
    """How long the queue before a run is, for the visitor."""
    runs = "one run is" if position == 1 else f"{position} runs are"
    return f"Waiting: {runs} before yours." if position else "Starting."


def make_room(root: Path) -> None:
    """Make room for one more run, of whatever kind.

    Raises:
        QueueError: the disk is nearly full.
        OSError: the directory cannot be written.
    """
    root.mkdir(parents=True, exist_ok=True)
    prune(root)
    if shutil.disk_usage(root).free < limits.LIMITS.free_megabytes * MEGABYTE:
        raise QueueError("The disk is nearly full, so nothing new can be saved. Try again later.")


def check_size(recipe: "Recipe") -> None:
    """Check that a run is small enough to share a machine with others.

    Raises:
        SettingError: it is not; says what to change.
    """
    limit, train = limits.LIMITS, recipe.train
    epochs = int(limit.run_size / (recipe.model.width * TRAIN_SIZE))
    if train.epochs > epochs:
        fewer = f"at most {epochs}, or " if epochs else ""
        raise SettingError(
            f"{train.epochs} epochs at width {recipe.model.width} would take too long here. "
            f"Choose {fewer}a smaller width."
        )
    steps = train.epochs * -(-TRAIN_SIZE // train.batch_size)
    if steps > limit.run_steps:
        raise SettingError(
            f"{steps:,} steps would take too long here; {limit.run_steps:,.0f} is the limit. "
            "Choose fewer epochs or a larger batch."
        )


def create_run(
    root: Path, preset: str, recipe: "Recipe", finetune_job: FinetuneJob | None = None
) -> Run:
    """A new run, waiting for a worker. It appears in `root` whole, and behind all that are there.

    Raises:
        OSError: it cannot be written.
    """
    newest = max((run.created() for run in list_runs(root)), default=0)
    made = Run(root / secrets.token_hex(8))
    with _staged(made) as run:
        base = finetune_job.base if finetune_job else None
        if finetune_job:
            from core import finetune

            examples = finetune.dump_examples(finetune_job.examples)
            write_atomic(run.path / "examples.jsonl", examples.encode())
        _write_request(run, Request(preset, recipe.to_dict(), base))
        if run.created() <= newest:  # the clock was moved back; the queue keeps its order
            os.utime(run.path / "recipe.json", ns=(newest + 1, newest + 1))
        full = State("failed", f"{DISK_FULL} {run.retry_words}")
        write_atomic(run.path / DISK_FULL_FILE, msgspec.json.encode(full))
        run.set_state(State("queued"))
    return made


def import_run(root: Path, model: "SumNet", card: "Card") -> Run:
    """A network from a file as a run that is finished. It appears in `root` whole.

    Raises:
        OSError: it cannot be written.
    """
    from core.storage import checkpoint

    made = Run(root / secrets.token_hex(8))
    with _staged(made) as run:
        checkpoint.save(run.checkpoint, model, card)
        _write_request(run, Request(card.preset, card.params, uploaded=True))
        run.set_state(State("finished"))
    return made


def _write_request(run: Run, request: Request) -> None:
    write_atomic(run.path / "recipe.json", msgspec.json.encode(request))


@contextmanager
def _staged(made: Run) -> Iterator[Run]:
    """The run under a name that nobody looks at, to be written; then it gets its own."""
    path = staging_path(made)
    try:
        path.mkdir(parents=True)
        yield Run(path)
        path.rename(made.path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
        raise


def staging_path(run: Run) -> Path:
    """Where the run is while it is half made, or half removed: nobody finds it there."""
    return run.path.with_name(f".{run.id}")


def prune(root: Path) -> None:
    """Remove the oldest finished runs until number, age and size are within the limits.

    Runs that somebody used a short while ago stay, whatever the limits say.
    """
    limit = limits.LIMITS
    now = min(CLOCK_OFFSET + time.monotonic(), time.time())
    _remove_leftovers(root, now)
    finished = [run for run in list_runs(root) if run.state().is_finished]
    number, total = len(finished), sum(map(run_bytes, finished))
    for run in finished:
        with suppress(OSError):
            idle = now - run.last_used()
            old = idle > limit.kept_days * 86_400
            many, large = number > limit.kept_runs, total > limit.kept_megabytes * MEGABYTE
            if (old or many or large) and idle > limit.in_use_minutes * 60:
                number, total = number - 1, total - run_bytes(run)
                aside = run.path.rename(staging_path(run))  # gone at once, however long it takes
                shutil.rmtree(aside, ignore_errors=True)


def run_bytes(run: Run) -> int:
    """Bytes that the run takes on the disk."""
    total = 0
    with suppress(OSError):  # another visitor's page is removing it
        for file in run.path.rglob("*"):
            total += file.stat().st_size
    return total


def _remove_leftovers(root: Path, now: float) -> None:
    """Remove what a killed app left half made or half removed."""
    for aside in root.glob(".*"):
        with suppress(OSError):
            if RUN_ID.fullmatch(aside.name[1:]) and now - aside.stat().st_mtime > 3_600:
                shutil.rmtree(aside, ignore_errors=True)
