"""A recipe is everything that decides a run: the network's config and the training's.

`SETTINGS` says which of its values people may change: numbers within bounds, and choices by name.
The command line, the Train page, links and the worker all read this one table.
"""

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import NamedTuple

import torch

from core import pen
from core.bugs import BUGS, Bug
from core.dataset import SIDE, SPECS, VAL_SIZE, Data
from core.model import ModelConfig, SumNet
from core.trainer import LIVE_VAL_SIZE, Progress, TrainConfig, train

Value = str | float  # of a setting: the name of a choice, or a number


class SettingError(ValueError):
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


class Words(NamedTuple):
    """A choice in the words of the page."""

    offered: str  # under the setting's label
    said: str  # by itself


@dataclass(frozen=True)
class Choice:
    """A setting that is one of a few names."""

    label: str
    help: str  # what the choice changes
    options: Mapping[str, Words]  # by name

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

# Of what is no setting, so that only cards name it; whole numbers where both bounds are.
STAGES, MOST_CONVS = 3, 3
BOUNDS: dict[str, tuple[float, float]] = {
    "margin": (0, 4),
    "hidden": (1, 512),
    "weight_decay": (0, 1.0),
    "shift": (0, SIDE),
    "erase": (0, 1.0),
    "pen": (0, 1.0),
    "label_smoothing": (0, 1.0),
    "ema": (0, 1.0),
    "held_out": (LIVE_VAL_SIZE, VAL_SIZE),
}

# The weight of the sum that suits each head. A squared error is far larger than a cross-entropy,
# and below 1 the 19 classes are learned much later.
SUM_WEIGHTS = {"regression": 0.003, "classification": 1.0}

SETTINGS: dict[str, Setting] = {
    "dataset": Choice(
        "Data set",
        "What it learns to read. Garments are harder than digits: nine in ten is good.",
        {name: Words(f"{spec.title} {spec.noun}s", spec.title) for name, spec in SPECS.items()},
    ),
    "fusion": Choice(
        "Fusion",
        "Where the picture and the number meet. Late is easy to learn; in the pixels the network "
        "has to find the number before it can add it, which takes more epochs.",
        {
            "late": Words("late: number joins the class probabilities", "late fusion"),
            "pixels": Words("pixels: number written into the picture", "pixel fusion"),
        },
    ),
    "sum_head": Choice(
        "Sum head",
        "How it says the sum. One value may lie between two sums; of 19 classes, 0 to 18, one "
        "wins.",
        {
            "regression": Words("one value", "sum as one value"),
            "classification": Words("19 classes", "sum as 19 classes"),
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


@dataclass(frozen=True)
class Recipe:
    """The network and its training. Field names do not repeat, so one flat mapping names all."""

    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def params(self) -> dict[str, object]:
        """Every value by name, for a card or a file."""
        return asdict(self.model) | asdict(self.train)

    def settings(self) -> dict[str, Value]:
        """The values that people may change, in the order of the table."""
        params = self.params()
        return {name: params[name] for name in SETTINGS}  # type: ignore[misc]

    def build(self) -> SumNet:
        """A fresh network, initialised from the recipe's seed."""
        torch.manual_seed(self.train.seed)
        return SumNet(self.model)

    def teach(
        self, model: SumNet, data: Data, peak: Callable[[], float | None] = lambda: None
    ) -> Generator[Progress, None, None]:
        """Train `model` as the recipe says: `trainer.train`, with the recipe's bug if it has one.

        What `peak` answers before a step, other than None, takes the place of the learning rate.

        Raises:
            DivergedError: the loss ran away.
        """
        data = data.holding_out(self.train.held_out)
        data = pen.mix(data, self.train.pen, self.train.seed).to(model.mean.device)
        return train(model, self.bug.data(data), self.train, self.bug.method, peak)

    @property
    def bug(self) -> Bug:
        """The mistake that is in it on purpose; `BUGS[""]` is none."""
        return BUGS[self.model.bug]

    def with_bug(self, name: str) -> "Recipe":
        """The recipe with a mistake put in, and with what that one needs to show.

        Raises:
            SettingError: there is no such bug.
        """
        return _rebuild(self.change(_find_bug(name).needs), {"bug": name})

    def change(self, settings: Mapping[str, object]) -> "Recipe":
        """A recipe with some settings changed; names that are no setting are an error.

        Another sum head brings the weight that suits it, unless a weight is among the settings.
        Where the margin of the picture is not empty, the network is shown it.

        Raises:
            SettingError: a setting is unknown or out of bounds.
        """
        checked: dict[str, Value] = {}
        for name, value in settings.items():
            if name not in SETTINGS:
                raise SettingError(f"{name!r} is not a setting; {', '.join(SETTINGS)} are.")
            checked[name] = SETTINGS[name].check(name, value)
        head = checked.get("sum_head", self.model.sum_head)
        if head != self.model.sum_head:
            checked = {"sum_weight": SUM_WEIGHTS[str(head)], **checked}
        changed = _rebuild(self, checked)
        bare = changed.model.dataset == "mnist" and changed.model.fusion == "late"
        return changed if bare else _rebuild(changed, {"margin": 0})

    def changes(self, settings: Mapping[str, Value]) -> dict[str, Value]:
        """The inverse of `change`: of all settings, those that it takes to come to them."""
        usual = self.change({"sum_head": settings["sum_head"]}).settings()
        usual["sum_head"] = self.model.sum_head
        return {name: value for name, value in settings.items() if value != usual[name]}

    @classmethod
    def read(cls, params: Mapping[str, object]) -> "Recipe":
        """The inverse of `params`, from a file of ours (a card, a run)."""
        known = {f.name for f in (*fields(ModelConfig), *fields(TrainConfig))}
        unknown = set(params) - known
        if unknown:
            raise SettingError(f"unknown parameters: {', '.join(sorted(unknown))}.")
        recipe = _rebuild(cls(), params)
        recipe.change(recipe.settings())  # bounds
        _find_bug(recipe.model.bug)
        _check_rest(recipe)
        return recipe


def _check_rest(recipe: Recipe) -> None:
    """Bounds of what is no setting: a card from a stranger shall not build a giant."""
    convs = recipe.model.convs
    if not isinstance(convs, tuple) or [type(count) for count in convs] != [int] * STAGES:
        raise SettingError(f"convs must be {STAGES} whole numbers, not {convs!r}.")
    if not all(1 <= count <= MOST_CONVS for count in convs):
        raise SettingError(f"convs must be from 1 to {MOST_CONVS}, not {convs!r}.")
    values = asdict(recipe)
    params = values["model"] | values["train"]
    for name, (low, high) in BOUNDS.items():
        value = params[name]
        whole = isinstance(high, int)
        if type(value) not in ((int,) if whole else (int, float)) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise SettingError(f"{name} must be {kind} from {low} to {high:g}, not {value!r}.")
    for name, value in values["train"].items():
        if type(value) not in (int, float):  # of settings, too: "0.1" is within their bounds
            raise SettingError(f"{name} must be a number, not {value!r}.")


def _find_bug(name: object) -> Bug:
    if not isinstance(name, str) or name not in BUGS:
        raise SettingError(f"{name!r} is not a bug; {', '.join(filter(None, BUGS))} are.")
    return BUGS[name]


def _rebuild(recipe: Recipe, values: Mapping[str, object]) -> Recipe:
    def part(config):  # type: ignore[no-untyped-def]
        names = {f.name for f in fields(config)}
        changed = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return replace(config, **{k: v for k, v in changed.items() if k in names})

    return Recipe(part(recipe.model), part(recipe.train))
