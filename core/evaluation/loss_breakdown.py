"""Both losses of one image and addend, worked out: for the label it has, and for every other one.

One example: an image of a 5 with addend 7 that is read as a 5 with 99 % has a class loss of 0.01;
had its label been 3, it would be 5 or more.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch

from core.data.drawing import Pixels
from core.dataset import SUM_CLASSES, Batch
from core.evaluation.layers import Floats, model_inputs
from core.evaluation.prediction import require_finite
from core.heads import Output, SumHead
from core.model import SumNet
from core.specs import CLASSES
from core.trainer import losses


@dataclass(frozen=True)
class LossBreakdown:
    """Both losses of one image and addend, for its label and for every possible one."""

    label: int
    total: int
    class_prob: float  # of the label
    class_loss: float
    sum_value: float
    sum_prob: float | None  # of the total, or None for a regressed sum
    sum_loss: float
    sum_weight: float
    joint_loss: float
    by_label: tuple[float, ...]  # (10,): the class loss, had the label been 0, 1, ...
    by_total: tuple[float, ...]  # (19,): the sum loss, had the total been 0, 1, ...
    class_probs: tuple[float, ...]  # (10,)
    squashed: tuple[float, ...]  # (10,): the softmax of that softmax, a published mistake
    squashed_loss: float  # the cross-entropy of that


@torch.inference_mode()
def break_down(
    model: SumNet, image: Pixels, addend: int, label: int, sum_weight: float
) -> LossBreakdown:
    """The losses of one image, uint8 (28, 28), computed by the trainer's own function.

    Raises:
        AnswerError: the answer is not a number.
    """
    output = _double(require_finite(model(*model_inputs(image, addend))))
    total = label + addend
    head = model.sum_head
    class_loss, sum_loss = _losses_of(head, output, label, total)
    probs = output.class_logits.softmax(1)
    sums = None if output.sum_logits is None else output.sum_logits.softmax(1)
    twice = output._replace(class_logits=probs)
    return LossBreakdown(
        label=label,
        total=total,
        class_prob=float(probs[0, label]),
        class_loss=class_loss,
        sum_value=float(output.sum_value),
        sum_prob=None if sums is None else float(sums[0, total]),
        sum_loss=sum_loss,
        sum_weight=sum_weight,
        joint_loss=class_loss + sum_weight * sum_loss,
        by_label=tuple(_losses_of(head, output, other, total)[0] for other in range(CLASSES)),
        by_total=tuple(_losses_of(head, output, label, other)[1] for other in range(SUM_CLASSES)),
        class_probs=tuple(probs[0].tolist()),
        squashed=tuple(probs.softmax(1)[0].tolist()),
        squashed_loss=_losses_of(head, twice, label, total)[0],
    )


def _double(output: Output) -> Output:
    """In float64, where a probability of 0.99999999 is not rounded to 1 and its loss not to 0."""
    return Output(*(None if part is None else part.double() for part in output))  # type: ignore[arg-type]


def _losses_of(head: SumHead, output: Output, label: int, total: int) -> tuple[float, float]:
    """Class and sum loss of the output for one image."""
    unused = torch.zeros(0)
    batch = Batch(unused, unused, torch.tensor([label]), torch.tensor([total]))
    class_loss, sum_loss = losses(head, output, batch)
    return class_loss.item(), sum_loss.item()


class BroadcastTable(NamedTuple):
    """The same four answers and targets, compared in two ways."""

    addends: tuple[int, ...]
    answers: Floats  # (4,)
    targets: Floats  # (4,)
    pairs: Floats  # (4,): each answer less its own target, [4] against [4]
    table: Floats  # (4, 4): each answer less every target, [4, 1] against [4]
    mean_table: Floats  # (4, 4): the same for a head that always answers the mean of the targets


@torch.inference_mode()
def broadcast_table(
    model: SumNet, image: Pixels, label: int, addends: tuple[int, ...]
) -> BroadcastTable:
    """One image with several addends, its sums compared correctly and as the published network did.

    The published sum head gave a column, [N, 1], and the targets were a row, [N]. Torch broadcasts
    the two to a table, [N, N], and the squared error is the mean over all pairs.

    Raises:
        AnswerError: an answer is not a number.
    """
    answers = require_finite(model(*model_inputs(image, *addends))).sum_value
    targets = torch.tensor([float(label + addend) for addend in addends])
    mean = targets.mean().expand(len(addends))
    return BroadcastTable(
        addends,
        answers.numpy(),
        targets.numpy(),
        pairs=(answers - targets).numpy(),
        table=(answers.unsqueeze(1) - targets).numpy(),
        mean_table=(mean.unsqueeze(1) - targets).numpy(),
    )
