"""The layers of a network, and what each makes of one picture.

The Explain page shows these; nothing here is written by hand. For the network that reads MNIST,
`network_layers` begins with

    Layer("encoder.0", "Conv2d", shape=(32, 28, 28), weights=((32, 1, 5, 5),))    800 parameters

All visitors share a network and a hook changes it, so hooks go on a copy.
"""

import copy
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.drawing import IMAGE_SIDE, Pixels
from core.evaluation.prediction import AnswerError, require_finite
from core.heads import PixelFusion
from core.model import SumNet
from core.specs import ADDENDS

Floats = npt.NDArray[np.float32]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One module without submodules, in the order of the forward pass."""

    name: str  # its path in the network: "encoder.0"
    kind: str  # "Conv2d"
    shape: Shape  # of its output for one image, without the batch
    weights: tuple[Shape, ...]  # of its parameters

    @property
    def part(self) -> str:
        """The attribute of the network that it belongs to: "encoder", "class_head", ..."""
        return self.name.split(".")[0]

    @property
    def parameters(self) -> int:
        """Their number."""
        return sum(map(math.prod, self.weights))


class LayerOutput(NamedTuple):
    """What one layer made of an image."""

    name: str
    module: nn.Module
    output: Tensor  # (1, ...)


def network_layers(model: SumNet) -> list[Layer]:
    """Every layer, with the shape of its output in a real forward pass."""
    blank = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    return [
        Layer(
            name=step.name,
            kind=type(step.module).__name__,
            shape=tuple(step.output.shape[1:]),
            weights=tuple(tuple(parameter.shape) for parameter in step.module.parameters()),
        )
        for step in _forward_steps(model, blank, 0)
    ]


def feature_maps(model: SumNet, image: Pixels, addend: int) -> list[Floats]:
    """What is left of an image after each stage of the encoder: (C, H, W) each.

    Raises:
        AnswerError: a value is not a number.
    """
    outputs = {step.name: step.output for step in _forward_steps(model, image, addend)}
    maps = [outputs[f"encoder.{end}"] for end in model.encoder.stage_ends]
    if not all(stage.isfinite().all() for stage in maps):
        raise AnswerError
    return [stage[0].numpy() for stage in maps]


def first_filters(model: SumNet) -> Floats:
    """The weights of the first convolution: what it looks for in the pixels.

    (C, 5, 5) of a plain encoder, (C, 6, 6) of a cosine one, (C, 3, 3) of a residual one.
    """
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    return np.array(first.weight.detach().numpy()[:, 0])


@torch.inference_mode()
def _forward_steps(model: SumNet, image: Pixels, addend: int) -> list[LayerOutput]:
    """One forward pass with an image, uint8 (28, 28): every layer in the order in which it ran."""
    steps: list[LayerOutput] = []
    opened = copy.deepcopy(model).eval()
    opened.ink_detector = None  # it answers nothing
    for name, module in opened.named_modules():
        if not any(module.children()):
            module.register_forward_hook(_keep(name, steps))
    opened(*model_inputs(image, addend))
    return steps


def _keep(name: str, steps: list[LayerOutput]):  # type: ignore[no-untyped-def]  # torch's type of a hook
    def hook(module: nn.Module, _: object, output: Tensor) -> None:
        # A copy: the next layer may be a ReLU that works in place.
        steps.append(LayerOutput(name, module, output.clone()))

    return hook


def model_inputs(image: Pixels, *addends: int) -> tuple[Tensor, Tensor]:
    """One image with one or several addends: uint8 (B, 1, 28, 28) and int64 (B,)."""
    pixels = torch.from_numpy(np.array(image)).expand(len(addends), 1, IMAGE_SIDE, IMAGE_SIDE)
    return pixels, torch.tensor(addends)


class FusionInputs(NamedTuple):
    """How an image and an addend meet in both fusions, whichever one the network has."""

    probs: Floats  # (10,): in late fusion next to the one-hot, as sharp as the sum head gets them
    onehot: Floats  # (10,)
    marked: Pixels  # (28, 28): in pixel fusion, the copy with the one-hot in its last row


@torch.inference_mode()
def fusion_inputs(model: SumNet, image: Pixels, addend: int) -> FusionInputs:
    """One image and one addend as `LateFusion` and `PixelFusion` combine them.

    Raises:
        AnswerError: the answer is not a number.
    """
    images, addends = model_inputs(image, addend)
    onehot = F.one_hot(addends, ADDENDS).float()
    probs = model.class_probs(require_finite(model(images, addends)).class_logits)[0]
    marked = PixelFusion(0).mark(images, onehot)[0, 0]
    return FusionInputs(probs.numpy(), onehot[0].numpy(), marked.numpy())
