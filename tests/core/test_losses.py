"""What a training minimizes, and how a step follows it."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.dataset import Batch
from core.engines.optimizer import make_optimizer
from core.heads import FUSIONS, ClassificationHead, LateFusion, Output, RegressionHead
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.trainer import TrainConfig, losses, train
from tests.support.trainings import (
    SHORT,
    cross_entropy,
    fresh,
    history,
    same,
    watch_batches,
    weights,
)

REGRESSION, CLASSIFICATION = RegressionHead(20, 8), ClassificationHead(20, 8)


@pytest.fixture
def batch() -> Batch:
    labels, addends = torch.tensor([5, 0, 9]), torch.tensor([7, 3, 9])
    return Batch(torch.zeros(3, 1, 28, 28), addends, labels, labels + addends)


@pytest.fixture
def output() -> Output:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 10, generator=generator) * 5
    return Output(logits, torch.tensor([11.5, 4.0, 15.0]), None)


def test_the_class_loss_is_the_cross_entropy_of_the_logits(output, batch):
    """Logits, not probabilities: a softmax before it flattens the loss."""
    pairs = zip(output.class_logits.tolist(), [5, 0, 9], strict=True)
    expected = sum(cross_entropy(logits, label) for logits, label in pairs) / 3
    assert losses(REGRESSION, output, batch)[0].item() == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_a_regressed_sum_is_the_mean_squared_error(output, batch):
    expected = ((11.5 - 12) ** 2 + (4.0 - 3) ** 2 + (15.0 - 18) ** 2) / 3
    assert losses(REGRESSION, output, batch)[1].item() == pytest.approx(expected)


def test_the_loss_of_a_classified_sum_is_the_cross_entropy_of_its_logits(output, batch):
    logits = torch.randn(3, 19, generator=torch.Generator().manual_seed(1)) * 5
    pairs = zip(logits.tolist(), [12, 3, 18], strict=True)
    expected = sum(cross_entropy(values, total) for values, total in pairs) / 3
    found = losses(CLASSIFICATION, output._replace(sum_logits=logits), batch)[1]
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_smoothing_softens_the_class_loss_only(output, batch):
    sharp, smooth = (
        losses(REGRESSION, output, batch),
        losses(REGRESSION, output, batch, smoothing=0.1),
    )
    mean = -output.class_logits.log_softmax(1).mean()
    assert smooth[0].item() == pytest.approx((0.9 * sharp[0] + 0.1 * mean).item(), rel=1e-5)
    assert smooth[1] == sharp[1]


@pytest.mark.parametrize("sum_head", ["regression", "classification"])
def test_the_joint_loss_is_the_weighted_sum_of_both(data, sum_head):
    config = TrainConfig(batch_size=30, sum_weight=0.37)
    for progress in history(data, config, sum_head=sum_head):
        for scores in filter(None, (progress.train, progress.val)):
            expected = scores.class_loss + 0.37 * scores.sum_loss
            assert scores.loss == pytest.approx(expected)


def test_one_step_teaches_both_heads(data):
    model = fresh()
    before = weights(model)
    next(train(model, data, SHORT))
    for part in ("encoder.0.", "class_head.", "sum_head."):
        assert not same(before, weights(model), part)


def test_a_sum_that_weighs_nothing_teaches_nothing(data):
    model = fresh()
    before = weights(model)
    list(train(model, data, TrainConfig(batch_size=30, sum_weight=0.0)))
    assert same(before, weights(model), "sum_head.")  # no gradient, and no decay either
    assert not same(before, weights(model), "class_head.")


def test_the_first_step_follows_the_gradient_of_the_joint_loss(data, exact, monkeypatch):
    """Oracle: torch's own SGD on class loss + weight * sum loss of the very same batch.

    Except for the sum head, which steps as if the weight were its usual scale.
    """
    seen = watch_batches(monkeypatch)
    config = TrainConfig(batch_size=30, sum_weight=0.37, weight_decay=0.0)
    model, twin = fresh(), fresh().train()
    progress = next(train(model, data, config))
    class_loss, sum_loss = losses(twin.sum_head, twin(seen[0].images, seen[0].addends), seen[0])
    heads, lr = twin.sum_head.parameters(), progress.lr
    rest = [*twin.encoder.parameters(), *twin.class_head.parameters()]
    groups = [{"params": rest}, {"params": heads, "lr": lr * 0.03 / 0.37}]
    sgd = torch.optim.SGD(groups, lr, 0.9, nesterov=True)
    (class_loss + 0.37 * sum_loss).backward()
    sgd.step()
    for name, value in twin.state_dict().items():
        assert torch.allclose(model.state_dict()[name], value, atol=1e-5), name


@pytest.mark.parametrize("smoothing, temperature", [(0.1, 1.0), (0.0, 3.0), (0.1, 3.0)])
def test_a_training_eases_its_class_loss_as_its_recipe_says(
    data, exact, monkeypatch, smoothing, temperature
):
    """It learns from smoothed labels and eased logits, and reports the loss without either."""
    seen = watch_batches(monkeypatch)
    model, twin = fresh(), fresh().train()
    config = TrainConfig(
        batch_size=30,
        label_smoothing=smoothing,
        temperature=temperature,
        sum_weight=0.0,
        weight_decay=0.0,
    )
    progress = next(train(model, data, config))
    output = twin(seen[0].images, seen[0].addends)
    plain = losses(twin.sum_head, output, seen[0])[0]
    logits = output.class_logits / temperature
    smooth = F.cross_entropy(logits, seen[0].labels, label_smoothing=smoothing)
    assert progress.train.class_loss == pytest.approx(plain.item(), rel=1e-4)
    learned = [*twin.encoder.parameters(), *twin.class_head.parameters()]
    sgd = torch.optim.SGD(learned, progress.lr, 0.9, nesterov=True)
    smooth.backward()
    sgd.step()
    for ours, theirs in zip(
        model.class_head.parameters(), twin.class_head.parameters(), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("head", ["regression", "classification"])
def test_the_sum_head_steps_alike_whatever_the_sums_weight(data, head):
    """The weight is for the encoder, which heeds the sum more or less."""
    sum_heads, encoders = [], []
    for weight in (0.02, 0.2):
        model = fresh(sum_head=head)
        next(train(model, data, TrainConfig(batch_size=30, sum_weight=weight)))
        sum_heads.append(torch.cat([p.flatten() for p in model.sum_head.parameters()]))
        encoders.append(torch.cat([p.flatten() for p in model.encoder.parameters()]))
    torch.testing.assert_close(*sum_heads)
    assert not torch.allclose(*encoders)


# --- every parameter is trained


def optimized(model: SumNet) -> list[int]:
    """The parameters in the groups of its optimizer, by identity."""
    optimizer = make_optimizer(model, lr=0.1, weight_decay=1e-4, sum_weight=0.1)
    return [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_parameter_of_a_preset_is_in_exactly_one_group(preset):
    model = PRESETS[preset].recipe.build()
    learned = [each for each in model.parameters() if each.requires_grad]
    assert sorted(optimized(model)) == sorted(map(id, learned))


class LearnedFusion(LateFusion):
    """Late fusion with weights of its own."""

    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.mix = nn.Linear(self.width, self.width)

    def forward(self, features: Tensor, class_probs: Tensor, onehot: Tensor) -> Tensor:
        return self.mix(super().forward(features, class_probs, onehot))


def test_a_fusion_with_weights_of_its_own_learns_them(data, monkeypatch):
    monkeypatch.setitem(FUSIONS, "learned", LearnedFusion)
    model = fresh(fusion="learned")
    before = weights(model)
    list(train(model, data, SHORT))
    assert sorted(optimized(model)) == sorted(map(id, model.parameters()))
    assert not same(before, weights(model), "fusion.mix.weight")
    assert not same(before, weights(model), "fusion.mix.bias")
