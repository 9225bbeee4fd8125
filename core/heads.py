"""Where image and addend meet, and how the network answers the sum.

    features (B, F) ----+
    class_probs (B, 10) +--> fusion (B, width) --> sum head --> sum_value (B,), sum_logits (B, 19)
    one-hot (B, 10) ----+

The ink detector is a third head, which some networks have: is this a digit at all?

A fusion or a sum head is a class here, in `FUSIONS` or `SUM_HEADS`, and its words in core/specs.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.dataset import SUM_CLASSES
from core.specs import ADDENDS, CLASSES, FUSION_WORDS, SUM_HEAD_SPECS, OptionWords


class Output(NamedTuple):
    """What both heads answer for a batch."""

    class_logits: Tensor  # (B, 10)
    sum_value: Tensor  # (B,): regressed, or the mean of the sum's distribution
    sum_logits: Tensor | None  # (B, 19), or None for a regressed sum
    ink_logits: Tensor | None = None  # (B, 3), of INK_KINDS; None without an ink detector

    def eased(self, temperature: float) -> "Output":
        """The same with less certain classes: their logits, divided by the temperature."""
        if temperature == 1:
            return self
        return self._replace(class_logits=self.class_logits / temperature)

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
        """How much evidence there is for any class at all, (B,).

        Ink of no class gives small logits. Their softmax loses that; the logarithm of its
        denominator keeps it (W. Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS
        2020; theirs has the opposite sign).
        """
        return self.class_logits.logsumexp(1)

    @property
    def evidence(self) -> Tensor:
        """How much speaks for one picture of a class, (B,): below a threshold it is unreadable.

        The log-odds of the ink detector; without one, the energy.
        """
        if self.ink_logits is None:
            return self.energy
        return self.ink_logits[:, 0] - self.ink_logits[:, 1:].logsumexp(1)

    @property
    def is_several(self) -> Tensor:
        """If it is not one digit, is it more likely several than none? bool (B,)."""
        if self.ink_logits is None:
            return torch.zeros(len(self.class_logits), dtype=torch.bool)
        return self.ink_logits[:, 1] > self.ink_logits[:, 2]

    @property
    def is_finite(self) -> Tensor:
        """Is each answer a number, neither NaN nor infinite? bool (B,)."""
        finite = self.class_logits.isfinite().all(1) & self.sum_value.isfinite()
        return finite if self.sum_logits is None else finite & self.sum_logits.isfinite().all(1)

    @classmethod
    def join(cls, parts: "Sequence[Output]") -> "Output":
        """The outputs of several batches as one."""
        columns = zip(*parts, strict=True)
        return cls(*(None if part[0] is None else torch.cat(part) for part in columns))  # type: ignore[arg-type]


class Fusion(nn.Module):
    """Where image and addend meet. Subclasses may have weights; only the sum's loss trains them."""

    words: OptionWords
    way: str  # of the number to the sum head, for the page
    width: int  # of what it gives the sum head
    marks_images = False  # does the encoder see the addend in the image?

    def mark(self, images: Tensor, onehot: Tensor) -> Tensor:
        """The images (B, 1, 28, 28) as the encoder sees them."""
        return images

    def forward(self, features: Tensor, class_probs: Tensor, onehot: Tensor) -> Tensor:
        """What the sum head sees, (B, width), of features (B, F) and two times (B, 10)."""
        raise NotImplementedError


class LateFusion(Fusion):
    """The addend joins the class probabilities, after the encoder.

    Ten probabilities and a one-hot are all that a sum needs. The network learns it far faster from
    them than from the raw features, and the gradient of the sum still reaches the encoder (there is
    no argmax in between).
    """

    words = FUSION_WORDS["late"]
    way = "the number joins the class probabilities after the encoder"

    def __init__(self, features: int) -> None:
        super().__init__()
        self.width = CLASSES + ADDENDS

    def forward(self, features: Tensor, class_probs: Tensor, onehot: Tensor) -> Tensor:
        return torch.cat([class_probs, onehot], dim=1)  # (B, 20)


class PixelFusion(Fusion):
    """The addend is written into the picture; the encoder has to find it there."""

    words = FUSION_WORDS["pixels"]
    way = (
        "the number is written into the picture, and the sum head gets the features beside the "
        "class probabilities"
    )
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


class SumHead(nn.Sequential):
    """From what the fusion gives to the sum. A subclass owns its loss and all that goes with it."""

    words: OptionWords
    loss_rule: str  # in symbols, for the page
    loss_numbers: str  # the same with a value, a total or a prob to be put in
    loss_words: str  # and in a sentence
    first_loss: str  # what it is before training, and why
    usual_weight: float  # of its loss beside the class loss
    sharpness: float  # factor of the class logits before the softmax that it gets to see
    lr_scale: float  # of its learning rate, to that of the class head

    def forward(self, fused: Tensor) -> tuple[Tensor, Tensor | None]:
        """The value (B,) and the logits (B, 19) of the sum, or None without any."""
        raise NotImplementedError

    def loss(self, output: Output, sums: Tensor) -> Tensor:
        """The mean loss of a batch, a scalar; `sums` are int64 (B,)."""
        raise NotImplementedError


class RegressionHead(SumHead):
    """The sum as one value, trained by squared error.

    Given "4 at 70 %, 9 at 30 %" it would answer 5.5 + addend, which is neither. So it gets
    probabilities so sharp that they are almost a decision.
    """

    words, usual_weight = SUM_HEAD_SPECS["regression"]
    loss_rule, loss_numbers = "(value − sum)²", "({value:.4f} − {total})²"
    loss_words = (
        "gives one value, so its loss is the *squared error*: twice as far off costs four times as "
        "much."
    )
    first_loss = "16.5 for the sum, the variance of all sums around their mean of 9"
    sharpness = 12.0  # at 1 or 4 a short training rounds more sums wrong
    lr_scale = 0.03  # a squared error is far larger than a cross-entropy

    def __init__(self, inputs: int, hidden: int) -> None:
        last = nn.Linear(hidden, 1)
        # Start from the mean of all sums, not from 0.
        nn.init.constant_(last.bias, (SUM_CLASSES - 1) / 2)
        super().__init__(nn.Linear(inputs, hidden), nn.ReLU(inplace=True), last)

    def forward(self, fused: Tensor) -> tuple[Tensor, None]:
        values: Tensor = nn.Sequential.forward(self, fused)  # (B, 1)
        return values.float().squeeze(1), None  # (B,): [B, 1] would broadcast in the loss

    def loss(self, output: Output, sums: Tensor) -> Tensor:
        return F.mse_loss(output.sum_value, sums.float())  # (B,) and (B,)


class ClassificationHead(SumHead):
    """The sum as one of 19 classes, trained by cross-entropy; its value is their mean.

    It can answer "11 or 16", so it gets the probabilities as they are.
    """

    words, usual_weight = SUM_HEAD_SPECS["classification"]
    loss_rule, loss_numbers = "−ln(probability of the sum)", "−ln {prob}"
    loss_words = f"chooses among {SUM_CLASSES} sums, 0 to 18, so its loss is *cross-entropy* too."
    first_loss = f"2.9 for the sum, ln {SUM_CLASSES}"
    sharpness = 1.0  # at 3 to 12 its steep gradient keeps the class head from learning
    lr_scale = 1.0
    totals: Tensor

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(inputs, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, SUM_CLASSES)
        )
        self.register_buffer("totals", torch.arange(float(SUM_CLASSES)), persistent=False)

    def forward(self, fused: Tensor) -> tuple[Tensor, Tensor]:
        logits: Tensor = nn.Sequential.forward(self, fused).float()  # (B, 19)
        return logits.softmax(1) @ self.totals, logits

    def loss(self, output: Output, sums: Tensor) -> Tensor:
        assert output.sum_logits is not None
        return F.cross_entropy(output.sum_logits, sums)


INK_KINDS = ("one digit", "several digits", "something else")


class InkDetector(nn.Module):
    """What kind of ink a picture shows, told from what the encoder sees in it.

    It looks at the encoder's second stage, where strokes are still in their places, and at the
    features. The class head needs no such detail, so it takes a house for a 0. core/doubt/ trains
    it, when the network is finished and no longer changes.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, width)
        self.kind = nn.Linear(width, len(INK_KINDS))

    def forward(self, seen: Tensor) -> Tensor:
        """Logits of INK_KINDS, (B, 3), of what `Encoder.look` gives."""
        kinds: Tensor = self.kind(self.hidden(seen).relu())
        return kinds


FUSIONS: dict[str, type[Fusion]] = {"late": LateFusion, "pixels": PixelFusion}
SUM_HEADS: dict[str, type[RegressionHead | ClassificationHead]] = {
    "regression": RegressionHead,
    "classification": ClassificationHead,
}
