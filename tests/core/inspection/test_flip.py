"""The least change that flips an answer: against a network whose border is known."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from core.evaluation.prediction import AnswerError, predict
from core.inspection.flip import Flip, find_flip
from core.model import ModelConfig, SumNet
from tests.conftest import draw_digit


def halves(images: torch.Tensor, addends: torch.Tensor) -> SimpleNamespace:
    """Class 0 while the left half has more ink than the right one, in all; else class 1."""
    left, right = images[..., :14].sum((1, 2, 3)), images[..., 14:].sum((1, 2, 3))
    return SimpleNamespace(class_logits=torch.stack([left, right], 1) / 255)


def test_of_a_linear_network_it_is_the_shortest_way_to_the_border():
    """The oracle: the distance of a point from a plane, |w x| / |w|."""
    image = np.full((28, 28), 100, np.uint8)
    image[:, :14] = 120
    flip = find_flip(cast(SumNet, halves), image, 3)
    assert flip and (flip.label, flip.flipped) == (0, 1)
    gap = 20 * 28 * 14  # grey levels, on each side of the border
    distance = gap / np.sqrt(28 * 28) / 255
    assert flip.size(1) == pytest.approx(distance, rel=0.12)  # whole grey levels: 10 or 11
    assert (flip.change[:, :14] < 0).all() and (flip.change[:, 14:] > 0).all()


def test_the_answer_flips_at_one_and_not_before(shipped):
    model, _ = shipped
    image = draw_digit(7)
    flip = find_flip(model, image, 3)
    assert flip
    assert predict(model, flip.at(0), 3).label == flip.label == predict(model, image, 3).label
    assert predict(model, flip.at(1), 3).label == flip.flipped != flip.label
    assert predict(model, flip.at(0.95), 3).label == flip.label


@pytest.mark.parametrize("digit", range(10))
def test_it_is_far_less_than_to_rub_the_digit_out(shipped, digit):
    flip = find_flip(shipped[0], draw_digit(digit), 0)
    assert flip and 0 < flip.share_of_ink(1) < 0.8
    assert flip.size(1) < np.linalg.norm(draw_digit(digit) / 255) / 2


def test_its_size_is_that_of_the_pictures_that_are_shown(shipped):
    image = draw_digit(4)
    flip = find_flip(shipped[0], image, 0)
    assert flip
    change = (flip.at(1.5).astype(float) - image) / 255
    assert flip.size(1.5) == pytest.approx(np.sqrt((change**2).sum()))
    assert flip.share_of_ink(1.5) == pytest.approx(np.abs(change).sum() / (image / 255).sum())
    assert flip.size(0) == flip.share_of_ink(0) == 0


def test_what_is_shown_are_whole_grey_levels_from_black_to_white():
    image = np.zeros((28, 28), np.uint8)
    image[0, :3] = 5, 100, 250
    change = np.zeros((28, 28), np.float32)
    change[0, :3] = -9, 0.6, 9
    flip = Flip(image, change, 0, 1)
    assert flip.at(1)[0, :3].tolist() == [0, 101, 255]
    assert flip.difference(1)[0, :3].tolist() == [-5, 1, 5]


def test_of_an_empty_picture_a_change_has_a_share_too():
    nothing = np.zeros((28, 28), np.uint8)
    assert Flip(nothing, np.ones((28, 28), np.float32), 0, 1).share_of_ink(1) == 28 * 28


def test_the_pixels_of_the_number_are_never_changed(images):
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, fusion="pixels")).eval()
    flip = find_flip(model, images[3, 0].numpy(), 7)
    assert flip and not flip.change[-1, -10:].any() and flip.change.any()


def test_the_network_stays_as_it_is(shipped):
    model, _ = shipped
    before = {name: tensor.clone() for name, tensor in model.tensors().items()}
    find_flip(model, draw_digit(3), 2)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.tensors().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_network_that_no_pixel_sways_is_not_flipped(model, images):
    with torch.no_grad():
        model.class_head[1].weight.zero_()
    assert find_flip(model, images[0, 0].numpy(), 1) is None


def test_an_answer_that_is_no_number_is_an_error(model, images):
    with torch.no_grad():
        model.class_head[1].weight.fill_(torch.nan)
    with pytest.raises(AnswerError):
        find_flip(model, images[0, 0].numpy(), 1)
