"""The weights that a training reports: averages that forget the untrained network."""

import pytest
import torch

from core.engines.optimizer import average_weights
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
