"""The weights that a training reports: averages that forget the untrained network."""

import pytest
import torch
from torch import nn

from core.engines.optimizer import average_weights, refit_layer
from core.model import ModelConfig, SumNet


@pytest.mark.parametrize(("steps", "least"), [(10, 0.99), (1_000, 0.99)])
@torch.no_grad()
def test_a_short_training_forgets_the_network_that_it_began_with(steps, least):
    """From the second step on all weights are 1; the average is soon as good as there."""
    model = SumNet(ModelConfig(width=4))
    averaged = average_weights(model, 0.999)
    for step in range(steps):
        for parameter in model.parameters():
            parameter.fill_(min(1, step))
        averaged.update_parameters(model)
    assert min(float(p.min()) for p in averaged.module.parameters()) > least


@torch.no_grad()
def test_the_average_of_a_long_training_is_over_many_steps():
    model = SumNet(ModelConfig(width=4))
    averaged = average_weights(model, 0.99)
    for step in range(2_000):
        for parameter in model.parameters():
            parameter.fill_(step % 2)
        averaged.update_parameters(model)
    means = [float(p.mean()) for p in averaged.module.parameters()]
    assert means == pytest.approx([0.5] * len(means), abs=0.01)


def a_layer() -> tuple[nn.Linear, torch.Tensor]:
    """A last layer of three classes, and 200 times six features that it was taught."""
    torch.manual_seed(0)
    return nn.Linear(6, 3), torch.randn(200, 6)


def test_a_layer_learns_examples_and_answers_all_else_nearly_as_before():
    layer, old = a_layer()
    new, labels = 1.5 * torch.randn(2, 6), torch.tensor([2, 0])
    before = layer(old).softmax(1)
    assert layer(new).argmax(1).tolist() == [1, 2]
    refit_layer(layer, old, new, labels)
    assert layer(new).argmax(1).tolist() == [2, 0]
    assert (layer(old).softmax(1) - before).abs().mean() < 0.05


def test_a_layer_goes_no_further_than_needed_where_only_the_examples_lead_it():
    """Nothing else has the sixth feature: without an anchor its weights would grow and grow."""
    layer, old = a_layer()
    old[:, 5] = 0
    new = torch.zeros(2, 6)
    new[:, 5] = torch.tensor([1.0, -1.0])
    before = layer.weight.detach().clone()
    refit_layer(layer, old, new, torch.tensor([2, 0]))
    assert layer(new).argmax(1).tolist() == [2, 0]
    assert (layer.weight - before).abs().max() < 4
