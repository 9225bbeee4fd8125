"""Weights on disk: a .safetensors file and, beside it, a JSON card that says what they are.

The card holds all that is needed to rebuild the network and to judge it: the recipe, the seed, the
test figures, how it was made. Nothing is pickled, so a checkpoint from a stranger can hold wrong
numbers but no code.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from core import PROJECT
from core.evaluation.metrics import Metrics
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SettingError
from core.specs import CLASSES
from core.storage.files import MAX_NUMBER, write_atomic

WEIGHTS_DIR = PROJECT / "weights"
METRIC_NAMES = {"class_acc", "sum_r2", "sum_mae", "sum_acc", "joint_acc"}


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class Card:
    """What a checkpoint is: how it was made and what it can do on the test split."""

    preset: str
    params: dict[str, object]  # the recipe, flat
    seed: int
    epochs: float  # trained; fewer than the recipe's when stopped
    train_seconds: float
    figures: dict[str, float]  # FIGURES
    confusion: list[list[int]]
    parameters: int
    doubt_level: float | None = None  # of `evaluation.doubt_level`; None never doubts
    taught: int = 0  # examples of somebody's own hand that it was taught afterwards
    weights_sha256: str = ""
    torch: str = torch.__version__
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())

    @classmethod
    def of(
        cls,
        preset: str,
        recipe: Recipe,
        model: SumNet,
        metrics: Metrics,
        epochs: float,
        train_seconds: float,
        doubt_level: float | None = None,
    ) -> "Card":
        """The card of a network that was just trained and measured on the test split."""
        return cls(
            preset=preset,
            params=recipe.to_dict(),
            seed=recipe.train.seed,
            epochs=round(epochs, 3),
            train_seconds=round(train_seconds, 2),
            figures=metrics.scalars(),
            confusion=metrics.confusion,
            parameters=model.parameter_count,
            doubt_level=doubt_level,
        )

    def report(self) -> dict[str, object]:
        """The keys that `train --json` and `evaluate --json` print."""
        return {
            "preset": self.preset,
            "params": self.parameters,  # their number
            "recipe": self.params,
            "seed": self.seed,
            "epochs": self.epochs,
            "train_seconds": self.train_seconds,
            **self.figures,
        }


def shipped_names() -> list[str]:
    """Names of the presets whose weights are here."""
    return [name for name in PRESETS if _file_of(WEIGHTS_DIR / name, ".safetensors").exists()]


def stem_of(name: str) -> Path:
    """A preset's shipped checkpoint, a path to one (its suffix may be left out), or its folder."""
    if name in PRESETS and PRESETS[name].shipped:
        return WEIGHTS_DIR / name
    inside = list(Path(name).glob("*.safetensors")) if name else []
    path = str(inside[0]) if len(inside) == 1 else name
    return Path(path.removesuffix(".safetensors").removesuffix(".json"))


def save(stem: Path, model: SumNet, card: Card) -> None:
    """Write `stem`.safetensors and `stem`.json; each appears whole or not at all.

    Raises:
        OSError: no such folder, no room, no permission.
    """
    weights = save_tensors(model.tensors())
    facts = asdict(card) | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    write_atomic(_file_of(stem, ".safetensors"), weights)
    write_atomic(_file_of(stem, ".json"), (json.dumps(facts, indent=1) + "\n").encode())


def load(stem: Path) -> tuple[SumNet, Card]:
    """The network (in eval mode) and its card.

    Raises:
        CheckpointError: missing, damaged, or not of this project's architecture.
    """
    name = stem.name
    try:
        weights = _file_of(stem, ".safetensors").read_bytes()
        card = read_card(stem)
    except OSError as error:
        raise CheckpointError(f"The network {name!r} is not there ({error.strerror}).") from error
    if hashlib.sha256(weights).hexdigest() != card.weights_sha256:
        raise CheckpointError(f"The weights of {name!r} are damaged: they do not match their card.")
    try:
        model = SumNet(Recipe.read(card.params).model)
        model.load_state_dict(load_tensors(weights))
    except (SafetensorError, SettingError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"The weights of {name!r} are for another architecture ({reason})."
        ) from error
    return model.eval(), card


def read_card(stem: Path) -> Card:
    """The card alone.

    Raises:
        OSError: it cannot be read.
        CheckpointError: it is no card.
    """
    content = _file_of(stem, ".json").read_bytes()
    try:
        card = Card(**json.loads(content))
        check_card(card)
        return card
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"The card of {stem.name!r} is damaged.") from error


def check_card(card: Card) -> None:
    """Is all of it what the pages count on? A file may hold anything, and a number may be NaN.

    Raises:
        ValueError, TypeError, AttributeError: it is not.
    """
    texts = (card.preset, card.weights_sha256, card.torch, card.date)
    wholes = (card.seed, card.parameters, card.taught, *(n for row in card.confusion for n in row))
    doubt = 0.0 if card.doubt_level is None else card.doubt_level
    numbers = (card.epochs, card.train_seconds, doubt, *card.figures.values())
    if not (isinstance(card.params, dict) and all(isinstance(text, str) for text in texts)):
        raise TypeError("a name, a text or the params")
    if not all(type(n) is int and 0 <= n < 2**53 for n in wholes):
        raise ValueError("a count")
    if not all(type(n) in (int, float) and -MAX_NUMBER < n < MAX_NUMBER for n in numbers):
        raise ValueError("a number")
    json.dumps(card.params, allow_nan=False)
    if (
        set(card.figures) != METRIC_NAMES
        or [len(row) for row in card.confusion] != [CLASSES] * CLASSES
    ):
        raise ValueError("the figures or the confusion")


def _file_of(stem: Path, suffix: str) -> Path:
    """Not `with_suffix`, which would take the ".2" off "net.2"."""
    return stem.parent / (stem.name + suffix)
