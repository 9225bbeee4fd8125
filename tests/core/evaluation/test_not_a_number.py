"""Answers that are NaN or infinite: told as such by all that asks a network."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.data.drawing import Pixels
from core.dataset import Data
from core.evaluation.diagnostics import Reading
from core.evaluation.layers import feature_maps, fusion_inputs
from core.evaluation.loss_breakdown import break_down, broadcast_table
from core.evaluation.metrics import evaluate
from core.evaluation.prediction import AnswerError, predict
from core.evaluation.saliency import saliency
from core.model import ModelConfig, SumNet

ASKED: dict[str, Callable[[SumNet, Pixels, Data], object]] = {
    "saliency": lambda model, image, data: saliency(model, image, 7),
    "losses": lambda model, image, data: break_down(model, image, 7, 5, 1.0),
    "table": lambda model, image, data: broadcast_table(model, image, 5, (0, 3)),
    "fusion": lambda model, image, data: fusion_inputs(model, image, 7),
    "metrics": lambda model, image, data: evaluate(model, data.test),
    "reading": lambda model, image, data: Reading(model, data.test).advance(),
}


def spoiled(head: str, value: float, sum_head: str = "regression") -> SumNet:
    """A network with one bad number in its last layer."""
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, sum_head=sum_head)).eval()
    with torch.no_grad():
        getattr(model, head)[-1].bias[0] = value
    return model


@pytest.mark.parametrize("sum_head", ["regression", "classification"])
@pytest.mark.parametrize("head", ["class_head", "sum_head"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_prediction_says_so_and_can_be_drawn_all_the_same(data, head, value, sum_head):
    prediction = predict(spoiled(head, value, sum_head), data.test.images[5, 0].numpy(), 7)
    assert not prediction.is_finite and not prediction.is_readable
    assert prediction.class_probs == (0.0,) * 10
    assert (prediction.label, prediction.sum_value, prediction.total) == (0, 0.0, 0)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_whatever_else_is_asked_is_one_sentence(data, asked, value):
    image = data.test.images[5, 0].numpy()
    with pytest.raises(AnswerError, match=r"not a number\. Choose another network"):
        ASKED[asked](spoiled("class_head", value), image, data)


def test_feature_maps_that_are_no_numbers_are_one_sentence(model, data):
    with torch.no_grad():
        next(model.encoder.parameters())[0] = float("nan")
    with pytest.raises(AnswerError):
        feature_maps(model, data.test.images[5, 0].numpy(), 7)


def test_a_reading_that_is_lost_stays_lost(data):
    reading = Reading(spoiled("class_head", float("nan")), data.test)
    for _ in range(2):
        with pytest.raises(AnswerError):
            reading.advance()
    assert reading.done == 0


def test_a_sound_network_is_answered(trained, data):
    for ask in ASKED.values():
        ask(trained, data.test.images[5, 0].numpy(), data)
    assert np.isfinite(predict(trained, data.test.images[5, 0].numpy(), 7).sum_value)
