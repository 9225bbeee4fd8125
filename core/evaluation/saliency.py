"""Saliency: how much the answers of a network change when a part of the picture is hidden.

A square of paper covers every part of the picture in turn (occlusion; M. Zeiler, R. Fergus,
"Visualizing and Understanding Convolutional Networks", ECCV 2014). Unlike a gradient, visitors can
check this with their own eraser, and the units are ones that they know: points of probability for
the class, and the change of the sum.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from core.data.drawing import IMAGE_SIDE, Pixels
from core.evaluation.prediction import require_finite
from core.model import SumNet

PATCH = 8  # pixels, side of the square
STRIDE = 4  # pixels from one place to the next
PLACES = range(0, IMAGE_SIDE - PATCH + 1, STRIDE)


class Saliency(NamedTuple):
    """For each pixel, the mean effect of the squares that cover it: float (28, 28), at least 0.

    `class_loss` is lost probability of the answered class, `sum_change` is in units of the sum.
    """

    class_loss: NDArray[np.float32]
    sum_change: NDArray[np.float32]


@torch.inference_mode()
def saliency(model: SumNet, image: Pixels, addend: int) -> Saliency:
    """Hide each part of `image`, uint8 (28, 28), and predict again: one batch of up to 37.

    Raises:
        AnswerError: an answer is not a number.
    """
    picture = torch.from_numpy(np.array(image)).view(1, IMAGE_SIDE, IMAGE_SIDE)
    hidden = [picture.clone()]
    places = []
    for top in PLACES:
        for left in PLACES:
            if picture[
                0, top : top + PATCH, left : left + PATCH
            ].any():  # paper on paper changes nothing
                places.append((top, left))
                hidden.append(picture.clone())
                hidden[-1][0, top : top + PATCH, left : left + PATCH] = 0
    output = require_finite(model(torch.stack(hidden), torch.full((len(hidden),), addend)))
    probs = output.class_logits.softmax(1)[:, output.labels[0]]
    return Saliency(
        _spread((probs[0] - probs[1:]).clamp(min=0), places),
        _spread((output.sum_value[1:] - output.sum_value[0]).abs(), places),
    )


def _spread(effects: torch.Tensor, places: list[tuple[int, int]]) -> NDArray[np.float32]:
    """For each pixel, the mean over the squares that cover it."""
    on_grid = torch.zeros(len(PLACES), len(PLACES))
    for effect, (top, left) in zip(effects, places, strict=True):
        on_grid[top // STRIDE, left // STRIDE] = effect

    def stamp(values: torch.Tensor) -> torch.Tensor:
        kernel = torch.ones(1, 1, PATCH, PATCH)
        return F.conv_transpose2d(values[None, None], kernel, stride=STRIDE)[0, 0]

    spread: NDArray[np.float32] = (stamp(on_grid) / stamp(torch.ones_like(on_grid))).numpy()
    return spread
