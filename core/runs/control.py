"""What a visitor asks of a run: pause, one more step, another learning rate, an end.

    runs/<id>/control.json      {"until": 12, "lr": 0.3}; the page writes it, the worker reads it
              name.txt          what the owner calls the network

Only its owner may ask: the browser whose hash is in the run's request. Whoever has the run's link
watches. The worker writes the file only to end a pause that takes too long. And what all others
ask of it: an end.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.errors import UserError
from core.recipes.settings import SETTINGS, Number
from core.runs import limits
from core.runs.run import Request, Run
from core.storage.files import read_whole, write_atomic

KEPT = "what it learned so far is kept"
TOO_LONG = f"Stopped at the time limit for a run; {KEPT}"
OTHERS_WAITED = f"Stopped because others waited for their turn; {KEPT}"
NAME_FILE = "name.txt"  # in a run's directory
MAX_NAME = 40  # characters
QUEUE_CHECK_SECONDS = 1.0  # between checks of whether others wait

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
        return msgspec.json.decode(read_whole(folder / "control.json"), type=ControlFile)
    return ControlFile()


def write_control(folder: Path, control: ControlFile) -> None:
    """Ask for it.

    Raises:
        OSError: the run is gone, or the disk is full.
    """
    write_atomic(folder / "control.json", msgspec.json.encode(control), durable=False)


class NotOwnerError(UserError):
    """Somebody else's run; the message is one sentence for the visitor."""


def browser_hash(secret: str) -> str:
    """What a run keeps of the secret of the browser that asked for it: 32 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


def is_owner(request: Request, browser: str) -> bool:
    """Did the browser with this hash ask for the run?

    A request that names nobody, as the first versions wrote it, is everybody's.
    """
    return not request.session or hmac.compare_digest(request.session, browser)


def _check_owner(run: Run, browser: str) -> None:
    if not is_owner(run.request(), browser):
        raise NotOwnerError("Only the browser that started this run can do that.")


def change_control(run: Run, browser: str, **changes: Any) -> None:
    """Ask for the named changes, and leave everything else as it was asked for last.

    Raises:
        NotOwnerError: the run is not of the browser with this hash.
        RunError: the files of the run are damaged.
        OSError: the run is gone, or the disk is full.
    """
    _check_owner(run, browser)
    write_control(run.path, msgspec.structs.replace(read_control(run.path), **changes))


def end_pause(folder: Path) -> None:
    """Let the run in `folder` go on: the worker's own way.

    Raises:
        OSError: as for `write_control`.
    """
    write_control(folder, msgspec.structs.replace(read_control(folder), pause_at=None))


def request_stop(run: Run, browser: str) -> None:
    """Ask for the end of the run; what it has learned is kept.

    Raises:
        NotOwnerError, RunError, OSError: as for `change_control`.
    """
    _check_owner(run, browser)
    run.request_stop()


def clean_name(text: str) -> str:
    """A name that somebody typed, safe to show anywhere: a line of at most 40 characters.

    What could be markup, or cannot be seen, is left out.
    """
    seen = "".join(c if c.isprintable() else " " for c in text[: 10 * MAX_NAME])
    return " ".join(re.sub(r"[<>&{}\[\]`|\\$]", "", seen).split())[:MAX_NAME].strip()


def rename_run(run: Run, browser: str, name: str) -> None:
    """Give the network of a run a name of its own; "" takes it away.

    Raises:
        NotOwnerError, RunError, OSError: as for `change_control`.
    """
    _check_owner(run, browser)
    write_atomic(run.path / NAME_FILE, clean_name(name).encode())


def read_name(run: Run) -> str:
    """The name that its owner gave the network; "" is none."""
    with suppress(OSError), open(run.path / NAME_FILE, "rb") as file:
        return clean_name(file.read(10 * MAX_NAME).decode(errors="replace"))
    return ""


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


def shared_training(test_seconds: float) -> float:
    """Seconds that a run may train while others wait, if its test will take so many."""
    shared = limits.LIMITS.shared_seconds
    return max(shared - test_seconds, shared / 2)  # on a slow machine it learns something, too


class TimeLimit:
    """How long a run may hold the trainer, pauses included: less while others wait for it.

    The time with others waiting counts from when the first of them came, so each run has that long
    and nobody waits longer for the run before theirs. The test that follows the training counts,
    too: it is expected to take `test_seconds`.
    """

    def __init__(self, others_wait: Callable[[], bool], test_seconds: float = 0.0) -> None:
        self._others_wait = others_wait
        self._shared_seconds = shared_training(test_seconds)
        self._began = time.perf_counter()
        self._next_check = self._began
        self._shared_since: float | None = None  # of `time.perf_counter`; None while nobody waits

    def reason(self) -> str:
        """Why the run must end now, in a sentence; "" while it need not. Ask often: it is cheap."""
        now = time.perf_counter()
        if now >= self._next_check:
            self._next_check = now + QUEUE_CHECK_SECONDS
            since = now if self._shared_since is None else self._shared_since
            self._shared_since = since if self._others_wait() else None
        if now - self._began > limits.LIMITS.run_seconds:
            return TOO_LONG
        shared = 0.0 if self._shared_since is None else now - self._shared_since
        return OTHERS_WAITED if shared > self._shared_seconds else ""

    @property
    def is_shared(self) -> bool:
        """Do others wait?"""
        return self._shared_since is not None

    @property
    def words(self) -> str:
        """What the visitor should know of it; "" is nothing."""
        seconds = f"{limits.LIMITS.shared_seconds:.0f}"
        return f"Others are waiting: it ends after {seconds} s at most." if self.is_shared else ""
