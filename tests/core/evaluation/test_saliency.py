"""What each part of a picture says for an answer: against exact differences."""

from typing import cast

import numpy as np
import pytest
import torch

from core.evaluation.saliency import PATCH, PLACES, saliency
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
        assert part.shape == (28, 28) and part.dtype == np.float32
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
        total, count = np.zeros((28, 28)), np.zeros((28, 28))
        for top in PLACES:
            for left in PLACES:
                square = np.s_[top : top + PATCH, left : left + PATCH]
                total[square] += worth[square].sum()
                count[square] += 1
        assert count.min() >= 1  # every pixel is covered by some square
        assert part == pytest.approx(total / count, abs=1e-4)
        assert part.min() < 0 < part.max()  # parts speak for the answer, and against it


def test_a_corner_that_only_one_square_covers_has_its_exact_difference(trained):
    image = draw_digit(8)
    hidden = image.copy()
    hidden[:PATCH, :PATCH] = 0
    before, after = (
        trained(torch.from_numpy(one).view(1, 1, 28, 28), torch.tensor([4]))
        for one in (image, hidden)
    )
    found = saliency(trained, image, 4)
    gaps = [
        (output.class_logits[0, found.label] - output.class_logits[0, found.runner_up]).item()
        for output in (before, after)
    ]
    assert found.class_evidence[0, 0] == pytest.approx(gaps[0] - gaps[1], abs=1e-4)
    change = (before.sum_value - after.sum_value).item()
    assert found.sum_evidence[0, 0] == pytest.approx(change, abs=1e-4)


def test_the_middle_of_an_8_speaks_for_it_against_a_0(trained):
    found = saliency(trained, draw_digit(8), 4)
    assert found.label == 8
    middle = found.class_evidence[12:17, 11:17].mean()
    assert middle > 1 and middle > 2 * np.abs(found.class_evidence[24:]).mean()
    assert found.sum_evidence.max() > 0.5  # without it, 12 becomes 4


def test_hiding_paper_changes_nothing(trained):
    image = np.zeros((28, 28), np.uint8)
    found = saliency(trained, image, 4)
    assert not found.class_evidence.any() and not found.sum_evidence.any()
    image[2:6, 2:6] = 255
    found = saliency(trained, image, 4)
    assert found.class_evidence.any()
    for part in (found.class_evidence, found.sum_evidence):
        assert not part[13:, :].any() and not part[:, 13:].any()


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
