"""Training: the losses, the history, and the network that is left at the end."""

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core import trainer
from core.dataset import Batch, Data, Split
from core.engines.precision import autocast
from core.model import ModelConfig, Output, SumNet
from core.trainer import DivergedError, Progress, TrainConfig, losses, train, validate

SHORT = TrainConfig(epochs=1, batch_size=30)  # 20 steps on the 600 drawn images


def fresh(**config: object) -> SumNet:
    torch.manual_seed(0)
    return SumNet(ModelConfig(width=4, **config))


def history(data: Data, config: TrainConfig, **model: object) -> list[Progress]:
    return list(train(fresh(**model), data, config))


def weights(model: SumNet) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor], part: str = "") -> bool:
    return all(torch.equal(one[name], other[name]) for name in one if name.startswith(part))


def watch_batches(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """The batches that a training draws, as it draws them."""
    seen: list[Batch] = []
    real = trainer.batches

    def watched(*given: object) -> Iterator[Batch]:
        for batch in real(*given):
            seen.append(batch)
            yield batch

    monkeypatch.setattr(trainer, "batches", watched)
    return seen


# --- the losses


@pytest.fixture
def batch() -> Batch:
    labels, addends = torch.tensor([5, 0, 9]), torch.tensor([7, 3, 9])
    return Batch(torch.zeros(3, 1, 28, 28), addends, labels, labels + addends)


@pytest.fixture
def output() -> Output:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 10, generator=generator) * 5
    return Output(logits, torch.tensor([11.5, 4.0, 15.0]), None)


def cross_entropy(logits: list[float], right: int) -> float:
    return math.log(sum(map(math.exp, logits))) - logits[right]


def test_the_class_loss_is_the_cross_entropy_of_the_logits(output, batch):
    """Logits, not probabilities: a softmax before it flattens the loss."""
    pairs = zip(output.class_logits.tolist(), [5, 0, 9], strict=True)
    expected = sum(cross_entropy(logits, label) for logits, label in pairs) / 3
    assert losses(output, batch)[0].item() == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_a_regressed_sum_is_the_mean_squared_error(output, batch):
    expected = ((11.5 - 12) ** 2 + (4.0 - 3) ** 2 + (15.0 - 18) ** 2) / 3
    assert losses(output, batch)[1].item() == pytest.approx(expected)


def test_the_loss_of_a_classified_sum_is_the_cross_entropy_of_its_logits(output, batch):
    logits = torch.randn(3, 19, generator=torch.Generator().manual_seed(1)) * 5
    pairs = zip(logits.tolist(), [12, 3, 18], strict=True)
    expected = sum(cross_entropy(values, total) for values, total in pairs) / 3
    found = losses(output._replace(sum_logits=logits), batch)[1]
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_smoothing_softens_the_class_loss_only(output, batch):
    sharp, smooth = losses(output, batch), losses(output, batch, smoothing=0.1)
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

    But for the sum head, which steps as if the weight were its usual rate.
    """
    seen = watch_batches(monkeypatch)
    config = TrainConfig(batch_size=30, sum_weight=0.37, weight_decay=0.0)
    model, twin = fresh(), fresh().train()
    progress = next(train(model, data, config))
    class_loss, sum_loss = losses(twin(seen[0].images, seen[0].addends), seen[0])
    heads, lr = twin.sum_head.parameters(), progress.lr
    rest = [*twin.encoder.parameters(), *twin.class_head.parameters()]
    groups = [{"params": rest}, {"params": heads, "lr": lr * 0.03 / 0.37}]
    sgd = torch.optim.SGD(groups, lr, 0.9, nesterov=True)
    (class_loss + 0.37 * sum_loss).backward()
    sgd.step()
    for name, value in twin.state_dict().items():
        assert torch.allclose(model.state_dict()[name], value, atol=1e-5), name


# --- the history


@pytest.mark.parametrize(
    "config",
    [
        SHORT,
        TrainConfig(epochs=2, batch_size=64, augment=1.0, label_smoothing=0.1, ema=0.9, seed=3),
        TrainConfig(batch_size=64, shift=2, erase=0.5),
    ],
)
def test_a_seed_fixes_the_whole_history(data, config):
    one, other = fresh(dropout=0.3), fresh(dropout=0.3)
    first = list(train(one, data, config))
    torch.rand(100)  # whatever else draws from torch's own generator
    assert list(train(other, data, config)) == first


def test_another_seed_gives_another_history(data):
    model = {"dropout": 0.3}
    one, other = (history(data, TrainConfig(batch_size=30, seed=s), **model) for s in (0, 1))
    assert one[0].train != other[0].train


def test_a_seed_fixes_the_network_that_is_left(data):
    one, other = fresh(), fresh()
    for model in (one, other):
        list(train(model, data, SHORT))
    assert same(weights(one), weights(other))


def test_progress_counts_steps_epochs_and_images(data):
    steps = history(data, TrainConfig(epochs=2, batch_size=256))  # 256 + 256 + 88, twice
    assert [p.step for p in steps] == [1, 2, 3, 4, 5, 6]
    assert {p.steps for p in steps} == {6}
    assert [p.epoch for p in steps] == [1, 1, 1, 2, 2, 2]
    assert [p.images for p in steps] == [256, 512, 600, 856, 1112, 1200]


@pytest.mark.parametrize("batch_size", [50, 47, 30, 7])  # 12, 13, 20, 86 steps
def test_the_validation_images_are_looked_at_ten_times_in_the_shortest_run(data, batch_size):
    steps = history(data, TrainConfig(epochs=1, batch_size=batch_size))
    looks = [p.step for p in steps if p.val]
    assert len(looks) >= 10
    assert looks[-1] == steps[-1].step
    gaps = [b - a for a, b in zip([0, *looks], looks, strict=False)]
    assert max(gaps) <= 1 + len(steps) / 10  # and evenly


def test_the_last_look_is_at_all_validation_images(data, monkeypatch):
    monkeypatch.setattr(trainer, "LIVE_VAL_SIZE", 20)
    model = fresh()
    looks = []
    for progress in train(model, data, SHORT):
        if progress.val:
            split = data.val if progress.step == progress.steps else data.val.first(20)
            looks.append(progress.val == validate(model, split, SHORT.sum_weight))
    assert looks == [True] * trainer.VALIDATIONS


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nothing(data):
    rates = [p.lr for p in history(data, TrainConfig(epochs=2, batch_size=10, lr=0.2))]
    peak = rates.index(max(rates))
    assert rates[peak] == pytest.approx(0.2, rel=0.01)
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[0] < 0.01
    assert rates[-1] < 0.001


@pytest.mark.parametrize("count", range(1, 8))
def test_the_fewest_steps_make_a_run(data, count):
    """Somebody's own ten drawings, say."""
    few = data._replace(train=data.train.first(10 * count))
    steps = history(few, TrainConfig(epochs=1, batch_size=10))
    assert len(steps) == count
    assert all(p.val for p in steps)


def test_training_scores_are_means_over_the_batch_however_small(data, exact, monkeypatch):
    """600 images make nine batches of 63 and one of 33, which is divided by 33."""
    seen = watch_batches(monkeypatch)
    answers: list[Output] = []
    model = fresh()
    model.register_forward_hook(lambda net, _, out: answers.append(out) if net.training else None)
    steps = list(train(model, data, TrainConfig(batch_size=63)))
    last, answer, size = seen[-1], answers[-1], 33
    right = sum(a == b for a, b in zip(answer.labels, last.labels, strict=True))
    total = sum((a - b) ** 2 for a, b in zip(answer.sum_value, last.sums, strict=True))
    assert len(last.labels) == size
    assert steps[-1].train.class_acc == pytest.approx(right.item() / size)
    assert steps[-1].train.sum_loss == pytest.approx(total.item() / size, rel=1e-4)


def test_nothing_is_printed(data, capsys):
    history(data, SHORT)
    assert capsys.readouterr() == ("", "")


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


# --- scoring


def test_scores_are_those_of_a_plain_loop(trained, data, exact, monkeypatch):
    """In chunks of 7 the last of 100 images are a chunk of 2: it must not weigh as much."""
    monkeypatch.setattr(trainer, "EVAL_BATCH", 7)
    model = deepcopy(trained)
    model.sum_head[-1].bias.data += 0.4  # some sums are wrong though the class is right
    images, labels = data.test
    labels = torch.where(torch.arange(100) % 9 == 0, 9 - labels, labels)  # a few wrong ones
    given: list[tuple[Tensor, Tensor]] = []
    hook = model.register_forward_pre_hook(lambda _, inputs: given.append(inputs))
    scores = validate(model, Split(images, labels), sum_weight=0.5)
    hook.remove()
    addends = torch.cat([numbers for _, numbers in given])

    class_loss = sum_loss = 0.0
    class_right = sum_right = both_right = 0
    with torch.inference_mode():
        for i in range(100):
            logits, value, _ = model(images[i : i + 1], addends[i : i + 1])
            label, total = int(labels[i]), int(labels[i] + addends[i])
            class_loss += cross_entropy(logits[0].tolist(), label)
            sum_loss += (value.item() - total) ** 2
            class_ok, sum_ok = int(logits.argmax()) == label, round(value.item()) == total
            class_right += class_ok
            sum_right += sum_ok
            both_right += class_ok and sum_ok
    assert 10 < both_right < class_right < 100
    expected = (class_loss + 0.5 * sum_loss, class_loss, sum_loss)
    assert scores[:3] == pytest.approx([value / 100 for value in expected], rel=1e-3)
    assert scores[3:] == pytest.approx([n / 100 for n in (class_right, sum_right, both_right)])


def test_scoring_happens_in_eval_mode(data):
    """In train mode the norms would learn from validation images, and dropout would guess."""
    model = fresh(dropout=0.5).train()
    before = weights(model)
    first = validate(model, data.val, 0.1)
    assert not model.training
    assert validate(model.train(), data.val, 0.1) == first
    assert same(before, weights(model))


def test_a_training_step_happens_in_train_mode(data):
    modes = []
    model = fresh()
    model.class_head.register_forward_hook(lambda net, *_: modes.append(net.training))
    list(train(model, data, SHORT))
    assert modes.count(True) == 20


def test_scoring_draws_nothing_from_the_training_s_random_numbers(data, model):
    before = torch.get_rng_state()
    validate(model, data.val, 0.1)
    assert torch.equal(torch.get_rng_state(), before)


# --- what is left


def test_it_learns_the_drawn_digits_and_their_sums(trained, data):
    scores = validate(trained, data.test, 0.1)
    assert scores.class_acc == 1.0
    assert scores.joint_acc > 0.9


@pytest.mark.parametrize("fusion", ["late", "pixels"])
def test_the_data_are_not_edited(data, fusion):
    before = [(split.images.clone(), split.labels.clone()) for split in data[1:]]
    history(data, TrainConfig(batch_size=100, augment=1.0), fusion=fusion)
    for split, (images, labels) in zip(data[1:], before, strict=True):
        assert torch.equal(split.images, images)
        assert torch.equal(split.labels, labels)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_loss_that_runs_away_is_an_error_that_says_when_and_what_to_do(data, ema):
    model = fresh()
    config = TrainConfig(epochs=20, batch_size=30, lr=1000.0, sum_weight=1.0, ema=ema)
    steps: list[Progress] = []
    with pytest.raises(DivergedError) as error:
        for progress in train(model, data, config):
            steps.append(progress)
    assert not model.training
    sentence, advice = str(error.value).split(". ")
    assert sentence == f"The loss ran away at step {len(steps) + 1}"
    assert advice == "Lower the learning rate and train again."
    assert all(math.isfinite(p.train.loss) for p in steps)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_run_that_is_closed_early_leaves_a_usable_network(data, ema):
    model = fresh()
    before = weights(model)
    steps = train(model, data, TrainConfig(epochs=5, batch_size=30, ema=ema))
    for _ in range(40):
        next(steps)
    steps.close()
    assert not model.training
    assert not same(before, weights(model))
    assert validate(model, data.test, 0.1).class_acc > 0.5
    assert all(value.isfinite().all() for value in weights(model).values())


def test_averaged_weights_are_the_running_mean_of_all_steps(data, exact):
    """Oracle: the same run without the mean, its weights averaged here; early, over few steps."""
    plain = fresh()
    mean: dict[str, Tensor] = {}
    for step, _ in enumerate(train(plain, data, SHORT)):
        now = weights(plain)
        decay = min(0.3, (1 + step) / (10 + step))
        mean = {n: decay * mean[n] + (1 - decay) * now[n] if mean else now[n] for n in now}
    averaged = fresh()
    list(train(averaged, data, replace(SHORT, ema=0.3)))
    for name, value in weights(averaged).items():
        if value.is_floating_point():
            assert torch.allclose(value, mean[name], atol=1e-5), name
    assert not same(weights(plain), weights(averaged), "class_head.")


def test_validation_looks_at_the_averaged_weights(data):
    config = TrainConfig(batch_size=30, ema=0.9)
    model = fresh()
    *_, last = train(model, data, config)
    assert last.val == validate(model, data.val, config.sum_weight)


@pytest.mark.parametrize("native", [True, False])
def test_bfloat16_is_used_where_the_cpu_has_it_and_nowhere_else(monkeypatch, native):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    with autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if native else torch.float32)
