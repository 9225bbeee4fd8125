"""Break it: a copy of a network with one layer damaged, and how well the copy still reads.

One example: a third of any layer's weights can be set to zero, and the network that reads MNIST
still gets 94 % of the classes right; but a tenth of the sum head's first layer costs it four sums
in ten. The same amount always damages the same weights, and a larger amount those and more.
"""

import copy
from typing import Literal, NamedTuple

import torch
from torch import nn

from core.dataset import Split
from core.engines.precision import autocast
from core.evaluation.diagnostics import fixed_addends
from core.model import SumNet

DAMAGE_IMAGES = 1_000  # test images that a damaged network reads
DAMAGE_BATCH = 100

Damage = Literal["noise", "zero"]


class DamagedScore(NamedTuple):
    """The shares of test images that a network gets right, each with one addend."""

    class_acc: float
    joint_acc: float  # both answers
    images: int  # that it read


def weighted_layers(model: SumNet) -> dict[str, nn.Conv2d | nn.Linear]:
    """The layers that can be damaged, by their path: convolutions and linear layers, in order."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and not name.startswith("ink_detector")
    }


def damage(model: SumNet, layer: str, kind: Damage, amount: float) -> SumNet:
    """A copy of a network with the weights of one layer damaged; the network stays as it is.

    Args:
        kind: "noise" adds normal noise, `amount` times the spread of the layer's weights; "zero"
            sets the share `amount` of them to 0.
        amount: 0 is no damage; a share is at most 1.
    """
    broken = copy.deepcopy(model)
    weight = weighted_layers(broken)[layer].weight
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        if kind == "noise":
            weight += amount * weight.std() * torch.randn(weight.shape, generator=rng)
        else:
            order = torch.randperm(weight.numel(), generator=rng).view(weight.shape)
            weight[order < round(amount * weight.numel())] = 0
    return broken


@torch.inference_mode()
def score(model: SumNet, split: Split) -> DamagedScore:
    """How much a network gets right of the first `DAMAGE_IMAGES` images of a split.

    An answer that is not a number is wrong.
    """
    shown = split.first(DAMAGE_IMAGES)
    addends = fixed_addends(len(shown.labels))
    right_class = right_both = 0
    for images, labels, numbers in zip(
        *(part.split(DAMAGE_BATCH) for part in (shown.images, shown.labels, addends)), strict=True
    ):
        with autocast():
            output = model(images, numbers)
        right = (output.labels == labels) & output.is_finite
        right_class += int(right.sum())
        right_both += int((right & (output.totals == labels + numbers)).sum())
    count = len(shown.labels)
    return DamagedScore(right_class / count, right_both / count, count)
