"""The forward pass as numbers: they are the network's own, and can be computed again."""

import numpy as np
import pytest
import torch

from core.evaluation.layers import feature_maps
from core.evaluation.prediction import AnswerError, predict
from core.inspection.forward_pass import SHOWN_MAPS, forward_pass
from core.model import ModelConfig, SumNet
from tests.core.evaluation.test_layers import CONFIGS, name_of


def network(config: ModelConfig) -> SumNet:
    torch.manual_seed(0)
    return SumNet(config).eval()


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_the_multiplication_behind_each_pixel_gives_its_value(images, config):
    """The oracle: patch times kernel, in a loop, for every pixel of every map that is shown."""
    model = network(config)
    found = forward_pass(model, images[3, 0].numpy(), 7).convolution
    size, stride = found.kernels.shape[1], found.stride
    for kernel, bias, values in zip(found.kernels, found.bias, found.maps, strict=True):
        for (row, column), value in np.ndenumerate(values):
            top, left = stride * row, stride * column
            patch = found.inputs[top : top + size, left : left + size]
            assert (patch * kernel).sum() + bias == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_the_maps_are_those_of_the_network(images, config):
    model = network(config)
    image = images[5, 0].numpy()
    kept: list[torch.Tensor] = []
    first = next(module for module in model.modules() if isinstance(module, torch.nn.Conv2d))
    hook = first.register_forward_hook(lambda _, inputs, output: kept.append(output.clone()))
    found = forward_pass(model, image, 2)
    hook.remove()
    assert found.convolution.maps == pytest.approx(
        kept[0][0, found.convolution.channels].numpy(), abs=1e-5
    )
    assert found.convolution.map_count == kept[0].shape[1]
    whole = feature_maps(model, image, 2)
    assert found.stage_counts == tuple(map(len, whole))
    for some, every in zip(found.stages, whole, strict=True):
        assert len(some) == min(SHOWN_MAPS, len(every))
        assert all(any(np.array_equal(one, other) for other in every) for one in some)
        weakest = min(one.std() for one in some)
        assert sum(other.std() > weakest + 1e-6 for other in every) < len(some)


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_the_answers_are_the_networks_own(images, config):
    model = network(config)
    image = images[8, 0].numpy()
    found, answer = forward_pass(model, image, 4), predict(model, image, 4)
    assert found.class_probs == pytest.approx(answer.class_probs, abs=1e-6)
    assert found.sum_value == pytest.approx(answer.sum_value, abs=1e-5)
    assert found.onehot.tolist() == [float(n == 4) for n in range(10)]
    if answer.sum_probs is None:
        assert found.sum_probs is None
    else:
        assert found.sum_probs == pytest.approx(answer.sum_probs, abs=1e-6)


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_the_heads_get_what_is_shown(images, config):
    model = network(config)
    found = forward_pass(model, images[8, 0].numpy(), 4)
    kept: list[torch.Tensor] = []
    hook = model.fusion.register_forward_pre_hook(lambda _, inputs: kept.extend(inputs))
    model(images[8:9], torch.tensor([4]))
    hook.remove()
    features, probs, _ = kept
    assert found.features == features.shape[1]
    assert found.fusion_probs == pytest.approx(probs[0].detach().numpy(), abs=1e-5)


def test_with_pixel_fusion_the_number_stands_in_the_picture(images):
    image = images[1, 0].numpy()
    found = forward_pass(network(ModelConfig(width=4, fusion="pixels")), image, 6)
    assert found.image[-1, -10:].tolist() == [255 * (n == 6) for n in range(10)]
    assert np.array_equal(found.image[:-1], image[:-1])


def test_a_value_that_is_no_number_is_an_error(model, images):
    with torch.no_grad():
        model.encoder[0].weight.fill_(torch.nan)
    with pytest.raises(AnswerError):
        forward_pass(model, images[0, 0].numpy(), 1)
