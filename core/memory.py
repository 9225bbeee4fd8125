"""Keep the memory of one training step for the next.

The C library gives large blocks back to the system as soon as they are free. A step frees all its
feature maps and asks for them again, and the system clears every page anew: a seventh of a step
(benchmarks/training.py).
"""

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt in <malloc.h>
NEVER = 2**31 - 1
LARGEST = 32 << 20  # bytes; the C library takes no more


def keep_freed_memory() -> None:
    """From now on, this process keeps what it frees. Where there is no such setting, nothing."""
    with suppress(AttributeError, OSError, TypeError):  # not the GNU C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_TRIM_THRESHOLD, NEVER)
        mallopt(M_MMAP_THRESHOLD, LARGEST)
