"""Validation: losses and accuracies over a split, without changing the network."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor

from core import trainer
from core.dataset import Split
from core.trainer import train, validate
from tests.support.trainings import SHORT, cross_entropy, fresh, same, weights


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
    given.sort(key=lambda chunk: chunk[0].storage_offset())  # two threads may take turns otherwise
    addends = torch.cat([numbers for _, numbers in given])

    class_loss = sum_loss = 0.0
    class_right = sum_right = both_right = 0
    with torch.inference_mode():
        for i in range(100):
            logits, value, *_ = model(images[i : i + 1], addends[i : i + 1])
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


def test_validation_happens_in_eval_mode(data):
    """In train mode the norms would learn from validation images, and dropout would guess."""
    model = fresh(dropout=0.5).train()
    before = weights(model)
    first = validate(model, data.val, 0.1)
    assert not model.training
    assert validate(model.train(), data.val, 0.1) == first
    assert same(before, weights(model))


def test_a_training_step_happens_in_train_mode(data, untraced):
    modes = []
    model = fresh()
    model.class_head.register_forward_hook(lambda net, *_: modes.append(net.training))
    list(train(model, data, SHORT))
    assert modes.count(True) == 20


def test_validation_draws_nothing_from_the_training_s_random_numbers(data, model):
    before = torch.get_rng_state()
    validate(model, data.val, 0.1)
    assert torch.equal(torch.get_rng_state(), before)
