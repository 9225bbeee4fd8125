"""Encoders: their shapes, their size, and what a residual block computes."""

import pytest
import torch
from torch.nn import functional as F

from core.encoders import ENCODERS, ResidualBlock, ResidualEncoder
from core.model import ModelConfig, SumNet


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("margin", [0, 2])
def test_the_features_are_as_many_as_it_says(encoder, margin, images):
    model = SumNet(ModelConfig(width=4, encoder=encoder, margin=margin))
    assert model.encoder(model.normalize(images)).shape == (10, model.encoder.features)


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
