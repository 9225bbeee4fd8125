"""The bug list: each published bug is caught by a test of the correct code when it is put in."""

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path

import pytest
import torch

from core import dataset
from core import model as networks
from core import trainer as training
from core.dataset import Batch, batches
from core.evaluation.metrics import Metrics, evaluate
from core.heads import Output, PixelFusion
from core.model import SumNet
from core.recipes.bugs import BUGS
from core.trainer import validate
from tests.core import test_dataset, test_losses, test_model
from tests.core.evaluation import test_metrics


def each_batch(change: Callable[[Batch], Batch]) -> Callable[..., object]:
    return lambda *given: map(change, batches(*given))


def in_every_network(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setitem(networks.ALTERATIONS, "", networks.ALTERATIONS[name])


def instead(owner: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(owner, name, value)


def mark_in_place(self: PixelFusion, images: torch.Tensor, onehot: torch.Tensor) -> torch.Tensor:
    images[:, 0, -1, -10:] = (255 * onehot).to(images.dtype)
    return images


def both_right_as_accuracy(model: SumNet, split: dataset.Split) -> Metrics:
    metrics = evaluate(model, split)
    object.__setattr__(metrics, "class_acc", metrics.joint_acc)
    return metrics


@wraps(training._means)
def divided_by_256(output: Output, batch: Batch, *given: object) -> torch.Tensor:
    return training_means(output, batch, *given) * len(batch.labels) / 256


training_means, correct_load = training._means, dataset.load_data
truncated = property(lambda output: output.sum_value.clamp(0, 18).long())

BUG_LIST = {
    "softmax before cross-entropy": (
        instead(test_losses, "losses", BUGS["softmax"].method.losses),
        "test_losses.py::test_the_class_loss_is_the_cross_entropy_of_the_logits",
    ),
    "one softmax across heads": (
        instead(test_losses, "losses", BUGS["shared-softmax"].method.losses),
        "test_losses.py::test_the_loss_of_a_classified_sum_is_the_cross_entropy_of_its_logits",
    ),
    "test = train": (
        instead(dataset, "load_data", lambda name: BUGS["seen-images"].data(correct_load(name))),
        "test_dataset.py::test_no_image_is_in_two_splits",
    ),
    "MSE [N, 1] against [N]": (
        instead(test_losses, "losses", BUGS["broadcast"].method.losses),
        "test_losses.py::test_the_loss_of_a_regressed_sum_is_the_mean_squared_error",
    ),
    "misaligned loaders": (
        instead(
            test_dataset, "batches", each_batch(lambda b: b._replace(images=b.images.roll(1, 0)))
        ),
        "test_dataset.py::test_images_labels_and_sums_stay_together",
    ),
    "argmax between heads": (
        in_every_network("argmax"),
        "test_model.py::test_the_sum_loss_teaches_the_encoder",
    ),
    "ReLU on logits": (
        in_every_network("relu"),
        "test_model.py::test_class_logits_can_be_negative",
    ),
    "number fixed per image": (
        instead(test_dataset, "batches", each_batch(BUGS["fixed-addend"].method.prepare)),
        "test_dataset.py::test_an_image_meets_another_addend_in_the_next_epoch",
    ),
    "a random range that misses a value": (
        instead(dataset, "ADDENDS", 9),
        "test_dataset.py::test_addends_are_all_of_0_to_9_and_equally_likely",
    ),
    "evaluation in train mode": (
        instead(SumNet, "eval", SumNet.train),
        "evaluation/test_metrics.py::test_evaluation_happens_in_eval_mode",
    ),
    "both-right reported as accuracy": (
        instead(test_metrics, "evaluate", both_right_as_accuracy),
        "evaluation/test_metrics.py::test_the_figures_of_known_answers",
    ),
    "truncation": (
        instead(Output, "totals", truncated),
        "test_heads.py::test_a_regressed_sum_is_rounded_not_truncated",
    ),
    "no normalization": (
        instead(SumNet, "normalize", lambda self, images: images.float()),
        "test_model.py::test_images_are_normalized_before_the_encoder_sees_them",
    ),
    "in-place edits of inputs": (
        instead(PixelFusion, "mark", mark_in_place),
        "test_model.py::test_inputs_are_not_edited",
    ),
    "division by the wrong count": (
        instead(training, "_means", divided_by_256),
        "test_trainer.py::test_training_scores_are_means_over_the_batch_however_small",
    ),
    "the label among the inputs": (
        instead(test_model, "validate", partial(validate, method=BUGS["label"].method)),
        "test_model.py::test_the_label_is_not_among_the_inputs",
    ),
}

CAUGHT_BY = {"argmax between heads": AttributeError}  # no gradient at all, not even zeros


class Verdicts:
    """A pytest plugin that keeps why tests failed."""

    def __init__(self) -> None:
        self.raised: list[type[BaseException]] = []

    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        if call.excinfo is not None:
            self.raised.append(call.excinfo.type)
        return None


@pytest.mark.parametrize("row", BUG_LIST)
def test_each_published_bug_is_caught_when_it_is_put_in(row, monkeypatch, capsys):
    """pytest in pytest: the guarding test, run while the bug is in, must fail by its assertion."""
    put_in, guard = BUG_LIST[row]
    node = f"{Path(__file__).parents[1]}/{guard}"
    verdicts = Verdicts()
    with monkeypatch.context() as patch:
        put_in(patch)
        status = pytest.main(["-q", "-p", "no:cacheprovider", node], plugins=[verdicts])
    report = capsys.readouterr().out
    assert status == pytest.ExitCode.TESTS_FAILED, report
    assert set(verdicts.raised) == {CAUGHT_BY.get(row, AssertionError)}, report
