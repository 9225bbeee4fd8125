import json
import os

import pytest

from core.runs.control import ControlFile, WatchedControl, read_control, write_control


@pytest.mark.parametrize(
    "wish", [ControlFile(), ControlFile(0), ControlFile(12, 0.3), ControlFile(lr=0.001)]
)
def test_a_wish_survives_its_file(tmp_path, wish):
    write_control(tmp_path, wish)
    assert read_control(tmp_path) == wish


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
        '{"other": 1}',
        "\xff",
    ],
)
def test_junk_is_no_wish(tmp_path, text):
    (tmp_path / "control.json").write_bytes(text.encode("latin1"))
    assert read_control(tmp_path) == ControlFile()


def test_no_file_is_no_wish(tmp_path):
    assert read_control(tmp_path) == ControlFile()
    assert WatchedControl(tmp_path).now() == ControlFile()


def test_a_run_holds_at_its_step_and_after_it():
    assert not ControlFile().holds(10**9)
    assert not ControlFile(12).holds(11)
    assert ControlFile(12).holds(12)
    assert ControlFile(0).holds(13)


def test_two_wishes_in_a_tick_of_the_clock_are_both_seen(tmp_path):
    watched, file = WatchedControl(tmp_path), tmp_path / "control.json"
    for wish in (ControlFile(3), ControlFile(3, 0.5)):
        write_control(tmp_path, wish)
        os.utime(file, ns=(1_000, 1_000))
        assert watched.now() == wish


def test_a_changed_wish_is_seen_and_an_unchanged_one_is_not_read_again(tmp_path, monkeypatch):
    watched = WatchedControl(tmp_path)
    write_control(tmp_path, ControlFile(3))
    assert watched.now() == ControlFile(3)
    monkeypatch.setattr(json, "loads", None)  # would raise
    assert watched.now() == ControlFile(3)
    monkeypatch.undo()
    write_control(tmp_path, ControlFile(4, 0.5))
    assert watched.now() == ControlFile(4, 0.5)
