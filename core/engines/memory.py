"""Which freed memory a process keeps, and when the system gets it back.

The C library returns large blocks to the system as soon as they are free. A training step frees all
its feature maps and asks for them again, and the system clears every page again, in every step.

It also keeps an arena for each thread. Free memory in those arenas is scattered between memory in
use, so eight pages that read test images keep eight times what one needs. The app has one arena for
all threads. A training has not: its two threads would wait for each other at every tensor, for a
seventh of a step, and its memory does not grow from run to run.
"""

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of mallopt in <malloc.h>
NO_LIMIT = 2**31 - 1
LARGEST_BLOCK = 32 << 20  # bytes; the C library takes no more
LARGE_BLOCK = 1 << 20  # bytes, of the app: an answer needs no such block, a file or a batch does
KEPT_FREE = 8 << 20  # bytes, of the app
NOT_GNU = (AttributeError, OSError, TypeError)  # from a C library without these settings


def keep_freed_memory() -> None:
    """From now on, this process keeps what it frees; does nothing without the GNU C library."""
    with suppress(*NOT_GNU):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_TRIM_THRESHOLD, NO_LIMIT)
        mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)


def return_large_blocks() -> None:
    """From now on, this process gives large blocks back as soon as they are free.

    The C library begins so, but with each that it has given back it takes larger ones for small.
    """
    with suppress(*NOT_GNU):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(M_TRIM_THRESHOLD, KEPT_FREE)


def share_arena() -> None:
    """From now on, new threads share one arena; does nothing without the GNU C library."""
    with suppress(*NOT_GNU):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back_freed_memory() -> None:
    """Give back what was kept; does nothing without the GNU C library."""
    with suppress(*NOT_GNU):
        ctypes.CDLL(None).malloc_trim(0)
