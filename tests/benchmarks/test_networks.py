"""The benchmark that prints README's table of networks, from cards."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import networks
from core.recipes.recipe import Recipe
from core.storage import checkpoint
from core.storage.checkpoint import Card

ROOT = Path(__file__).parents[2]


@pytest.fixture
def weights(tmp_path, monkeypatch, shipped) -> Path:
    """A weights folder with a card of `mnist` for each of three seeds, 0.1 points apart."""
    monkeypatch.setattr(networks, "WEIGHTS_DIR", tmp_path)
    model, card = shipped
    for seed in range(3):
        figures = card.figures | {"class_acc": 0.995 + seed / 1000, "sum_r2": 0.99}
        stem = networks.card_stem("mnist", seed)
        stem.parent.mkdir(exist_ok=True)
        seconds = 90.0 + 60 * seed
        checkpoint.save(
            stem, model, replace(card, seed=seed, figures=figures, train_seconds=seconds)
        )
    return tmp_path


def rows(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines()]


def test_ours_stand_below_the_published_one(weights):
    _, _, published, ours = rows(networks.table())
    assert published[:3] == ["Network A, published", "98.59 %", "0.2869"]
    assert set(published[3:]) == {"not given"}
    assert ours[:3] == [
        "**ours, `mnist`**, 3 seeds",
        "99.60 % (99.50 to 99.70)",
        "0.9900 (0.9900 to 0.9900)",
    ]
    assert ours[-1] == "2 min"


def test_one_seed_has_no_spread(weights):
    for path in (weights / "seeds").iterdir():
        path.unlink()
    assert rows(networks.table())[3][:2] == ["**ours, `mnist`**, 1 seed", "99.50 %"]


def test_only_missing_seeds_are_trained(weights, monkeypatch, capsys):
    trained = []
    monkeypatch.setattr(networks, "train_seed", lambda preset, seed: trained.append((preset, seed)))
    (weights / "seeds" / "mnist-1.json").unlink()
    monkeypatch.setattr(sys, "argv", ["networks.py", "--train", "--json"])
    networks.main()
    assert ("mnist", 1) in trained
    assert not {("mnist", 0), ("mnist", 2)} & set(trained)
    assert {preset for preset, _ in trained} == {"mnist", "fashion-late", "fashion-pixels"}
    assert len(json.loads(capsys.readouterr().out)["mnist"]) == 2


def test_of_further_seeds_the_card_alone_is_kept(weights, monkeypatch):
    def run(command: list[str], check: bool) -> None:
        assert command[2:6] == ["core", "train", "--preset", "mnist"] and check
        folder = Path(command[command.index("--out") + 1])
        (folder / "mnist.json").write_text("a card")
        (folder / "mnist.safetensors").write_text("weights")

    monkeypatch.setattr(subprocess, "run", run)
    networks.train_seed("mnist", 2)
    assert (weights / "seeds" / "mnist-2.json").read_text() == "a card"
    assert {path.name for path in (weights / "seeds").glob("*.json")} == {
        "mnist-1.json",
        "mnist-2.json",
    }


def test_a_card_is_what_it_says(shipped):
    measured = networks.measured()
    assert set(measured) == {"mnist", "fashion-late", "fashion-pixels"}
    for preset, cards in measured.items():
        for card in cards:
            assert isinstance(card, Card) and card.preset == preset
        assert [card.seed for card in cards] == sorted({card.seed for card in cards})
        recipes = {Recipe.read({**card.params, "seed": 0}) for card in cards}
        assert len(recipes) == 1  # what an older card does not name has its default
