"""A recipe is everything that decides a run: the network's config and the training's.

`SETTINGS` says which of its values people may change: numbers within bounds, and choices by name.
The command line, the Train page, links and the worker all read this one table.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

import torch

from core.data.drawing import IMAGE_SIDE
from core.data.handwriting import add_handwriting
from core.dataset import Data
from core.model import ModelConfig, SumNet
from core.recipes.bugs import BUGS, Bug
from core.recipes.settings import SETTINGS, SUM_WEIGHTS, SettingError, Value
from core.specs import SPECS, VAL_SIZE
from core.trainer import LIVE_VAL_SIZE, Progress, TrainConfig, train

# Of what is no setting, so that only cards name it; whole numbers where both bounds are.
STAGES, MAX_CONVS = 3, 3
PARAM_BOUNDS: dict[str, tuple[float, float]] = {
    "margin": (0, 4),
    "hidden": (1, 512),
    "weight_decay": (0, 1.0),
    "shift": (0, IMAGE_SIDE),
    "erase": (0, 1.0),
    "pen": (0, 1.0),
    "label_smoothing": (0, 1.0),
    "ema": (0, 1.0),
    "held_out": (LIVE_VAL_SIZE, VAL_SIZE),
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
        data = add_handwriting(data, self.train.pen, self.train.seed).to(model.mean.device)
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
        bare = SPECS[changed.model.dataset].empty_margin and changed.model.fusion == "late"
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
    if not all(1 <= count <= MAX_CONVS for count in convs):
        raise SettingError(f"convs must be from 1 to {MAX_CONVS}, not {convs!r}.")
    values = asdict(recipe)
    params = values["model"] | values["train"]
    for name, (low, high) in PARAM_BOUNDS.items():
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
