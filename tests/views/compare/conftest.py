"""Runs to compare, and a data set that is drawn here."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data import download
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.storage import checkpoint
from views.session import networks

QUICK = PRESETS["quick"].recipe

LOOKS = [
    {
        "seconds": 3.0 * step,
        "step": step,
        "steps": 4,
        "epoch": 1,
        "images": step,
        "val_joint_acc": right,
    }
    for step, right in ((1, 0.5), (2, 0.9), (4, 0.99))
]


@pytest.fixture(autouse=True)
def one_shipped(alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a folder of this test, nobody who trains them, and one shipped network."""
    weights = tmp_path / "weights"
    weights.mkdir()
    for suffix in (".safetensors", ".json"):
        (weights / f"mnist{suffix}").write_bytes(
            (checkpoint.WEIGHTS_DIR / f"mnist{suffix}").read_bytes()
        )
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", weights)


@pytest.fixture
def drawn(data, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn data set in the place of MNIST."""
    monkeypatch.setattr(download, "is_present", lambda *_: True)
    monkeypatch.setattr(networks, "_test_split", lambda name: data.test)
    networks._reading.clear()


def made(network: SumNet, recipe: Recipe) -> Run:
    """A finished run of a network, as if it had been trained by a recipe for one of its shape."""
    recipe = replace(recipe, model=replace(network.config, bug=recipe.model.bug))
    run = create_run(runs_dir(), "quick", recipe)
    _, shipped = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    figures = shipped.figures | {"class_acc": 0.5}
    card = checkpoint.Card(
        "quick", recipe.to_dict(), 3, 2, 2.5, figures, shipped.confusion, network.parameter_count
    )
    checkpoint.save(run.checkpoint, network, card)
    for record in LOOKS:
        run.append(record)
    run.set_state(State("finished"))
    return run


@pytest.fixture
def run(trained) -> Run:
    """A finished run of a small network."""
    return made(trained, QUICK.change({"seed": 3}))


def look(app: AppTest, view: str) -> AppTest:
    """Choose one of the five views."""
    app.button_group(key="compare_view_choice").set_value(view).run()
    assert not app.exception
    return app
