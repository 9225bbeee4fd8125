"""Keep the memory of one training step for the next, and give it back after the last.

The C library gives large blocks back to the system as soon as they are free. A step frees all its
feature maps and asks for them again, and the system clears every page anew: a part of each step.
"""

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt in <malloc.h>
NEVER = 2**31 - 1
LARGEST = 32 << 20  # bytes; the C library takes no more
NOT_GNU = (AttributeError, OSError, TypeError)  # another C library, without these settings


def keep_freed_memory() -> None:
    """From now on, this process keeps what it frees. Where there is no such setting, nothing."""
    with suppress(*NOT_GNU):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_TRIM_THRESHOLD, NEVER)
        mallopt(M_MMAP_THRESHOLD, LARGEST)


def give_back_freed_memory() -> None:
    """Give back what was kept. Where that cannot be asked for, nothing."""
    with suppress(*NOT_GNU):
        ctypes.CDLL(None).malloc_trim(0)
