"""TODO."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import UserError
from core.specs import SPECS

Value = str | float  # of a setting: the name of a choice, or a number


class SettingError(UserError, ValueError):
    """A setting out of its bounds; the message is one sentence for the user."""


@dataclass(frozen=True)
class Number:
    """A setting that is an int or a float within bounds."""

    label: str
    help: str  # what more and less of it do
    low: float
    high: float
    whole: bool = False
    stops: tuple[float, ...] = ()  # offered on the page; any value within bounds is allowed

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        return f"{self._text(self.low)} to {self._text(self.high)}"

    def check(self, name: str, value: object) -> float:
        """`value` (a number or its text) as a number of the right kind.

        Raises:
            SettingError: not a number, or out of bounds.
        """
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (self.low <= number <= self.high) or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            raise SettingError(f"{name} must be {kind} from {self.allowed}, not {value!r}.")
        return int(number) if self.whole else number

    def clamp(self, value: object, usual: Value) -> Value:
        """The nearest allowed value; `usual` for what is no number."""
        try:
            number = min(self.high, max(self.low, float(value)))  # type: ignore[arg-type]
            return self.check("", round(number) if self.whole else number)
        except (TypeError, ValueError, OverflowError):
            return usual

    def say(self, value: Value) -> str:
        """By itself: "width 8"."""
        return f"{self.label.lower()} {self._text(float(value))}"

    def _text(self, value: float) -> str:
        """All digits of a whole number: nobody can repeat a run with a seed of 2e+07."""
        return f"{value:.0f}" if self.whole else f"{value:g}"


class OptionWords(NamedTuple):
    """A choice in the words of the page."""

    offered: str  # under the setting's label
    said: str  # by itself


@dataclass(frozen=True)
class Choice:
    """A setting that is one of a few names."""

    label: str
    help: str  # what the choice changes
    options: Mapping[str, OptionWords]  # by name

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        return " or ".join(self.options)

    def check(self, name: str, value: object) -> str:
        """`value`, which must be a name.

        Raises:
            SettingError: it is none of the names.
        """
        if not isinstance(value, str) or value not in self.options:
            raise SettingError(f"{name} must be {self.allowed}, not {value!r}.")
        return value

    def clamp(self, value: object, usual: Value) -> Value:
        """`value` if it is one of the names; `usual` for anything else."""
        return value if isinstance(value, str) and value in self.options else usual

    def say(self, value: Value) -> str:
        """By itself: "pixel fusion"."""
        return self.options[str(value)].said


Setting = Number | Choice


# The weight of the sum that suits each head. A squared error is far larger than a cross-entropy,
# and below 1 the 19 classes are learned much later.
SUM_WEIGHTS = {"regression": 0.003, "classification": 1.0}


SETTINGS: dict[str, Setting] = {
    "dataset": Choice(
        "Data set",
        "What it learns to read. Garments are harder than digits: nine in ten is good.",
        {
            name: OptionWords(f"{spec.title} {spec.noun}s", spec.title)
            for name, spec in SPECS.items()
        },
    ),
    "fusion": Choice(
        "Fusion",
        "Where the picture and the number meet. Late is easy to learn; in the pixels the network "
        "has to find the number before it can add it, which takes more epochs.",
        {
            "late": OptionWords("late: number joins the class probabilities", "late fusion"),
            "pixels": OptionWords("pixels: number written into the picture", "pixel fusion"),
        },
    ),
    "sum_head": Choice(
        "Sum head",
        "How it says the sum. One value may lie between two sums; of 19 classes, 0 to 18, one "
        "wins.",
        {
            "regression": OptionWords("one value", "sum as one value"),
            "classification": OptionWords("19 classes", "sum as 19 classes"),
        },
    ),
    "epochs": Number(
        "Epochs",
        "How often it sees all 50,000 training images. More takes longer and learns more.",
        *(1, 50),
        whole=True,
        stops=(1, 2, 3, 5, 8),
    ),
    "lr": Number(
        "Learning rate",
        "How big its steps are at most. Higher learns faster, until it stumbles; lower crawls.",
        *(0.001, 30.0),
        stops=(0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0, 10.0, 30.0),
    ),
    "batch_size": Number(
        "Batch size",
        "Images per step. Smaller batches make more, noisier steps; bigger ones fewer and calmer.",
        *(16, 2048),
        whole=True,
        stops=(32, 64, 128, 256, 512, 1024),
    ),
    "width": Number(
        "Width",
        "Channels of the first convolution, doubled twice. Wider sees more and takes longer.",
        *(4, 64),
        whole=True,
        stops=(4, 8, 16, 24, 32),
    ),
    "dropout": Number(
        "Dropout",
        "Share of the features hidden at random in each step. More guards against learning by "
        "heart; too much leaves nothing to learn from.",
        *(0.0, 0.9),
    ),
    "sum_weight": Number(
        "Weight of the sum",
        "How much the sum's loss counts beside the class's. At 0 the sum head learns nothing. "
        f"Usual are {SUM_WEIGHTS['regression']:g} for one value and "
        f"{SUM_WEIGHTS['classification']:g} for 19 classes.",
        *(0.0, 1.0),
        stops=(0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    ),
    "augment": Number(
        "Distortion",
        "How strongly training images are turned, slanted and bent. More helps with unusual "
        "pictures and needs more epochs.",
        *(0.0, 2.0),
    ),
    "seed": Number(
        "Seed",
        "Fixes all chance: the same recipe with the same seed learns the same network.",
        *(0, 2**31 - 1),
        whole=True,
    ),
}
