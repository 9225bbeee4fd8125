"""A disk that is full, before a run and in the middle of it: one sentence, and no run is lost."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.runs.run import DISK_FULL, State
from tests.support.workers import (
    ENDLESS,
    TINY,
    add_run,
    contents,
    end_of,
    wait_for_progress,
)

FULL_DISK = f"{DISK_FULL} Train again."

# Writes fail for want of room while a flag is there; they leave half of what they wrote.
FILLS_UP = """
import builtins, errno
real = builtins.open
class Full:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *error): self.file.close()
    def __getattr__(self, name): return getattr(self.file, name)
    def write(self, content):
        self.file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")
def open(path, mode="r", *more):
    file = real(path, mode, *more)
    full = root.parent.joinpath("full").exists()
    return Full(file) if full and mode in ("wb", "ab") else file
from core.runs import run
from core.storage import files
files.open = run.open = open
"""


def test_a_disk_that_fills_up_while_it_trains(root, start, runner):
    runner.execute(done := add_run(root, TINY))
    files = contents(done)
    started = start(root, FILLS_UP)
    run = add_run(root, ENDLESS)
    wait_for_progress(run)
    pid = started.pid
    (root.parent / "full").touch()
    assert end_of(run) == "failed"
    assert run.state().message == FULL_DISK
    assert run.history()
    (root.parent / "full").unlink()
    assert end_of(add_run(root)) == "finished"
    assert started.pid == pid  # it never died
    assert contents(done) == files


def test_a_disk_that_is_full_when_the_run_begins(root, start):
    started = start(root, FILLS_UP)
    assert end_of(add_run(root)) == "finished"
    pid, run, second = started.pid, add_run(root), add_run(root)
    (root.parent / "full").touch()
    assert (end_of(run), end_of(second)) in (("failed",) * 2, ("finished", "failed"))
    assert second.state().message == FULL_DISK
    assert started.pid == pid


def test_a_worker_that_starts_on_a_full_disk_settles_what_was_cut_off(root, start):
    run = add_run(root)
    run.set_state(State("training"))
    (root.parent / "full").touch()
    started = start(root, FILLS_UP)
    assert end_of(run) == "failed"
    assert run.state().message == FULL_DISK
    pid = started.pid
    (root.parent / "full").unlink()
    assert end_of(add_run(root)) == "finished"
    assert started.pid == pid


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A file system of one megabyte at `path`; only root may make one."""
    path.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if not mount or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_a_disk_that_is_really_full(tmp_path, start):
    with small_disk(tmp_path / "disk") as disk:
        root = disk / "runs"
        started = start(root)
        run, second = add_run(root, ENDLESS), add_run(root)
        wait_for_progress(run)
        with suppress_full(), open(disk / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(512))
        assert end_of(run) == "failed"
        assert run.state().message == FULL_DISK
        assert end_of(second) == "failed"
        with pytest.raises(OSError, match="No space left"):
            for _ in range(9):  # what was torn down left room for a few
                add_run(root)
        assert not list(root.glob(".[0-9a-f]*"))  # nothing half made
        (disk / "filler").unlink()
        assert end_of(add_run(root)) == "finished"
        started.close()


@contextmanager
def suppress_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        assert error.errno == errno.ENOSPC
