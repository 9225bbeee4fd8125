"""Where a network looked: what hiding a part of the picture does to its answers."""

from typing import cast

import numpy as np
import pytest
import torch

from core.evaluation.saliency import PATCH, saliency
from core.model import FUSIONS, SUM_HEADS, ModelConfig, Output, SumNet
from tests.conftest import draw_digit


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("sum_head", SUM_HEADS)
def test_every_network_can_be_asked(images, fusion, sum_head):
    model = SumNet(ModelConfig(width=4, fusion=fusion, sum_head=sum_head)).eval()
    for part in saliency(model, images[3, 0].numpy(), 7):
        assert part.shape == (28, 28) and part.dtype == np.float32
        assert np.isfinite(part).all() and part.min() >= 0


def test_an_8_without_its_middle_is_a_0(trained):
    found = saliency(trained, draw_digit(8), 4)
    middle = np.s_[12:17, 11:17]
    for part in found:
        assert part[middle].mean() > 2 * part[20:].mean()
    assert found.sum_change.max() > 0.5  # 12 becomes 4


def test_it_is_the_mean_effect_of_the_squares_over_a_pixel(trained):
    image = draw_digit(8)
    hidden = image.copy()
    hidden[:PATCH, :PATCH] = 0  # the only square over the corner
    before, after = (
        trained(torch.from_numpy(one).view(1, 1, 28, 28), torch.tensor([4]))
        for one in (image, hidden)
    )
    loss = (before.class_logits.softmax(1) - after.class_logits.softmax(1))[0, 8].item()
    change = abs(before.sum_value - after.sum_value).item()
    found = saliency(trained, image, 4)
    assert found.class_loss[0, 0] == pytest.approx(max(0, loss), abs=1e-5)
    assert found.sum_change[0, 0] == pytest.approx(change, abs=1e-5)


def test_hiding_paper_changes_nothing(trained):
    image = np.zeros((28, 28), np.uint8)
    for part in saliency(trained, image, 4):
        assert not part.any()
    image[2:6, 2:6] = 255
    for part in saliency(trained, image, 4):
        assert not part[12:, :].any() and not part[:, 12:].any()


def test_what_only_disturbs_is_not_what_it_looked_at():
    def disturbed(images: torch.Tensor, addends: torch.Tensor) -> Output:
        """It answers 3, and the less surely the brighter the corner is."""
        logits = torch.zeros(len(images), 10)
        logits[:, 3] = 2 - images[:, 0, 0, 0] / 255
        return Output(logits, addends.float(), None)

    image = np.zeros((28, 28), np.uint8)
    image[0, 0] = 255
    assert not saliency(cast(SumNet, disturbed), image, 4).class_loss.any()


def test_where_the_network_looks_only_at_the_upper_right_the_maximum_is_there():
    def looks_there(images: torch.Tensor, addends: torch.Tensor) -> Output:
        """The more surely a 3, the more ink there is at the upper right."""
        logits = torch.zeros(len(images), 10)
        logits[:, 3] = images[:, 0, :8, 20:].float().mean((1, 2))
        return Output(logits, addends.float(), None)

    image = np.full((28, 28), 4, np.uint8)
    found = saliency(cast(SumNet, looks_there), image, 4).class_loss
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert row < 8 and column >= 20
