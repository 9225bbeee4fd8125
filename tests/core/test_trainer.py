"""Training: the history, and the network that is left at the end."""

import math
from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from core import trainer
from core.heads import Output
from core.trainer import DivergedError, Progress, TrainConfig, Training, train, validate
from tests.support.trainings import SHORT, fresh, history, same, watch_batches, weights

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
def test_the_shortest_run_validates_ten_times(data, batch_size):
    steps = history(data, TrainConfig(epochs=1, batch_size=batch_size))
    looks = [p.step for p in steps if p.val]
    assert len(looks) >= 10
    assert looks[-1] == steps[-1].step
    gaps = [b - a for a, b in zip([0, *looks], looks, strict=False)]
    assert max(gaps) <= 1 + len(steps) / 10  # and evenly


def test_the_last_validation_takes_all_images(data, monkeypatch):
    monkeypatch.setattr(trainer, "LIVE_VAL_SIZE", 20)
    model = fresh()
    equal = []
    for progress in train(model, data, SHORT):
        if progress.val:
            split = data.val if progress.step == progress.steps else data.val.first(20)
            equal.append(progress.val == validate(model, split, SHORT.sum_weight))
    assert equal == [True] * trainer.VALIDATIONS


def test_the_learning_rate_rises_to_its_maximum_and_falls_to_nothing(data):
    rates = [p.lr for p in history(data, TrainConfig(epochs=2, batch_size=10, lr=0.2))]
    top = rates.index(max(rates))
    assert rates[top] == pytest.approx(0.2, rel=0.01)
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[0] < 0.01
    assert rates[-1] < 0.001


@pytest.mark.parametrize("count", range(1, 8))
def test_the_fewest_steps_make_a_run(data, count):
    """Somebody's own ten drawings, say."""
    few = data._replace(train=data.train.first(10 * count))
    steps = history(few, TrainConfig(epochs=1, batch_size=10))
    assert len(steps) == count
    assert all(p.val for p in steps)


def test_training_scores_are_means_over_the_batch_however_small(data, exact, monkeypatch, untraced):
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


@pytest.mark.parametrize("eased", [{"label_smoothing": 0.5}, {"temperature": 3.0}])
def test_the_loss_that_is_reported_is_not_eased_as_that_of_validation_is_not(
    data, exact, monkeypatch, untraced, eased
):
    seen = watch_batches(monkeypatch)
    answers: list[Output] = []
    model = fresh()
    model.register_forward_hook(lambda net, _, out: answers.append(out) if net.training else None)
    config = TrainConfig(batch_size=63, **eased)
    *_, last = train(model, data, config)
    logits, labels = answers[-1].class_logits, seen[-1].labels
    learned = F.cross_entropy(
        logits / config.temperature, labels, label_smoothing=config.label_smoothing
    ).item()
    plain = F.cross_entropy(logits, labels).item()
    assert abs(learned - plain) > 0.01
    assert last.train.class_loss == pytest.approx(plain, rel=1e-4)


def test_nothing_is_printed(data, capsys):
    history(data, SHORT)
    assert capsys.readouterr() == ("", "")


# --- what is left


def test_it_learns_the_drawn_digits_and_their_sums(trained, data):
    scores = validate(trained, data.test, 0.1)
    assert scores.class_acc == 1.0
    assert scores.joint_acc > 0.9


@pytest.mark.parametrize("fusion", ["late", "pixels"])
def test_the_data_are_not_edited(data, fusion):
    before = [(split.images.clone(), split.labels.clone()) for split in data.splits]
    history(data, TrainConfig(batch_size=100, augment=1.0), fusion=fusion)
    for split, (images, labels) in zip(data.splits, before, strict=True):
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


def test_validation_is_of_the_averaged_weights(data):
    config = TrainConfig(batch_size=30, ema=0.9)
    model = fresh()
    *_, last = train(model, data, config)
    assert last.val == validate(model, data.val, config.sum_weight)


# --- a training that was cut off


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("ended", [1, 2])  # epochs, of 3
def test_a_restored_training_ends_as_one_that_was_not_cut_off(data, ended, shards):
    config = TrainConfig(
        epochs=3, batch_size=32 * shards, augment=0.5, erase=0.5, cutout=4, ema=0.9, seed=3
    )
    data = data.with_handwriting(0.2, seed=3)
    whole = fresh(dropout=0.3)
    steps = list(Training(whole, data, config).run())
    cut = Training(fresh(dropout=0.3), data, config)
    running = cut.run()
    first = list(islice(running, len(steps) * ended // 3))
    state = cut.state()
    del cut, running  # which leave the averaged weights in their network
    model = fresh(dropout=0.3)
    rest = Training(model, data, config)
    rest.restore(state)
    assert first + list(rest.run()) == steps
    assert same(weights(model), weights(whole))
