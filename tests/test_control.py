import json
import os

import pytest

from core import control
from core.control import Control, Watched


@pytest.mark.parametrize("wish", [Control(), Control(0), Control(12, 0.3), Control(lr=0.001)])
def test_a_wish_survives_its_file(tmp_path, wish):
    control.write(tmp_path, wish)
    assert control.read(tmp_path) == wish


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
    assert control.read(tmp_path) == Control()


def test_no_file_is_no_wish(tmp_path):
    assert control.read(tmp_path) == Control()
    assert Watched(tmp_path).now() == Control()


def test_a_run_holds_at_its_step_and_after_it():
    assert not Control().holds(10**9)
    assert not Control(12).holds(11)
    assert Control(12).holds(12)
    assert Control(0).holds(13)


def test_two_wishes_in_a_tick_of_the_clock_are_both_seen(tmp_path):
    watched, file = Watched(tmp_path), tmp_path / "control.json"
    for wish in (Control(3), Control(3, 0.5)):
        control.write(tmp_path, wish)
        os.utime(file, ns=(1_000, 1_000))
        assert watched.now() == wish


def test_a_changed_wish_is_seen_and_an_unchanged_one_is_not_read_again(tmp_path, monkeypatch):
    watched = Watched(tmp_path)
    control.write(tmp_path, Control(3))
    assert watched.now() == Control(3)
    monkeypatch.setattr(json, "loads", None)  # would raise
    assert watched.now() == Control(3)
    monkeypatch.undo()
    control.write(tmp_path, Control(4, 0.5))
    assert watched.now() == Control(4, 0.5)
