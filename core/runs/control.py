"""What a visitor asks of a run while it trains: pause, one more step, another learning rate.

    runs/<id>/control.json      {"until": 12, "lr": 0.3}; the page writes it, the worker reads it

The worker writes it only to end a pause that takes too long.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.recipes.settings import SETTINGS, Number
from core.storage.files import write_atomic

_LR = SETTINGS["lr"]
assert isinstance(_LR, Number)


class ControlFile(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"pause_at": "until"}
):
    """What the visitor asked of a running training."""

    pause_at: int | None = None  # pause after this step; None never pauses
    lr: Annotated[float, Meta(ge=_LR.low, le=_LR.high)] | None = None  # max_lr from now on; None
    # keeps the recipe's

    def should_pause(self, step: int) -> bool:
        """Should a run that has made `step` steps wait?"""
        return self.pause_at is not None and step >= self.pause_at


def read_control(folder: Path) -> ControlFile:
    """What is asked of the run in `folder`; nothing where the file is missing or damaged."""
    with suppress(OSError, msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode((folder / "control.json").read_bytes(), type=ControlFile)
    return ControlFile()


def write_control(folder: Path, control: ControlFile) -> None:
    """Ask for it.

    Raises:
        OSError: the run is gone, or the disk is full.
    """
    write_atomic(folder / "control.json", msgspec.json.encode(control), durable=False)


def change_control(folder: Path, **changes: Any) -> None:
    """Ask for the named changes, and leave everything else as it was asked for last.

    Raises:
        OSError: as for `write_control`.
    """
    write_control(folder, msgspec.structs.replace(read_control(folder), **changes))


class WatchedControl:
    """The control file of one run, read again only when it has changed: asked at every step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._version = (0, 0)
        self._control = ControlFile()

    def now(self) -> ControlFile:
        """What is asked of the run at this moment."""
        with suppress(OSError):
            found = (self.folder / "control.json").stat()
            version = (found.st_ino, found.st_mtime_ns)  # two writes may share a clock tick
            if version != self._version:
                self._version, self._control = version, read_control(self.folder)
        return self._control
