"""The settings of a recipe: what people may change, within which bounds, and in which words.

One example: `SETTINGS["epochs"]` is a whole number from 1 to 200, of which the Train page offers 1,
2, 3, 5 and 8. The command line, the Train page, links and the worker read this table; it imports no
torch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import UserError
from core.specs import (
    FUSION_WORDS,
    SPECS,
    START_WORDS,
    SUM_HEAD_SPECS,
    TRAIN_SIZE,
    OptionWords,
    find_spec,
    is_known,
)

Value = str | float  # of a setting: the name of a choice, or a number


class SettingError(UserError, ValueError):
    """A setting that does not exist or is out of bounds."""


@dataclass(frozen=True)
class Number:
    """A setting that is an int or a float within bounds."""

    label: str
    help: str  # what more and less of it do
    low: float
    high: float
    whole: bool = False
    ticks: tuple[float, ...] = ()  # that the page offers; any value within bounds is allowed
    said: str = ""  # before a value; "" is the label
    unit: str = ""  # behind a value, in place of both: "epoch"

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return f"{self._text(self.low)} to {self._text(self.high)}"

    def check(self, name: str, value: object) -> float:
        """`value` (a number or its text) as a number of the right kind.

        Raises:
            SettingError: it is not a number, or out of bounds.
        """
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (self.low <= number <= self.high) or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            raise SettingError(f"{name} must be {kind} from {self.allowed}, not {value!r}.")
        return int(number) if self.whole else number

    def clamp(self, value: object, default: Value) -> Value:
        """The nearest allowed value; `default` for anything that is not a number."""
        try:
            number = float(value)  # type: ignore[arg-type]
            if math.isnan(number):
                return default
            number = min(self.high, max(self.low, number))
            return self.check("", round(number) if self.whole else number)
        except (TypeError, ValueError, OverflowError):
            return default

    def say(self, value: Value) -> str:
        """By itself: "width 8", "3 epochs"."""
        if self.unit:
            return f"{self._text(float(value))} {self.unit}{'s' * (value != 1)}"
        return f"{self.said or self.label.lower()} {self._text(float(value))}"

    def _text(self, value: float) -> str:
        """All digits of a whole number: nobody could repeat a run with a seed of 2e+07."""
        return f"{value:.0f}" if self.whole else f"{value:g}"


@dataclass(frozen=True)
class Choice:
    """A setting that is one of a few names."""

    label: str
    help: str  # what the choice changes
    options: Mapping[str, OptionWords]  # by name

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        return " or ".join(self.options)

    def offer(self, value: str) -> str:
        """A name under the setting's label."""
        return self.options[value].offered

    def check(self, name: str, value: object) -> str:
        """`value`, if it is one of the names.

        Raises:
            SettingError: it is not.
        """
        if not isinstance(value, str) or not self.allows(value):
            raise SettingError(f"{name} must be {self.allowed}, not {value!r}.")
        return value

    def clamp(self, value: object, default: Value) -> Value:
        """`value` if it is one of the names; `default` for anything else."""
        return value if isinstance(value, str) and self.allows(value) else default

    def allows(self, value: str) -> bool:
        """Is it one of the names?"""
        return value in self.options

    def say(self, value: Value) -> str:
        """By itself: "pixel fusion"."""
        return self.options[str(value)].said


class DatasetChoice(Choice):
    """The data sets: it offers ours, and allows those that people brought and this process met."""

    def allows(self, value: str) -> bool:
        return is_known(value)

    def offer(self, value: str) -> str:
        """Under the setting's label: "MNIST digits"; the title of one that somebody brought."""
        return self.options[value].offered if value in self.options else self.say(value)

    def say(self, value: Value) -> str:
        """By itself: "Fashion-MNIST"."""
        return find_spec(str(value)).title


Setting = Number | Choice


# The usual weight of the sum's loss, by sum head.
SUM_WEIGHTS = {name: head.usual_weight for name, head in SUM_HEAD_SPECS.items()}

_usual_weights = " and ".join(
    f"{head.usual_weight:g} for {head.words.offered}" for head in SUM_HEAD_SPECS.values()
)

SETTINGS: dict[str, Setting] = {
    "dataset": DatasetChoice(
        "Data set",
        "What it learns to read. Garments are harder than digits: 9 of 10 right is good.",
        {
            name: OptionWords(f"{spec.title} {spec.noun}s", spec.title)
            for name, spec in SPECS.items()
        },
    ),
    "fusion": Choice(
        "Fusion: where the number goes in",
        "Late, the number joins what the network read: easy to learn. In the pixels, the network "
        "has to find the number in the picture before it can add it, which takes more epochs.",
        FUSION_WORDS,
    ),
    "sum_head": Choice(
        "Sum head",
        "How it answers the sum. One value can lie between two sums; of 19 classes, 0 to 18, one "
        "wins.",
        {name: head.words for name, head in SUM_HEAD_SPECS.items()},
    ),
    "images": Number(
        "Training images",
        "How many different images it learns from; 50,000 is all. With few it soon knows them by "
        "heart, and reads new ones worse.",
        *(100, TRAIN_SIZE),
        whole=True,
        ticks=(100, 500, 2_000, 10_000, TRAIN_SIZE),
        unit="training image",
    ),
    "start": Choice(
        "Start from",
        "With few pictures, the encoder of the shipped network is a better start: it has seen many "
        "others. The network is then as wide as that one, which takes longer.",
        START_WORDS,
    ),
    "epochs": Number(
        "Epochs",
        "How many times it sees all images that it learns from. More takes longer and learns more.",
        *(1, 200),
        whole=True,
        ticks=(1, 2, 3, 5, 8),
        unit="epoch",
    ),
    "lr": Number(
        "Learning rate",
        "The largest step size. Higher learns faster until training becomes unstable; lower is "
        "slow.",
        *(0.001, 30.0),
        ticks=(0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0, 10.0, 30.0),
    ),
    "batch_size": Number(
        "Batch size",
        "Images per step. Smaller batches make more, noisier steps; larger ones fewer, smoother "
        "ones.",
        *(16, 2048),
        whole=True,
        ticks=(32, 64, 128, 256, 512, 1024),
    ),
    "width": Number(
        "Width",
        "Channels of the first convolution; they double twice. A wider network sees more and takes "
        "longer.",
        *(4, 64),
        whole=True,
        ticks=(4, 8, 16, 24, 32),
    ),
    "dropout": Number(
        "Dropout",
        "Share of the features hidden at random in each step. More prevents memorizing; too much "
        "leaves nothing to learn from.",
        *(0.0, 0.9),
    ),
    "sum_weight": Number(
        "How much the sum counts",
        "The weight of the sum's loss next to the class's. At 0 the sum head learns nothing. "
        f"Usual values are {_usual_weights}.",
        *(0.0, 1.0),
        ticks=(0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        said="weight of the sum",
    ),
    "augment": Number(
        "Distortion",
        "How strongly training images are rotated, slanted and bent. More helps with unusual "
        "pictures and needs more epochs.",
        *(0.0, 2.0),
    ),
    "seed": Number(
        "Seed",
        "Fixes everything random: the same recipe with the same seed gives the same network, on "
        "one kind of processor. Another kind rounds otherwise.",
        *(0, 2**31 - 1),
        whole=True,
    ),
}


def has_effect(name: str, settings: Mapping[str, Value]) -> bool:
    """Has this setting an effect beside the others? The shipped encoder brings its own width."""
    return name != "width" or settings["start"] != "shipped"
