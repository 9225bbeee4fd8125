"""A recipe is everything that decides a run: the network's config and the training's.

`SETTINGS` says which of its values people may change, within which bounds and in which words. The
command line, the sliders, links and the worker all read this one table.
"""

import math
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

import torch

from core.bugs import BUGS, Bug
from core.dataset import Data
from core.model import ModelConfig, SumNet
from core.trainer import Progress, TrainConfig, train


class SettingError(ValueError):
    """A setting out of its bounds; the message is one sentence for the user."""


@dataclass(frozen=True)
class Setting:
    """One adjustable value: an int or a float within bounds, or one of `choices`."""

    label: str
    help: str  # what more and less of it do
    low: float
    high: float
    whole: bool = False
    choices: tuple[float, ...] = ()  # offered on the page; any value within bounds is allowed

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
            raise SettingError(
                f"{name} must be {kind} from {self.low:g} to {self.high:g}, not {value!r}."
            )
        return int(number) if self.whole else number


SETTINGS: dict[str, Setting] = {
    "epochs": Setting(
        "Epochs",
        "How often it sees all 50,000 training images. More takes longer and learns more.",
        *(1, 50),
        whole=True,
        choices=(1, 2, 3, 5, 8),
    ),
    "lr": Setting(
        "Learning rate",
        "How big its steps are at most. Higher learns faster, until it stumbles; lower crawls.",
        *(0.001, 3.0),
        choices=(0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0),
    ),
    "batch_size": Setting(
        "Batch size",
        "Images per step. Smaller batches make more, noisier steps; bigger ones fewer and calmer.",
        *(16, 2048),
        whole=True,
        choices=(32, 64, 128, 256, 512, 1024),
    ),
    "width": Setting(
        "Width",
        "Channels of the first convolution, doubled twice. Wider sees more and takes longer.",
        *(4, 64),
        whole=True,
        choices=(4, 8, 16, 24, 32),
    ),
    "dropout": Setting(
        "Dropout",
        "Share of the features hidden at random in each step. More guards against learning by "
        "heart; too much leaves nothing to learn from.",
        *(0.0, 0.9),
    ),
    "sum_weight": Setting(
        "Weight of the sum",
        "How much the sum's loss counts beside the class's. At 0 the sum head learns nothing.",
        *(0.0, 1.0),
        choices=(0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    ),
    "augment": Setting(
        "Distortion",
        "How strongly training images are turned, slanted and bent. More helps with unusual "
        "handwriting and needs more epochs.",
        *(0.0, 2.0),
    ),
    "seed": Setting(
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

    def settings(self) -> dict[str, float]:
        """The values that people may change."""
        return {name: value for name, value in self.params().items() if name in SETTINGS}  # type: ignore[misc]

    def build(self) -> SumNet:
        """A fresh network, initialised from the recipe's seed."""
        torch.manual_seed(self.train.seed)
        return SumNet(self.model)

    def teach(self, model: SumNet, data: Data) -> Generator[Progress, None, None]:
        """Train `model` as the recipe says: `trainer.train`, with the recipe's bug if it has one.

        Raises:
            DivergedError: the loss ran away.
        """
        return train(model, self.bug.data(data), self.train, self.bug.method)

    @property
    def bug(self) -> Bug:
        """The mistake that is in it on purpose; `BUGS[""]` is none."""
        return BUGS[self.model.bug]

    def with_bug(self, name: str) -> "Recipe":
        """The recipe with a mistake put in, and with what that one needs to show.

        Raises:
            SettingError: there is no such bug.
        """
        return _rebuild(self, {**_find_bug(name).needs, "bug": name})

    def change(self, settings: Mapping[str, object]) -> "Recipe":
        """A recipe with some settings changed; names that are no setting are an error.

        Raises:
            SettingError: a setting is unknown or out of bounds.
        """
        checked = {}
        for name, value in settings.items():
            if name not in SETTINGS:
                raise SettingError(f"{name!r} is not a setting; {', '.join(SETTINGS)} are.")
            checked[name] = SETTINGS[name].check(name, value)
        return _rebuild(self, checked)

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
        return recipe


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
