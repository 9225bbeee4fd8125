"""A bad disk: every page says one sentence, and shows no traceback."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, runs_dir
from core.storage import checkpoint, snapshots
from tests.conftest import record
from tests.support.pages import (
    PAGES,
    finished,
    opened,
    train_page,
    words,
)

QUICK = PRESETS["quick"].recipe

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]

FILES = (
    *("recipe.json", "state.json", "progress.jsonl", "examples.jsonl"),
    *("checkpoint.json", "checkpoint.safetensors", "disk-full.json", "last.safetensors"),
    "moments/00000000.safetensors",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run that taught a network, with every file that a run may have."""
    run = create_run(tmp_path_factory.mktemp("whole"), "quick", QUICK, FinetuneJob("mnist", HAND))
    run.append(record(49, loss=0.5, class_acc=0.5, sum_acc=0.5, joint_acc=0.5))
    finished(run)
    (run.path / "last.safetensors").write_bytes(b"weights so far")
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(QUICK.build()))
    return run.path


def visit(run: Run, page: str) -> str:
    """What a page says to whom a link to the run brings; `opened` refuses a traceback."""
    return words(opened(PAGES[page], run=run.id, net=run.id, c=run.id))


@pytest.mark.parametrize("page", PAGES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=some.dictionaries(
        some.sampled_from(FILES),
        some.none()
        | some.floats(0, 0.99)
        | some.sampled_from([b"", b"{}", b"[]", b"null", b"\xff"]),
        min_size=1,
        max_size=3,
    )
)
def test_a_run_that_is_half_there_breaks_no_page(whole, pen, page, damage):
    run = Run(runs_dir() / whole.name)
    shutil.rmtree(run.path, ignore_errors=True)
    shutil.copytree(whole, run.path)
    for name, how in damage.items():
        file = run.path / name
        content = file.read_bytes()
        if how is None:
            file.unlink()
        else:
            file.write_bytes(how if isinstance(how, bytes) else content[: int(how * len(content))])
    visit(run, page)


@pytest.mark.parametrize("name", ["recipe.json", "state.json"])
def test_a_run_without_what_it_needs_says_so(whole, pen, name):
    run = Run(runs_dir() / whole.name)
    shutil.copytree(whole, run.path)
    (run.path / name).write_bytes(b"{")
    app = opened(train_page, run=run.id)
    said = words(app) + "".join(bar.proto.text for bar in app.get("progress"))
    assert "The files of this run are damaged. Teach it again." in said


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped networks, which the pages take for them."""
    folder = tmp_path / "weights"
    shutil.copytree(checkpoint.WEIGHTS_DIR, folder)
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", folder)
    return folder


def cut(folder: Path) -> None:
    file = folder / "mnist.safetensors"
    file.write_bytes(file.read_bytes()[:5000])


def swap(folder: Path) -> None:
    shutil.copy(folder / "fashion-late.safetensors", folder / "mnist.safetensors")


def other_architecture(folder: Path) -> None:
    card = json.loads((folder / "mnist.json").read_text())
    card["params"]["width"] = 16
    (folder / "mnist.json").write_text(json.dumps(card))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: shutil.rmtree(folder), "The network 'mnist' is not there"),
        (cut, "The weights of 'mnist' are damaged"),
        (swap, "The weights of 'mnist' are damaged"),
        (other_architecture, "The weights of 'mnist' are for another architecture"),
    ],
    ids=["missing", "cut", "swapped", "other"],
)
def test_weights_that_cannot_be_used_are_one_sentence(
    weights: Path, pen, page: str, damage: Callable[[Path], object], sentence: str
):
    damage(weights)
    said = words(opened(PAGES[page]))
    if page in ("draw", "explain"):
        assert said.count(sentence) == 1
    assert "Traceback" not in said
