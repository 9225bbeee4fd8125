"""How the app starts where a container gives it little."""

import pwd
from pathlib import Path

import pytest

from core import PROJECT
from views.__main__ import ensure_home


def test_a_user_without_a_name_and_a_home_gets_the_project_s_folder(monkeypatch):
    def nobody(user: int) -> None:
        raise KeyError(user)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(RuntimeError):
        Path.home()
    ensure_home()
    assert Path.home() == PROJECT


def test_a_home_that_may_not_be_read_is_none(monkeypatch, tmp_path):
    """As of a service without access to /home."""

    def stat(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "stat", stat)
    ensure_home()
    assert Path.home() == PROJECT


def test_a_home_that_is_there_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    ensure_home()
    assert Path.home() == tmp_path
