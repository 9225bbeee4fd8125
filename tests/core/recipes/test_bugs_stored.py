"""The published bugs in files and on the command line: a broken network stays the same one."""

import json
from dataclasses import replace

import pytest

from core import dataset
from core.cli.main import main
from core.evaluation.metrics import Metrics, evaluate
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SettingError
from core.storage import checkpoint
from core.storage.checkpoint import Card
from tests.support.bugs import NAMES, QUICK, TINY, fitted


@pytest.mark.parametrize("name", NAMES)
def test_a_bug_survives_a_file(name):
    recipe = QUICK.change({"lr": 0.05}).with_bug(name)
    assert recipe.bug.name == name
    assert Recipe.read(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_recipe_from_before_there_were_bugs_is_read():
    params = QUICK.to_dict()
    del params["bug"]
    assert Recipe.read(params) == QUICK


@pytest.mark.parametrize("junk", ["x", "Broadcast", None, 1, ["broadcast"], {}])
def test_what_is_no_bug_is_refused(junk):
    for attempt in (QUICK.with_bug, lambda name: Recipe.read(QUICK.to_dict() | {"bug": name})):
        with pytest.raises(SettingError, match=r"is not a bug; broadcast, softmax, .* are\.$"):
            attempt(junk)


def test_a_bug_changes_what_it_needs_and_no_more():
    assert QUICK.with_bug("relu").to_dict() == QUICK.to_dict() | {"bug": "relu"}
    sharp = {"bug": "label", "encoder": "plain"}
    assert QUICK.with_bug("label").to_dict() == QUICK.to_dict() | sharp
    needs = {"bug": "shared-softmax", "sum_head": "classification", "sum_weight": 1.0}
    assert QUICK.with_bug("shared-softmax").to_dict() == QUICK.to_dict() | needs


@pytest.mark.parametrize("name", NAMES)
def test_a_network_with_a_bug_is_loaded_as_it_was(tmp_path, data, name):
    recipe = TINY.with_bug(name).change({"epochs": 1})
    model, _, metrics = fitted(recipe, data)
    card = Card.of("quick", recipe, model, metrics, 1, 0.1)
    checkpoint.save(tmp_path / "net", model, card)
    loaded, found = checkpoint.load(tmp_path / "net")
    assert found.params["bug"] == name
    assert evaluate(loaded, data.test) == metrics


def test_a_card_with_an_unknown_bug_is_refused(tmp_path, model):
    metrics = Metrics(1.0, 1.0, 0.0, 1.0, 1.0, [[0] * 10] * 10)
    card = Card.of("quick", Recipe(model.config), model, metrics, 1, 0.1)
    checkpoint.save(tmp_path / "net", model, card)
    file = tmp_path / "net.json"
    file.write_text(file.read_text().replace('"bug": ""', '"bug": "gremlin"'))
    with pytest.raises(checkpoint.CheckpointError, match="another architecture"):
        checkpoint.load(tmp_path / "net")


def test_the_command_line_puts_a_bug_in(data, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    options = ["--width", "4", "--epochs", "1", "--bug", "broadcast", "--out", str(tmp_path)]
    assert main(["train", "--preset", "quick", *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["recipe"]["bug"] == "broadcast"
    assert checkpoint.load(tmp_path / "quick")[1].params["bug"] == "broadcast"


def test_a_network_with_a_bug_never_becomes_the_shipped_one(data, monkeypatch, tmp_path):
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path / "weights")
    small = replace(PRESETS["mnist"], recipe=TINY.change({"epochs": 1}))
    monkeypatch.setitem(PRESETS, "mnist", small)
    assert main(["train", "--bug", "relu"]) == 0
    assert not (tmp_path / "weights").exists()
