"""The benchmark of photos, with scenes of our own in place of people's photos."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import photos
from core.data.drawing import rasterize
from tests.support.pictures import SEVEN
from tests.support.scenes import photograph

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    path, rows = tmp_path_factory.mktemp("photos"), ["file,label,kind"]
    for kind in ("plain", "sheet"):
        for name, ink, label in (("seven", rasterize(SEVEN), "7"), ("empty", None, "blank")):
            Image.fromarray(photograph(kind, ink, rng)).save(path / f"{kind}-{name}.png")
            rows.append(f"{kind}-{name}.png,{label},{kind}")
    (path / "damaged.png").write_bytes(b"no picture")  # is rightly not answered
    rows.append("damaged.png,,damaged")
    (path / "labels.csv").write_text("\n".join(rows))
    return path


def test_it_prints_shares_by_kind_and_way(folder):
    command = [sys.executable, "benchmarks/photos.py", str(folder), "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    ways = json.loads(run.stdout)["ways"]
    assert list(ways) == ["uploaded", "against the border", "shrunk"]
    assert list(ways["uploaded"]) == ["all", "damaged", "plain", "sheet"]
    assert ways["uploaded"]["all"]["right_and_stood_by"] == 1
    assert ways["uploaded"]["all"]["wrong_and_sure"] == 0
    assert ways["shrunk"]["sheet"]["right_and_stood_by"] < 1


@pytest.mark.parametrize("rows", ["file,label,kind", "file,label,kind\na.png,10,x", "a\nb"])
def test_a_folder_without_labels_is_one_sentence(tmp_path, rows):
    (tmp_path / "labels.csv").write_text(rows)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"names no (digit|pictures)\.$"):
        photos.read_items(tmp_path)
