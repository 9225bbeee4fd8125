"""A forward pass, opened: every stage of it as numbers, for a page that plays it step by step.

One example: pixel (9, 14) of the third map of the first convolution is the sum of 25 products. The
patch of 5 x 5 inputs around it stands in `inputs`, the 5 x 5 weights in `kernels[2]`, and the sum
of their products plus `bias[2]` is `maps[2, 9, 14]`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.drawing import Pixels
from core.evaluation.layers import Floats, feature_maps, fusion_inputs, model_inputs
from core.evaluation.prediction import AnswerError
from core.model import SumNet
from core.specs import ADDENDS

SHOWN_MAPS = 8  # of a stage: those with the strongest answers


class Convolution(NamedTuple):
    """The first convolution, with all that is needed to compute it again."""

    inputs: Floats  # (H, W): the picture as the encoder gets it, normalized, with its padding
    kernels: Floats  # (M, K, K)
    bias: Floats  # (M,); 0 where it has none
    stride: int  # pixels from one patch to the next
    maps: Floats  # (M, H', W'): before anything else is done to them
    channels: NDArray[np.int64]  # (M,): which of its maps these are
    map_count: int  # how many it has in all


@dataclass(frozen=True)
class ForwardPass:
    """One picture and one number on their way through a network."""

    image: Pixels  # (28, 28), as the encoder gets it: with the number in it, for pixel fusion
    convolution: Convolution
    stages: tuple[Floats, ...]  # (M, H, W) each: the strongest maps of each stage
    stage_counts: tuple[int, ...]  # how many maps each stage has in all
    features: int
    class_probs: Floats  # (C,)
    fusion_probs: Floats  # (C,): as sharp as the sum head gets them
    onehot: Floats  # (10,)
    sum_value: float
    sum_probs: Floats | None  # (19,), or None for a regressed sum


@torch.inference_mode()
def forward_pass(model: SumNet, image: Pixels, addend: int) -> ForwardPass:
    """Everything that happens to an image, uint8 (28, 28), and an addend.

    Raises:
        AnswerError: a value is not a number.
    """
    stages = feature_maps(model, image, addend)
    meeting = fusion_inputs(model, image, addend)
    images, addends = model_inputs(image, addend)
    output = model(images, addends)
    marked = model.fusion.mark(images, F.one_hot(addends, ADDENDS).float())
    return ForwardPass(
        image=marked[0, 0].numpy(),
        convolution=_first_convolution(model, marked),
        stages=tuple(maps[_strongest(maps)] for maps in stages),
        stage_counts=tuple(len(maps) for maps in stages),
        features=model.encoder.features,
        class_probs=output.class_logits[0].softmax(0).numpy(),
        fusion_probs=meeting.probs,
        onehot=meeting.onehot,
        sum_value=float(output.sum_value[0]),
        sum_probs=None if output.sum_logits is None else output.sum_logits[0].softmax(0).numpy(),
    )


def _first_convolution(model: SumNet, marked: Tensor) -> Convolution:
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    pixels = model.normalize(marked)  # (1, 1, H, W)
    maps = first(pixels)[0].numpy()
    if not np.isfinite(maps).all():
        raise AnswerError
    channels = _strongest(maps)
    bias = np.zeros(len(maps), np.float32) if first.bias is None else first.bias.numpy()
    margin = int(first.padding[0])
    return Convolution(
        inputs=F.pad(pixels, (margin,) * 4)[0, 0].numpy(),
        kernels=first.weight[channels, 0].numpy(),
        bias=bias[channels],
        stride=int(first.stride[0]),
        maps=maps[channels],
        channels=channels,
        map_count=len(maps),
    )


def _strongest(maps: Floats) -> NDArray[np.int64]:
    """Which maps (N, H, W) differ most from place to place, in their order: (M,)."""
    spread = maps.std((1, 2))
    strongest: NDArray[np.int64] = np.sort(np.argsort(-spread, kind="stable")[:SHOWN_MAPS])
    return strongest
