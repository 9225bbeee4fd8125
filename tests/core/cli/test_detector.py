"""The command detector, and which training gives a network one by itself."""

from dataclasses import replace

import pytest
import torch

from core.cli.main import main
from core.doubt import detector
from core.evaluation.metrics import ood_threshold
from core.recipes.presets import PRESETS
from core.storage import checkpoint
from tests.support.command_line import TRAIN, complaint


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that learns from little."""
    for name, value in {"DIGITS": 300, "OUTLIERS": 300, "EPOCHS": 2}.items():
        monkeypatch.setattr(detector, name, value)


def test_it_is_added_and_the_rest_stays(drawn, tmp_path, capsys):
    main([*TRAIN, "--out", str(tmp_path)])
    before, old = checkpoint.load(tmp_path / "quick")
    assert main(["detector", str(tmp_path / "quick")]) == 0
    assert f"saved as {tmp_path / 'quick'}.safetensors" in capsys.readouterr().out
    after, new = checkpoint.load(tmp_path / "quick")
    assert after.ink_detector is not None
    assert all(torch.equal(after.tensors()[name], then) for name, then in before.tensors().items())
    assert new.doubt_level == ood_threshold(after, drawn.val)
    kept = {"doubt_level": None, "weights_sha256": ""}
    assert replace(new, **kept) == replace(old, **kept)


def test_garments_and_marked_pictures_have_none(drawn, tmp_path, capsys):
    main([*TRAIN, "--fusion", "pixels", "--out", str(tmp_path)])
    capsys.readouterr()
    assert "takes digits and late fusion" in complaint(capsys, "detector", tmp_path / "quick")


@pytest.mark.parametrize("changed", [[], ["--epochs", "2"]], ids=["a preset", "an experiment"])
def test_only_an_unchanged_preset_brings_its_detector(drawn, tmp_path, monkeypatch, changed):
    recipe = PRESETS["quick"].recipe.change({"width": 4, "epochs": 1, "batch_size": 30})
    monkeypatch.setitem(
        PRESETS, "quick", replace(PRESETS["quick"], recipe=recipe, has_detector=True)
    )
    main(["train", "--preset", "quick", *changed, "--out", str(tmp_path)])
    model, _ = checkpoint.load(tmp_path / "quick")
    assert (model.ink_detector is None) == bool(changed)
