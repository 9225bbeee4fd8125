"""The published bugs, each as a switch: the mistakes that broke three networks, on purpose.

A bug replaces one part of a correct training, and no other code asks which one is on:

    network   what changes in a new network             core/model.py ALTERATIONS, by the same name
    method    what a step sees and what it minimizes    core/trainer.py Method
    data      which images are in which split

The recipe of the network names its bug, so the network loads as it was. Its test metrics are always
honest: real test images without a label in them. The validation curve shows what the bug makes of
it, and the difference between the two often gives the bug away.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.drawing import IMAGE_SIDE
from core.dataset import Batch, Data
from core.heads import Output, SumHead
from core.specs import ADDENDS, CLASSES
from core.trainer import SOUND, Method, losses

LOSS_FLOOR = math.log(math.e + CLASSES - 1) - 1  # 1.46: cross-entropy of a 1 among 0s, as logits
SILENT_SHARE = 0.002  # of all answers; a class with less is silent (a fair share is 0.1)
LABEL_ROW = 2  # row of the label in the picture; the first two are a margin
LABEL_SIDE = 2  # pixels, of the little square that holds the label


class RunMetrics(NamedTuple):
    """What is known when a run is over."""

    test: Mapping[str, float]  # on the card: class_acc, sum_r2, ...
    confusion: Sequence[Sequence[int]]  # rows: true class, columns: answered class
    val: Mapping[str, float]  # the last validation: val_class_loss, val_joint_acc, ...


@dataclass(frozen=True)
class Bug:
    """A mistake that somebody published."""

    name: str  # in links and on the command line
    title: str
    about: str  # one sentence: what it is
    gave_away: Callable[[RunMetrics], str]  # one sentence afterwards, with the metrics of the run
    method: Method = SOUND
    data: Callable[[Data], Data] = lambda data: data
    needs: Mapping[str, str | float] = field(default_factory=dict)  # settings that make it show
    marks_images: bool = False  # does it write something into single pixels?


# --- what each of them does


def broadcast_error(
    head: SumHead, output: Output, batch: Batch, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """(B, 1) - (B,) is (B, B): compare every answer with every sum of the batch."""
    class_loss, _ = losses(head, output, batch, smoothing)
    column, row = output.sum_value.unsqueeze(1), batch.sums.float()
    return class_loss, (column - row).square().mean()


def double_softmax(
    head: SumHead, output: Output, batch: Batch, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Cross-entropy takes logits and applies a softmax itself; here it gets probabilities."""
    sum_logits = None if output.sum_logits is None else output.sum_logits.softmax(1)
    probs = output._replace(class_logits=output.class_logits.softmax(1), sum_logits=sum_logits)
    return losses(head, probs, batch, smoothing)


def one_softmax(
    head: SumHead, output: Output, batch: Batch, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """One softmax over 29 outputs, then sliced; cross-entropy applies its own on top."""
    assert output.sum_logits is not None  # the bug needs a classified sum
    probs = torch.cat([output.class_logits, output.sum_logits], 1).softmax(1)  # (B, 29)
    slices = output._replace(class_logits=probs[:, :CLASSES], sum_logits=probs[:, CLASSES:])
    return losses(head, slices, batch, smoothing)


def write_label(batch: Batch) -> Batch:
    """The label among the inputs: one of ten little squares at the top of the picture is white."""
    images = batch.images.clone()
    squares = F.one_hot(batch.labels, CLASSES).repeat_interleave(LABEL_SIDE, 1)  # (B, 20)
    light = 255 * squares.to(images.dtype)
    left = (IMAGE_SIDE - light.shape[1]) // 2
    images[:, 0, LABEL_ROW : LABEL_ROW + LABEL_SIDE, left:-left] = light.unsqueeze(1)
    return batch._replace(images=images)


def fix_addends(batch: Batch) -> Batch:
    """Always the same addend for the same image: the sum of its pixels, modulo ten."""
    addends = batch.images.long().sum((1, 2, 3)) % ADDENDS
    return batch._replace(addends=addends, sums=batch.labels + addends)


def validate_on_train(data: Data) -> Data:
    """The validation images are training images."""
    return data._replace(val=data.train.first(len(data.val.labels)))


# --- what gives each of them away


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _broadcast(run: RunMetrics) -> str:
    r2, right = run.test["sum_r2"], _percent(run.test["class_acc"])
    return (
        f"R² is {r2:.2f}, but the class head is right in {right}: "
        "compared with all sums of its batch at once, the sum head can only answer their mean."
    )


def _softmax(run: RunMetrics) -> str:
    loss, right = run.val["val_class_loss"], _percent(run.val["val_class_acc"])
    return (
        f"The class loss ends at {loss:.2f} with {right} right, but it should be near zero: "
        f"the cross-entropy of ten probabilities cannot fall below {LOSS_FLOOR:.2f}."
    )


def _shared_softmax(run: RunMetrics) -> str:
    one, other = _percent(run.test["class_acc"]), _percent(run.test["sum_acc"])
    return (
        f"The class head is right in {one}, the sum head in {other}, both in "
        f"{_percent(run.test['joint_acc'])}: whatever one head gains of the shared probability, "
        "the other one loses."
    )


def _relu(run: RunMetrics) -> str:
    answers = [sum(column) for column in zip(*run.confusion, strict=True)]
    silent = [
        str(label)
        for label, count in enumerate(answers)
        if sum(run.confusion[label]) and count < SILENT_SHARE * sum(answers)
    ]
    right = _percent(run.test["class_acc"])
    if not silent:
        return (
            f"Nothing did, this time: the class head is right in {right}. With another seed it may "
            "never answer one class or more: below zero, a ReLU lets no gradient through."
        )
    return (
        f"It hardly ever answers class {' or '.join(silent)}, so {right} are right: below zero, a "
        "ReLU lets no gradient through, and a logit that falls there stays there."
    )


def _argmax(run: RunMetrics) -> str:
    one, other = _percent(run.test["class_acc"]), _percent(run.test["sum_acc"])
    return (
        f"The gradient, not the metrics (class {one}, rounded sum {other}): behind an argmax it "
        "is zero, so the encoder never learns from a mistake of the sum."
    )


def _label(run: RunMetrics) -> str:
    val, test = _percent(run.val["val_joint_acc"]), _percent(run.test["joint_acc"])
    return (
        f"Both right in {val} of the validation images, but in {test} of the test images, which "
        "have no label in them: it learned to read the label. Your drawing will show it."
    )


def _fixed_addend(run: RunMetrics) -> str:
    val, test = _percent(run.val["val_sum_acc"]), _percent(run.test["sum_acc"])
    return (
        f"Hardly anything did: the rounded sum is right in {val} with the fixed numbers and in "
        f"{test} with all ten. Late fusion shows the sum head too little of an image to "
        "recognize it."
    )


def _seen_images(run: RunMetrics) -> str:
    val, test = _percent(run.val["val_joint_acc"]), _percent(run.test["joint_acc"])
    return (
        f"Both right in {val} of the so-called validation images, but in {test} of the test "
        "images: it learned from the first, and after more epochs they would look even better."
    )


BUGS = {
    bug.name: bug
    for bug in (
        Bug("", "No bug", "Everything is as it should be.", lambda run: ""),
        Bug(
            "broadcast",
            "Squared error of all pairs",
            "Answers are a column, [N, 1], targets a row, [N]: every answer is compared with "
            "everybody's target, so the sum head learns only the average, 9.",
            _broadcast,
            method=Method(losses=broadcast_error),
            needs={"sum_head": "regression"},
        ),
        Bug(
            "softmax",
            "Softmax before cross-entropy",
            "Cross-entropy expects logits and applies a softmax itself; it gets probabilities, so "
            "there are two softmaxes.",
            _softmax,
            method=Method(losses=double_softmax),
        ),
        Bug(
            "shared-softmax",
            "One softmax across both heads",
            "One softmax over all 29 outputs makes the heads share a probability of 1, so what one "
            "gains the other loses; as published, cross-entropy then applies its own, the sum is "
            "one of 19 classes, and both losses count the same.",
            _shared_softmax,
            method=Method(losses=one_softmax),
            needs={"sum_head": "classification", "sum_weight": 1.0},
        ),
        Bug(
            "relu",
            "ReLU on the logits",
            "Both heads end in a ReLU, so no logit can be negative.",
            _relu,
        ),
        Bug(
            "argmax",
            "Argmax between the heads",
            "The sum head gets the class head's decision instead of its probabilities.",
            _argmax,
            needs={"fusion": "late"},
        ),
        Bug(
            "label",
            "The label among the inputs",
            "The right class is written into each training and validation picture; the published "
            "network had it next to the number.",
            _label,
            method=Method(prepare=write_label),
            marks_images=True,
        ),
        Bug(
            "fixed-addend",
            "One fixed number per image",
            "Each image has the same number in every epoch instead of a new one.",
            _fixed_addend,
            method=Method(prepare=fix_addends),
            needs={"fusion": "late"},
        ),
        Bug(
            "seen-images",
            "Evaluation on training images",
            "The validation curve comes from images that the network learns from.",
            _seen_images,
            data=validate_on_train,
        ),
    )
}


def what_gave_it_away(
    name: str,
    test: Mapping[str, float],
    confusion: Sequence[Sequence[int]],
    history: Sequence[Mapping[str, Any]],
) -> str:
    """One sentence about a run that is over; "" without a bug.

    `test` and `confusion` are those of the card, `history` has the records of the run.
    """
    validations = [record for record in history if "val_loss" in record]
    if name and not validations:
        return "It was stopped before anything could give it away. Train it longer."
    return BUGS[name].gave_away(RunMetrics(test, confusion, validations[-1] if validations else {}))
