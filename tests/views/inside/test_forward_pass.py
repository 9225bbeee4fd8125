"""What the player of the forward pass is given: the numbers of the real pass, and words."""

import json
from typing import Any

import pytest
import torch

from core.data.drawing import mnist_form, rasterize
from core.encoders import ENCODERS
from core.evaluation.prediction import predict
from core.inspection.forward_pass import forward_pass
from core.model import ModelConfig, SumNet
from core.recipes.recipe import Recipe
from core.specs import SPECS
from core.storage.checkpoint import Card
from core.trainer import TrainConfig
from tests.support.pages import explain_page, opened
from views.input.input_image import example_image
from views.input.sources import EXAMPLES
from views.session import networks
from views.session.link import format_strokes
from views.ui.table import certainty


def player(monkeypatch, **config: Any) -> dict[str, Any]:
    """What the script gets for an untrained network."""
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, **config)).eval()
    params = Recipe(model.config, TrainConfig()).to_dict()
    card = Card("quick", params, 0, 1, 1.0, {}, [], model.parameter_count)
    monkeypatch.setattr(networks, "answering_network", lambda session: (model, card, ""))
    return data_of(opened(explain_page, look="pass", n="4"))


def data_of(app) -> dict[str, Any]:
    sent = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    (found,) = [each for each in sent if "steps" in each]
    return found


def test_the_numbers_are_those_of_the_real_pass(shipped) -> None:
    strokes = format_strokes(EXAMPLES["3"])
    sent = data_of(opened(explain_page, look="pass", n="4", s=strokes))
    model, _ = shipped
    image = mnist_form(rasterize(EXAMPLES["3"]))
    assert image is not None
    real, answer = forward_pass(model, image, 4), predict(model, image, 4)
    assert sent["image"] == image.tolist()
    assert sent["class_probs"] == pytest.approx(answer.class_probs, abs=1e-4)
    assert sent["sum_value"] == pytest.approx(answer.sum_value, abs=1e-4)
    assert sent["convolution"]["channels"] == real.convolution.channels.tolist()
    patch = [row[9:14] for row in sent["convolution"]["inputs"][12:17]]
    kernel = sent["convolution"]["kernels"][2]
    total = sum(
        a * b
        for row, other in zip(patch, kernel, strict=True)
        for a, b in zip(row, other, strict=True)
    )
    assert total == pytest.approx(float(real.convolution.maps[2, 12, 9]), abs=1e-3)


def test_the_steps_follow_the_network(monkeypatch) -> None:
    sent = player(monkeypatch)
    kinds = [step["kind"] for step in sent["steps"]]
    assert kinds == ["picture", "convolution", *["stage"] * 3, "class_head", "number", "sum_head"]
    said = " ".join(step["words"] for step in sent["steps"])
    assert "25 weights" in said and "After stage 3: 16 maps of 3 × 3" in said
    assert "joins here: ten values, all 0 but one" in said and not sent["marked"]


def test_with_pixel_fusion_the_number_comes_with_the_picture(monkeypatch) -> None:
    sent = player(monkeypatch, fusion="pixels")
    said = " ".join(step["words"] for step in sent["steps"])
    assert "written into its last ten pixels" in said and "joins here" not in said
    assert sent["marked"] and sent["image"][-1][-10:] == [255 * (n == 4) for n in range(10)]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_is_played(monkeypatch, encoder: str) -> None:
    sent = player(monkeypatch, encoder=encoder)
    assert [len(maps) for maps in sent["stages"]] == [8 if encoder == "cosine" else 4, 8, 8]
    assert ("2 pixels at a time" in sent["steps"][1]["words"]) == (encoder == "cosine")


def test_a_sum_of_19_classes_is_the_likeliest_one_and_not_rounded(monkeypatch) -> None:
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, sum_head="classification")).eval()
    answer = predict(model, example_image(SPECS["mnist"]).pixels, 4)
    assert answer.sum_probs and answer.total != round(answer.sum_value)
    sent = player(monkeypatch, sum_head="classification")
    words = sent["steps"][-1]["words"]
    share = certainty(answer.sum_probs[answer.total])
    assert f"finds the sum {answer.total} likeliest ({share})" in words
    assert "rounds to" not in words and sent["sum_is_mean"]
    assert not player(monkeypatch)["sum_is_mean"]


def test_another_number_is_another_pass(monkeypatch) -> None:
    ids = {data_of(opened(explain_page, look="pass", n=number))["id"] for number in "34"}
    assert len(ids) == 2
