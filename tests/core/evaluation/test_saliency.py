"""What each part of a picture says for an answer: against exact differences."""

from typing import cast

import numpy as np
import pytest
import torch

from core.evaluation.saliency import PATCH, PLACES, STRIDE, over_pixels, saliency
from core.model import FUSIONS, SUM_HEADS, ModelConfig, Output, SumNet
from tests.conftest import draw_digit

CLASS_WEIGHTS = torch.randn(10, 28 * 28, generator=torch.Generator().manual_seed(1)) / 10
SUM_WEIGHTS = torch.randn(28 * 28, generator=torch.Generator().manual_seed(2)) / 10


def linear(images: torch.Tensor, addends: torch.Tensor) -> Output:
    """A network whose answers are weighted sums of the pixels, from 0 to 1."""
    pixels = images.flatten(1).float() / 255
    return Output(pixels @ CLASS_WEIGHTS.T, pixels @ SUM_WEIGHTS + addends, None)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("sum_head", SUM_HEADS)
def test_every_network_can_be_asked(images, fusion, sum_head):
    model = SumNet(ModelConfig(width=4, fusion=fusion, sum_head=sum_head)).eval()
    found = saliency(model, images[3, 0].numpy(), 7)
    for part in (found.class_evidence, found.sum_evidence):
        assert part.shape == (6, 6) and part.dtype == np.float32
        assert np.isfinite(part).all()
    assert found.label != found.runner_up


def test_of_a_linear_network_it_is_the_exact_weight_of_the_ink_that_is_covered():
    """The oracle: weights times pixels, summed over each square, in loops."""
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    found = saliency(cast(SumNet, linear), image, 4)
    logits = linear(torch.from_numpy(image)[None], torch.tensor([4])).class_logits[0]
    label, runner_up = logits.argsort(descending=True)[:2].tolist()
    assert (found.label, found.runner_up) == (label, runner_up)
    ink = image / 255.0
    for part, weights in (
        (found.class_evidence, CLASS_WEIGHTS[label] - CLASS_WEIGHTS[runner_up]),
        (found.sum_evidence, SUM_WEIGHTS),
    ):
        worth = ink * weights.view(28, 28).numpy()
        exact = [
            [worth[top : top + PATCH, left : left + PATCH].sum() for left in PLACES]
            for top in PLACES
        ]
        assert part == pytest.approx(np.array(exact), abs=1e-4)
        assert part.min() < 0 < part.max()  # parts speak for the answer, and against it


def test_the_effect_of_a_square_is_the_exact_difference(trained):
    image = draw_digit(8)
    hidden = image.copy()
    hidden[8 : 8 + PATCH, 12 : 12 + PATCH] = 0
    before, after = (
        trained(torch.from_numpy(one).view(1, 1, 28, 28), torch.tensor([4]))
        for one in (image, hidden)
    )
    found = saliency(trained, image, 4)
    gaps = [
        (output.class_logits[0, found.label] - output.class_logits[0, found.runner_up]).item()
        for output in (before, after)
    ]
    place = (8 // STRIDE, 12 // STRIDE)
    assert gaps[0] != gaps[1]
    assert found.class_evidence[place] == pytest.approx(gaps[0] - gaps[1], abs=1e-4)
    change = (before.sum_value - after.sum_value).item()
    assert found.sum_evidence[place] == pytest.approx(change, abs=1e-4)


def test_the_middle_of_an_8_speaks_for_it_against_a_0(trained):
    found = saliency(trained, draw_digit(8), 4)
    assert found.label == 8
    middle = found.class_evidence[2:4, 2:4].mean()
    assert middle > 1 and middle > 2 * np.abs(found.class_evidence[5:]).mean()
    assert found.sum_evidence.max() > 0.5  # without it, 12 becomes 4


def test_hiding_paper_changes_nothing(trained):
    image = np.zeros((28, 28), np.uint8)
    found = saliency(trained, image, 4)
    assert not found.class_evidence.any() and not found.sum_evidence.any()
    image[2:6, 2:6] = 255
    found = saliency(trained, image, 4)
    assert found.class_evidence.any()
    for part in (found.class_evidence, found.sum_evidence):
        assert not part[2:, :].any() and not part[:, 2:].any()


def test_what_disturbs_is_evidence_against():
    def disturbed(images: torch.Tensor, addends: torch.Tensor) -> Output:
        """It answers 3, and the less surely the brighter the corner is."""
        logits = torch.zeros(len(images), 10)
        logits[:, 3] = 2 - images[:, 0, 0, 0] / 255
        return Output(logits, addends.float(), None)

    image = np.zeros((28, 28), np.uint8)
    image[0, 0] = 255
    found = saliency(cast(SumNet, disturbed), image, 4)
    assert found.class_evidence[0, 0] == pytest.approx(-1)


def test_between_the_middles_of_the_squares_the_effect_is_linear():
    slope = np.repeat(np.arange(6, dtype=np.float32)[:, None], 6, axis=1)
    spread = over_pixels(slope)
    assert spread.shape == (28, 28)
    first = (PATCH - 1) / 2  # the middle of the first square, between two pixels
    between = np.clip((np.arange(28) - first) / STRIDE, 0, 5)
    assert spread == pytest.approx(np.repeat(between[:, None], 28, axis=1))
    assert over_pixels(slope.T) == pytest.approx(spread.T)
