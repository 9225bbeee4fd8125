"""The network: a picture and a number in, the picture's class and the sum out.

    image (B, 1, 28, 28) --> encoder --> class head --> class_logits (B, 10)
                                |             |
                                +-- fusion ---+--> sum head --> sum_value (B,)
    addend (B,) -- one-hot ---------^

The addend is a one-hot vector, not a raw number: to the network 0-9 are ten cases, and the best
public solution with a raw scalar stops at 97 % of the sums. The label never enters the network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.drawing import IMAGE_SIDE
from core.dataset import SUM_CLASSES
from core.specs import ADDENDS, CLASSES, SPECS


@dataclass(frozen=True)
class ModelConfig:
    """What a network is made of. Weights fit only a network of the same config."""

    dataset: str = "mnist"  # gives the mean and spread that images are normalised with
    width: int = 16  # channels of the first convolution; doubles twice
    convs: tuple[int, int, int] = (1, 1, 1)  # convolutions before each of the three poolings
    margin: int = 0  # pixels at each edge that the encoder is not shown
    dropout: float = 0.0  # share of features zeroed before the class head
    fusion: Literal["late", "pixels"] = "late"
    sum_head: Literal["regression", "classification"] = "regression"
    hidden: int = 64  # width of the sum head's one hidden layer
    bug: str = ""  # a published mistake, put in on purpose (core/bugs.py); "" in a sound network


class Output(NamedTuple):
    """What both heads say about a batch."""

    class_logits: Tensor  # (B, 10)
    sum_value: Tensor  # (B,): regressed, or the mean of the sum's distribution
    sum_logits: Tensor | None  # (B, 19), or None for a regressed sum

    @property
    def labels(self) -> Tensor:
        """The most likely class, int64 (B,)."""
        return self.class_logits.argmax(1)

    @property
    def totals(self) -> Tensor:
        """The sum as a whole number, int64 (B,): rounded, not truncated, and within 0-18."""
        if self.sum_logits is not None:
            return self.sum_logits.argmax(1)
        return self.sum_value.round().clamp(0, SUM_CLASSES - 1).long()

    @property
    def energy(self) -> Tensor:
        """How strongly the evidence speaks for any class at all, (B,).

        Ink of no class gives small logits. Their softmax forgets that; the logarithm of its
        denominator does not (W. Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS
        2020; theirs has the opposite sign).
        """
        return self.class_logits.logsumexp(1)

    @classmethod
    def join(cls, parts: "Sequence[Output]") -> "Output":
        """The outputs of several batches as one."""
        class_logits, sum_value, sum_logits = zip(*parts, strict=True)
        return cls(
            torch.cat(class_logits),
            torch.cat(sum_value),
            None if sum_logits[0] is None else torch.cat(sum_logits),
        )


class SumNet(nn.Module):
    """Two inputs, two outputs, one pass."""

    mean: Tensor
    std: Tensor
    fusion: "LateFusion | PixelFusion"
    sum_head: "RegressionHead | ClassificationHead"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        spec = SPECS[config.dataset]
        self.config = config
        self.register_buffer("mean", torch.tensor(spec.mean * 255), persistent=False)
        self.register_buffer("std", torch.tensor(spec.std * 255), persistent=False)
        self.encoder = Encoder(config.width, config.convs, IMAGE_SIDE - 2 * config.margin)
        self.class_head = nn.Sequential(
            Dropout(config.dropout), nn.Linear(self.encoder.features, CLASSES)
        )
        self.fusion = FUSIONS[config.fusion](self.encoder.features)
        self.sum_head = SUM_HEADS[config.sum_head](self.fusion.width, config.hidden)
        ALTERATIONS[config.bug](self)
        # The order in memory in which a processor pools and normalizes fastest.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub lacks it

    def forward(self, images: Tensor, addends: Tensor) -> Output:
        """Answer for raw images (B, 1, 28, 28), pixels 0-255, and addends (B,), 0-9."""
        onehot = F.one_hot(addends, ADDENDS).float()  # (B, 10)
        pixels = self.normalize(self.fusion.mark(images, onehot))  # (B, 1, 28, 28)
        features = self.encoder(pixels)  # (B, F)
        class_logits = self.class_head(features)  # (B, 10)
        fused = self.fusion(features, self.class_probs(class_logits), onehot)  # (B, H)
        return Output(class_logits.float(), *self.sum_head(fused))  # (B,), (B, 19) or None

    def every_addend(self, images: Tensor) -> Output:
        """Answer for each image with each of the ten addends: (B * 10, ...), image by image."""
        addends = torch.arange(ADDENDS, device=images.device)
        addends = addends.repeat(len(images))  # 0 1 ... 9 0 1 ... 9 ...
        if self.fusion.marks_images:
            return self.forward(images.repeat_interleave(ADDENDS, 0), addends)
        features = self.encoder(self.normalize(images))  # the same for all ten: computed once
        features, class_logits = (
            part.repeat_interleave(ADDENDS, 0) for part in (features, self.class_head(features))
        )
        probs = self.class_probs(class_logits)
        fused = self.fusion(features, probs, F.one_hot(addends, ADDENDS).float())
        return Output(class_logits.float(), *self.sum_head(fused))

    def class_probs(self, class_logits: Tensor) -> Tensor:
        """The class probabilities (B, 10), as sharp as the sum head wants them."""
        return (self.sum_head.sharpness * class_logits.float()).softmax(1)

    def normalize(self, images: Tensor) -> Tensor:
        """Pixels 0-255 of any type to floats of mean 0 and spread 1 over the training images.

        The margin is left away.
        """
        shown = slice(self.config.margin, IMAGE_SIDE - self.config.margin)
        return (images[:, :, shown, shown] - self.mean) / self.std

    def tensors(self) -> dict[str, Tensor]:
        """The state as a file holds it, in the usual order."""
        return {name: tensor.cpu().contiguous() for name, tensor in self.state_dict().items()}

    @property
    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


class Encoder(nn.Sequential):
    """Three stages, each halving the picture, 28 -> 14 -> 7 -> 3, and doubling the channels.

    Without MNIST's margin of two pixels, which is all but empty, it is 24 -> 12 -> 6 -> 3: as many
    features for three quarters of the work.

    Pooling comes before the norm and the ReLU, which then work on a quarter of the values. Both
    orders compute the same kind of function: max-pooling commutes with ReLU.
    """

    def __init__(self, width: int, convs: tuple[int, int, int], side: int = IMAGE_SIDE) -> None:
        layers: list[nn.Module] = []
        channels = 1
        for stage, count in enumerate(convs):
            for conv in range(count):
                out = width << stage
                size = 5 if channels == 1 else 3  # the first one sees pixels: let it see more
                layers += [nn.Conv2d(channels, out, size, padding=size // 2, bias=False)]
                layers += [nn.MaxPool2d(2)] if conv == count - 1 else []
                layers += [nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
                channels = out
        super().__init__(*layers, nn.Flatten())
        self.features = channels * (side // 2**3) ** 2


class Dropout(nn.Dropout):
    """Dropout that can be given random numbers of its own, so that threads do not race for them."""

    rng: torch.Generator | None = None

    def forward(self, features: Tensor) -> Tensor:
        if not self.training or not self.p:
            return features
        kept = torch.empty_like(features).bernoulli_(1 - self.p, generator=self.rng)
        return features * kept / (1 - self.p)


def give_dropout(model: nn.Module, rng: torch.Generator) -> None:
    """Let a network's dropout draw from `rng`."""
    for layer in model.modules():
        if isinstance(layer, Dropout):
            layer.rng = rng


class LateFusion(nn.Module):
    """The addend joins the class probabilities, after the encoder.

    Ten probabilities and a one-hot are all that a sum needs. They learn it far faster than the
    raw features do, and the gradient of the sum still reaches the encoder (no argmax between).
    """

    marks_images = False

    def __init__(self, features: int) -> None:
        super().__init__()
        self.width = CLASSES + ADDENDS

    def mark(self, images: Tensor, onehot: Tensor) -> Tensor:
        return images

    def forward(self, features: Tensor, class_probs: Tensor, onehot: Tensor) -> Tensor:
        return torch.cat([class_probs, onehot], dim=1)  # (B, 20)


class PixelFusion(nn.Module):
    """The addend is written into the picture; the encoder has to find it there."""

    marks_images = True

    def __init__(self, features: int) -> None:
        super().__init__()
        self.width = features + CLASSES

    def mark(self, images: Tensor, onehot: Tensor) -> Tensor:
        """A copy with the one-hot in the last ten pixels of the last row: 1 white, 0 black."""
        marked = images.clone()
        marked[:, 0, -1, -ADDENDS:] = (255 * onehot).to(images.dtype)
        return marked

    def forward(self, features: Tensor, class_probs: Tensor, onehot: Tensor) -> Tensor:
        return torch.cat([features.float(), class_probs], dim=1)  # (B, F + 10)


class RegressionHead(nn.Sequential):
    """The sum as one value, trained by squared error.

    Given "4 at 70 %, 9 at 30 %" it would answer 5.5 + addend, which is neither: so it is given all
    but the decision.
    """

    sharpness = 12.0  # at 1 or 4 a short training rounds more sums wrong
    rate = 0.03  # of its steps, to those of the class head: a squared error is far larger

    def __init__(self, inputs: int, hidden: int) -> None:
        last = nn.Linear(hidden, 1)
        nn.init.constant_(
            last.bias, (SUM_CLASSES - 1) / 2
        )  # start from the mean of all sums, not from 0
        super().__init__(nn.Linear(inputs, hidden), nn.ReLU(inplace=True), last)

    def forward(self, fused: Tensor) -> tuple[Tensor, None]:
        return super().forward(fused).float().squeeze(1), None  # (B,): [B, 1] would broadcast


class ClassificationHead(nn.Sequential):
    """The sum as one of 19 classes, trained by cross-entropy; its value is their mean.

    It can say "11 or 16", so it is given the probabilities as they are.
    """

    sharpness = 1.0  # at 3 to 12 its steep gradient keeps the class head from learning
    rate = 1.0
    totals: Tensor

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(inputs, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, SUM_CLASSES)
        )
        self.register_buffer("totals", torch.arange(float(SUM_CLASSES)), persistent=False)

    def forward(self, fused: Tensor) -> tuple[Tensor, Tensor]:
        logits = super().forward(fused).float()
        return logits.softmax(1) @ self.totals, logits


FUSIONS: dict[str, type[LateFusion | PixelFusion]] = {"late": LateFusion, "pixels": PixelFusion}
SUM_HEADS: dict[str, type[RegressionHead | ClassificationHead]] = {
    "regression": RegressionHead,
    "classification": ClassificationHead,
}

# What is done to a network that was just built, by the name of its bug: nothing to a sound one.
ALTERATIONS: dict[str, Callable[[SumNet], object]] = {"": lambda network: None}
