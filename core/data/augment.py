"""Random changes to a batch of images, different for each, that do not change their class.

`augment` makes the same digit as somebody else would write it. `shift`, `cut_out` and `erase`
are for garments: interpolation would blur their fabric, and any part of one should tell its class.

One sampling grid per image combines everything: turn, scale, slant, shift, and a smooth random
field that bends the strokes (elastic distortion, Simard, Steinkraus and Platt, ICDAR 2003). The
images are sampled once, so all of `augment` costs one bilinear interpolation.
"""

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

TURN_LIMIT = 0.26  # radians (15 degrees)
SCALE_LIMIT = 0.15  # of the side
SLANT_LIMIT = 0.25
SHIFT_LIMIT = 0.14  # of half the side: 2 pixels
BEND_LIMIT = 0.09  # of half the side, of each of the FIELD x FIELD control points
FIELD_SIDE = 5

ERASED_AREA = (0.02, 0.33)  # share of the picture that is erased
ERASED_ASPECT = 3.3  # largest aspect of the erased rectangle; the smallest is its inverse


def augment(images: Tensor, strength: float, mirrored: bool, rng: torch.Generator) -> Tensor:
    """Distort each image (B, 1, 28, 28), pixels 0-255, differently; floats of the same range.

    `strength` 1 draws from the full ranges above, 0.5 from half of them. `mirrored` also flips half
    of the images, for data sets whose classes survive that.
    """
    count = len(images)

    def draw(*shape: int) -> Tensor:  # uniform in [-strength, strength]
        return strength * (2 * torch.rand(count, *shape, generator=rng, device=rng.device) - 1)

    turn, slant = TURN_LIMIT * draw(), SLANT_LIMIT * draw()
    matrix = torch.stack(
        [
            turn.cos(),
            slant - turn.sin(),
            SHIFT_LIMIT * draw(),
            turn.sin(),
            turn.cos(),
            SHIFT_LIMIT * draw(),
        ],
        1,
    ).view(count, 2, 3)
    matrix[:, :, :2] *= 1 + SCALE_LIMIT * draw(2, 1)
    if mirrored:
        matrix[torch.rand(count, generator=rng, device=rng.device) < 0.5, :, 0] *= -1
    grid = F.affine_grid(matrix, [count, 1, 28, 28], align_corners=False)
    field = F.interpolate(BEND_LIMIT * draw(2, FIELD_SIDE, FIELD_SIDE), size=28, mode="bicubic")
    return F.grid_sample(images.float(), grid + field.permute(0, 2, 3, 1), align_corners=False)


def shift(images: Tensor, limit: int, mirrored: bool, rng: torch.Generator) -> Tensor:
    """Move each image (B, 1, H, W) by up to `limit` whole pixels; black comes in at the edge.

    `mirrored` also flips half of the images.
    """
    count, _, *sides = images.shape
    moves = torch.randint(2 * limit + 1, (2, count, 1), generator=rng, device=rng.device)
    height, width = (torch.arange(side, device=rng.device) for side in sides)
    rows, columns = moves[0] + height, moves[1] + width
    if mirrored:
        flipped = torch.rand(count, 1, generator=rng, device=rng.device) < 0.5
        columns = torch.where(flipped, columns.flip(1), columns)
    each = torch.arange(count, device=rng.device)[:, None, None]
    padded = F.pad(images, (limit,) * 4)
    return padded[each, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def erase(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Replace a random rectangle by noise, in a random `share` of the images; floats.

    Images are (B, 1, H, W), pixels 0-255. Area and aspect are those of Zhong et al., "Random
    Erasing Data Augmentation", AAAI 2020.
    """
    count, _, *sides = images.shape

    def draw(*shape: int) -> Tensor:  # uniform in [0, 1)
        return torch.rand(count, *shape, generator=rng, device=rng.device)

    area = ERASED_AREA[0] + (ERASED_AREA[1] - ERASED_AREA[0]) * draw(1)
    aspect = (math.log(ERASED_ASPECT) * (2 * draw(1) - 1)).exp()
    inside = draw(1, 1) < share
    for side, length, along in zip(
        sides, ((area * aspect).sqrt(), (area / aspect).sqrt()), (2, 1), strict=True
    ):
        size = (side * length).round().clamp(1, side)
        start = (draw(1) * (side - size + 1)).floor()
        place = torch.arange(side, device=rng.device)
        inside = inside & ((start <= place) & (place < start + size)).unsqueeze(along)
    return torch.where(inside.unsqueeze(1), 255 * draw(*images.shape[1:]), images.float())


def cut_out(images: Tensor, side: int, fill: float, rng: torch.Generator) -> Tensor:
    """Cover a square of each image (B, 1, H, W) with one value, `fill`; floats.

    The middle of the square may lie anywhere, so that at an edge a part of it falls outside
    (DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
    2017).
    """
    count, _, *sides = images.shape
    inside = torch.ones(count, 1, 1, dtype=torch.bool, device=rng.device)
    for length, along in zip(sides, (2, 1), strict=True):
        middle = torch.randint(length, (count, 1), generator=rng, device=rng.device)
        start = middle - side // 2
        place = torch.arange(length, device=rng.device)
        inside = inside & ((start <= place) & (place < start + side)).unsqueeze(3 - along)
    return images.float().masked_fill(inside.unsqueeze(1), fill)


def vary(images: Tensor, changes: "Changes", kind: "ImageKind", rng: torch.Generator) -> Tensor:
    """Training images with all random changes that a recipe asks for."""
    if changes.augment:
        images = augment(images, changes.augment, kind.mirrored, rng)
    if changes.shift:
        images = shift(images, changes.shift, kind.mirrored, rng)
    if changes.erase:
        images = erase(images, changes.erase, rng)
    if changes.cutout:
        images = cut_out(images, changes.cutout, 255 * kind.mean, rng)
    return images


class Changes(Protocol):
    """Which changes a recipe asks for; `trainer.TrainConfig` explains them."""

    @property
    def augment(self) -> float: ...
    @property
    def shift(self) -> int: ...
    @property
    def erase(self) -> float: ...
    @property
    def cutout(self) -> int: ...


class ImageKind(Protocol):
    """What the changes must know of a data set, as `specs.DatasetSpec` does."""

    @property
    def mirrored(self) -> bool: ...
    @property
    def mean(self) -> float: ...
