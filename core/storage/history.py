"""The history of a training as records: what the worker and the command line write down.

A record is flat: where the training is, the training scores as means over its steps under their
own names (`loss`, `class_acc`, ...), and when there was a look at the validation images their
scores as `val_loss`, `val_class_acc` and so on. A file of records (.jsonl) has one on each line.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from core.storage.files import MAX_NUMBER, write_atomic
from core.trainer import Progress, Scores

# Where the training is: what each record has, and the least that it can be.
PLACE = {"seconds": 0, "step": 1, "steps": 1, "epoch": 0, "images": 0}
MIN_RECORDS = 120  # of a history, at least when the training has so many steps


class Recorder:
    """Turns the progress of single steps into records of a few steps each."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.pending: list[Scores] = []

    def add(self, progress: Progress, due: bool = False) -> dict[str, float] | None:
        """A record when it is `due` by the plan or for the caller, else None."""
        self.pending.append(progress.train)
        every = max(1, progress.steps // MIN_RECORDS)
        due = due or progress.step == 1 or progress.val is not None
        if progress.step % every and not due:
            return None
        means = [sum(column) / len(self.pending) for column in zip(*self.pending, strict=True)]
        self.pending.clear()
        record = {
            "seconds": round(time.perf_counter() - self.start, 3),
            **{key: getattr(progress, key) for key in ("step", "steps", "epoch", "images", "lr")},
            **dict(zip(Scores._fields, means, strict=True)),
        }
        if progress.val:
            record |= {f"val_{key}": value for key, value in progress.val._asdict().items()}
        return record


def history_file(stem: Path) -> Path:
    """Where the history of a checkpoint lies: beside its weights and its card."""
    return stem.parent / f"{stem.name}.jsonl"


def write_history(file: Path, history: Iterable[dict[str, float]]) -> None:
    """Write a whole history at once, a record on each line."""
    write_atomic(file, "".join(json.dumps(record) + "\n" for record in history).encode())


def read_history(file: Path) -> list[dict[str, float]]:
    """The records of a file; [] where there is none. Lines that are no record are left out."""
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return []
    return [record for line in lines if (record := _record(line)) is not None]


def _record(line: bytes) -> dict[str, float] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not all(map(_is_number, record.values())):
        return None
    if any(record.get(key, -1) < least for key, least in PLACE.items()):
        return None
    return record


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < MAX_NUMBER  # type: ignore[arg-type]
