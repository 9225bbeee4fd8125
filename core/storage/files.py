"""Files that appear whole, and their age. Imports no torch."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

MAX_NUMBER = 1e300  # of a number in a file of ours; NaN is not less
PATIENCE_SECONDS = 0.2  # far more than a small file takes to read
# The time of day may be moved while we run; the difference of it and this clock may not.
_CLOCK_OFFSET = time.time() - time.monotonic()


def age(written: float) -> float:
    """Seconds since a file was written, by its time in seconds since the epoch; never negative.

    A clock that is put forward makes no file older. What is written after that is later than our
    own clock, as it is after the machine was asleep: then the time of day counts.
    """
    now = min(_CLOCK_OFFSET + time.monotonic(), time.time())
    return now - written if written <= now else max(0.0, time.time() - written)


def write_atomic(path: Path, content: bytes, durable: bool = True) -> None:
    """Write aside, flush to disk, then rename: a reader sees the old file or the new one.

    Files that need not survive a power failure are written faster, without the flush.

    Raises:
        OSError: no such folder, no room, no permission.
    """
    aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with open(aside, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        _patiently(lambda: aside.replace(path))
    finally:
        aside.unlink(missing_ok=True)


def read_whole(path: Path) -> bytes:
    """A file that `write_atomic` may replace at this moment.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    return _patiently(path.read_bytes)


def _patiently(act: Callable[[], Result]) -> Result:
    """Do it, again for a moment where that is refused.

    Windows refuses to replace a file that somebody reads, and to open one that is being replaced.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.005)
