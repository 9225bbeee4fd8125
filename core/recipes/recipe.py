"""A recipe is everything that decides a run: the config of the network and of the training.

`SETTINGS` lists which of its values people may change: numbers within bounds, and choices by name.
The command line, the Train page, links and the worker all read that one table.
"""

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

import torch

from core.data.drawing import IMAGE_SIDE
from core.dataset import Data
from core.encoders import ENCODERS, STAGES
from core.heads import FUSIONS
from core.model import ModelConfig, SumNet
from core.recipes.bugs import BUGS, Bug
from core.recipes.settings import SETTINGS, SUM_WEIGHTS, Choice, SettingError, Value
from core.specs import LENT_HELD_OUT, VAL_SIZE, find_spec
from core.trainer import LIVE_VAL_SIZE, Progress, TrainConfig, Training

# What a training may start from: the encoder of the shipped network of drawings, or of photos.
ENCODER_OF_DRAWINGS = {"encoder": "plain", "width": 32, "convs": (1, 2, 2), "margin": 0}
ENCODER_OF_PHOTOS = {"encoder": "residual", "width": 32, "convs": (1, 1, 2), "margin": 0}
# Bounds of the values that are not settings, so only cards name them; whole numbers where both
# bounds are.
MAX_CONVS = 3
MAX_RESIDUAL = 3 * 64**2  # width² × blocks: an answer takes some milliseconds
PARAM_BOUNDS: dict[str, tuple[float, float]] = {
    "margin": (0, 4),
    "hidden": (1, 512),
    "weight_decay": (0, 1.0),
    "shift": (0, IMAGE_SIDE),
    "erase": (0, 1.0),
    "cutout": (0, IMAGE_SIDE),
    "pen": (0, 1.0),
    "label_smoothing": (0, 1.0),
    "temperature": (1, 10.0),
    "ema": (0, 1.0),
    "held_out": (LIVE_VAL_SIZE, VAL_SIZE),
}


@dataclass(frozen=True)
class Recipe:
    """The network and its training. No field name occurs twice, so one flat mapping holds all."""

    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def to_dict(self) -> dict[str, object]:
        """Every value by name, for a card or a file."""
        return asdict(self.model) | asdict(self.train)

    def settings(self) -> dict[str, Value]:
        """The values that people may change, in the order of the table."""
        values = self.to_dict()
        return {name: values[name] for name in SETTINGS}  # type: ignore[misc]

    def build(self) -> SumNet:
        """A new network, initialized from the recipe's seed."""
        torch.manual_seed(self.train.seed)
        return SumNet(self.model)

    def training(
        self,
        model: SumNet,
        data: Data,
        lr_override: Callable[[], float | None] = lambda: None,
        start: int = 0,
    ) -> Training:
        """The training of `model` as the recipe says, with the recipe's bug if it has one.

        Every step calls `lr_override`; a number takes the place of the recipe's learning rate. A
        network that has made `start` steps already goes on after them.
        """
        data = data.holding_out(self.train.held_out).learning(self.train.images)
        if data.spec.is_digits:
            data = data.with_handwriting(self.train.pen, self.train.seed)
        data = data.to(model.mean.device)
        bug = self.bug
        return Training(model, bug.data(data), self.train, bug.method, lr_override, start)

    def fit(
        self,
        model: SumNet,
        data: Data,
        lr_override: Callable[[], float | None] = lambda: None,
        start: int = 0,
    ) -> Generator[Progress, None, None]:
        """Train `model` in place, to the last step: `training`, run.

        Raises:
            DivergedError: the loss ran away.
        """
        return self.training(model, data, lr_override, start).run()

    @property
    def bug(self) -> Bug:
        """The mistake that it makes on purpose; `BUGS[""]` is none."""
        return BUGS[self.model.bug]

    def with_bug(self, name: str) -> "Recipe":
        """The recipe with a mistake, and with the settings that this mistake needs to show.

        Raises:
            SettingError: there is no such bug.
        """
        return _sharp(_rebuild(self.change(_find_bug(name).needs), {"bug": name}))

    def change(self, settings: Mapping[str, object]) -> "Recipe":
        """A recipe with some settings changed.

        Another sum head brings its usual weight, unless a weight is among the settings. If the
        margin of the pictures is not empty, the network gets to see it.

        Raises:
            SettingError: a setting does not exist or is out of bounds, or the width is more than
                the encoder can have.
        """
        checked = _checked(settings)
        head = checked.get("sum_head", self.model.sum_head)
        if head != self.model.sum_head:
            checked = {"sum_weight": SUM_WEIGHTS[str(head)], **checked}
        changed = _rebuild(self, checked)
        is_empty = find_spec(changed.model.dataset).empty_margin
        if not is_empty or FUSIONS[changed.model.fusion].marks_images:
            changed = _sharp(_rebuild(changed, {"margin": 0}))
        _check_width(changed.model)
        return changed

    def ready(self) -> "Recipe":
        """The recipe as it is trained: a start from the shipped encoder brings its size.

        Of a data set of ours, only those images are for validation that the encoder did not learn.
        """
        if self.train.start != "shipped":
            return self
        spec = find_spec(self.model.dataset)
        lent = ENCODER_OF_DRAWINGS if spec.is_drawn else ENCODER_OF_PHOTOS
        return _rebuild(self, lent if spec.own else {**lent, "held_out": LENT_HELD_OUT})

    def diff(self, settings: Mapping[str, Value]) -> dict[str, Value]:
        """The inverse of `change`: which of all settings it takes to get from here to there."""
        default = self.change({"sum_head": settings["sum_head"]}).settings()
        default["sum_head"] = self.model.sum_head
        return {name: value for name, value in settings.items() if value != default[name]}

    @classmethod
    def read(cls, params: Mapping[str, object]) -> "Recipe":
        """The inverse of `to_dict`, from a file (a card, a run).

        Raises:
            SettingError: a value does not exist or is out of bounds.
        """
        known = {f.name for f in (*fields(ModelConfig), *fields(TrainConfig))}
        unknown = set(params) - known
        if unknown:
            raise SettingError(f"unknown parameters: {', '.join(sorted(unknown))}.")
        recipe = _rebuild(cls(), params)
        _checked(recipe.settings())
        _find_bug(recipe.model.bug)
        _check_rest(recipe)
        return recipe


def _checked(settings: Mapping[str, object]) -> dict[str, Value]:
    """Settings of the right type, each within its bounds.

    Raises:
        SettingError: one is not, or there is no such setting.
    """
    checked: dict[str, Value] = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            raise SettingError(f"{name!r} is not a setting; {', '.join(SETTINGS)} are.")
        checked[name] = SETTINGS[name].check(name, value)
    return checked


def _check_rest(recipe: Recipe) -> None:
    """Check the values that are not settings: no stranger's card may build a giant network."""
    convs = recipe.model.convs
    if not isinstance(convs, tuple) or [type(count) for count in convs] != [int] * STAGES:
        raise SettingError(f"convs must be {STAGES} whole numbers, not {convs!r}.")
    if not all(1 <= count <= MAX_CONVS for count in convs):
        raise SettingError(f"convs must be from 1 to {MAX_CONVS}, not {convs!r}.")
    values = asdict(recipe)
    params = values["model"] | values["train"]
    _check_encoder(recipe.model)
    for name, (low, high) in PARAM_BOUNDS.items():
        value = params[name]
        whole = isinstance(high, int)
        if type(value) not in ((int,) if whole else (int, float)) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise SettingError(f"{name} must be {kind} from {low} to {high:g}, not {value!r}.")
    for name, value in values["train"].items():
        if isinstance(SETTINGS.get(name), Choice):
            continue
        if type(value) not in (int, float):  # also of a setting: "0.1" is within its bounds
            raise SettingError(f"{name} must be a number, not {value!r}.")


def _check_encoder(model: ModelConfig) -> None:
    """Check what the encoder is, and how large it would get.

    Raises:
        SettingError: there is no such encoder, or it is wider than its blocks allow.
    """
    if not isinstance(model.encoder, str) or model.encoder not in ENCODERS:
        raise SettingError(f"encoder must be {' or '.join(ENCODERS)}, not {model.encoder!r}.")
    _check_width(model)
    if model.encoder == "cosine" and model.convs[0] != 1:
        raise SettingError(f"convs of a cosine encoder begin with 1, not {model.convs[0]}.")


def _check_width(model: ModelConfig) -> None:
    """Check that a residual encoder is not so wide that an answer takes long.

    Raises:
        SettingError: it is; says how wide it may be.
    """
    widest = math.isqrt(MAX_RESIDUAL // sum(model.convs))
    if model.encoder == "residual" and model.width > widest:
        raise SettingError(
            f"width must be at most {widest} with the residual encoder of this recipe, not "
            f"{model.width}."
        )


def _sharp(recipe: Recipe) -> Recipe:
    """With an encoder that learns to look at single pixels, where something is written there."""
    marked = FUSIONS[recipe.model.fusion].marks_images or recipe.bug.marks_images
    if marked and recipe.model.encoder == "cosine":
        return _rebuild(recipe, {"encoder": "plain"})
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
