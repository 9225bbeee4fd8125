"""Encoders: their shapes, their size, and what a residual block computes."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from core.encoders import ENCODERS, CosineEncoder, ResidualBlock, ResidualEncoder, cosine_waves
from core.model import ModelConfig, SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SettingError
from core.trainer import TrainConfig, train
from tests.support.trainings import fresh

QUICK = PRESETS["quick"].recipe


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("margin", [0, 2])
def test_the_features_are_as_many_as_it_says(encoder, margin, images):
    model = SumNet(ModelConfig(width=4, encoder=encoder, margin=margin))
    assert model.encoder(model.normalize(images)).shape == (10, model.encoder.features)


@pytest.mark.parametrize("depths", [(1, 1, 1), (1, 3, 2)])
def test_a_cosine_encoder_has_as_many_convolutions_as_it_is_told(depths):
    encoder = CosineEncoder(4, depths, 24)
    convs = [layer for layer in encoder.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert [conv.out_channels for conv in convs] == [24, *[8] * depths[1], *[32] * depths[2]]
    assert encoder(torch.zeros(2, 1, 24, 24)).shape == (2, encoder.features)


def test_the_waves_of_a_square_are_orthonormal_and_the_smoothest_come_first():
    waves = cosine_waves(6, 36).flatten(1)
    torch.testing.assert_close(waves @ waves.T, torch.eye(36))
    torch.testing.assert_close(waves[0], torch.full((36,), 1 / 6))
    roughness = [wave.view(6, 6).diff().abs().sum() for wave in waves]
    assert roughness[1] < roughness[-1]
    assert torch.equal(cosine_waves(6, 12).flatten(1), waves[:12])


def test_the_waves_stay_as_they_are_while_the_rest_learns(data):
    model = fresh(encoder="cosine")
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    *_, _last = train(model, data, TrainConfig(batch_size=64, ema=0.9, weight_decay=0.1))
    same = {name for name, weights in model.named_parameters() if weights.equal(before[name])}
    assert same == {"encoder.0.weight"}


def test_the_waves_let_the_gradient_of_a_picture_through(images):
    """What an answer depends on is shown for this encoder too."""
    model = fresh(encoder="cosine").eval()
    pixels = images.float().requires_grad_()
    model.encoder(model.normalize(pixels)).sum().backward()
    assert pixels.grad.abs().sum() > 0


def test_resnet_20_has_its_published_size():
    encoder = ResidualEncoder(16, (3, 3, 3), 28)
    convs = [layer for layer in encoder.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert sum(layer.kernel_size == (3, 3) for layer in convs) == 19  # and a linear layer
    assert 0.26e6 < sum(part.numel() for part in encoder.parameters()) < 0.28e6


@torch.inference_mode()
def test_a_block_adds_to_what_comes_in():
    torch.manual_seed(0)
    block = ResidualBlock(4, 4, 1).eval()
    maps = torch.randn(2, 4, 7, 7)
    norm = 1 / (1 + block.norm1.eps) ** 0.5  # of a fresh norm
    inner = F.conv2d(F.relu(maps * norm), block.conv1.weight, padding=1)
    added = F.conv2d(F.relu(inner * norm), block.conv2.weight, padding=1)
    torch.testing.assert_close(block(maps.clone()), maps + added)


@torch.inference_mode()
def test_a_block_of_other_channels_passes_its_input_through_a_convolution():
    torch.manual_seed(0)
    block = ResidualBlock(4, 8, 2).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    maps = torch.randn(2, 4, 14, 14)
    active = F.relu(maps / (1 + block.norm1.eps) ** 0.5)
    expected = F.conv2d(active, block.shortcut.weight, stride=2)
    torch.testing.assert_close(block(maps.clone()), expected)


@torch.inference_mode()
def test_a_block_leaves_its_input_as_it_is():
    maps = torch.randn(2, 4, 7, 7)
    before = maps.clone()
    ResidualBlock(4, 4, 1)(maps)
    assert torch.equal(maps, before)


def test_what_is_written_into_the_picture_gets_an_encoder_that_sees_single_pixels():
    assert QUICK.model.encoder == "cosine"
    assert QUICK.change({"dataset": "fashion-mnist"}).model.encoder == "cosine"
    assert QUICK.change({"fusion": "pixels"}).model.encoder == "plain"
    assert QUICK.with_bug("label").model.encoder == "plain"
    assert QUICK.with_bug("relu").model.encoder == "cosine"
    residual = replace(QUICK, model=replace(QUICK.model, encoder="residual"))
    assert residual.change({"fusion": "pixels"}).model.encoder == "residual"


def test_the_first_stage_of_a_cosine_encoder_is_one_layer():
    values = QUICK.to_dict()
    assert Recipe.read({**values, "convs": [1, 2, 3]}).model.convs == (1, 2, 3)
    with pytest.raises(SettingError, match="convs of a cosine encoder begin with 1, not 2"):
        Recipe.read({**values, "convs": [2, 1, 1]})
