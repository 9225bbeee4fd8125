"""Locks that one process holds, also on a volume that has none."""

import errno
import os
import subprocess
import sys

import pytest

from core.systems.locks import MARKER, is_marker, try_lock


def test_while_one_holds_a_lock_another_gets_none(tmp_path):
    held = try_lock(tmp_path / ".lock")
    assert held
    assert try_lock(tmp_path / ".lock") is None
    held.release()


def test_a_lock_that_was_given_back_is_free(tmp_path):
    held = try_lock(tmp_path / ".lock")
    assert held
    held.release()
    again = try_lock(tmp_path / ".lock")
    assert again
    again.release()


@pytest.fixture
def no_flock(monkeypatch):
    """Every volume answers as some network file systems do."""
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_a_volume_without_locks_has_them_too(tmp_path, no_flock):
    held = try_lock(tmp_path / ".lock")
    assert held and is_marker(held)
    assert try_lock(tmp_path / ".lock") is None
    held.release()
    again = try_lock(tmp_path / ".lock")
    assert again
    again.release()


def test_there_a_lock_is_taken_over_from_a_process_that_was_killed(tmp_path, no_flock):
    code = (
        "import os, sys; from pathlib import Path; from filelock import SoftFileLock; "
        "lock = SoftFileLock(sys.argv[1]); lock.acquire(); os._exit(9)"
    )
    marker = tmp_path / f".lock{MARKER}"
    subprocess.run([sys.executable, "-c", code, str(marker)], check=False)
    assert marker.exists()
    taken = try_lock(tmp_path / ".lock")
    assert taken
    taken.release()


def test_what_cannot_be_a_lock_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"Not a directory|exists"):
        try_lock(tmp_path / "file" / ".lock")
