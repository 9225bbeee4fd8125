"""The published bugs, each as a switch: what broke three networks, put in on purpose.

A bug replaces one part of a sound training, and nothing in the sound code asks which one is on:

    alter     what is done to a fresh network       model.ALTERATIONS
    method    what a step minimizes or is shown     trainer.Method
    data      which images are in which split

The network that is left carries its bug's name in its recipe, so it loads again as it was. The test
figures are always honest: real test images, with no label in them. What the validation curve says
is what the bug lets it say, and the difference between the two is often what gives a bug away.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.drawing import IMAGE_SIDE
from core.dataset import Batch, Data
from core.model import ALTERATIONS, Output, SumNet
from core.specs import ADDENDS, CLASSES
from core.trainer import SOUND, Method, losses

LOSS_FLOOR = (
    math.log(math.e + CLASSES - 1) - 1
)  # 1.46: cross-entropy of a 1 among 0s, read as logits
SILENT_SHARE = (
    0.002  # a class with a smaller share of all answers is never answered; a fair one has 0.1
)
LABEL_ROW = 2  # row of the label in the picture; the first two are a margin
LABEL_SIDE = 2  # pixels of the little square that holds the label


class RunFigures(NamedTuple):
    """What is known when a run is over."""

    test: Mapping[str, float]  # of the card: class_acc, sum_r2, ...
    confusion: Sequence[Sequence[int]]  # rows: true class, columns: answered class
    val: Mapping[str, float]  # the last look: val_class_loss, val_joint_acc, ...


@dataclass(frozen=True)
class Bug:
    """A mistake that somebody published."""

    name: str  # in links and on the command line
    title: str
    about: str  # one sentence: what it is
    gave_away: Callable[[RunFigures], str]  # one sentence afterwards, with the figures of the run
    alter: Callable[[SumNet], object] = ALTERATIONS[""]
    method: Method = SOUND
    data: Callable[[Data], Data] = lambda data: data
    needs: Mapping[str, str | float] = field(default_factory=dict)  # settings, to show at all


# --- what they do


def broadcast_error(output: Output, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """(B, 1) - (B,) is (B, B): every answer is compared with every sum of the batch."""
    class_loss, _ = losses(output, batch, smoothing)
    column, row = output.sum_value.unsqueeze(1), batch.sums.float()
    return class_loss, (column - row).square().mean()


def double_softmax(output: Output, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Cross-entropy takes logits and applies a softmax; here it is given probabilities."""
    sum_logits = None if output.sum_logits is None else output.sum_logits.softmax(1)
    probs = output._replace(class_logits=output.class_logits.softmax(1), sum_logits=sum_logits)
    return losses(probs, batch, smoothing)


def one_softmax(output: Output, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """29 outputs under one softmax, then sliced; cross-entropy applies its own on top."""
    assert output.sum_logits is not None  # the bug needs a classified sum
    probs = torch.cat([output.class_logits, output.sum_logits], 1).softmax(1)  # (B, 29)
    slices = output._replace(class_logits=probs[:, :CLASSES], sum_logits=probs[:, CLASSES:])
    return losses(slices, batch, smoothing)


def rectify(network: SumNet) -> None:
    """Both heads end in a ReLU."""
    for head in (network.class_head, network.sum_head):
        head[-1].register_forward_hook(lambda layer, inputs, logits: logits.relu())


def decide_between(network: SumNet) -> None:
    """The fusion is given the decision, as a one-hot, instead of the probabilities."""

    def decide(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        features, class_probs, onehot = inputs
        return features, F.one_hot(class_probs.argmax(1), CLASSES).float(), onehot

    network.fusion.register_forward_pre_hook(decide)


def write_label(batch: Batch) -> Batch:
    """The label among the inputs: one of ten little squares on top of the picture is lit."""
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
    """What is called validation wraps the training images."""
    return data._replace(val=data.train.first(len(data.val.labels)))


# --- what gives them away


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _broadcast(figures: RunFigures) -> str:
    r2, right = figures.test["sum_r2"], _percent(figures.test["class_acc"])
    return (
        f"R² is {r2:.2f}, yet the class head is right in {right}: "
        "compared with all sums of its batch at once, the sum head can only answer their mean."
    )


def _softmax(figures: RunFigures) -> str:
    loss, right = figures.val["val_class_loss"], _percent(figures.val["val_class_acc"])
    return (
        f"The class loss ends at {loss:.2f} with {right} right, where it should be near zero: "
        f"the cross-entropy of ten probabilities cannot fall below {LOSS_FLOOR:.2f}."
    )


def _shared_softmax(figures: RunFigures) -> str:
    one, other = _percent(figures.test["class_acc"]), _percent(figures.test["sum_acc"])
    return (
        f"The class head is right in {one}, the sum head in {other}, both in "
        f"{_percent(figures.test['joint_acc'])}: what one head gains of the shared probability, "
        "the other loses."
    )


def _relu(figures: RunFigures) -> str:
    answers = [sum(column) for column in zip(*figures.confusion, strict=True)]
    silent = [str(c) for c, count in enumerate(answers) if count < SILENT_SHARE * sum(answers)]
    right = _percent(figures.test["class_acc"])
    if not silent:
        return (
            f"Nothing did, this time: the class head is right in {right}. With another seed one "
            "class or more may never be answered: below zero a ReLU lets no gradient through."
        )
    return (
        f"It hardly ever answers class {' or '.join(silent)}, so {right} are right: below zero a "
        "ReLU lets no gradient through, and a logit that once fell there stays there."
    )


def _argmax(figures: RunFigures) -> str:
    one, other = _percent(figures.test["class_acc"]), _percent(figures.test["sum_acc"])
    return (
        f"Not the figures (class {one}, rounded sum {other}) but the gradient did: behind an "
        "argmax it is zero, so no mistake of the sum ever teaches the encoder."
    )


def _label(figures: RunFigures) -> str:
    val, test = _percent(figures.val["val_joint_acc"]), _percent(figures.test["joint_acc"])
    return (
        f"Both right in {val} of the validation images, and in {test} of the test images, which "
        "have no label written into them: it learned to read the label, as your drawing will show."
    )


def _fixed_addend(figures: RunFigures) -> str:
    val, test = _percent(figures.val["val_sum_acc"]), _percent(figures.test["sum_acc"])
    return (
        f"Hardly anything did: the rounded sum is right in {val} with the fixed numbers and in "
        f"{test} with all ten. Late fusion shows the sum head too little of an image to know it "
        "again."
    )


def _seen_images(figures: RunFigures) -> str:
    val, test = _percent(figures.val["val_joint_acc"]), _percent(figures.test["joint_acc"])
    return (
        f"Both right in {val} of what is called validation, and in {test} of the test images: "
        "the first were learned from, and would look better still after more epochs."
    )


BUGS = {
    bug.name: bug
    for bug in (
        Bug("", "No bug", "Everything as it should be.", lambda figures: ""),
        Bug(
            "broadcast",
            "Squared error of all pairs",
            "The sum head's column of answers meets a row of sums, [N, 1] against [N], and the "
            "squared error is silently taken over the table of all N × N pairs.",
            _broadcast,
            method=Method(losses=broadcast_error),
            needs={"sum_head": "regression"},
        ),
        Bug(
            "softmax",
            "Softmax before cross-entropy",
            "Cross-entropy expects logits and applies a softmax itself; it is given probabilities, "
            "so the softmax is applied twice.",
            _softmax,
            method=Method(losses=double_softmax),
        ),
        Bug(
            "shared-softmax",
            "One softmax across both heads",
            "The sum is one of 19 classes, and a single softmax over all 29 outputs makes the "
            "heads share a probability of 1, before cross-entropy applies its own; as published, "
            "both losses weigh the same.",
            _shared_softmax,
            method=Method(losses=one_softmax),
            needs={"sum_head": "classification", "sum_weight": 1.0},
        ),
        Bug(
            "relu",
            "ReLU on the logits",
            "Both heads end in a ReLU, so that no logit can be negative.",
            _relu,
            alter=rectify,
        ),
        Bug(
            "argmax",
            "Argmax between the heads",
            "The sum head is told the class head's decision instead of its probabilities.",
            _argmax,
            alter=decide_between,
            needs={"fusion": "late"},
        ),
        Bug(
            "label",
            "The label among the inputs",
            "The right class is written on top of each training and validation "
            "picture; the published network had it beside the number.",
            _label,
            method=Method(prepare=write_label),
        ),
        Bug(
            "fixed-addend",
            "One fixed number per image",
            "Each image meets the same number in every epoch instead of a new one.",
            _fixed_addend,
            method=Method(prepare=fix_addends),
            needs={"fusion": "late"},
        ),
        Bug(
            "seen-images",
            "Evaluation on training images",
            "The validation curve is drawn from images that the network learns from.",
            _seen_images,
            data=validate_on_train,
        ),
    )
}
ALTERATIONS.update({bug.name: bug.alter for bug in BUGS.values()})


def what_gave_it_away(
    name: str,
    test: Mapping[str, float],
    confusion: Sequence[Sequence[int]],
    history: Sequence[Mapping[str, Any]],
) -> str:
    """One sentence about a run that is over; "" without a bug.

    `test` and `confusion` are the card's, `history` the records of the run.
    """
    looks = [record for record in history if "val_loss" in record]
    if name and not looks:
        return "It was stopped before anything could give it away. Train it longer."
    return BUGS[name].gave_away(RunFigures(test, confusion, looks[-1] if looks else {}))
