"""Files that appear whole, their age, and locks that end with their holder. Imports no torch."""

import os
import time
from pathlib import Path

from filelock import FileLock, Timeout

MAX_NUMBER = 1e300  # of a number in a file of ours; NaN is not less
# The time of day may be moved while we run; the difference of it and this clock may not.
_CLOCK_OFFSET = time.time() - time.monotonic()


def steady_time() -> float:
    """Seconds since the epoch, to compare with a file's: a clock put forward makes none older."""
    return min(_CLOCK_OFFSET + time.monotonic(), time.time())


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
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def try_lock(path: Path) -> FileLock | None:
    """The lock at `path`, taken, or None while another process holds it. Never waits.

    The system frees it when its holder ends, however it ends. The file itself stays.

    Raises:
        OSError: the file cannot be made.
    """
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock
