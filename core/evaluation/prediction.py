"""What the network answers for one picture and one number."""

from dataclasses import dataclass

import numpy as np
import torch

from core.data.drawing import Pixels
from core.model import SumNet

FAR_SURER = 5.0  # nats of energy


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
    energy: float = 0.0  # how much it does, in nats

    @property
    def agree(self) -> bool:
        """Do both heads, which never see each other's answer, lead to the same sum?"""
        return self.label + self.addend == self.total


def is_upside_down(upright: Prediction, turned: Prediction) -> bool:
    """Is a picture far more like a digit when it is `turned` by 180 degrees?

    Of MNIST's test images the shipped network says so of 1 % that stand upright, and of most 2, 3,
    4, 5 and 6 that stand on their head; a 0, 1, 8 or 9 may look the same or like another digit.
    """
    return turned.is_readable and turned.energy > upright.energy + FAR_SURER


@torch.inference_mode()
def predict(
    model: SumNet, image: Pixels, addend: int, ood_threshold: float | None = None
) -> Prediction:
    """Answer for one image, uint8 (28, 28) in the form of the data set, and an addend, 0-9.

    With the `ood_threshold` of the network's card it also says whether the image is readable.
    """
    images = torch.from_numpy(np.array(image)).view(1, 1, *image.shape)
    output = model(images, torch.tensor([addend]))
    probs = output.sum_logits
    energy = float(output.energy)
    return Prediction(
        image=image,
        addend=addend,
        label=int(output.labels),
        class_probs=tuple(output.class_logits.softmax(1)[0].tolist()),
        sum_value=float(output.sum_value),
        total=int(output.totals),
        sum_probs=None if probs is None else tuple(probs.softmax(1)[0].tolist()),
        is_readable=ood_threshold is None or energy >= ood_threshold,
        energy=energy,
    )
