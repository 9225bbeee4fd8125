"""What the operator is told of the app."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import PROJECT, VERSION
from core.cli.main import main
from core.recipes.presets import PRESETS
from core.runs.run import Run, State, create_run
from core.runs.status import read_status
from core.workers.worker import _sign


def make(root: Path, state: str) -> Run:
    run = create_run(root, "quick", PRESETS["quick"].recipe)
    run.set_state(State(state))
    return run


@pytest.fixture
def held(root) -> Iterator[Path]:
    """A runs directory whose lock a worker holds."""
    with open(root / ".lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sign(lock)
        yield root


def test_a_worker_says_who_it_is_and_what_it_does(held):
    training = make(held, "training")
    for name in ("queued", "queued", "finished", "failed", "interrupted"):
        make(held, name)
    found = read_status(held)
    assert (found.worker, found.pid, found.version) == (True, os.getpid(), VERSION)
    assert (found.training, found.waiting, found.kept) == (training.id, 2, 3)
    assert ": 1 run trains, 2 wait, 3 kept (" in found.words
    assert found.free_megabytes > 0


def test_uptime_counts_from_when_the_lock_was_taken(held):
    hours_ago = time.time() - 11_580
    os.utime(held / ".lock", (hours_ago, hours_ago))
    found = read_status(held)
    assert found.uptime == pytest.approx(11_580, abs=60)
    assert found.words.startswith(f"Sketch & Sum {VERSION}, worker up 3 h 13 min (process ")
    assert ": no run trains, 0 wait, 0 kept (0 MB), " in found.words


def test_looking_takes_the_lock_from_nobody(root):
    """Neither from a worker, nor for one that comes now."""
    (root / ".lock").touch()
    read_status(root)
    with open(root / ".lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert read_status(root).worker


def test_without_a_worker_nothing_trains(root):
    make(root, "training")  # cut off, and nobody has said so yet
    found = read_status(root)
    assert (found.worker, found.training, found.uptime) == (False, "", 0)
    assert "no worker: no run trains" in found.words


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_junk_in_the_lock_file_is_no_matter(held, junk):
    (held / ".lock").write_bytes(junk)
    found = read_status(held)
    assert (found.worker, found.pid) == (True, 0)


def test_no_directory_is_an_app_that_never_ran(tmp_path):
    found = read_status(tmp_path / "nowhere" / "runs")
    assert (found.worker, found.kept) == (False, 0)


def test_the_command_prints_it_and_fails_without_a_worker(root, held, capsys, monkeypatch):
    monkeypatch.setenv("SKETCH_SUM_RUNS", str(root))
    assert main(["status", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == [
        *("version", "worker", "pid", "uptime", "training", "waiting"),
        *("kept", "kept_megabytes", "free_megabytes"),
    ]
    command = [sys.executable, "-m", "core", "status"]
    nowhere = os.environ | {"SKETCH_SUM_RUNS": str(root / "nowhere")}
    here = PROJECT
    ended = subprocess.run(command, cwd=here, env=nowhere, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "no worker" in ended.stdout
