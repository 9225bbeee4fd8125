"""The control file: what a visitor asks of a run that trains."""

import json
import os

import pytest

from core.recipes.presets import PRESETS
from core.runs import control
from core.runs.control import (
    ControlFile,
    NotOwnerError,
    WatchedControl,
    browser_hash,
    change_control,
    clean_name,
    read_control,
    read_name,
    rename_run,
    request_stop,
    write_control,
)
from core.runs.queue import Visitor, create_run
from core.runs.run import RunError


@pytest.mark.parametrize(
    "asked", [ControlFile(), ControlFile(0), ControlFile(12, 0.3), ControlFile(lr=0.001)]
)
def test_what_is_asked_survives_its_file(tmp_path, asked):
    write_control(tmp_path, asked)
    assert read_control(tmp_path) == asked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"until": "3"}',
        '{"until": true}',
        '{"lr": 1e9}',
        '{"lr": "fast"}',
        '{"lr": NaN}',
        '{"lr": [0.1]}',
        '{"lr": 0.0001}',
        '{"lr": 1e999}',
        '{"until": 3.5}',
        '{"other": 1}',
        "[" * 100_000,
        "\xff",
    ],
)
def test_junk_asks_for_nothing(tmp_path, text):
    (tmp_path / "control.json").write_bytes(text.encode("latin1"))
    assert read_control(tmp_path) == ControlFile()


def test_the_file_keeps_its_old_keys(tmp_path):
    write_control(tmp_path, ControlFile(pause_at=12, lr=0.3))
    assert json.loads((tmp_path / "control.json").read_bytes()) == {"until": 12, "lr": 0.3}


def test_the_end_of_a_pause_leaves_the_learning_rate_that_was_asked_for(tmp_path):
    write_control(tmp_path, ControlFile(pause_at=12, lr=0.3))
    control.end_pause(tmp_path)
    assert read_control(tmp_path) == ControlFile(lr=0.3)


def test_no_file_asks_for_nothing(tmp_path):
    assert read_control(tmp_path) == ControlFile()
    assert WatchedControl(tmp_path).now() == ControlFile()


def test_a_run_pauses_at_its_step_and_after_it():
    assert not ControlFile().should_pause(10**9)
    assert not ControlFile(12).should_pause(11)
    assert ControlFile(12).should_pause(12)
    assert ControlFile(0).should_pause(13)


def test_two_changes_within_a_clock_tick_are_both_seen(tmp_path):
    watched, file = WatchedControl(tmp_path), tmp_path / "control.json"
    for asked in (ControlFile(3), ControlFile(3, 0.5)):
        write_control(tmp_path, asked)
        os.utime(file, ns=(1_000, 1_000))
        assert watched.now() == asked


def test_a_change_is_seen_and_an_unchanged_file_is_not_read_again(tmp_path, monkeypatch):
    reads = []
    real = control.read_control
    monkeypatch.setattr(control, "read_control", lambda at: (reads.append(at), real(at))[1])
    watched = WatchedControl(tmp_path)
    write_control(tmp_path, ControlFile(3))
    assert watched.now() == ControlFile(3)
    assert watched.now() == ControlFile(3)
    assert len(reads) == 1
    write_control(tmp_path, ControlFile(4, 0.5))
    assert watched.now() == ControlFile(4, 0.5)


# --- whose it is

MINE, THEIRS = browser_hash("a secret"), browser_hash("another")
QUICK = PRESETS["quick"].recipe


@pytest.fixture
def mine(root):
    return create_run(root, "quick", QUICK, visitor=Visitor("address", MINE))


def test_only_the_browser_that_asked_for_a_run_changes_it(mine):
    change_control(mine, MINE, pause_at=0)
    for ask in (
        lambda: change_control(mine, THEIRS, pause_at=None),
        lambda: change_control(mine, "", lr=30.0),
        lambda: request_stop(mine, THEIRS),
        lambda: rename_run(mine, THEIRS, "theirs"),
    ):
        with pytest.raises(NotOwnerError, match="Only the browser that started this run"):
            ask()
    assert read_control(mine.path) == ControlFile(pause_at=0)
    assert (mine.stop_requested(), read_name(mine)) == (False, "")
    request_stop(mine, MINE)
    assert mine.stop_requested()


def test_a_run_keeps_a_hash_and_no_secret(mine):
    kept = b"".join(file.read_bytes() for file in mine.path.iterdir())
    assert MINE.encode() in kept and b"a secret" not in kept


def test_a_run_of_the_first_versions_is_everybodys(root):
    run = create_run(root, "quick", QUICK)
    change_control(run, THEIRS, pause_at=0)
    assert read_control(run.path) == ControlFile(pause_at=0)


def test_a_run_that_cannot_be_read_is_nobodys(mine):
    (mine.path / "recipe.json").write_text("{")
    with pytest.raises(RunError):
        request_stop(mine, MINE)
    assert not mine.stop_requested()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada's   first ", "Ada's first"),
        ("line\nbreak\u202eand\x00more", "line break and more"),
        ("<img src=x onerror=alert(1)>", "img src=x onerror=alert(1)"),
        ("![x](http://e/x.png) `code` $x$ %{y}", "!x(http://e/x.png) code x %y"),
        ("é日本語 5 + 7", "é日本語 5 + 7"),
        ("x" * 1_000, "x" * 40),
        ("<>", ""),
    ],
)
def test_a_name_is_one_safe_line(mine, typed, kept):
    assert clean_name(typed) == kept
    rename_run(mine, MINE, typed)
    assert read_name(mine) == kept


@pytest.mark.parametrize("content", [b"\xff" * 10_000_000, b"<b>\n</b>", b""])
def test_a_name_that_was_written_by_hand_is_cleaned_as_well(mine, content):
    (mine.path / "name.txt").write_bytes(content)
    assert len(read_name(mine)) <= 40
    assert not {"<", "\n"} & set(read_name(mine))
