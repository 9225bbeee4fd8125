"""Final figures: counted right, in eval mode, over every image with every addend."""

from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch import Tensor

from core.dataset import Split
from core.engines import precision
from core.evaluation import metrics as metrics_module
from core.evaluation.metrics import evaluate, ood_threshold
from core.model import FUSIONS, ModelConfig, Output, SumNet


@pytest.fixture
def split() -> Split:
    """130 images, 13 of each class, that show their label in the first pixel."""
    labels = torch.arange(130) % 10
    images = torch.zeros(130, 1, 28, 28, dtype=torch.uint8)
    images[:, 0, 0, 0] = labels
    return Split(images, labels)


Claim = Callable[[Tensor, Tensor], Tensor | float]


def claiming(
    label: Claim = lambda label, addend: label,
    value: Claim = lambda label, addend: label + addend,
) -> SumNet:
    """A network that reads the label from the first pixel and answers with these functions."""

    def every_addend(images: Tensor) -> Output:
        labels = images[:, 0, 0, 0].float().repeat_interleave(10)
        addends = torch.arange(10.0).repeat(len(images))
        answers = (label(labels, addends) + 0 * labels).long()
        values = value(labels, addends) + 0 * labels
        return Output(torch.nn.functional.one_hot(answers, 10).float(), values, None)

    return cast(SumNet, SimpleNamespace(every_addend=every_addend, eval=lambda: None))


@pytest.mark.parametrize(
    ("network", "figures"),
    [
        (claiming(), (1, 1, 0, 1, 1)),
        # 11.98 is 12, not 11
        (claiming(value=lambda label, addend: label + addend - 0.02), (1, 1, 0.02, 1, 1)),
        # one too many: right only for 9 + 9, where 19 is read as 18
        (claiming(value=lambda label, addend: label + addend + 1), (1, 0.94, 1, 0.01, 0.01)),
        # both right is less than either
        (claiming(label=lambda label, addend: (label + 1) % 10), (0, 1, 0, 1, 0)),
        (claiming(label=lambda label, addend: label // 2 * 2), (0.5, 1, 0, 1, 0.5)),
        # no better than the mean; no better than the number alone
        (claiming(value=lambda label, addend: 9), (1, 0, 3.3, 0.1, 0.1)),
        (claiming(value=lambda label, addend: 4.5 + addend), (1, 0.5, 2.5, 0.1, 0.1)),
    ],
)
def test_the_figures_of_known_answers(split, network, figures):
    found = evaluate(network, split).scalars()
    assert tuple(found) == ("class_acc", "sum_r2", "sum_mae", "sum_acc", "joint_acc")
    assert tuple(found.values()) == pytest.approx(figures, abs=1e-3)


def test_values_gone_astray_still_have_figures(split):
    """Their squares overflow a float32; a run may be stopped in such a state."""
    metrics = evaluate(claiming(value=lambda label, addend: torch.tensor(1e30)), split)
    assert metrics.sum_mae == pytest.approx(1e30)
    assert metrics.sum_r2 == pytest.approx(-1e60 / 16.5)


def test_each_image_counts_with_all_ten_addends(split):
    confusion = evaluate(claiming(label=lambda label, addend: label // 2 * 2), split).confusion
    assert sum(map(sum, confusion)) == 10 * len(split.labels)
    for true, row in enumerate(confusion):
        assert row == [130 if answer == true // 2 * 2 else 0 for answer in range(10)]


def test_a_class_that_is_missing_keeps_its_row(split):
    few = split.first(3)
    confusion = evaluate(claiming(), few).confusion
    assert [sum(row) for row in confusion] == [10, 10, 10, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("sum_head", ["regression", "classification"])
def test_the_figures_of_a_network_are_those_of_a_plain_loop(data, monkeypatch, fusion, sum_head):
    """In chunks of 7 the last of 30 images are 2, which must not weigh as much as 7."""
    monkeypatch.setattr(metrics_module, "EVAL_BATCH", 7)
    torch.manual_seed(1)
    model = SumNet(ModelConfig(width=4, fusion=fusion, sum_head=sum_head)).eval()
    images, labels = data.test.first(30)
    class_right = sum_right = both_right = 0
    errors, sums = [], []
    with torch.inference_mode():
        for image, label in zip(images, labels.tolist(), strict=True):
            for addend in range(10):
                output = model(image.unsqueeze(0), torch.tensor([addend]))
                class_ok = int(output.labels) == label
                sum_ok = int(output.totals) == label + addend
                class_right += class_ok
                sum_right += sum_ok
                both_right += class_ok and sum_ok
                errors.append(float(output.sum_value) - label - addend)
                sums.append(label + addend)
    mean = sum(sums) / 300
    spread = sum((total - mean) ** 2 for total in sums)
    expected = (
        class_right / 300,
        1 - sum(error**2 for error in errors) / spread,
        sum(map(abs, errors)) / 300,
        sum_right / 300,
        both_right / 300,
    )
    found = evaluate(model, Split(images, labels)).scalars()
    assert tuple(found.values()) == pytest.approx(expected, abs=1e-4)


def test_evaluation_happens_in_eval_mode(data):
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, dropout=0.5)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = evaluate(model, data.test)
    assert not model.training
    assert evaluate(model.train(), data.test) == first
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_figures_are_the_same_whether_the_cpu_has_bfloat16(data, model, monkeypatch):
    """Near 16 its numbers are 0.125 apart: not for a card, and not what the Draw page answers."""
    figures = []
    for native in (False, True):
        monkeypatch.setattr(precision, "has_bfloat16", lambda native=native: native)
        figures.append(evaluate(model, data.test))
    assert figures[0] == figures[1]


def test_figures_are_plain_numbers(trained, data):
    metrics = evaluate(trained, data.test)
    assert {type(value) for value in metrics.scalars().values()} == {float}
    assert {type(count) for row in metrics.confusion for count in row} == {int}


def test_the_shipped_network_is_as_good_as_its_card_says(shipped, mnist, all_cores):
    model, card = shipped
    figures = evaluate(model, mnist.test).scalars()
    assert figures == pytest.approx(card.figures, abs=1e-3)
    assert figures["class_acc"] >= 0.995
    assert figures["sum_r2"] >= 0.995


def test_one_validation_image_in_200_is_doubted(trained, mnist):
    some = mnist.val.first(2000)
    level = ood_threshold(trained.train(), some)
    assert not trained.training
    with torch.inference_mode():
        energy = trained(some.images, torch.zeros_like(some.labels)).energy
    assert 8 <= (energy < level).sum() <= 10


def test_with_an_ink_detector_three_validation_images_in_400_are_doubted(trained, mnist):
    torch.manual_seed(0)
    model, some = deepcopy(trained), mnist.val.first(2000)
    model.add_ink_detector()
    level = ood_threshold(model, some)
    with torch.inference_mode():
        evidence = model(some.images, torch.zeros_like(some.labels)).evidence
    assert 13 <= (evidence < level).sum() <= 15
