"""The runs directory: what it lists, and which old runs make room for new ones."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.recipes.presets import PRESETS
from core.runs import disk, queue
from core.runs.queue import create_run
from core.runs.run import LIVE, Run, State, list_runs
from core.storage.files import write_atomic

QUICK = PRESETS["quick"].recipe
DAY = 86_400


def make(root: Path, state: str = "finished", idle: float = 0.0, **asked: Any) -> Run:
    """A run that was made, and last used, so many seconds ago."""
    run = create_run(root, "quick", QUICK)
    if asked:
        request = msgspec.structs.replace(run.request(), **asked)
        write_atomic(run.path / "recipe.json", msgspec.json.encode(request))
    run.set_state(State(state))
    made = run.created() - int(idle * 1e9)
    os.utime(run.path / "recipe.json", ns=(made, made))
    then = time.time() - idle
    os.utime(run.path, (then, then))
    return run


# --- old runs


def kept(root: Path) -> list[Run]:
    disk.prune(root)
    return list(list_runs(root))


def test_the_oldest_runs_go_first(root, limit):
    limit(kept_runs=2)
    made = [make(root, idle=DAY) for _ in range(4)]
    assert kept(root) == made[2:]


def test_runs_that_nobody_used_for_long_go(root, limit):
    limit(kept_days=30)
    old, used = make(root, idle=31 * DAY), make(root, idle=29 * DAY)
    assert kept(root) == [used]
    assert not old.path.exists()


def test_runs_go_until_the_rest_is_small_enough(root, limit):
    limit(kept_megabytes=2.5)
    made = [make(root) for _ in range(4)]
    for run in made:
        (run.path / "deeper").mkdir()
        (run.path / "deeper" / "weights").write_bytes(bytes(1_000_000))
        os.utime(run.path, (1, time.time() - DAY))
    assert kept(root) == made[2:]


@pytest.mark.parametrize("state", LIVE)
def test_a_run_that_is_not_over_stays_whatever_the_limits(root, limit, state):
    limit(kept_runs=1, kept_days=1, kept_megabytes=1e-6)
    live = make(root, state, idle=99 * DAY)
    make(root, idle=99 * DAY)
    assert kept(root) == [live]


def test_a_run_that_somebody_uses_stays(root, limit):
    limit(kept_runs=1, kept_megabytes=1e-6)
    used, other = make(root, idle=DAY), make(root, idle=DAY)
    used.touch()
    assert kept(root) == [used]
    assert not other.path.exists()


def test_a_run_is_in_use_for_so_many_minutes(root, limit):
    limit(kept_runs=0, in_use_minutes=60)
    idle_30, _ = make(root, idle=30 * 60), make(root, idle=61 * 60)
    assert kept(root) == [idle_30]


def test_a_new_run_makes_room_for_itself(root, limit):
    limit(kept_runs=2)
    old = [make(root, idle=DAY) for _ in range(4)]
    new = queue.enqueue(root, [], "quick", QUICK)
    assert set(list_runs(root)) == {*old[2:], new}


def test_a_run_is_gone_at_once_though_its_files_go_one_by_one(root, limit, monkeypatch):
    limit(kept_days=30)
    old = make(root, idle=31 * DAY)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # the app is killed before it ends
    assert kept(root) == []
    monkeypatch.undo()
    os.utime(disk.staging_path(old), (1, 1))
    disk.prune(root)
    assert not list(root.iterdir())


def test_what_a_killed_app_left_half_made_is_swept(root, limit):
    half, fresh, foreign = root / ".0123456789abcdef", root / ".fedcba9876543210", root / ".other"
    for folder in (half, fresh, foreign):
        folder.mkdir()
    for folder in (half, foreign):
        os.utime(folder, (1, 1))
    (root / ".lock").touch()
    disk.prune(root)
    assert not half.exists()
    assert fresh.exists() and foreign.exists() and (root / ".lock").exists()


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_costs_no_run(root, limit, monkeypatch, years):
    made = [make(root, idle=DAY) for _ in range(3)]
    jumped = time.time() + years * 365 * DAY
    monkeypatch.setattr(time, "time", lambda: jumped)
    assert kept(root) == made
