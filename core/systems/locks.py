"""Locks on files that end with their holder, on any system and any volume. Imports no torch.

Linux and macOS have `flock`, Windows has a lock of its own. Where a volume has neither (some
network file systems), a marker file beside it stands in: it names its holder, and is taken over
when that process is gone.
"""

import errno
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

MARKER = ".held"  # the marker of the lock a/.lock is a/.lock.held
# What a volume without locks answers.
NO_LOCKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL}


def try_lock(path: Path) -> BaseFileLock | None:
    """The lock at `path`, taken, or None while another process holds it. Never waits.

    The system frees it when its holder ends, however it ends. The file itself stays.

    Raises:
        OSError: the file cannot be made.
    """
    try:
        return _taken(FileLock(path, fallback_to_soft=False))
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return _taken(SoftFileLock(f"{path}{MARKER}"))


def is_marker(lock: BaseFileLock) -> bool:
    """Is it a marker file, since the volume has no locks?"""
    return isinstance(lock, SoftFileLock)


def _taken(lock: BaseFileLock) -> BaseFileLock | None:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock
