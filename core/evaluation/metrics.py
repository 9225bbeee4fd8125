"""The final metrics: a network on a whole split, every image with every addend.

On the test split that is 10,000 x 10 = 100,000 cases. No addend is random, so the only luck in the
metrics is that of the training. Nor does the CPU matter: training may round to bfloat16, this never
does. R2 alone flatters: a network that guesses from the number and ignores the picture already has
0.5. So the rounded sum and both-right stand next to it.
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from core.dataset import Split
from core.engines.threads import parallel_map
from core.evaluation.prediction import require_finite
from core.heads import Output
from core.model import SumNet
from core.specs import ADDENDS, CLASSES
from core.trainer import EVAL_BATCH


@dataclass(frozen=True)
class Metrics:
    """Metrics over N images x 10 addends; accuracies in [0, 1]."""

    class_acc: float
    sum_r2: float
    sum_mae: float
    sum_acc: float  # rounded sum right
    joint_acc: float  # class and rounded sum right
    confusion: list[list[int]]  # rows: true class, columns: answered class

    def scalars(self) -> dict[str, float]:
        """The five numbers, without the matrix."""
        return {key: value for key, value in asdict(self).items() if key != "confusion"}


def evaluate(model: SumNet, split: Split) -> Metrics:
    """Measure `model` on every image of `split` with all ten addends.

    Raises:
        AnswerError: an answer is not a number.
    """
    # Imported here: it takes as long as torch, and the first page does not evaluate anything.
    from sklearn.metrics import confusion_matrix, mean_absolute_error, r2_score

    model.eval()
    answer = torch.inference_mode()(model.every_addend)
    output = require_finite(Output.join(parallel_map(answer, split.images.split(EVAL_BATCH))))
    labels = split.labels.repeat_interleave(ADDENDS)
    sums = labels + torch.arange(ADDENDS).repeat(len(split.labels))
    values = output.sum_value.double()  # the square of a diverged value overflows a float
    class_right, sum_right = output.labels == labels, output.totals == sums
    return Metrics(
        class_acc=class_right.double().mean().item(),
        sum_r2=float(r2_score(sums, values)),
        sum_mae=float(mean_absolute_error(sums, values)),
        sum_acc=sum_right.double().mean().item(),
        joint_acc=(class_right & sum_right).double().mean().item(),
        confusion=confusion_matrix(labels, output.labels, labels=range(CLASSES)).tolist(),
    )


UNREADABLE_SHARE = 0.005  # of the validation images; a network may call so many unreadable
DETECTED_SHARE = 0.0075  # the same with an ink detector, whose doubt is worth more


def ood_threshold(model: SumNet, val: Split) -> float:
    """The `Output.evidence` below which `model` should say that it cannot read an image.

    `val` are validation images that it did not learn from; one in 200 of them is below, or three in
    400 if `model` has an ink detector.
    """
    model.eval()

    @torch.inference_mode()
    def evidence(images: Tensor) -> Tensor:
        output: Output = model(images, torch.zeros(len(images), dtype=torch.int64))
        return output.evidence

    found = parallel_map(evidence, val.images.split(EVAL_BATCH))
    share = DETECTED_SHARE if model.ink_detector else UNREADABLE_SHARE
    threshold = torch.cat(found).double().quantile(share).item()
    return math.floor(threshold * 1e4) / 1e4  # rounded up, it would reject more
