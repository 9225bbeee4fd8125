"""A network opened up: its layers, its feature maps and its losses, against torch itself."""

from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from core.encoders import ResidualBlock
from core.evaluation.layers import feature_maps, first_filters, fusion_inputs, network_layers
from core.evaluation.loss_breakdown import break_down, broadcast_table
from core.model import ModelConfig, SumNet
from core.trainer import TrainConfig
from tests.conftest import draw_digit

CONFIGS = [
    ModelConfig(dataset, width=4, convs=convs, dropout=0.5, fusion=fusion, sum_head=head)
    for dataset, convs, fusion, head in product(
        ("mnist", "fashion-mnist"),
        ((1, 1, 1), (1, 2, 2)),
        ("late", "pixels"),
        ("regression", "classification"),
    )
]
CONFIGS += [
    ModelConfig(width=4, encoder="residual", fusion=fusion) for fusion in ("late", "pixels")
] + [
    ModelConfig("fashion-mnist", width=4, encoder="residual", convs=(2, 1, 3)),
    ModelConfig(width=4, encoder="cosine", margin=2),
    ModelConfig("fashion-mnist", width=4, encoder="cosine", convs=(1, 2, 2)),
]
IMAGE = draw_digit(5)


def name_of(config: ModelConfig) -> str:
    return (
        f"{config.dataset}-{config.encoder}-{sum(config.convs)}-{config.fusion}-{config.sum_head}"
    )


@pytest.fixture(params=CONFIGS, ids=name_of)
def network(request: pytest.FixtureRequest) -> SumNet:
    """Every kind of network, untrained but with norms that have seen something."""
    torch.manual_seed(0)
    network = SumNet(request.param)
    network.train()(torch.randint(0, 256, (8, 1, 28, 28)), torch.arange(8))
    return network.eval()


def inputs(addend: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(IMAGE).view(1, 1, 28, 28), torch.tensor([addend])


def test_the_parameters_of_all_layers_are_those_of_the_network(network: SumNet) -> None:
    counts = [layer.parameters for layer in network_layers(network)]
    assert sum(counts) == network.parameter_count


def test_an_ink_detector_is_no_layer_of_the_two_answers(model: SumNet) -> None:
    before = network_layers(model)
    model.add_ink_detector()
    assert network_layers(model) == before


def test_every_layer_is_there_in_the_order_of_the_forward_pass(network: SumNet) -> None:
    layers = network_layers(network)
    parts = list(dict.fromkeys(layer.part for layer in layers))
    assert parts == ["encoder", "class_head", "fusion", "sum_head"]
    assert len(layers) == sum(1 for m in network.modules() if not any(m.children()))


def test_the_shapes_are_those_of_a_real_forward_pass(network: SumNet) -> None:
    shapes = {layer.name: layer.shape for layer in network_layers(network)}
    images, addends = inputs(0)
    with torch.inference_mode():
        hidden = network.normalize(network.fusion.mark(images, F.one_hot(addends, 10)))
        for index, module in enumerate(network.encoder):
            hidden = module(hidden)
            inner = ".conv2" if isinstance(module, ResidualBlock) else ""
            assert shapes[f"encoder.{index}{inner}"] == tuple(hidden.shape[1:])
        output = network(images, addends)
    assert shapes["class_head.1"] == tuple(output.class_logits.shape[1:]) == (10,)
    assert shapes["sum_head.2"] == ((1,) if output.sum_logits is None else (19,))
    assert shapes["fusion"] == (network.fusion.width,)


def test_a_small_network_is_counted_by_hand(model: SumNet) -> None:
    counts = {layer.name: layer.parameters for layer in network_layers(model)}
    assert counts["encoder.0"] == 4 * 1 * 5 * 5
    assert counts["class_head.1"] == 16 * 3 * 3 * 10 + 10
    assert counts["sum_head.0"] == 20 * 64 + 64
    assert counts["fusion"] == 0


def test_the_maps_of_the_first_stage_are_convolved_pooled_normed_and_cut_at_0(model) -> None:
    conv, _, norm, *_ = model.encoder
    pixels = (torch.from_numpy(IMAGE).view(1, 1, 28, 28) / 255 - 0.1307) / 0.3081
    pooled = F.max_pool2d(F.conv2d(pixels, conv.weight, padding=2), 2)
    mean, var = (part.view(-1, 1, 1) for part in (norm.running_mean, norm.running_var))
    normed = (pooled - mean) / (var + norm.eps).sqrt()  # a fresh norm scales by 1 and shifts by 0
    expected = normed.clamp(min=0)[0].detach().numpy()
    found = feature_maps(model, IMAGE, 7)[0]
    assert found.shape == (4, 14, 14)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_last_maps_are_the_features_that_the_heads_get(network: SumNet) -> None:
    images, addends = inputs(7)
    with torch.inference_mode():
        marked = network.fusion.mark(images, F.one_hot(addends, 10).float())
        features = network.encoder(network.normalize(marked))[0]
    maps = feature_maps(network, IMAGE, 7)
    shapes = {
        ("plain", 0): [(4, 14, 14), (8, 7, 7), (16, 3, 3)],
        ("cosine", 0): [(24, 12, 12), (8, 5, 5), (32, 3, 3)],
        ("cosine", 2): [(24, 10, 10), (8, 4, 4), (32, 2, 2)],
        ("residual", 0): [(4, 28, 28), (8, 14, 14), (16, 7, 7)],
    }
    encoder, margin = network.config.encoder, network.config.margin
    assert [stage.shape for stage in maps] == shapes[encoder, margin]
    last = maps[-1].mean((1, 2)) if encoder == "residual" else maps[-1].ravel()
    np.testing.assert_allclose(last, features.numpy(), atol=1e-5)
    assert all((stage >= 0).all() for stage in maps)  # as the page draws them: 0 is black


def test_the_addend_shows_in_the_maps_of_pixel_fusion_only(network: SumNet) -> None:
    low, high = (feature_maps(network, IMAGE, addend)[0] for addend in (0, 9))
    assert np.array_equal(low, high) == (not network.fusion.marks_images)


def test_the_first_filters_are_the_weights_of_the_first_convolution(model: SumNet) -> None:
    filters = first_filters(model)
    assert filters.shape == (4, 5, 5)
    assert np.array_equal(filters, model.encoder[0].weight.detach()[:, 0])


def test_looking_changes_nothing_of_the_network(network: SumNet) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    filters = first_filters(network)
    filters += 1
    network_layers(network)
    feature_maps(network, IMAGE, 3)
    fusion_inputs(network, IMAGE, 3)
    break_down(network, IMAGE, 3, 5, 0.1)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_late_fusion_is_shown_as_the_sum_head_gets_it(trained: SumNet) -> None:
    given: list[torch.Tensor] = []
    handle = trained.sum_head.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    try:
        meeting = fusion_inputs(trained, IMAGE, 7)
    finally:
        handle.remove()
    shown = np.concatenate([meeting.probs, meeting.onehot])
    np.testing.assert_allclose(shown, given[0][0].numpy(), atol=1e-6)


@pytest.mark.parametrize("addend", range(10))
def test_pixel_fusion_marks_one_of_the_last_ten_pixels_of_a_copy(model, addend: int) -> None:
    marked = fusion_inputs(model, IMAGE, addend).marked
    changed = np.argwhere(marked != IMAGE).tolist()
    assert changed == [[27, 18 + addend]]
    assert marked[27, 18 + addend] == 255
    assert not IMAGE[27].any()


@pytest.mark.parametrize("label", [5, 8])
def test_the_losses_are_torchs(network: SumNet, label: int) -> None:
    case = break_down(network, IMAGE, 7, label, sum_weight=0.25)
    with torch.inference_mode():
        output = network(*inputs(7))
    class_loss = F.cross_entropy(output.class_logits, torch.tensor([label])).item()
    if output.sum_logits is None:
        sum_loss = (output.sum_value.item() - label - 7) ** 2
    else:
        sum_loss = F.cross_entropy(output.sum_logits, torch.tensor([label + 7])).item()
    assert case.class_loss == pytest.approx(class_loss, abs=1e-5)
    assert case.sum_loss == pytest.approx(sum_loss, rel=1e-5)
    assert case.joint_loss == pytest.approx(class_loss + 0.25 * sum_loss, rel=1e-5)
    assert case.by_label[label] == case.class_loss
    assert case.by_total[label + 7] == case.sum_loss
    assert np.exp([-loss for loss in case.by_label]).sum() == pytest.approx(1)


def test_a_very_sure_answer_still_has_a_loss(trained: SumNet) -> None:
    sure = max(
        (break_down(trained, draw_digit(n), 0, n, 1) for n in range(10)),
        key=lambda case: case.class_prob,
    )
    assert sure.class_prob < 1
    assert sure.class_loss > 0


def test_a_second_softmax_leaves_at_least_1_46_of_loss(trained: SumNet) -> None:
    case = break_down(trained, IMAGE, 7, 5, TrainConfig().sum_weight)
    assert case.class_loss < 0.1
    assert case.squashed_loss > 1.46
    assert max(case.squashed) < 0.24


def test_a_column_against_a_list_compares_all_with_all(trained: SumNet) -> None:
    case = broadcast_table(trained, IMAGE, 5, (0, 3, 6, 9))
    assert case.targets.tolist() == [5, 8, 11, 14]
    assert case.pairs.shape == (4,)
    assert case.table.shape == (4, 4)
    assert np.array_equal(case.table.diagonal(), case.pairs)
    assert case.table[0, 3] == case.answers[0] - 14


def test_the_published_mistake_prefers_the_mean_to_the_truth(trained: SumNet) -> None:
    case = broadcast_table(trained, IMAGE, 5, (0, 3, 6, 9))
    sound, broken, mean = (
        np.square(part).mean() for part in (case.pairs, case.table, case.mean_table)
    )
    assert sound < 0.5
    assert mean == 11.25  # the variance of 5, 8, 11, 14
    assert broken > mean
