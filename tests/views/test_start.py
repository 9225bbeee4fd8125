"""How the app starts where a container gives it little."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from core import PROJECT
from views.__main__ import ensure_home, share_memory


def test_a_user_without_a_name_and_a_home_gets_the_project_s_folder(monkeypatch):
    def nobody(user: int) -> None:
        raise KeyError(user)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(RuntimeError):
        Path.home()
    ensure_home()
    assert Path.home() == PROJECT


def test_a_home_that_is_there_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    ensure_home()
    assert Path.home() == tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="only its C library has arenas")
def test_the_app_starts_once_more_with_one_arena_and_its_options(monkeypatch):
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, words: started.append([program, *words]))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "views", "--server.port", "8502"])
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")  # put back at the end, whatever it is now
    monkeypatch.delenv("MALLOC_ARENA_MAX")
    share_memory()
    share_memory()  # as it does then
    again = [sys.executable, sys.executable, "-m", "views", "--server.port", "8502"]
    assert started == [again]
    assert os.environ["MALLOC_ARENA_MAX"] == "1"
