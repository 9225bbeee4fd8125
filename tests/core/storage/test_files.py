"""Files that appear whole, their age, and locks that one process holds."""

import os
import time

import pytest

from core.storage import files
from core.storage.files import steady_time, try_lock, write_atomic


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


@pytest.mark.parametrize(("durable", "flushed"), [(True, 1), (False, 0)])
def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch, durable, flushed):
    """Unless it need not survive a power failure."""
    calls: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda number: calls.append((tmp_path / "card").exists()))
    write_atomic(tmp_path / "card", b"{}", durable=durable)
    assert calls == [False] * flushed
    assert (tmp_path / "card").read_bytes() == b"{}"


def test_a_clock_that_is_put_forward_makes_nothing_older(monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3_600)
    assert steady_time() == pytest.approx(now, abs=60)


def test_a_clock_that_is_put_back_is_believed(monkeypatch):
    """Files that are written now have its time."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3_600)
    assert steady_time() == now - 3_600


def test_a_number_of_ours_is_far_from_infinite():
    assert 1e300 <= files.MAX_NUMBER < float("inf")
