"""The network: a picture and a number go in, the picture's class and the sum come out.

    image (B, 1, 28, 28) --> encoder --> class head --> class_logits (B, 10)
                                |             |
                                +-- fusion ---+--> sum head --> sum_value (B,)
    addend (B,) -- one-hot ---------^

The addend is a one-hot vector, not a raw number: to the network, 0-9 are ten cases, and the best
public solution with a raw scalar stops at 97 % of the sums. The label never enters the network.

Encoders are in core/encoders.py, fusions and sum heads in core/heads.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.drawing import IMAGE_SIDE
from core.encoders import ENCODERS
from core.heads import FUSIONS, SUM_HEADS, Fusion, InkDetector, Output, SumHead
from core.specs import ADDENDS, CLASSES, find_spec

NEVER = -1e4  # logit of a class that there is not
INK_HIDDEN = 64  # width of the ink detector's one hidden layer


@dataclass(frozen=True)
class ModelConfig:
    """What a network is made of. Weights fit only a network of the same config."""

    dataset: str = "mnist"  # gives the mean and spread to normalize images with
    width: int = 16  # channels of the first convolution; doubles twice
    encoder: str = "plain"  # one of ENCODERS
    convs: tuple[int, int, int] = (1, 1, 1)  # convolutions, or residual blocks, in each stage
    margin: int = 0  # pixels at each edge that the encoder does not see
    dropout: float = 0.0  # share of features set to zero before the class head
    fusion: str = "late"  # one of FUSIONS
    sum_head: str = "regression"  # one of SUM_HEADS
    hidden: int = 64  # width of the sum head's one hidden layer
    bug: str = ""  # a published mistake, made on purpose (core/recipes/bugs.py); "" is none


class SumNet(nn.Module):
    """Two inputs, two outputs, one pass.

    Raises:
        ValueError: the config names a bug that does not exist.
    """

    mean: Tensor
    std: Tensor
    fusion: Fusion
    sum_head: SumHead
    ink_detector: InkDetector | None  # added after training, and not part of it

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.bug not in ALTERATIONS:
            known = ", ".join(filter(None, ALTERATIONS))
            raise ValueError(f"There is no bug {config.bug!r}; choose from {known}.")
        spec = find_spec(config.dataset)
        self.config, self.spec = config, spec
        self.register_buffer("mean", torch.tensor(spec.mean * 255), persistent=False)
        self.register_buffer("std", torch.tensor(spec.std * 255), persistent=False)
        side = IMAGE_SIDE - 2 * config.margin
        self.encoder = ENCODERS[config.encoder](config.width, config.convs, side)
        self.class_head = nn.Sequential(
            Dropout(config.dropout), nn.Linear(self.encoder.features, CLASSES)
        )
        self.fusion = FUSIONS[config.fusion](self.encoder.features)
        self.sum_head = SUM_HEADS[config.sum_head](self.fusion.width, config.hidden)
        self.ink_detector = None
        ALTERATIONS[config.bug](self)
        # The memory order in which a CPU pools and normalizes fastest.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub lacks it

    def forward(self, images: Tensor, addends: Tensor) -> Output:
        """Answer for raw images (B, 1, 28, 28), pixels 0-255, and addends (B,), 0-9."""
        onehot = F.one_hot(addends, ADDENDS).float()  # (B, 10)
        pixels = self.normalize(self.fusion.mark(images, onehot))  # (B, 1, 28, 28)
        features, ink_logits = self._encode(pixels)  # (B, F), (B, 3) or None
        class_logits = self._of_classes(self.class_head(features))  # (B, 10)
        fused = self.fusion(features, self.class_probs(class_logits), onehot)  # (B, H)
        sum_value, sum_logits = self.sum_head(fused)  # (B,), (B, 19) or None
        return Output(class_logits.float(), sum_value, sum_logits, ink_logits)

    def _encode(self, pixels: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.ink_detector is None:
            return self.encoder(pixels), None
        seen, features = self.encoder.look(pixels)
        return features, self.ink_detector(seen)

    def every_addend(self, images: Tensor) -> Output:
        """Answer for each image with each of the ten addends: (B * 10, ...), image by image."""
        addends = torch.arange(ADDENDS, device=images.device)
        addends = addends.repeat(len(images))  # 0 1 ... 9 0 1 ... 9 ...
        if self.fusion.marks_images:
            return self.forward(images.repeat_interleave(ADDENDS, 0), addends)
        features = self.encoder(self.normalize(images))  # the same for all ten: computed once
        features, class_logits = (
            part.repeat_interleave(ADDENDS, 0)
            for part in (features, self._of_classes(self.class_head(features)))
        )
        probs = self.class_probs(class_logits)
        fused = self.fusion(features, probs, F.one_hot(addends, ADDENDS).float())
        return Output(class_logits.float(), *self.sum_head(fused))

    def _of_classes(self, class_logits: Tensor) -> Tensor:
        """The logits (B, 10); where there are fewer classes, the rest is never answered."""
        count = len(self.spec.class_names)
        if self.training or count == CLASSES:
            return class_logits
        return F.pad(class_logits[:, :count], (0, CLASSES - count), value=NEVER)

    def class_probs(self, class_logits: Tensor) -> Tensor:
        """The class probabilities (B, 10), as sharp as the sum head needs them."""
        return (self.sum_head.sharpness * class_logits.float()).softmax(1)

    def normalize(self, images: Tensor) -> Tensor:
        """Pixels 0-255 of any type to floats of mean 0 and spread 1 over the training images.

        Cuts off the margin.
        """
        shown = slice(self.config.margin, IMAGE_SIDE - self.config.margin)
        return (images[:, :, shown, shown] - self.mean) / self.std

    def add_ink_detector(self) -> InkDetector:
        """Give it an ink detector, which has learned nothing yet."""
        self.ink_detector = InkDetector(self.encoder.seen, INK_HIDDEN)
        return self.ink_detector

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of `tensors`, with an ink detector where they hold one.

        Raises:
            RuntimeError: they are of another architecture.
        """
        if any(name.startswith("ink_detector.") for name in tensors):
            self.add_ink_detector()
        self.load_state_dict(tensors)

    def tensors(self) -> dict[str, Tensor]:
        """The state for a file: on the CPU, in the usual memory order."""
        return {name: tensor.cpu().contiguous() for name, tensor in self.state_dict().items()}

    @property
    def parameter_count(self) -> int:
        """Of what the two heads answer with; an ink detector counts for itself."""
        return sum(parameter.numel() for parameter in self._answering())

    @property
    def trained_count(self) -> int:
        """Of these, the parameters that a training changes; fixed filters are none of them."""
        return sum(each.numel() for each in self._answering() if each.requires_grad)

    def _answering(self) -> Iterator[nn.Parameter]:
        for name, parameter in self.named_parameters():
            if not name.startswith("ink_detector."):
                yield parameter


class Dropout(nn.Dropout):
    """Dropout that can have its own random numbers, so that threads do not race for them."""

    rng: torch.Generator | None = None

    def forward(self, features: Tensor) -> Tensor:
        if not self.training or not self.p:
            return features
        kept = torch.empty_like(features).bernoulli_(1 - self.p, generator=self.rng)
        return features * kept / (1 - self.p)


def give_dropout(model: nn.Module, rng: torch.Generator) -> None:
    """Let all dropout in a network draw from `rng`."""
    for layer in model.modules():
        if isinstance(layer, Dropout):
            layer.rng = rng


def rectify_logits(network: SumNet) -> None:
    """The bug "relu": both heads end in a ReLU."""
    for head in (network.class_head, network.sum_head):
        head[-1].register_forward_hook(lambda layer, inputs, logits: logits.relu())


def decide_before_fusion(network: SumNet) -> None:
    """The bug "argmax": the fusion gets the decision, as a one-hot, instead of probabilities."""

    def decide(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        features, class_probs, onehot = inputs
        return features, F.one_hot(class_probs.argmax(1), CLASSES).float(), onehot

    network.fusion.register_forward_pre_hook(decide)


def leave_as_is(network: SumNet) -> None:
    """Most bugs break the training or the data, not the network."""


# What a bug changes in a network that was just built, by its name; core/recipes/bugs.py tells the
# rest. It is here, so that a checkpoint with a bug loads as it was, whoever loads it.
ALTERATIONS: dict[str, Callable[[SumNet], object]] = {
    "": leave_as_is,
    "broadcast": leave_as_is,
    "softmax": leave_as_is,
    "shared-softmax": leave_as_is,
    "relu": rectify_logits,
    "argmax": decide_before_fusion,
    "label": leave_as_is,
    "fixed-addend": leave_as_is,
    "seen-images": leave_as_is,
}
