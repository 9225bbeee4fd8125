"""The state of the app, as its operator reads it."""

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
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State
from core.systems.locks import try_lock
from core.workers.status import lock_for_worker, read_status


def make(root: Path, state: str) -> Run:
    run = create_run(root, "quick", PRESETS["quick"].recipe)
    run.set_state(State(state))
    return run


@pytest.fixture
def held(root) -> Iterator[Path]:
    """A runs directory whose lock a worker holds."""
    lock = lock_for_worker(root)
    yield root
    lock.release()


def test_a_worker_says_who_it_is_and_what_it_does(held):
    training = make(held, "training")
    for name in ("queued", "queued", "finished", "failed", "interrupted"):
        make(held, name)
    found = read_status(held)
    assert (found.worker, found.pid, found.version) == (True, os.getpid(), VERSION)
    assert (found.training, found.waiting, found.kept) == (training.id, 2, 3)
    assert ": 1 run trains, 2 wait, 3 kept (" in found.words
    assert found.free_megabytes > 0


def test_who_teaches_a_network_is_no_training(held):
    taught = create_run(held, "quick", PRESETS["quick"].recipe, FinetuneJob("mnist", []))
    taught.set_state(State("training"))
    make(held, "queued")
    found = read_status(held)
    assert (found.training, found.waiting) == ("", 1)
    assert ": no run trains, 1 waits, 0 kept (" in found.words


def test_uptime_counts_from_when_the_lock_was_taken(held):
    hours_ago = time.time() - 11_580
    os.utime(held / ".worker.json", (hours_ago, hours_ago))
    found = read_status(held)
    assert found.uptime == pytest.approx(11_580, abs=60)
    assert found.words.startswith(f"Sketch & Sum {VERSION}, worker up 3 h 13 min (process ")
    assert ": no run trains, 0 wait, 0 kept (0 MB), " in found.words


def test_looking_takes_the_lock_from_nobody(root):
    """Neither from a worker, nor for one that comes now."""
    (root / ".lock").touch()
    read_status(root)
    lock = try_lock(root / ".lock")
    assert lock
    assert read_status(root).worker
    lock.release()


def test_without_a_worker_nothing_trains(root):
    make(root, "training")  # cut off, and nobody has said so yet
    found = read_status(root)
    assert (found.worker, found.training, found.uptime) == (False, "", 0)
    assert "no worker: no run trains" in found.words


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_junk_in_the_worker_s_file_does_no_harm(held, junk):
    (held / ".worker.json").write_bytes(junk)
    found = read_status(held)
    assert (found.worker, found.pid) == (True, 0)


def test_a_lock_file_of_an_earlier_version_can_be_taken(root):
    """It held the worker's facts itself."""
    (root / ".lock").write_text('{"pid": 71, "version": "0.0.9"}')
    assert not read_status(root).worker
    lock = lock_for_worker(root)
    assert lock
    assert lock_for_worker(root) is None
    assert read_status(root).pid == os.getpid()
    lock.release()


def test_a_lock_is_free_when_its_holder_is_killed(root):
    """The holder says so when it has the lock, and never lets go of it."""
    code = (
        "import sys, time; from pathlib import Path; "
        "from core.workers.status import lock_for_worker; "
        "lock = lock_for_worker(Path(sys.argv[1])); print('held', flush=True); time.sleep(999)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(root)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert read_status(root).pid == holder.pid
    assert lock_for_worker(root) is None
    holder.kill()
    holder.communicate()
    assert not read_status(root).worker
    lock_for_worker(root).release()


def test_no_directory_is_an_app_that_never_ran(tmp_path):
    found = read_status(tmp_path / "nowhere" / "runs")
    assert (found.worker, found.kept) == (False, 0)


def test_the_command_prints_it_and_fails_without_a_worker(root, held, capsys, monkeypatch):
    monkeypatch.setenv("SKETCH_SUM_RUNS", str(root))
    assert main(["status", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == [
        *("version", "worker", "pid", "uptime", "training", "waiting"),
        *("kept", "kept_megabytes", "free_megabytes", "cluster", "trainers"),
    ]
    command = [sys.executable, "-m", "core", "status"]
    nowhere = os.environ | {"SKETCH_SUM_RUNS": str(root / "nowhere")}
    here = PROJECT
    ended = subprocess.run(command, cwd=here, env=nowhere, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "no worker" in ended.stdout
