"""A network opened up: its layers, what each makes of one picture, and its losses worked out.

The Explain page shows these; nothing here is written by hand. For the network that reads MNIST,
`layers` begins with

    Layer("encoder.0", "Conv2d", shape=(32, 28, 28), weights=((32, 1, 5, 5),))    800 parameters

Networks are shared by all visitors and hooks are a change, so hooks are put on a copy.
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

from core.dataset import ADDENDS, CLASSES, SUMS, Batch
from core.drawing import SIDE, Pixels
from core.model import Output, PixelFusion, SumNet
from core.trainer import losses

Floats = npt.NDArray[np.float32]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One module without parts, in the order of the forward pass."""

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
        return sum(map(math.prod, self.weights))


class Step(NamedTuple):
    """What one layer made of an image."""

    name: str
    module: nn.Module
    output: Tensor  # (1, ...)


def layers(model: SumNet) -> list[Layer]:
    """Every layer, with the shape that a real forward pass gave its output."""
    blank = np.zeros((SIDE, SIDE), np.uint8)
    return [
        Layer(
            name=step.name,
            kind=type(step.module).__name__,
            shape=tuple(step.output.shape[1:]),
            weights=tuple(tuple(parameter.shape) for parameter in step.module.parameters()),
        )
        for step in _walk(model, blank, 0)
    ]


def feature_maps(model: SumNet, image: Pixels, addend: int) -> list[Floats]:
    """What is left of an image after each stage of the encoder: (C, H, W) each.

    A stage ends with the pooling and what follows it up to the next convolution.
    """
    maps: list[Tensor] = []
    pooled = False
    for step in _walk(model, image, addend):
        if isinstance(step.module, nn.Conv2d | nn.Flatten):
            pooled = False
        if isinstance(step.module, nn.MaxPool2d):
            pooled = True
            maps.append(step.output)
        elif pooled:
            maps[-1] = step.output
    return [stage[0].numpy() for stage in maps]


def first_filters(model: SumNet) -> Floats:
    """The weights of the first convolution: (C, 5, 5), what it looks for in the pixels."""
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    return np.array(first.weight.detach().numpy()[:, 0])


@torch.inference_mode()
def _walk(model: SumNet, image: Pixels, addend: int) -> list[Step]:
    """One forward pass with an image, uint8 (28, 28): every layer without parts, as it ran."""
    steps: list[Step] = []
    opened = copy.deepcopy(model).eval()
    for name, module in opened.named_modules():
        if not any(module.children()):
            module.register_forward_hook(_keep(name, steps))
    opened(*_inputs(image, addend))
    return steps


def _keep(name: str, steps: list[Step]):  # type: ignore[no-untyped-def]  # torch's type of a hook
    def hook(module: nn.Module, _: object, output: Tensor) -> None:
        steps.append(Step(name, module, output.clone()))  # an in-place ReLU overwrites it next

    return hook


def _inputs(image: Pixels, *addends: int) -> tuple[Tensor, Tensor]:
    """One image with one or several addends: uint8 (B, 1, 28, 28) and int64 (B,)."""
    pixels = torch.from_numpy(np.array(image)).expand(len(addends), 1, SIDE, SIDE)
    return pixels, torch.tensor(addends)


class Meeting(NamedTuple):
    """How an image and an addend meet in either fusion, whichever the network has."""

    probs: Floats  # (10,): late, beside the one-hot, as sharp as the sum head is given them
    onehot: Floats  # (10,)
    marked: Pixels  # (28, 28): pixels, the copy with the one-hot in its last row


@torch.inference_mode()
def meet(model: SumNet, image: Pixels, addend: int) -> Meeting:
    """The two inputs of one image and addend as `LateFusion` and as `PixelFusion` join them."""
    images, addends = _inputs(image, addend)
    onehot = F.one_hot(addends, ADDENDS).float()
    probs = model.class_probs(model(images, addends).class_logits)[0]
    marked = PixelFusion(0).mark(images, onehot)[0, 0]
    return Meeting(probs.numpy(), onehot[0].numpy(), marked.numpy())


@dataclass(frozen=True)
class Losses:
    """Both losses of one image and addend, for a label, and for every label that there could be."""

    label: int
    total: int
    class_prob: float  # of the label
    class_loss: float
    sum_value: float
    sum_prob: float | None  # of the total, or None for a regressed sum
    sum_loss: float
    sum_weight: float
    joint_loss: float
    by_label: tuple[float, ...]  # (10,): the class loss, had the label been 0, 1, ...
    by_total: tuple[float, ...]  # (19,): the sum loss, had the total been 0, 1, ...
    class_probs: tuple[float, ...]  # (10,)
    squashed: tuple[float, ...]  # (10,): a softmax of that softmax, a published mistake
    squashed_loss: float  # the cross-entropy that is left of it


@torch.inference_mode()
def work_out(model: SumNet, image: Pixels, addend: int, label: int, sum_weight: float) -> Losses:
    """The losses of one image by the trainer's own function."""
    output = _double(model(*_inputs(image, addend)))
    total = label + addend
    class_loss, sum_loss = _loss(output, label, total)
    probs = output.class_logits.softmax(1)
    sums = None if output.sum_logits is None else output.sum_logits.softmax(1)
    twice = output._replace(class_logits=probs)
    return Losses(
        label=label,
        total=total,
        class_prob=float(probs[0, label]),
        class_loss=class_loss,
        sum_value=float(output.sum_value),
        sum_prob=None if sums is None else float(sums[0, total]),
        sum_loss=sum_loss,
        sum_weight=sum_weight,
        joint_loss=class_loss + sum_weight * sum_loss,
        by_label=tuple(_loss(output, other, total)[0] for other in range(CLASSES)),
        by_total=tuple(_loss(output, label, other)[1] for other in range(SUMS)),
        class_probs=tuple(probs[0].tolist()),
        squashed=tuple(probs.softmax(1)[0].tolist()),
        squashed_loss=_loss(twice, label, total)[0],
    )


def _double(output: Output) -> Output:
    """In float64, where a probability of 0.99999999 is not yet 1 and its loss not yet 0."""
    return Output(*(None if part is None else part.double() for part in output))  # type: ignore[arg-type]


def _loss(output: Output, label: int, total: int) -> tuple[float, float]:
    """Class and sum loss of an output of one image."""
    unused = torch.zeros(0)
    batch = Batch(unused, unused, torch.tensor([label]), torch.tensor([total]))
    class_loss, sum_loss = losses(output, batch)
    return class_loss.item(), sum_loss.item()


class Broadcast(NamedTuple):
    """The same four answers and targets, compared in two ways."""

    addends: tuple[int, ...]
    answers: Floats  # (4,)
    targets: Floats  # (4,)
    pairs: Floats  # (4,): each answer less its own target, [4] against [4]
    table: Floats  # (4, 4): each answer less every target, [4, 1] against [4]
    mean_table: Floats  # (4, 4): the same for a head that always answers the mean of the targets


@torch.inference_mode()
def broadcast(model: SumNet, image: Pixels, label: int, addends: tuple[int, ...]) -> Broadcast:
    """One image with several addends, its sums compared soundly and as the published network did.

    Its sum head gave a column, [N, 1], and its targets were a row, [N]: torch broadcasts both to a
    table, [N, N], and the squared error is the mean over all pairs.
    """
    answers = model(*_inputs(image, *addends)).sum_value
    targets = torch.tensor([float(label + addend) for addend in addends])
    mean = targets.mean().expand(len(addends))
    return Broadcast(
        addends,
        answers.numpy(),
        targets.numpy(),
        pairs=(answers - targets).numpy(),
        table=(answers.unsqueeze(1) - targets).numpy(),
        mean_table=(mean.unsqueeze(1) - targets).numpy(),
    )
