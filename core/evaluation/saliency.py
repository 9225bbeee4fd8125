"""Saliency: what each part of a picture says for the answers of a network, and what against them.

A square of paper covers every part of the picture in turn (occlusion; M. Zeiler, R. Fergus,
"Visualizing and Understanding Convolutional Networks", ECCV 2014), and what the network then
answers less surely, the part had spoken for. Unlike a gradient, visitors can check this with their
own eraser: it is the exact difference between two answers.

For the class the unit is the nat, of log-odds of the answer against the runner-up: a part of +2.3
makes the answer ten times as likely as it would be without it, one of -2.3 a tenth as likely.
Probabilities would not do: of a sure answer no single part changes them. For the sum it is what the
part adds to it.
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
    """For each pixel, the mean effect of the squares that cover it, signed: float (28, 28) each.

    Where nothing is drawn there is nothing to cover, and the effect is 0.
    """

    class_evidence: NDArray[np.float32]  # nats for `label` against `runner_up`
    sum_evidence: NDArray[np.float32]  # what the part adds to the sum, or takes from it
    label: int  # the answered class
    runner_up: int  # the next likely one


@torch.inference_mode()
def saliency(model: SumNet, image: Pixels, addend: int) -> Saliency:
    """Cover each part of `image`, uint8 (28, 28), and predict again: one batch of up to 37.

    Raises:
        AnswerError: an answer is not a number.
    """
    picture = torch.from_numpy(np.array(image)).view(1, IMAGE_SIDE, IMAGE_SIDE)
    covered = [picture.clone()]
    places = []
    for top in PLACES:
        for left in PLACES:
            if picture[
                0, top : top + PATCH, left : left + PATCH
            ].any():  # paper on paper changes nothing
                places.append((top, left))
                covered.append(picture.clone())
                covered[-1][0, top : top + PATCH, left : left + PATCH] = 0
    output = require_finite(model(torch.stack(covered), torch.full((len(covered),), addend)))
    label, runner_up = output.class_logits[0].topk(2).indices.tolist()
    odds = output.class_logits[:, label] - output.class_logits[:, runner_up]
    return Saliency(
        _spread(odds[0] - odds[1:], places),
        _spread(output.sum_value[0] - output.sum_value[1:], places),
        label,
        runner_up,
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
