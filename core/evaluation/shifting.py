"""Pictures that are shifted or inverted, and how many of them a network still reads."""

import numpy as np
import torch

from core.data.drawing import Pixels
from core.dataset import Split
from core.model import SumNet

BRIGHTEST = 255  # the brightest pixel


def shift_right(images: Pixels, pixels: int) -> Pixels:
    """Images, uint8 (..., 28, 28), moved to the right; what comes in from the left is black."""
    moved = np.zeros_like(images)
    moved[..., pixels:] = images[..., : images.shape[-1] - pixels]
    return moved


def invert(images: Pixels) -> Pixels:
    """Images, uint8, with black and white swapped."""
    return BRIGHTEST - images


@torch.inference_mode()
def share_read(model: SumNet, split: Split, pixels: int, inverted: bool) -> float:
    """The share of images whose class is still right when they are shifted and maybe inverted."""
    images = shift_right(split.images.numpy(), pixels)
    images = invert(images) if inverted else images
    output = model(torch.from_numpy(images), torch.zeros_like(split.labels))
    return float((output.labels == split.labels).float().mean())
