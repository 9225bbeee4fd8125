"""Encoders: what makes features of a picture, for both heads.

    pixels (B, 1, 28, 28) --> three stages --> features (B, F)

An encoder is a class here and in `ENCODERS`. The plain one is small: with width 32 it gives 1,152
features, 128 maps of 3 x 3. The cosine one trains fastest: its first layer, the one with the
largest maps, has nothing to learn. The residual one reads garments better and takes several times
as long: with width 32, 128 features, each the mean of a map of 7 x 7. The shipped networks of
garments have it.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STAGES = 3

SQUARE = 6  # side of the squares of pixels that a cosine encoder looks at
COSINES = 12  # of the 36 of such a square, the smoothest


class Encoder(nn.Sequential):
    """Three stages; the maps get smaller and more with each.

    Args:
        width: channels of the first stage; doubles twice.
        depths: what a subclass counts of each of the three stages.
        side: pixels of a side of the picture.
    """

    way: str  # of the picture through it, for the page
    fixed_filters = False  # does training leave the first convolution as it is?
    features: int  # F
    stage_ends: Sequence[str]  # of each stage: the path of the module whose output ends it
    third_stage: int  # the place where it begins
    seen: int  # how much an ink detector gets to see

    def __init__(self, width: int, depths: Sequence[int], side: int) -> None:
        raise NotImplementedError

    def summary(self, maps: Tensor) -> Tensor:
        """What an ink detector sees of the second stage: (B, C, H, W) to (B, seen - features)."""
        raise NotImplementedError

    def look(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """What an ink detector sees, (B, seen): the second stage and the features, (B, F)."""
        left = pixels
        for place, layer in enumerate(self):
            if place == self.third_stage:
                middle = self.summary(left)
            left = layer(left)
        return torch.cat([middle, left], 1), left


class PlainEncoder(Encoder):
    """`depths` convolutions in each stage; each stage halves the picture, 28 -> 14 -> 7 -> 3.

    Without a margin of two pixels, which is almost empty in MNIST, it is 24 -> 12 -> 6 -> 3: as
    many features for three quarters of the work.

    Pooling comes before the norm and the ReLU, so these work on a quarter of the values. Both
    orders compute the same kind of function: max-pooling commutes with ReLU.
    """

    way = "halves it three times, and adds channels each time"

    def __init__(self, width: int, depths: Sequence[int], side: int) -> None:
        layers: list[nn.Module] = []
        ends = []
        channels = 1
        for stage, count in enumerate(depths):
            for conv in range(count):
                out = width << stage
                # The first one sees single pixels: give it more of them.
                size = 5 if channels == 1 else 3
                layers += [nn.Conv2d(channels, out, size, padding=size // 2, bias=False)]
                if conv == count - 1:
                    layers += [nn.MaxPool2d(2)]
                    ends += [f"{len(layers) + 1}"]  # the ReLU after its norm
                layers += [nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
                channels = out
        nn.Sequential.__init__(self, *layers, nn.Flatten())
        self.features = channels * (side // 2**STAGES) ** 2
        self.stage_ends = ends
        self.third_stage = int(ends[1]) + 1
        self.seen = (width << 1) * (side // 2**2) ** 2 + self.features

    def summary(self, maps: Tensor) -> Tensor:
        return maps.flatten(1)


class CosineEncoder(Encoder):
    """A fixed layer, then two stages that learn: 28 -> 12 -> 5 -> 3, or 24 -> 10 -> 4 -> 2.

    The first layer is a discrete cosine transform of squares of 6 x 6 pixels, two pixels apart;
    positive and negative parts are channels of their own. For natural pictures it comes close to
    the whitening that fast trainings start with (Jordan, "94% on CIFAR-10 in 3.29 Seconds on a
    Single GPU", 2024), and needs no data. Nothing is learned there, so no gradient goes through
    the largest maps. Convolutions that begin a stage have no padding: of a digit nothing is lost.

    The fixed layer is all of the first stage, so the first of `depths` is 1.
    """

    way = (
        "writes each small square of it as a mix of twelve waves, which it need not learn, and "
        "then makes it smaller twice, with more channels each time"
    )
    fixed_filters = True

    def __init__(self, width: int, depths: Sequence[int], side: int) -> None:
        channels = 2 * COSINES
        fixed = nn.Conv2d(1, channels, SQUARE, stride=2, bias=False)
        waves = cosine_waves(SQUARE, COSINES)
        fixed.weight = nn.Parameter(torch.cat([waves, -waves]), requires_grad=False)
        layers: list[nn.Module] = [fixed, nn.BatchNorm2d(channels, affine=False), nn.ReLU()]
        ends = ["2"]
        middle, out = width << 1, width << 3
        for conv in range(depths[1]):
            layers += [nn.Conv2d(channels, middle, 3, padding=1 if conv else 0, bias=False)]
            if conv == depths[1] - 1:
                layers += [nn.MaxPool2d(2)]
            layers += [nn.BatchNorm2d(middle), nn.ReLU(inplace=True)]
            channels = middle
        ends += [f"{len(layers) - 1}"]
        for conv in range(depths[2]):
            layers += [nn.Conv2d(channels, out, 3, padding=1 if conv else 0, bias=False)]
            layers += [nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
            channels = out
        ends += [f"{len(layers) - 1}"]
        nn.Sequential.__init__(self, *layers, nn.Flatten())
        first = (side - SQUARE) // 2 + 1
        second = (first - 2) // 2
        self.features = out * (second - 2) ** 2
        self.stage_ends = ends
        self.third_stage = int(ends[1]) + 1
        self.seen = middle * second**2 + self.features

    def summary(self, maps: Tensor) -> Tensor:
        return maps.flatten(1)


def cosine_waves(side: int, count: int) -> Tensor:
    """The smoothest waves of a two-dimensional discrete cosine transform, (count, 1, side, side).

    The transform is DCT-II, scaled to be orthonormal; wave 0 is constant.
    """
    place = torch.arange(side) + 0.5
    waves = torch.stack([(math.pi * number * place / side).cos() for number in range(side)])
    waves *= (2 / side) ** 0.5
    waves[0] *= 0.5**0.5
    steps = [(down, across) for down in range(side) for across in range(side)]
    steps.sort(key=lambda step: (step[0] ** 2 + step[1] ** 2, step))
    found = [waves[down].outer(waves[across]) for down, across in steps[:count]]
    return torch.stack(found).unsqueeze(1)


class ResidualEncoder(Encoder):
    """`depths` residual blocks in each stage, 28 -> 14 -> 7; a feature is the mean of a last map.

    A pre-activation ResNet (He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016)
    with depths 3 is their ResNet-20, and has a ninth of the class head's weights of a plain
    encoder. Its first stage works on all pixels: pooling at once loses what tells a shirt from a
    coat.
    """

    way = (
        "looks at it in full size first, then halves it twice, and adds channels each time; each "
        "of its blocks adds something to what comes in"
    )

    def __init__(self, width: int, depths: Sequence[int], side: int) -> None:
        layers: list[nn.Module] = [nn.Conv2d(1, width, 3, padding=1, bias=False)]
        ends = []
        channels = width
        for stage, count in enumerate(depths):
            for block in range(count):
                halves = stage > 0 and block == 0
                if halves:  # what the stage before gives is first of all normed and cut at 0
                    ends += [f"{len(layers)}.relu1"]
                layers += [ResidualBlock(channels, width << stage, 2 if halves else 1)]
                channels = width << stage
        layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
        ends += [f"{len(layers) - 1}"]
        nn.Sequential.__init__(self, *layers, MapMean())
        self.features = channels
        self.stage_ends = ends
        self.third_stage = 1 + sum(depths[:2])  # after the first convolution
        self.seen = (width << 1) * (side // 2**2) ** 2 + self.features

    def summary(self, maps: Tensor) -> Tensor:
        return F.avg_pool2d(maps, 2).flatten(1)  # as large as a plain encoder's


class ResidualBlock(nn.Module):
    """Two convolutions that add to what comes in; `stride` 2 halves the sides of the maps."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = None
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        active = self.relu1(self.norm1(maps))
        passed = self.shortcut(active) if self.shortcut else maps
        added: Tensor = self.conv2(self.relu2(self.norm2(self.conv1(active))))
        return passed + added


class MapMean(nn.Module):
    """The mean of each map: (B, C, H, W) to (B, C)."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean((2, 3))


ENCODERS: dict[str, type[Encoder]] = {
    "plain": PlainEncoder,
    "cosine": CosineEncoder,
    "residual": ResidualEncoder,
}
