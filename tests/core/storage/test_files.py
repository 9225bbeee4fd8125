"""Files that appear whole, also on Windows, which refuses to replace what somebody reads."""

from pathlib import Path

import pytest

from core.storage import files
from core.storage.files import read_whole, write_atomic


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
