"""What the network answers for one picture and one number."""

from dataclasses import dataclass

import numpy as np
import torch

from core.data.drawing import Pixels
from core.errors import UserError
from core.heads import Output
from core.model import SumNet
from core.specs import CLASSES

NOT_A_NUMBER = "This network's answer is not a number."  # what a page says in place of an answer


class AnswerError(UserError):
    """The network's answer is NaN or infinite, so there is nothing to show."""

    def __init__(self) -> None:
        super().__init__(f"{NOT_A_NUMBER} Choose another network or another picture.")


def require_finite(output: Output) -> Output:
    """The output, if all of its answers are numbers.

    Raises:
        AnswerError: one is NaN or infinite.
    """
    if not output.is_finite.all():
        raise AnswerError
    return output


@dataclass(frozen=True)
class Prediction:
    """The answers of both heads."""

    image: Pixels  # uint8 (28, 28), as the network got it
    addend: int
    label: int  # the class head's most likely class
    class_probs: tuple[float, ...]  # (10,)
    sum_value: float  # of the sum head, before rounding
    total: int  # after rounding
    sum_probs: tuple[float, ...] | None  # (19,), or None for a regressed sum
    is_readable: bool = True  # does the image look like anything that the network learned?
    is_finite: bool = True  # is the answer a number? If not, all above is 0: it can be drawn

    @property
    def agree(self) -> bool:
        """Do both heads, which never see each other's answer, lead to the same sum?"""
        return self.label + self.addend == self.total


@torch.inference_mode()
def predict(
    model: SumNet, image: Pixels, addend: int, ood_threshold: float | None = None
) -> Prediction:
    """Answer for one image, uint8 (28, 28) in the form of the data set, and an addend, 0-9.

    With the `ood_threshold` of the network's card it also says whether the image is readable.
    """
    images = torch.from_numpy(np.array(image)).view(1, 1, *image.shape)
    output = model(images, torch.tensor([addend]))
    if not output.is_finite.all():
        return unanswered(image, addend)
    probs = output.sum_logits
    return Prediction(
        image=image,
        addend=addend,
        label=int(output.labels),
        class_probs=tuple(output.class_logits.softmax(1)[0].tolist()),
        sum_value=float(output.sum_value),
        total=int(output.totals),
        sum_probs=None if probs is None else tuple(probs.softmax(1)[0].tolist()),
        is_readable=ood_threshold is None or float(output.energy) >= ood_threshold,
    )


def unanswered(image: Pixels, addend: int) -> Prediction:
    """What stands for an answer that is not a number."""
    nothing = (0.0,) * CLASSES
    return Prediction(image, addend, 0, nothing, 0.0, 0, None, is_readable=False, is_finite=False)
