"""The history of a training as records: what the worker and the command line write down.

A record is flat: where the training is, the training scores as means over its steps under their
own names (`loss`, `class_acc`, ...) and, after a validation, its scores as `val_loss`,
`val_class_acc` and so on. A file of records (.jsonl) has one on each line. Imports no torch.
"""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict, cast

import msgspec
from msgspec import Meta

from core.storage.files import MAX_NUMBER, write_atomic

if TYPE_CHECKING:
    from core.trainer import Progress, Scores

MIN_RECORDS = 120  # of a history, at least when the training has so many steps

Natural = Annotated[int, Meta(ge=0, le=2**53)]
Position = Annotated[int, Meta(ge=1, le=2**53)]
Seconds = Annotated[float, Meta(ge=0, le=MAX_NUMBER)]
Score = Annotated[float, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]


class Record(TypedDict):
    """A line of a history. Scores are those of `trainer.Scores`."""

    seconds: Seconds  # of training so far, without pauses
    step: Position
    steps: Position  # of the whole run
    epoch: Natural
    images: Natural  # seen so far
    lr: NotRequired[Score]  # of this step
    loss: NotRequired[Score]
    class_loss: NotRequired[Score]
    sum_loss: NotRequired[Score]
    class_acc: NotRequired[Score]
    sum_acc: NotRequired[Score]
    joint_acc: NotRequired[Score]
    val_loss: NotRequired[Score]
    val_class_loss: NotRequired[Score]
    val_sum_loss: NotRequired[Score]
    val_class_acc: NotRequired[Score]
    val_sum_acc: NotRequired[Score]
    val_joint_acc: NotRequired[Score]


_DECODER = msgspec.json.Decoder(Record)


class Recorder:
    """Turns the progress of single steps into records of a few steps each.

    `seconds` have gone into the training before.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.start = time.perf_counter() - seconds
        self._pending: list[Scores] = []

    def add(self, progress: "Progress", due: bool = False) -> Record | None:
        """A record when it is `due` by the plan or for the caller, else None."""
        self._pending.append(progress.train)
        every = max(1, progress.steps // MIN_RECORDS)
        due = due or progress.step == 1 or progress.val is not None
        if progress.step % every and not due:
            return None
        means = [sum(column) / len(self._pending) for column in zip(*self._pending, strict=True)]
        self._pending.clear()
        record = {
            "seconds": round(time.perf_counter() - self.start, 3),
            **{key: getattr(progress, key) for key in ("step", "steps", "epoch", "images", "lr")},
            **dict(zip(progress.train._fields, means, strict=True)),
        }
        if progress.val:
            record |= {f"val_{key}": value for key, value in progress.val._asdict().items()}
        return cast(Record, record)


def history_file(stem: Path) -> Path:
    """Where the history of a checkpoint lies: beside its weights and its card."""
    return stem.parent / f"{stem.name}.jsonl"


def write_history(file: Path, history: Iterable[Record]) -> None:
    """Write a whole history at once, a record on each line."""
    write_atomic(file, b"".join(map(dump_record, history)))


def dump_record(record: Record) -> bytes:
    """A record as a line of a history."""
    return msgspec.json.encode(record) + b"\n"


def read_history(file: Path) -> list[Record]:
    """The records of a file; [] where there is none. Lines that are no record are left out."""
    try:
        return _parse(file.read_bytes().split(b"\n"))
    except OSError:
        return []


def _parse(lines: Sequence[bytes]) -> list[Record]:
    records = []
    for line in lines:
        try:
            records.append(_DECODER.decode(line))
        except (msgspec.MsgspecError, RecursionError):
            continue  # half a line, or junk
    return records
