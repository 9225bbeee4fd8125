"""Checkpoints: the way to disk and back, and everything that may have happened to them there."""

import dataclasses
import hashlib
import json
import math
import os
import pickle
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from core import specs
from core.model import ModelConfig
from core.recipes.recipe import Recipe
from core.specs import OwnData, own_spec
from core.storage import checkpoint
from core.storage.checkpoint import Card, CheckpointError
from core.storage.files import write_atomic
from tests.core.storage.conftest import METRICS, RECIPE


def edit_card(stem: Path, **changes: Any) -> None:
    file = stem.with_suffix(".json")
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def put_weights(stem: Path, content: bytes) -> None:
    """Weights that match the card's checksum, whatever they hold."""
    stem.with_suffix(".safetensors").write_bytes(content)
    edit_card(stem, weights_sha256=hashlib.sha256(content).hexdigest())


def refusal(stem: Path) -> str:
    """What is said of a checkpoint that cannot be used: one sentence."""
    with pytest.raises(CheckpointError) as error:
        checkpoint.load(stem)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert "'net'" in sentence
    return sentence


def test_a_network_comes_back_as_it_went(stem, model, images):
    loaded, _ = checkpoint.load(stem)
    addends = torch.arange(10)
    assert loaded.config == model.config
    assert torch.equal(loaded(images, addends).class_logits, model(images, addends).class_logits)
    assert torch.equal(loaded(images, addends).sum_value, model(images, addends).sum_value)


def test_a_loaded_network_is_in_eval_mode(stem):
    model, _ = checkpoint.load(stem)
    assert not any(module.training for module in model.modules())


def test_a_trained_network_comes_back_as_it_went(tmp_path, trained, card, data):
    """Its weights lie in memory in another order than those of a fresh one."""
    params = Recipe(trained.config).to_dict()
    checkpoint.save(tmp_path / "net", trained, dataclasses.replace(card, params=params))
    loaded, _ = checkpoint.load(tmp_path / "net")
    for name, value in trained.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name


def test_a_card_comes_back_as_it_went(stem, card):
    read = checkpoint.read_card(stem)
    weights = stem.with_suffix(".safetensors").read_bytes()
    assert read.weights_sha256 == hashlib.sha256(weights).hexdigest()
    expected = json.loads(json.dumps(dataclasses.asdict(card)))
    assert dataclasses.asdict(read) == expected | {"weights_sha256": read.weights_sha256}
    assert checkpoint.load(stem)[1] == read


def test_a_card_says_how_the_network_was_made(card, model):
    assert (card.preset, card.seed, card.epochs, card.train_seconds) == ("quick", 11, 2.5, 3.14)
    assert Recipe.read(card.params) == RECIPE
    assert card.confusion == METRICS.confusion
    assert card.parameters == model.parameter_count
    assert card.torch == torch.__version__
    assert len(card.date) == len("2026-01-31")


def test_a_report_has_the_keys_of_the_command_line(card):
    assert list(card.report()) == [
        *("preset", "params", "recipe", "seed", "epochs", "train_seconds"),
        *("class_acc", "sum_r2", "sum_mae", "sum_acc", "joint_acc"),
    ]


def test_nothing_else_is_left_in_the_folder(stem):
    assert sorted(file.name for file in stem.parent.iterdir()) == ["net.json", "net.safetensors"]


def test_a_name_with_dots_keeps_them(tmp_path, model, card):
    checkpoint.save(tmp_path / "net.v1", model, card)
    checkpoint.save(tmp_path / "net.v2", model, dataclasses.replace(card, seed=12))
    assert checkpoint.load(tmp_path / "net.v1")[1].seed == 11
    assert checkpoint.load(tmp_path / "net.v2")[1].seed == 12


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_a_missing_file_is_said(stem, suffix):
    stem.with_suffix(suffix).unlink()
    assert refusal(stem) == "The network 'net' is not there (No such file or directory)."


def test_a_flipped_bit_is_noticed(stem):
    file = stem.with_suffix(".safetensors")
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    assert refusal(stem) == "The weights of 'net' are damaged: they do not match their card."


@pytest.mark.parametrize("length", [0, 1, 8, 1000])
def test_weights_that_were_cut_off_are_noticed(stem, length):
    file = stem.with_suffix(".safetensors")
    file.write_bytes(file.read_bytes()[:length])
    assert "are damaged" in refusal(stem)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"{}", b"1", b'"card"', b"\xff\xfe", b"\0" * 99, b"[" * 100_000],
    ids=lambda content: repr(content)[:20],
)
def test_a_damaged_card_is_noticed(stem, content):
    stem.with_suffix(".json").write_bytes(content)
    assert refusal(stem) == "The card of 'net' is damaged."


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Card)])
@pytest.mark.parametrize("junk", [None, [], {}, "x", -1, 1e300, [[]], {"x": []}], ids=repr)
def test_junk_in_a_card_is_noticed_or_does_no_harm(stem, name, junk):
    edit_card(stem, **{name: junk})
    try:
        _, card = checkpoint.load(stem)
    except CheckpointError:
        assert refusal(stem)
    else:
        assert list(card.report().values())
        assert isinstance(junk, str | float | int | None)
        assert name not in ("params", "figures", "confusion", "weights_sha256", "seed")


@pytest.mark.parametrize("number", [math.inf, -math.inf, 1e301, -1e301, math.nan])
def test_a_number_that_no_page_can_show_makes_no_card(card, number):
    with pytest.raises(ValueError, match="epochs"):
        checkpoint.check_card(dataclasses.asdict(card) | {"epochs": number})


anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    some.dictionaries(
        some.sampled_from([field.name for field in dataclasses.fields(Card)]) | some.text(),
        anything,
        min_size=1,
        max_size=3,
    )
)
def test_whatever_a_card_holds_it_is_damaged_or_what_the_pages_count_on(stem, card, changes):
    file = stem.with_suffix(".json")
    sound = file.read_text()
    try:
        edit_card(stem, **changes)
        read = checkpoint.read_card(stem)
    except CheckpointError as error:
        assert str(error) == "The card of 'net' is damaged."
    else:
        assert json.dumps(dataclasses.asdict(read), allow_nan=False)
        assert read.seed + read.parameters + read.taught + sum(map(sum, read.confusion)) >= 0
        assert all(map(math.isfinite, (read.epochs, read.train_seconds, *read.figures.values())))
    finally:
        file.write_text(sound)


@pytest.mark.parametrize("figures", [{"class_acc": 1.0}, dict.fromkeys(METRICS.scalars(), "1")])
def test_a_card_without_its_figures_is_damaged(stem, figures):
    edit_card(stem, figures=figures)
    assert refusal(stem) == "The card of 'net' is damaged."


@pytest.mark.parametrize(
    "params",
    [
        {"width": 8},
        {"convs": [1, 2, 2]},
        {"convs": [1, 1]},
        {"convs": []},
        {"convs": "abc"},
        {"convs": None},
        {"hidden": 32},
        {"hidden": -1},
        {"hidden": 1.5},
        {"fusion": "pixels"},
        {"fusion": "early"},
        {"fusion": ["late"]},
        {"sum_head": "classification"},
        {"sum_head": None},
        {"dataset": "imagenet"},
        {"width": 100},
        {"dropout": "much"},
        {"unheard_of": 1},
    ],
    ids=repr,
)
def test_weights_for_another_architecture_are_refused(stem, params):
    edit_card(stem, params=RECIPE.to_dict() | params)
    assert "are for another architecture" in refusal(stem)


def test_weights_that_run_code_when_unpickled_are_only_read(stem, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "boom"),)

    put_weights(stem, pickle.dumps(Bomb()))
    assert "are for another architecture" in refusal(stem)
    assert not (tmp_path / "boom").exists()


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    def fail(file: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_atomic(path, b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path, monkeypatch):
    """What is being written has another name until it is whole and on the disk."""
    path = tmp_path / "file"
    write_atomic(path, b"old")
    seen = []
    monkeypatch.setattr(os, "fsync", lambda file: seen.append(path.read_bytes()))
    write_atomic(path, b"new")
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"


def test_every_shipped_network_can_be_loaded():
    cards = sorted(checkpoint.WEIGHTS_DIR.glob("*.json"))
    assert "mnist.json" in [file.name for file in cards]
    for file in cards:
        model, card = checkpoint.load(file.with_suffix(""))
        assert card.parameters == model.parameter_count
        assert card.preset == file.stem


LEAVES = OwnData("Leaves", ("oak", "birch"), "ink", 0.3, 0.3, "0" * 32)


@pytest.fixture
def of_leaves(tmp_path) -> Path:
    """A network on disk that learned somebody's own pictures."""
    recipe = Recipe(ModelConfig(own_spec(LEAVES).name, width=4))
    model = recipe.build().eval()
    card = Card.of("quick", recipe, model, METRICS, 1.0, 2.0, ood_threshold=1.5)
    checkpoint.save(tmp_path / "net", model, card)
    return tmp_path / "net"


def test_a_network_of_ones_own_pictures_can_be_read_where_nobody_knows_them(of_leaves, monkeypatch):
    monkeypatch.setattr(specs, "_known_own", {})
    model, card = checkpoint.load(of_leaves)
    assert card.own_data == LEAVES
    assert card.doubt_level == 1.5
    assert model.spec.class_names == ("oak", "birch")


def test_a_card_whose_network_learned_other_pictures_is_damaged(of_leaves):
    edit_card(of_leaves, own_data=msgspec.to_builtins(LEAVES) | {"classes": ["ash", "elm"]})
    assert refusal(of_leaves) == "The card of 'net' is damaged."


def test_a_preset_that_is_not_shipped_is_a_path_like_any_other():
    assert checkpoint.stem_of("quick") == Path("quick")
    assert checkpoint.stem_of("mnist") == checkpoint.WEIGHTS_DIR / "mnist"
