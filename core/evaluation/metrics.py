"""Final figures: a network on a whole split, every image with every addend.

On the test split that is 10,000 x 10 = 100,000 cases, exact: no addend is drawn, so the figures
have no luck in them but the training's; nor does the CPU matter: in training it may round to
bfloat16, here it never does. R2 alone flatters: a network that guesses from the number
and never looks at the picture already has 0.5. The rounded sum and both-right stand beside it.
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from core.dataset import Split
from core.engines.threads import parallel_map
from core.model import Output, SumNet
from core.specs import ADDENDS, CLASSES
from core.trainer import EVAL_BATCH


@dataclass(frozen=True)
class Metrics:
    """Figures over N images x 10 addends; accuracies in [0, 1]."""

    class_acc: float
    sum_r2: float
    sum_mae: float
    sum_acc: float  # rounded sum right
    joint_acc: float  # class and rounded sum right
    confusion: list[list[int]]  # rows: true class, columns: answered class

    def figures(self) -> dict[str, float]:
        """The five numbers, without the matrix."""
        return {key: value for key, value in asdict(self).items() if key != "confusion"}


def evaluate(model: SumNet, split: Split) -> Metrics:
    """Measure `model` on every image of `split` with all ten addends."""
    # Imported here, as it takes as long as torch and the first page measures nothing.
    from sklearn.metrics import confusion_matrix, mean_absolute_error, r2_score

    model.eval()
    answer = torch.inference_mode()(model.every_addend)
    output = Output.join(parallel_map(answer, split.images.split(EVAL_BATCH)))
    labels = split.labels.repeat_interleave(ADDENDS)
    sums = labels + torch.arange(ADDENDS).repeat(len(split.labels))
    values = output.sum_value.double()  # the square of a value gone astray overflows a float
    class_right, sum_right = output.labels == labels, output.totals == sums
    return Metrics(
        class_acc=class_right.double().mean().item(),
        sum_r2=float(r2_score(sums, values)),
        sum_mae=float(mean_absolute_error(sums, values)),
        sum_acc=sum_right.double().mean().item(),
        joint_acc=(class_right & sum_right).double().mean().item(),
        confusion=confusion_matrix(labels, output.labels, labels=range(CLASSES)).tolist(),
    )


DOUBTED_SHARE = 0.005  # share of the validation images that a network may call unreadable


def ood_threshold(model: SumNet, val: Split) -> float:
    """The energy below which `model` should say that it cannot read an image.

    It is set on validation images that were held out, so that it doubts one in 200 of them.
    """
    model.eval()

    @torch.inference_mode()
    def energy(images: Tensor) -> Tensor:
        output: Output = model(images, torch.zeros(len(images), dtype=torch.int64))
        return output.energy

    energies = parallel_map(energy, val.images.split(EVAL_BATCH))
    level = torch.cat(energies).double().quantile(DOUBTED_SHARE).item()
    return math.floor(level * 1e4) / 1e4  # rounded up, it would doubt more
