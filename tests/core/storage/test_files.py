"""Files that appear whole, also on Windows, which refuses to replace what somebody reads."""

import os
import time
from pathlib import Path

import pytest

from core.storage import files
from core.storage.files import age, read_whole, write_atomic


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, times: int) -> None:
    """Let a method of paths be refused so many times."""
    real, left = getattr(Path, name), [times]

    def method(path: Path, *args: object) -> object:
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file")
        return real(path, *args)

    monkeypatch.setattr(Path, name, method)


def test_a_file_that_somebody_reads_is_replaced_a_moment_later(tmp_path, monkeypatch):
    write_atomic(tmp_path / "state.json", b"old")
    refuse(monkeypatch, "replace", 3)
    write_atomic(tmp_path / "state.json", b"new")
    assert (tmp_path / "state.json").read_bytes() == b"new"


def test_a_file_that_is_being_replaced_is_read_a_moment_later(tmp_path, monkeypatch):
    write_atomic(tmp_path / "state.json", b"new")
    refuse(monkeypatch, "read_bytes", 3)
    assert read_whole(tmp_path / "state.json") == b"new"


def test_who_may_not_write_is_told_so_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0)
    refuse(monkeypatch, "replace", 10**9)
    with pytest.raises(PermissionError):
        write_atomic(tmp_path / "state.json", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("durable", "flushed"), [(True, 1), (False, 0)])
def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch, durable, flushed):
    """Unless it need not survive a power failure."""
    calls: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda number: calls.append((tmp_path / "card").exists()))
    write_atomic(tmp_path / "card", b"{}", durable=durable)
    assert calls == [False] * flushed
    assert (tmp_path / "card").read_bytes() == b"{}"


@pytest.mark.parametrize("moved", [-3_600, 0, 3_600])
def test_a_clock_that_is_moved_makes_no_file_older(monkeypatch, moved):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + moved)
    assert age(now - 60) == pytest.approx(max(0, 60 + min(moved, 0)), abs=30)


def test_a_file_that_is_written_after_a_sleep_or_a_jump_ages(monkeypatch):
    """Its time is far ahead of the clock that we started with."""
    woken = time.time() + 8 * 3_600
    monkeypatch.setattr(time, "time", lambda: woken + 90)
    assert age(woken) == 90


def test_a_number_of_ours_is_far_from_infinite():
    assert 1e300 <= files.MAX_NUMBER < float("inf")
