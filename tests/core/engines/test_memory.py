"""What a process keeps of the memory that it has freed."""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

THREADS = """
import ctypes, sys, threading
from core.engines import memory

libc = ctypes.CDLL(None)
if sys.argv[1] == "kept":
    memory.keep_freed_memory()
if sys.argv[1] == "shared":
    memory.share_arena()

met = threading.Barrier(4)

def work():
    blocks = [bytearray(100_000) for _ in range(20)]
    met.wait()

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="another C library has no arenas"
)


def arenas(how: str) -> int:
    """How many arenas four threads leave behind."""
    command = [sys.executable, "-c", THREADS, how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return len(re.findall("<heap ", done.stdout))


def test_the_threads_of_the_app_share_one_arena():
    """Each left one of its own with what its pages had freed."""
    assert arenas("shared") == 1


@pytest.mark.parametrize("how", ["usual", "kept"])
def test_the_threads_of_a_training_have_an_arena_each(how):
    """In one for both, each waits for the other at every tensor."""
    assert arenas(how) > 2


FILES = """
import sys
from pathlib import Path
from core.engines import memory

memory.share_arena()
if sys.argv[1] == "returned":
    memory.return_large_blocks()

def held():
    line = next(s for s in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in s)
    return int(line.split()[1]) / 1000

before = held()
for turn in range(3):
    files, notes = [], []
    for number in range(10):
        files.append(bytearray(b"x") * 5_000_000)
        notes.append(bytearray(100_000))  # between two files
    del files
print(held() - before)
"""


def held_after_files(how: str) -> float:
    """Megabytes that a process still holds after it has freed ten files of 5 MB, three times."""
    command = [sys.executable, "-c", FILES, how]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_files_that_were_freed_are_held_no_longer():
    assert held_after_files("returned") < 10
    assert held_after_files("usual") > 30  # among the notes, until somebody asks for them
