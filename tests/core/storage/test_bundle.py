"""A network as one file: the way out and back, and everything a stranger may send instead."""

import csv
import dataclasses
import hashlib
import io
import json
import pickle
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from core.heads import Output
from core.model import ModelConfig, SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import import_run
from core.runs.run import list_runs
from core.runs.snapshot import repeatable_recipe
from core.storage import bundle, checkpoint
from core.storage.checkpoint import WEIGHTS_DIR, Card, CheckpointError
from core.storage.history import history_file, read_history
from tests.core.storage.conftest import METRICS, RECIPE


@pytest.fixture
def card(model: SumNet) -> Card:
    return Card.of("quick", RECIPE, model, METRICS, epochs=2.5, train_seconds=3.14159)


@pytest.fixture
def packed(model: SumNet, card: Card) -> bytes:
    return bundle.pack_bundle(model, card)


def forged(
    packed: bytes, tensors: dict[str, torch.Tensor] | None = None, **changes: object
) -> bytes:
    """The file with another card or other weights, and a checksum that fits."""
    weights = load_tensors(packed) if tensors is None else tensors
    length = struct.unpack_from("<Q", packed)[0]
    facts = json.loads(json.loads(packed[8 : 8 + length])["__metadata__"]["card"])
    facts["weights_sha256"] = hashlib.sha256(save_tensors(weights)).hexdigest()
    return save_tensors(weights, {"card": json.dumps(facts | changes)})


def refusal(content: bytes) -> str:
    with pytest.raises(CheckpointError) as error:
        bundle.unpack_bundle(content)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 250
    return sentence


@pytest.mark.parametrize("name", checkpoint.shipped_names())
def test_every_shipped_network_goes_out_and_comes_back(name):
    model, card = checkpoint.load(WEIGHTS_DIR / name)
    again, said = bundle.unpack_bundle(bundle.pack_bundle(model, card))
    assert dataclasses.replace(said, weights_sha256=card.weights_sha256) == card
    assert all(map(torch.equal, again.state_dict().values(), model.state_dict().values()))
    assert not again.training


def test_one_that_settings_describe_can_be_trained_again(root):
    recipe = PRESETS["quick"].recipe.change({"width": 4})
    model = recipe.build()
    card = Card.of("quick", recipe, model, METRICS, epochs=1, train_seconds=1)
    assert repeatable_recipe(import_run(root, model, card)) == recipe


def test_any_tool_that_knows_safetensors_opens_it(packed, model):
    tensors = load_tensors(packed)
    assert set(tensors) == set(model.state_dict())


def test_a_network_comes_back_as_a_run_of_its_own(packed, root, images):
    model, card = bundle.unpack_bundle(packed)
    run = import_run(root, model, card)
    assert list(list_runs(root)) == [run]
    assert run.state().is_usable
    assert run.is_uploaded
    assert run.recipe() == ("quick", RECIPE)
    again, said = checkpoint.load(run.checkpoint)
    assert said.figures == card.figures
    addends = torch.arange(10)
    assert torch.equal(again(images, addends).sum_value, model(images, addends).sum_value)
    assert not list(root.glob(".*"))


def test_a_network_that_cannot_be_written_leaves_nothing(model, card, root, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", full)
    with pytest.raises(OSError, match="No space"):
        import_run(root, model, card)
    assert not list(root.iterdir())


@given(content=some.binary(max_size=300))
def test_junk_is_no_network(content):
    refusal(content)


@settings(max_examples=200)
@given(data=some.data())
def test_a_file_with_a_few_wrong_bytes_is_refused_or_is_the_same(data):
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4)).eval()
    whole = bundle.pack_bundle(
        model, Card.of("quick", RECIPE, model, METRICS, epochs=2.5, train_seconds=3.0)
    )
    header = struct.unpack_from("<Q", whole)[0] + 8
    place = data.draw(some.integers(0, header - 1) | some.integers(0, len(whole) - 1))
    byte = data.draw(some.integers(0, 255))
    try:
        again, _ = bundle.unpack_bundle(whole[:place] + bytes([byte]) + whole[place + 1 :])
    except CheckpointError:
        return
    assert all(map(torch.equal, again.state_dict().values(), model.state_dict().values()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 8,
        b"\xff" * 100,
        struct.pack("<Q", 10**18) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        pickle.dumps({"card": 1}),
        save_tensors({"a": torch.zeros(1)}),
        save_tensors({"a": torch.zeros(1)}, {"card": "[" * 50_000}),
        save_tensors({"a": torch.zeros(1)}, {"card": "{}"}),
        save_tensors({"a": torch.zeros(1)}, {"card": "7"}),
    ],
    ids=range(10),
)
def test_what_was_not_downloaded_here_is_said(content):
    assert refusal(content) == "The file is no network that was downloaded here."


def test_a_giant_is_not_even_read():
    assert "more than 8 MB" in refusal(b"\0" * (bundle.MAX_MEGABYTES * 10**6 + 1))


def test_a_flipped_bit_of_the_weights_is_noticed(packed):
    assert "damaged" in refusal(packed[:-3] + bytes([packed[-3] ^ 1]) + packed[-2:])


@pytest.mark.parametrize(
    "params",
    [
        {"width": 64},  # not what the weights are for
        {"width": 10**9},
        {"width": "4"},
        {"width": 4.0},
        {"width": None},
        {"convs": [10**9, 1, 1]},
        {"convs": [1, 1]},
        {"convs": [True, 1, 1]},
        {"convs": 3},
        {"convs": "111"},
        {"hidden": 10**9},
        {"hidden": 64.0},
        {"dataset": "cifar"},
        {"fusion": ["late"]},
        {"bug": "__import__"},
        {"bug": ["relu"]},
        {"ema": "x" * 10_000},
        {"lr": "0.1"},
        {"seed": 1.5},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_card_of_another_architecture_is_refused(packed, params):
    whole = Recipe(RECIPE.model, RECIPE.train).to_dict() | params
    assert refusal(forged(packed, params=whole)).startswith("The file holds a network that cannot")


@pytest.mark.parametrize(
    "changes",
    [
        {"preset": "<b>"},
        {"preset": ["quick"]},
        {"epochs": "2"},
        {"epochs": -1},
        {"epochs": float("nan")},
        {"train_seconds": None},
        {"train_seconds": 10**400},
        {"taught": 1.5},
        {"taught": True},
        {"seed": "0"},
        {"doubt_level": "low"},
        {"doubt_level": float("inf")},
        {"torch": "x" * 65},
        {"date": "x" * 65},
        {"date": 7},
        {"confusion": [[0] * 10] * 9},
        {"confusion": [["a"] * 10] * 10},
        {"confusion": [[-1] * 10] * 10},
        {"confusion": "confusion" * 10},
        {"figures": dict.fromkeys(checkpoint.METRIC_NAMES, 1.5)},
        {"figures": dict.fromkeys(checkpoint.METRIC_NAMES, 0.5) | {"class_acc": -0.1}},
        {"figures": dict.fromkeys(checkpoint.METRIC_NAMES, 0.5) | {"sum_mae": -0.1}},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_a_card_that_no_page_could_show_is_refused(packed, changes):
    assert refusal(forged(packed, **changes)).startswith("The file holds a network that cannot")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e38])
def test_weights_that_are_no_numbers_are_refused(packed, value):
    tensors = {
        name: torch.full_like(t, value) if t.is_floating_point() else t
        for name, t in load_tensors(packed).items()
    }
    assert "its weights are not numbers" in refusal(forged(packed, tensors))


@pytest.mark.parametrize("tried", ["paper", "full ink", "shades", "example", *range(10)])
def test_a_network_is_tried_on_several_pictures_with_all_numbers(packed, monkeypatch, tried):
    """One bad answer is enough: to this picture and the last number only."""
    wanted = bundle._tried_images("mnist")[
        ["paper", "full ink", "shades", "example", *range(10)].index(tried)
    ]
    real = SumNet.every_addend

    def every_addend(model: SumNet, images: torch.Tensor) -> Output:
        output = real(model, images)
        for place, image in enumerate(images):  # as many as are tried at once
            if image.equal(wanted):
                output.sum_value[10 * place + 9] = float("nan")
        return output

    monkeypatch.setattr(SumNet, "every_addend", every_addend)
    assert "its weights are not numbers" in refusal(packed)


def test_what_a_network_is_tried_on_is_a_digit_of_each_kind(shipped):
    pictures = bundle._tried_images("mnist")
    paper, full, *_ = pictures
    assert (paper.max(), full.min(), len(pictures)) == (0, 255, 14)
    with torch.inference_mode():
        read = shipped[0](pictures[4:], torch.zeros(10, dtype=torch.int64)).labels
    assert (read == torch.arange(10)).sum() >= 9


def test_the_parameters_are_counted_not_believed(packed, model):
    assert bundle.unpack_bundle(forged(packed, parameters=7))[1].parameters == model.parameter_count


def test_the_largest_network_that_can_be_trained_fits():
    torch.manual_seed(0)
    recipe = Recipe(ModelConfig(width=64, fusion="pixels", sum_head="classification"))
    model = recipe.build().eval()
    card = Card.of("quick", recipe, model, METRICS, epochs=1, train_seconds=1)
    assert (
        bundle.unpack_bundle(bundle.pack_bundle(model, card))[0].parameter_count
        == model.parameter_count
    )


def test_a_history_is_a_table_of_its_records():
    history = read_history(history_file(WEIGHTS_DIR / "mnist"))
    table = list(csv.DictReader(io.StringIO(bundle.history_csv(history))))
    assert len(table) == len(history)
    for row, record in zip(table, history, strict=True):
        assert {key: float(text) for key, text in row.items() if text} == record
    assert "\r" not in bundle.history_csv(history)


def test_no_history_is_an_empty_table():
    assert bundle.history_csv([]).strip() == ""


def test_the_command_line_opens_such_a_file(packed, tmp_path, model):
    (tmp_path / "mine.safetensors").write_bytes(packed)
    for name in (tmp_path / "mine.safetensors", tmp_path / "mine", tmp_path):
        assert bundle.load_any(str(name))[0].parameter_count == model.parameter_count
    assert bundle.load_any("mnist")[1].preset == "mnist"


def test_the_command_line_reads_no_giant(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "MAX_BUNDLE_BYTES", 1_000)
    (tmp_path / "giant.safetensors").write_bytes(bytes(1_001))
    with pytest.raises(CheckpointError, match="The file has more than"):
        bundle.load_any(str(tmp_path / "giant"))
