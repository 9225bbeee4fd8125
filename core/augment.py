"""Random distortions of a batch of images: the same digit as another hand would write it.

One sampling grid per image holds everything: turn, scale, slant, shift, and a smooth random field
that bends the strokes (elastic distortion, Simard, Steinkraus and Platt, ICDAR 2003). The images
are read through the grid once, so all of it costs one bilinear interpolation.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

TURN = 0.26  # radians (15 degrees)
SCALE = 0.15  # of the side
SLANT = 0.25
SHIFT = 0.14  # of half the side: 2 pixels
BEND = 0.09  # of half the side, of each of the FIELD x FIELD control points
FIELD = 5


def augment(images: Tensor, strength: float, mirrored: bool, rng: torch.Generator) -> Tensor:
    """Distort each image (B, 1, 28, 28), pixels 0-255, in its own way; floats of the same range.

    `strength` 1 draws from the full ranges above, 0.5 from half of them. `mirrored` also flips
    every other image, for data sets whose classes survive that.
    """
    count = len(images)

    def draw(*shape: int) -> Tensor:  # uniform in [-strength, strength]
        return strength * (2 * torch.rand(count, *shape, generator=rng, device=rng.device) - 1)

    turn, slant = TURN * draw(), SLANT * draw()
    matrix = torch.stack(
        [turn.cos(), slant - turn.sin(), SHIFT * draw(), turn.sin(), turn.cos(), SHIFT * draw()], 1
    ).view(count, 2, 3)
    matrix[:, :, :2] *= 1 + SCALE * draw(2, 1)
    if mirrored:
        matrix[torch.rand(count, generator=rng, device=rng.device) < 0.5, :, 0] *= -1
    grid = F.affine_grid(matrix, [count, 1, 28, 28], align_corners=False)
    field = F.interpolate(BEND * draw(2, FIELD, FIELD), size=28, mode="bicubic")
    return F.grid_sample(images.float(), grid + field.permute(0, 2, 3, 1), align_corners=False)
