"""The runs directory: what it lists, and which old runs make room for new ones."""

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import msgspec
import pytest

from core.recipes.presets import PRESETS
from core.runs import disk, queue
from core.runs.queue import QueueError, Visitor, create_run
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


def test_what_was_stopped_before_it_began_goes_first_and_soon(root, limit):
    """However many somebody makes and stops: neither trained runs nor a damaged one go for them."""
    limit(kept_runs=2)
    trained, damaged = make(root, idle=DAY), make(root, idle=DAY)
    (damaged.path / "state.json").write_bytes(b"damaged")
    for idle in [300, 300, 300, 300, 300, 0]:
        make(root, "queued", idle=idle).request_stop()
        os.utime(list(list_runs(root))[-1].path, (time.time() - idle,) * 2)
    left = kept(root)
    assert {trained, damaged} <= set(left)
    assert len(left) == 4


def test_what_was_left_in_the_queue_can_come_back_while_there_is_room(root, limit):
    run = make(root, "queued", idle=1_000)
    assert run.state().name == "interrupted"
    assert kept(root) == [run]
    run.touch()
    assert run.state().name == "queued"


# --- the list


def test_a_list_of_runs_that_are_over_opens_none_of_their_files_again(root, monkeypatch):
    made = [make(root) for _ in range(3)]
    assert [entry.run for entry in disk.list_entries(root)] == made
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    assert [entry.state.name for entry in disk.list_entries(root)] == ["finished"] * 3


@pytest.mark.parametrize("state", ["queued", *LIVE])
def test_a_run_that_goes_on_is_read_again(root, state):
    run = make(root, state)
    disk.list_entries(root)
    run.set_state(State("finished"))
    assert [entry.state.name for entry in disk.list_entries(root)] == ["finished"]


def test_a_state_that_could_not_be_read_is_read_again(root):
    run = make(root)
    content = (run.path / "state.json").read_bytes()
    (run.path / "state.json").write_bytes(b"")
    assert [entry.state.name for entry in disk.list_entries(root)] == ["interrupted"]
    (run.path / "state.json").write_bytes(content)
    assert [entry.state.name for entry in disk.list_entries(root)] == ["finished"]


def test_what_could_not_be_read_of_a_run_is_read_again(root, monkeypatch):
    """Such as while the process has too many files open."""
    make(root, uploaded=True)
    (entry,) = disk.list_entries(root)
    with monkeypatch.context() as refused:
        refused.setattr(Path, "read_bytes", raise_os_error)
        refused.setattr(os, "scandir", raise_os_error)
        assert not entry.request.uploaded
        assert entry.size == 0
    (entry,) = disk.list_entries(root)
    assert entry.request.uploaded
    assert entry.size > 0


def raise_os_error(*_: object) -> NoReturn:
    raise OSError(24, "Too many open files")


# --- uploaded networks


def upload(root: Path, address: str = "a", idle: float = 0.0) -> Run:
    """An uploaded network of one megabyte."""
    run = make(root, uploaded=True, address=address)
    (run.path / "checkpoint.safetensors").write_bytes(bytes(1_000_000))
    then = time.time() - idle
    os.utime(run.path, (then, then))
    return run


def test_uploads_do_not_push_out_what_others_trained(root, limit):
    limit(kept_runs=2, kept_megabytes=10, uploaded_megabytes=5)
    trained = [make(root, idle=DAY) for _ in range(2)]
    for _ in range(4):
        upload(root)
    assert set(trained) < set(kept(root))


def test_old_uploads_make_room_before_trained_runs(root, limit):
    limit(uploaded_megabytes=1.1, kept_megabytes=1.2)
    trained = make(root, idle=2 * DAY)
    _, newer = upload(root, idle=DAY), upload(root, idle=DAY)
    assert kept(root) == [trained, newer]


def test_what_uploads_take_is_not_there_for_trained_runs(root, limit):
    limit(uploaded_megabytes=5, kept_megabytes=2.5)
    trained, uploads = make(root), [upload(root), upload(root)]
    (trained.path / "checkpoint.safetensors").write_bytes(bytes(1_000_000))
    os.utime(trained.path, (1, time.time() - DAY))
    assert kept(root) == uploads


def test_uploads_in_use_give_way_on_a_disk_that_is_nearly_full(root, limit, monkeypatch):
    limit(free_megabytes=200)
    trained, uploads = make(root), [upload(root) for _ in range(3)]
    gone = lambda: sum(not run.path.exists() for run in uploads)  # noqa: E731
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=198e6 + gone() * 1e6)
    )
    assert kept(root) == [trained, uploads[2]]


def test_who_has_uploaded_most_makes_room_for_others(root, limit):
    limit(uploaded_megabytes=4.1)
    flood, other = [upload(root, "a") for _ in range(3)], upload(root, "b")
    queue.make_room_for_upload(root, Visitor("c", "1"), 1_000_000)
    assert other.path.exists()
    assert [run.path.exists() for run in flood].count(False) == 1


def test_a_flood_of_uploads_stays_within_its_share(root, limit):
    limit(uploaded_megabytes=4, uploaded_per_minute=99)
    for _ in range(12):
        queue.make_room_for_upload(root, Visitor("a", "1"), 1_010_000)
        upload(root, "a")
    assert sum(entry.size for entry in disk.list_entries(root)) <= 4e6


def test_an_address_uploads_so_many_a_minute(root, limit):
    limit(uploaded_per_minute=2)
    upload(root), upload(root)
    with pytest.raises(QueueError, match="Too many networks at once"):
        queue.make_room_for_upload(root, Visitor("a", "1"), 1)
    queue.make_room_for_upload(root, Visitor("b", "1"), 1)


def test_only_uploads_of_the_last_minute_count_for_that(root, limit):
    limit(uploaded_per_minute=2)
    make(root, uploaded=True, address="a", idle=61)
    for _ in range(2):
        make(root, address="a")  # trained here
    upload(root)
    queue.make_room_for_upload(root, Visitor("a", "1"), 1)


def test_an_upload_leaves_the_room_that_runs_need(root, limit, monkeypatch):
    limit(free_megabytes=200)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=399_999_999))
    with pytest.raises(QueueError, match="no room for uploaded networks"):
        queue.make_room_for_upload(root, Visitor("a", "1"), 1)
    queue.enqueue(root, [], "quick", QUICK)


def test_no_room_for_uploads_takes_none(root, limit):
    limit(uploaded_megabytes=0)
    with pytest.raises(QueueError, match="no room for uploaded networks"):
        queue.make_room_for_upload(root, Visitor("a", "1"), 1)
