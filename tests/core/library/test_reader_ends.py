"""Where nobody reaps orphans, as in a container, Stop leaves no process, not even a dead one."""

import subprocess
import sys

import pytest

from core import PROJECT
from tests.conftest import PATIENCE

STOP = """
import ctypes, io, sys, time
from pathlib import Path
import psutil
from core.library import reading
from core.runs.queue import Visitor
from tests.support.shapes import shape_files, zipped

PR_SET_CHILD_SUBREAPER = 36  # orphans come to this process, which does not reap them
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
content = zipped(shape_files(400, ("circle", "cross"))).getvalue()
upload = reading.BroughtFile("a.zip", len(content), io.BytesIO(content))
reading.begin_reading(Path(sys.argv[1]), Visitor("a" * 16, "1" * 32), [upload])
while not reading.poll_reading("1" * 32).progress:
    time.sleep(0.01)
own = psutil.Process()
readers = own.children(recursive=True)
reading.stop_reading("1" * 32)
while {each.status() for each in own.children()} - {psutil.STATUS_ZOMBIE}:
    time.sleep(0.01)
print(len(readers), [each.status() for each in own.children()])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks the readers")
def test_stop_leaves_no_zombies(tmp_path):
    command = [sys.executable, "-c", STOP, str(tmp_path)]
    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE)
    assert said.stdout in ("3 []\n", "1 []\n"), said.stderr  # 1 where there is one core
