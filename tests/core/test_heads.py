"""Fusions and sum heads: what they answer, and that a new one is all in one place."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from core.heads import FUSIONS, SUM_HEADS, Output, PixelFusion, RegressionHead
from core.model import ModelConfig, SumNet
from core.specs import FUSION_WORDS, SUM_HEAD_SPECS
from core.trainer import train
from tests.support.trainings import SHORT, fresh, same, weights


@pytest.fixture
def addends() -> Tensor:
    return torch.tensor([7, 0, 9, 1, 8, 2, 6, 3, 5, 4])


@pytest.mark.parametrize(
    ("value", "total"),
    [(11.98, 12), (12.4, 12), (12.6, 13), (0.2, 0), (-0.4, 0), (-7.0, 0), (18.3, 18), (25.0, 18)],
)
def test_a_regressed_sum_is_rounded_not_truncated(value, total):
    output = Output(torch.zeros(1, 10), torch.tensor([value]), None)
    assert output.totals.tolist() == [total]
    assert output.totals.dtype == torch.int64


def test_a_classified_sum_is_the_likeliest_whatever_the_mean():
    logits = torch.zeros(1, 19)
    logits[0, 17] = 1.0
    output = Output(torch.zeros(1, 10), torch.tensor([9.4]), logits)
    assert output.totals.tolist() == [17]


def test_the_value_of_a_classified_sum_is_the_mean_of_its_distribution(images, addends):
    model = SumNet(ModelConfig(width=4, sum_head="classification")).eval()
    output = model(images, addends)
    odds = np.exp(output.sum_logits.detach().double().numpy())
    mean = (odds * np.arange(19)).sum(1) / odds.sum(1)
    assert output.sum_value.tolist() == pytest.approx(mean, rel=1e-5)


def test_the_label_is_the_likeliest_class():
    logits = torch.zeros(2, 10)
    logits[0, 3] = logits[1, 8] = 1.0
    assert Output(logits, torch.zeros(2), None).labels.tolist() == [3, 8]


@pytest.mark.parametrize("temperature", [1, 1.75, 4.0])
def test_a_temperature_divides_the_class_logits_alone(temperature):
    logits, values = torch.randn(2, 10), torch.zeros(2)
    eased = Output(logits, values, None).eased(temperature)
    assert torch.equal(eased.class_logits, logits / temperature)
    assert eased.sum_value is values and eased.sum_logits is None


def test_pixel_fusion_writes_the_addend_into_the_last_ten_pixels(images, addends):
    full = torch.full_like(images, 99)
    marked = PixelFusion(features=1).mark(full, F.one_hot(addends, 10).float())
    assert marked.dtype == images.dtype
    for image, addend in zip(marked[:, 0].tolist(), addends.tolist(), strict=True):
        expected = [[99] * 28 for _ in range(28)]
        expected[27][18:] = [255 if pixel == addend else 0 for pixel in range(10)]
        assert image == expected


def test_every_fusion_and_every_sum_head_has_its_words():
    assert {name: fusion.words for name, fusion in FUSIONS.items()} == FUSION_WORDS
    assert {
        name: (head.words, head.usual_weight) for name, head in SUM_HEADS.items()
    } == SUM_HEAD_SPECS


class AbsoluteHead(RegressionHead):
    """A sum head with a loss of its own."""

    def loss(self, output: Output, sums: Tensor) -> Tensor:
        return F.l1_loss(output.sum_value, sums.float())


def test_a_sum_head_is_trained_with_its_own_loss(data, monkeypatch):
    monkeypatch.setitem(SUM_HEADS, "absolute", AbsoluteHead)
    one, other = fresh(sum_head="absolute"), fresh()
    first, second = (next(train(model, data, SHORT)).train for model in (one, other))
    assert first.class_loss == second.class_loss
    assert first.sum_loss < second.sum_loss  # the same errors, not squared
    assert not same(weights(one), weights(other), "sum_head.")


def test_without_a_detector_the_energy_is_the_evidence():
    output = Output(torch.tensor([[1.0, 2.0, 3.0]]), torch.zeros(1), None)
    assert output.evidence.item() == pytest.approx(np.log(np.exp([1, 2, 3]).sum()))
    assert output.is_several.tolist() == [False]


def test_the_evidence_of_a_detector_is_the_odds_of_one_digit():
    ink_logits = torch.tensor([[2.0, 0.0, -1.0], [-3.0, 4.0, 1.0], [-3.0, 1.0, 4.0]])
    output = Output(torch.zeros(3, 10), torch.zeros(3), None, ink_logits)
    probs = ink_logits.softmax(1)[:, 0]
    assert torch.allclose(output.evidence, (probs / (1 - probs)).log())
    assert output.is_several.tolist() == [True, True, False]  # where it is not one digit


def test_an_answer_of_which_any_part_is_no_number_is_none():
    sums = torch.zeros(4, 19)
    sums[1, 3] = -torch.inf
    logits, values = torch.zeros(4, 10), torch.zeros(4)
    logits[2, 9], values[3] = torch.nan, torch.inf
    assert Output(logits, values, sums).is_finite.tolist() == [True, False, False, False]
    assert Output(logits, values, None).is_finite.tolist() == [True, True, False, False]


def test_parts_are_joined_with_what_they_have():
    part = Output(torch.zeros(2, 10), torch.zeros(2), None, torch.ones(2, 3))
    whole = Output.join([part, part])
    assert whole.sum_logits is None
    assert whole.ink_logits is not None and whole.ink_logits.shape == (4, 3)
