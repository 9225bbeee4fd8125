"""The network: what goes in, what comes out, and the published bugs that must not come back."""

from itertools import product

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from core.dataset import Batch, Split
from core.encoders import ENCODERS
from core.evaluation.metrics import evaluate
from core.heads import FUSIONS, SUM_HEADS, Output
from core.model import Dropout, ModelConfig, SumNet
from core.specs import OwnData, own_spec
from core.trainer import losses, validate

KINDS = list(product(FUSIONS, SUM_HEADS, ENCODERS))


@pytest.fixture(params=KINDS, ids="-".join)
def any_model(request: pytest.FixtureRequest) -> SumNet:
    """A small network of every kind, in eval mode."""
    fusion, sum_head, encoder = request.param
    torch.manual_seed(0)
    config = ModelConfig(width=4, encoder=encoder, fusion=fusion, sum_head=sum_head)
    return SumNet(config).eval()


@pytest.fixture
def addends() -> Tensor:
    return torch.tensor([7, 0, 9, 1, 8, 2, 6, 3, 5, 4])


def outputs(output: Output) -> list[Tensor]:
    return [part for part in output if part is not None]


def silence(head: torch.nn.Sequential, value: float) -> None:
    """Make a head answer `value` whatever it is given."""
    torch.nn.init.zeros_(head[-1].weight)
    torch.nn.init.constant_(head[-1].bias, value)


def test_both_heads_answer_with_the_shapes_promised(any_model, images, addends):
    output = any_model(images, addends)
    assert output.class_logits.shape == (10, 10)
    assert output.sum_value.shape == (10,)  # (10, 1) would broadcast against (10,) in the loss
    if any_model.config.sum_head == "classification":
        assert output.sum_logits.shape == (10, 19)
    else:
        assert output.sum_logits is None


def test_the_squared_error_is_that_of_each_image_with_its_own_sum(model, images, addends):
    output = model(images, addends)
    sums = torch.arange(10) + addends
    pairs = zip(output.sum_value.tolist(), sums.tolist(), strict=True)
    expected = sum((value - total) ** 2 for value, total in pairs) / 10
    _, sum_loss = losses(model.sum_head, output, Batch(images, addends, torch.arange(10), sums))
    assert sum_loss.item() == pytest.approx(expected, rel=1e-5)


def test_the_sum_head_listens_to_the_addend(any_model, images):
    low, high = (any_model(images, torch.full((10,), addend)).sum_value for addend in (0, 9))
    assert (low != high).all()  # deaf, it would answer the same to the last bit


def test_the_sum_head_listens_to_the_image(any_model, images):
    values = any_model(images, torch.full((10,), 7)).sum_value
    assert len(values.unique()) == 10


def test_the_class_head_of_late_fusion_does_not_hear_the_addend(model, images):
    low, high = (model(images, torch.full((10,), addend)).class_logits for addend in (0, 9))
    assert torch.equal(low, high)


def test_the_label_is_not_among_the_inputs(any_model, data):
    """Whatever the labels are, the network is given the same: images and addends drawn apart."""
    seen: list[tuple[Tensor, ...]] = []
    any_model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    images, labels = data.test
    for split in (data.test, Split(images, 9 - labels)):
        validate(any_model, split, sum_weight=0.1)
    (images, addends), (same_images, same_addends) = seen
    assert torch.equal(images, same_images)
    assert torch.equal(addends, same_addends)


def test_final_answers_do_not_depend_on_the_labels(any_model, data):
    images, labels = data.test
    right, wrong = (
        evaluate(any_model, Split(images, these)).confusion for these in (labels, 9 - labels)
    )
    assert right == wrong[::-1]  # the same answers, under other true classes


def first_learned(model):
    """The weights nearest to the picture that are not fixed."""
    return next(weights for weights in model.encoder.parameters() if weights.requires_grad)


def test_the_sum_loss_teaches_the_encoder(any_model, images, addends):
    """An argmax between the heads would cut the gradient."""
    output = any_model.train()(images, addends)
    batch = Batch(images, addends, torch.arange(10), torch.arange(10))
    _, sum_loss = losses(any_model.sum_head, output, batch)
    sum_loss.backward()
    assert first_learned(any_model).grad.abs().sum() > 1e-6


def test_the_class_loss_teaches_the_encoder(any_model, images, addends):
    output = any_model.train()(images, addends)
    F.cross_entropy(output.class_logits, torch.arange(10)).backward()
    assert first_learned(any_model).grad.abs().sum() > 1e-6
    assert all(parameter.grad is None for parameter in any_model.sum_head.parameters())


def test_class_logits_can_be_negative(any_model, images, addends):
    silence(any_model.class_head, -3.0)  # a ReLU would make it 0, a softmax 0.1
    assert any_model(images, addends).class_logits.unique().tolist() == [-3.0]


def test_a_regressed_sum_can_be_negative(model, images, addends):
    silence(model.sum_head, -3.0)
    assert model(images, addends).sum_value.unique().tolist() == [-3.0]


def test_sum_logits_can_be_negative(images, addends):
    model = SumNet(ModelConfig(width=4, sum_head="classification")).eval()
    silence(model.sum_head, -3.0)
    assert model(images, addends).sum_logits.unique().tolist() == [-3.0]


@pytest.mark.parametrize("fusion", FUSIONS)
def test_each_head_has_a_softmax_of_its_own(images, addends, fusion):
    """One softmax across 29 outputs would make the heads share a probability of 1."""
    model = SumNet(ModelConfig(width=4, fusion=fusion, sum_head="classification")).eval()
    before = model(images, addends).class_logits.softmax(1)
    silence(model.sum_head, 50.0)
    after = model(images, addends)
    assert torch.equal(after.class_logits.softmax(1), before)
    assert torch.allclose(after.sum_logits.softmax(1).sum(1), torch.ones(10))


def test_inputs_are_not_edited(any_model, images, addends):
    """Pixel fusion writes into a picture: into a copy of its own."""
    for given in (images.clone(), images.float()):
        before, numbers = given.clone(), addends.clone()
        any_model.train()(given, numbers).sum_value.sum().backward()
        any_model.eval().every_addend(given)
        assert torch.equal(given, before)
        assert torch.equal(numbers, addends)


def test_images_are_normalized_before_the_encoder_sees_them(any_model, images, addends):
    seen: list[Tensor] = []
    any_model.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    any_model(images, addends)
    expected = (images / 255 - 0.1307) / 0.3081
    assert torch.allclose(seen[0][:, :, :27], expected[:, :, :27], atol=1e-5)


def test_mnist_has_mean_0_and_spread_1_when_normalized(model, mnist):
    pixels = model.normalize(mnist.val.images)
    assert pixels.mean().item() == pytest.approx(0, abs=0.01)
    assert pixels.std().item() == pytest.approx(1, abs=0.01)


def test_a_network_for_garments_normalizes_as_they_need():
    model = SumNet(ModelConfig(dataset="fashion-mnist", width=4))
    black = model.normalize(torch.zeros(1, 1, 28, 28, dtype=torch.uint8))
    assert black.unique().tolist() == pytest.approx([-0.2860 / 0.3530])


def test_whole_pixels_and_floats_give_the_same_answers(any_model, images, addends):
    whole, floats = any_model(images, addends), any_model(images.float(), addends)
    for one, other in zip(outputs(whole), outputs(floats), strict=True):
        assert torch.equal(one, other)


def test_an_answer_does_not_depend_on_the_rest_of_the_batch(any_model, images, addends):
    together = any_model(images, addends)
    for i in range(10):
        alone = any_model(images[i : i + 1], addends[i : i + 1])
        for one, other in zip(outputs(together), outputs(alone), strict=True):
            assert torch.allclose(one[i], other[0], atol=1e-4)


def test_every_addend_is_each_image_with_each_addend(any_model, images):
    output = any_model.every_addend(images)
    assert len(output.sum_value) == 100
    for i, addend in product(range(10), range(10)):
        alone = any_model(images[i : i + 1], torch.tensor([addend]))
        for one, other in zip(outputs(output), outputs(alone), strict=True):
            assert torch.allclose(one[10 * i + addend], other[0], atol=1e-4)


def test_outputs_are_joined_in_order(any_model, images, addends):
    whole = any_model(images, addends)
    parts = [any_model(images[part], addends[part]) for part in (slice(0, 4), slice(4, 10))]
    for one, other in zip(outputs(whole), outputs(Output.join(parts)), strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_a_regression_starts_from_the_mean_of_all_sums():
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4)).eval()
    values = model.every_addend(torch.zeros(1, 1, 28, 28)).sum_value
    assert values.mean().item() == pytest.approx(9, abs=0.5)


def test_dropout_hides_features_from_the_class_head_in_training_only(images, addends):
    model = SumNet(ModelConfig(width=4, dropout=0.5)).eval()
    assert torch.equal(model(images, addends)[0], model(images, addends)[0])
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.train()
    assert not torch.equal(model(images, addends)[0], model(images, addends)[0])


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_dropout_keeps_the_mean_of_what_it_hides_a_share_of(share):
    torch.manual_seed(0)
    left = Dropout(share).train()(torch.ones(20_000))
    assert (left == 0).float().mean().item() == pytest.approx(share, abs=0.02)
    assert left[left > 0].unique().tolist() == pytest.approx([1 / (1 - share)])


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_class_that_there_is_not_is_never_answered(images, addends, fusion):
    """Whatever its logit: pictures of three classes have taught it nothing."""
    own = own_spec(OwnData("Three", ("a", "b", "c"), "ink", 0.1, 0.3, "0" * 32))
    model = SumNet(ModelConfig(own.name, width=4, fusion=fusion)).eval()
    model.class_head[-1].bias.data[3:] = 99.0
    for output in (model(images, addends), model.every_addend(images)):
        assert output.labels.max() <= 2
        assert output.class_logits.softmax(1)[:, 3:].max() == 0


def test_the_parameters_are_counted_by_hand(model):
    convolutions = 1 * 4 * 25 + 4 * 8 * 9 + 8 * 16 * 9
    norms = 2 * (4 + 8 + 16)
    class_head = 16 * 9 * 10 + 10
    sum_head = (10 + 10) * 64 + 64 + 64 + 1
    assert model.parameter_count == convolutions + norms + class_head + sum_head


@pytest.mark.parametrize("convs", [(1, 1, 1), (1, 2, 2), (2, 1, 3)])
def test_each_stage_halves_the_picture_and_doubles_the_channels(convs, images):
    encoder = SumNet(ModelConfig(width=4, convs=convs)).encoder
    maps = images.float()
    shapes = []
    for layer in encoder:
        maps = layer(maps)
        if isinstance(layer, torch.nn.MaxPool2d):
            shapes.append(tuple(maps.shape[1:]))
    assert shapes == [(4, 14, 14), (8, 7, 7), (16, 3, 3)]
    assert maps.shape == (10, encoder.features)


@pytest.mark.parametrize("margin", [1, 2, 4])
def test_the_network_does_not_see_the_margin(margin):
    model = SumNet(ModelConfig(width=4, margin=margin)).eval()
    images, addends = torch.randint(0, 256, (3, 1, 28, 28)), torch.tensor([0, 4, 9])
    framed = torch.full_like(images, 255)
    inside = (..., slice(margin, -margin), slice(margin, -margin))
    framed[inside] = images[inside]
    assert torch.equal(model(framed, addends).class_logits, model(images, addends).class_logits)
    framed[0, 0, margin, margin] = 255 - framed[0, 0, margin, margin]
    assert not torch.equal(
        model(framed, addends).class_logits[0], model(images, addends).class_logits[0]
    )
