"""The benchmark of drawn digits, with digits of our own pen in place of people's."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import drawn_digits
from core.data.drawing import CANVAS_SIDE
from core.data.handwriting import STYLES, write_digit
from core.storage import checkpoint

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def strokes_file(tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    entries = [
        {"label": digit, "writer": writer, "strokes": write_digit(styles[0], rng)[0]}
        for writer in ("w0", "w1")
        for digit, styles in STYLES.items()
    ]
    path = tmp_path_factory.mktemp("strokes") / "strokes.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)))
    return path


def test_digits_are_drawn_wholly_on_the_canvas(strokes_file):
    items = drawn_digits.read(strokes_file, seed=0)
    assert len(items) == 20
    for item in items:
        points = np.concatenate([np.array(stroke) for stroke in item.strokes])
        assert (
            points.min() >= item.pen / 2 - 1e-6
            and points.max() <= CANVAS_SIDE - item.pen / 2 + 1e-6
        )
        assert drawn_digits.HEIGHT[0] <= np.ptp(points, 0).max() <= drawn_digits.HEIGHT[1]


def test_a_seed_fixes_the_drawings(strokes_file):
    assert drawn_digits.read(strokes_file, 1) == drawn_digits.read(strokes_file, 1)
    assert drawn_digits.read(strokes_file, 1) != drawn_digits.read(strokes_file, 2)


def test_figures_are_of_all_digits_and_writers(strokes_file):
    model, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    figures = drawn_digits.measure(model, drawn_digits.read(strokes_file, 0))
    assert figures["digits"] == 20
    assert set(figures["by_digit"]) == set("0123456789")
    assert set(figures["by_writer"]) == {"w0", "w1"}
    assert figures["class_acc"] == pytest.approx(np.mean(list(figures["by_writer"].values())))
    assert figures["class_acc"] > 0.7 and figures["class_acc"] >= figures["shrunk_class_acc"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no json",
        "[]",
        '{"label": 5}',
        '{"label": 11, "writer": 1, "strokes": [[[0, 0]]]}',
        '{"label": 1, "writer": 1, "strokes": []}',
        '{"label": 1, "writer": 1, "strokes": [[[0, "x"]]]}',
    ],
)
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "bad.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ValueError, match=r"Line 1 of .*bad\.jsonl is not a digit"):
        drawn_digits.read(path, 0)


def test_as_a_command(strokes_file):
    command = [sys.executable, "benchmarks/drawn_digits.py", str(strokes_file)]
    said = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["digits"] == 20
    missing = subprocess.run([*command[:2], "nowhere.jsonl"], cwd=ROOT, capture_output=True)
    assert missing.returncode == 2 and b"Traceback" not in missing.stderr
