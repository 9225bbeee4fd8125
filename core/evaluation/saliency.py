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
    """What each square does for the answers: float (6, 6) each, by the place of the square.

    The square of row i and column j covers PATCH x PATCH pixels from (STRIDE i, STRIDE j) on. Where
    it has no ink there is nothing to cover, and the effect is 0.
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
        _on_grid(odds[0] - odds[1:], places),
        _on_grid(output.sum_value[0] - output.sum_value[1:], places),
        label,
        runner_up,
    )


def _on_grid(effects: torch.Tensor, places: list[tuple[int, int]]) -> NDArray[np.float32]:
    grid = np.zeros((len(PLACES), len(PLACES)), np.float32)
    for effect, (top, left) in zip(effects.tolist(), places, strict=True):
        grid[top // STRIDE, left // STRIDE] = effect
    return grid


def over_pixels(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """The effect of a square around each pixel, (28, 28): linear between those that were covered.

    Around a pixel of the margin, where no square has its middle, it is that of the nearest one.
    """
    between = F.interpolate(
        torch.from_numpy(evidence)[None, None], scale_factor=STRIDE, mode="bilinear"
    )
    margin = (IMAGE_SIDE - between.shape[-1]) // 2
    spread: NDArray[np.float32] = F.pad(between, (margin,) * 4, mode="replicate")[0, 0].numpy()
    return spread
