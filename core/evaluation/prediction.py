"""What the network answers for one picture and one number."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.data.drawing import Pixels
from core.evaluation.tracing import Forward


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

    @property
    def agree(self) -> bool:
        """Do both heads, which never see each other's answer, lead to the same sum?"""
        return self.label + self.addend == self.total


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
    labels, totals = output.labels.tolist(), output.totals.tolist()
    class_probs = output.class_logits.softmax(1).tolist()
    sum_values, energies = output.sum_value.tolist(), output.energy.tolist()
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
            is_readable=ood_threshold is None or energies[index] >= ood_threshold,
        )
        for index, image in enumerate(images)
    ]
