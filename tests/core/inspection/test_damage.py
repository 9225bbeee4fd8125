"""A damaged copy: what is changed in it, what is not, and how well it still reads."""

import pytest
import torch

from core.evaluation.diagnostics import fixed_addends
from core.inspection import damage as damages
from core.inspection.damage import damage, score, weighted_layers
from core.model import ModelConfig, SumNet

KINDS = ("noise", "zero")


def test_convolutions_and_linear_layers_can_be_damaged(model):
    model.add_ink_detector()
    assert list(weighted_layers(model)) == [
        *("encoder.0", "encoder.4", "encoder.8", "class_head.1", "sum_head.0", "sum_head.2"),
    ]
    residual = SumNet(ModelConfig(width=4, encoder="residual"))
    assert "encoder.1.conv1" in weighted_layers(residual)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", ["encoder.0", "class_head.1", "sum_head.2"])
def test_only_the_weights_of_that_layer_of_the_copy_change(trained, kind, layer):
    before = {name: tensor.clone() for name, tensor in trained.tensors().items()}
    broken = damage(trained, layer, kind, 0.5).tensors()
    changed = [name for name in before if not torch.equal(before[name], broken[name])]
    assert changed == [f"{layer}.weight"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in trained.tensors().items())


def test_shipped_weights_stay_as_they_are(shipped):
    model, _ = shipped
    before = {name: tensor.clone() for name, tensor in model.tensors().items()}
    for layer in weighted_layers(model):
        for kind in KINDS:
            damage(model, layer, kind, 1.0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.tensors().items())


def test_so_many_weights_are_zero_and_the_rest_as_before(trained):
    weight = trained.class_head[1].weight
    some, more = (
        damage(trained, "class_head.1", "zero", n).class_head[1].weight for n in (0.3, 0.7)
    )
    for share, left in ((0.3, some), (0.7, more)):
        assert (left == 0).float().mean().item() == pytest.approx(share, abs=0.01)
        assert torch.equal(left[left != 0], weight[left != 0])
    assert (more[some == 0] == 0).all()  # those and more


def test_noise_is_as_strong_as_it_says(trained):
    weight = trained.class_head[1].weight
    noise = damage(trained, "class_head.1", "noise", 2.0).class_head[1].weight - weight
    assert noise.std().item() == pytest.approx(2 * weight.std().item(), rel=0.1)
    weaker = damage(trained, "class_head.1", "noise", 1.0).class_head[1].weight - weight
    assert torch.allclose(noise, 2 * weaker, atol=1e-6)  # the same noise


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_is_none(trained, kind):
    same = damage(trained, "encoder.0", kind, 0.0)
    assert torch.equal(same.encoder[0].weight, trained.encoder[0].weight)


def test_the_score_is_the_share_of_images_that_are_right(model, data, exact):
    with torch.inference_mode():
        addends = fixed_addends(100)
        output = model(data.test.images, addends)
    right = (output.labels == data.test.labels).double()
    both = right * (output.totals == data.test.labels + addends)
    assert score(model, data.test) == (right.mean().item(), both.mean().item(), 100)


def test_a_score_is_of_the_first_so_many_images(model, data, monkeypatch):
    monkeypatch.setattr(damages, "DAMAGE_IMAGES", 40)
    assert score(model, data.test) == score(model, data.test.first(40))
    assert score(model, data.test).images == 40


def test_a_network_without_weights_only_guesses(trained, data):
    assert score(trained, data.test).class_acc > 0.95
    assert score(damage(trained, "encoder.0", "zero", 1.0), data.test).class_acc <= 0.2


def test_a_sum_head_without_weights_leaves_the_class_as_it_is(trained, data):
    whole, broken = (
        score(each, data.test) for each in (trained, damage(trained, "sum_head.0", "zero", 1.0))
    )
    assert broken.class_acc == whole.class_acc and broken.joint_acc < 0.2


def test_answers_that_are_no_numbers_are_wrong(model, data):
    with torch.no_grad():
        model.class_head[1].weight.fill_(torch.nan)
    assert score(model, data.test) == (0, 0, 100)
