"""What the network answers for one picture and one number."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.data.drawing import Pixels
from core.engines.tracing import Forward
from core.errors import UserError
from core.heads import Output
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


FAR_SURER = 1.25  # times the energy, whose scale is the network's own


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
    is_several: bool = False  # if it does not: does it look like several digits at once?
    is_finite: bool = True  # is the answer a number? If not, all above is 0: it can be drawn
    energy: float = 0.0  # how much it looks like anything, in nats

    @property
    def agree(self) -> bool:
        """Do both heads, which never see each other's answer, lead to the same sum?"""
        return self.label + self.addend == self.total


def is_upside_down(upright: Prediction, turned: Prediction) -> bool:
    """Is a picture far more like a digit when it is `turned` by 180 degrees?

    Of MNIST's test images the shipped network says so of 0.4 % that stand upright, and of most 2,
    3, 4 and 7 that stand on their head; the others may look the same or like another digit.
    """
    return turned.is_readable and turned.energy > FAR_SURER * max(upright.energy, 0)


def predict(
    model: Forward, image: Pixels, addend: int, ood_threshold: float | None = None
) -> Prediction:
    """Answer for one image, uint8 (28, 28) in the form of the data set, and an addend, 0-9.

    With the `ood_threshold` of the network's card it also says whether the image is readable. A
    network that answers often is best `traced`.
    """
    return predict_batch(model, [image], [addend], ood_threshold)[0]


@torch.inference_mode()
def predict_batch(
    model: Forward,
    images: Sequence[Pixels],
    addends: Sequence[int],
    ood_threshold: float | None = None,
) -> list[Prediction]:
    """The same for several images, each with an addend of its own."""
    if not images:
        return []
    pixels = torch.from_numpy(np.stack(images))[:, None]
    output = model(pixels, torch.tensor(addends))
    is_finite, labels = output.is_finite.tolist(), output.labels.tolist()
    class_probs, sum_values = output.class_logits.softmax(1).tolist(), output.sum_value.tolist()
    totals, energies = output.totals.tolist(), output.energy.tolist()
    evidence, are_several = output.evidence.tolist(), output.is_several.tolist()
    sum_probs = None if output.sum_logits is None else output.sum_logits.softmax(1).tolist()
    return [
        Prediction(
            image=image,
            addend=addends[index],
            label=labels[index],
            class_probs=tuple(class_probs[index]),
            sum_value=sum_values[index],
            total=totals[index],
            sum_probs=None if sum_probs is None else tuple(sum_probs[index]),
            is_readable=ood_threshold is None or evidence[index] >= ood_threshold,
            is_several=are_several[index],
            energy=energies[index],
        )
        if is_finite[index]
        else unanswered(image, addends[index])
        for index, image in enumerate(images)
    ]


def unanswered(image: Pixels, addend: int) -> Prediction:
    """What stands for an answer that is not a number."""
    nothing = (0.0,) * CLASSES
    return Prediction(image, addend, 0, nothing, 0.0, 0, None, is_readable=False, is_finite=False)
