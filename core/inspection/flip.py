"""Fool it: the least change of a picture that flips the class head's answer.

One example: a 7 whose bar gets a few grey pixels is a 2 to the network, and still a 7 to everybody
else. The way there is DeepFool (S. Moosavi-Dezfooli, A. Fawzi, P. Frossard, "DeepFool: a simple and
accurate method to fool deep neural networks", CVPR 2016): step towards the nearest class as if the
network were linear, until the answer changes. Then the way is shortened until it just does.

All pictures that are asked about have whole grey levels from 0 to 255, as files and screens have.
Gradients are taken of the picture alone, so the network stays as it is.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.data.drawing import Pixels
from core.evaluation.layers import model_inputs
from core.evaluation.prediction import AnswerError
from core.model import SumNet

MAX_STEPS = 40  # of DeepFool; a few are enough where the network is not flat
OVERSHOOT = 1.05  # of a step: as far as to the border would be neither here nor there
STRENGTHS = 64  # of the way to the other class, to find where the answer flips


@dataclass(frozen=True)
class Flip:
    """A picture, and the change of it that just flips the answer."""

    image: Pixels  # (28, 28)
    change: NDArray[np.float32]  # (28, 28), in grey levels; at strength 1 the answer flips
    label: int  # the answer to the picture
    flipped: int  # the answer to the changed picture

    def at(self, strength: float) -> Pixels:
        """The picture with so much of the change: 0 is none, 1 flips, more goes beyond."""
        changed = np.rint(self.image + strength * self.change).clip(0, 255)
        return changed.astype(np.uint8)

    def difference(self, strength: float) -> NDArray[np.float32]:
        """By how many grey levels each pixel is really changed at a strength: (28, 28)."""
        return self.at(strength).astype(np.float32) - self.image

    def size(self, strength: float) -> float:
        """The length of the change (L2), with black 0 and white 1."""
        return float(np.linalg.norm(self.difference(strength)) / 255)

    def share_of_ink(self, strength: float) -> float:
        """All that is changed, as a share of all ink of the picture."""
        return float(np.abs(self.difference(strength)).sum() / max(1.0, float(self.image.sum())))


def find_flip(model: SumNet, image: Pixels, addend: int) -> Flip | None:
    """The least change of an image, uint8 (28, 28), that flips the class; None where none is found.

    The addend matters only where it is written into the picture; its pixels are never changed.

    Raises:
        AnswerError: an answer is not a number.
    """
    (pixels, addends) = model_inputs(image, addend)
    start = pixels.float()
    label = int(_logits(model, start, addends)[0].argmax())
    there = _cross(model, start, addends, label)
    if there is None:
        return None
    way: NDArray[np.float32] = (there - start)[0, 0].numpy()
    strengths = [number / STRENGTHS for number in range(1, 2 * STRENGTHS + 1)]  # and beyond
    flips = [Flip(image, np.float32(strength) * way, label, label) for strength in strengths]
    asked = torch.from_numpy(np.stack([flip.at(1) for flip in flips]))[:, None]
    with torch.inference_mode():
        answers = _logits(model, asked.float(), addends.expand(len(asked))).argmax(1).tolist()
    for flip, answer in zip(flips, answers, strict=True):
        if answer != label:
            return Flip(image, flip.change, label, answer)
    return None


def _cross(model: SumNet, start: Tensor, addends: Tensor, label: int) -> Tensor | None:
    """A picture (1, 1, 28, 28) near `start` that has another class."""
    now = start.clone()
    for _ in range(MAX_STEPS):
        logits, gradients = _gradients(model, now, addends)
        if int(logits.argmax()) != label:
            return now
        gaps = logits - logits[label]  # (C,), at most 0
        ways = gradients - gradients[label]  # (C, 28, 28): in which the gaps close
        lengths = ways.flatten(1).norm(dim=1)
        distances = gaps.abs() / lengths
        distances[label] = torch.inf
        distances[lengths == 0] = torch.inf  # a class that no pixel leads to
        nearest = int(distances.argmin())
        if not distances[nearest].isfinite():
            return None
        step = (gaps[nearest].abs() + 1e-3) / lengths[nearest] ** 2 * ways[nearest]
        now = (now + OVERSHOOT * step).clamp(0, 255)
    return None


def _gradients(model: SumNet, image: Tensor, addends: Tensor) -> tuple[Tensor, Tensor]:
    """The class logits (C,) of a picture, and the gradient of each: (C, 28, 28)."""
    classes = len(_logits(model, image, addends)[0])
    copies = image.expand(classes, -1, -1, -1).clone().requires_grad_()  # one for each logit
    logits = _logits(model, copies, addends.expand(classes))
    (gradients,) = torch.autograd.grad(logits.diagonal().sum(), copies)
    if not gradients.isfinite().all():
        raise AnswerError
    return logits[0].detach(), gradients[:, 0]


def _logits(model: SumNet, images: Tensor, addends: Tensor) -> Tensor:
    logits: Tensor = model(images, addends).class_logits
    if not logits.isfinite().all():
        raise AnswerError
    return logits
