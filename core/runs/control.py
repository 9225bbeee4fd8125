"""What a visitor asks of a run while it trains: pause, one more step, another learning rate.

runs/<id>/control.json      {"until": 12, "lr": 0.3}; the page writes it, the worker reads it

The worker writes it only to end a pause that takes too long.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.recipes.settings import SETTINGS, SettingError
from core.storage.files import write_atomic


@dataclass(frozen=True)
class ControlFile:
    """The present wish."""

    until: int | None = None  # pause after this step; None is never
    lr: float | None = None  # the peak learning rate from now on; None is the recipe's

    def holds(self, step: int) -> bool:
        """Should a run that has made `step` steps wait?"""
        return self.until is not None and step >= self.until


def read_control(folder: Path) -> ControlFile:
    """The wish for the run in `folder`; none where there is no file or it cannot be read."""
    with suppress(OSError, ValueError, TypeError, SettingError):
        control = ControlFile(**json.loads((folder / "control.json").read_bytes()))
        if control.lr is not None:
            SETTINGS["lr"].check("lr", control.lr)
        if control.until is None or type(control.until) is int:
            return control
    return ControlFile()


def write_control(folder: Path, control: ControlFile) -> None:
    """Ask for it.

    Raises:
        OSError: the run is gone, or there is no room.
    """
    write_atomic(folder / "control.json", json.dumps(asdict(control)).encode(), durable=False)


def change_control(folder: Path, **wishes: Any) -> None:
    """Ask for what is named, and leave the rest as it is wished by now.

    Raises:
        OSError: as for `write`.
    """
    write_control(folder, replace(read_control(folder), **wishes))


class WatchedControl:
    """The wish for one run, read again only when its file has changed: asked at every step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.version = (0, 0)
        self.control = ControlFile()

    def now(self) -> ControlFile:
        with suppress(OSError):
            found = (self.folder / "control.json").stat()
            version = (found.st_ino, found.st_mtime_ns)  # two writes may share a tick of the clock
            if version != self.version:
                self.version, self.control = version, read_control(self.folder)
        return self.control
