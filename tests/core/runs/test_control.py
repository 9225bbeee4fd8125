"""The control file: what a visitor asks of a run that trains."""

import json
import os

import pytest

from core.runs import control
from core.runs.control import ControlFile, WatchedControl, read_control, write_control


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
