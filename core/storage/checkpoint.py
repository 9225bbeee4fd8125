"""A network on disk: weights in a .safetensors file and, beside it, a JSON card.

The card holds all that is needed to rebuild the network and to judge it: the recipe, the seed, the
test metrics, how it was made. Nothing is pickled, so a checkpoint from a stranger can hold wrong
numbers but no code.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import torch
from msgspec import Meta
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from core import PROJECT
from core.errors import UserError
from core.evaluation.metrics import Metrics
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SettingError
from core.specs import CLASSES, OwnData, own_spec
from core.storage.files import MAX_NUMBER, write_atomic

WEIGHTS_DIR = PROJECT / "weights"
UNFINISHED = ".unfinished.safetensors"  # ends the name of a training that is not over
METRIC_NAMES = {"class_acc", "sum_r2", "sum_mae", "sum_acc", "joint_acc"}

Text = Annotated[str, Meta(max_length=10_000)]
Count = Annotated[int, Meta(ge=0, lt=2**53)]
Real = (
    Annotated[int, Meta(ge=-(2**53), le=2**53)]
    | Annotated[float, Meta(gt=-MAX_NUMBER, lt=MAX_NUMBER)]
)
ConfusionRow = Annotated[list[Count], Meta(min_length=CLASSES, max_length=CLASSES)]
Confusion = Annotated[list[ConfusionRow], Meta(min_length=CLASSES, max_length=CLASSES)]


class CheckpointError(UserError):
    """A checkpoint that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class Card:
    """What a checkpoint is: how it was made and how good it is on the test split."""

    preset: Text
    params: dict[str, Any]  # the recipe, flat
    seed: Count
    epochs: Real  # trained; fewer than the recipe's when stopped
    train_seconds: Real
    figures: dict[str, Real]  # the metrics, under METRIC_NAMES
    confusion: Confusion  # rows: true class, columns: answered class
    parameters: Count
    doubt_level: Real | None = None  # the `metrics.ood_threshold`; None calls nothing unreadable
    taught: Count = 0  # examples of somebody's handwriting that it was fine-tuned with
    own_data: OwnData | None = None  # what it was trained on, if somebody brought the pictures
    weights_sha256: Text = ""
    torch: Text = torch.__version__
    date: Text = field(default_factory=lambda: datetime.now(UTC).date().isoformat())

    @classmethod
    def of(
        cls,
        preset: str,
        recipe: Recipe,
        model: SumNet,
        metrics: Metrics,
        epochs: float,
        train_seconds: float,
        ood_threshold: float | None = None,
    ) -> "Card":
        """The card of a network that was just trained and tested."""
        return cls(
            preset=preset,
            params=recipe.to_dict(),
            seed=recipe.train.seed,
            epochs=round(epochs, 3),
            train_seconds=round(train_seconds, 2),
            figures=metrics.scalars(),
            confusion=metrics.confusion,
            parameters=model.parameter_count,
            doubt_level=ood_threshold,
            own_data=model.spec.own,
        )

    def facts(self) -> dict[str, Any]:
        """Every value by name, for a file; without what is None, so that older versions read it."""
        facts = asdict(self) | {"own_data": msgspec.to_builtins(self.own_data)}
        return facts if self.own_data else {k: v for k, v in facts.items() if k != "own_data"}

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
    """A preset's shipped checkpoint, a path to one (its suffix may be left out), or its folder.

    A training that was cut off may lie in the folder, too: that is no checkpoint.
    """
    if name in PRESETS and PRESETS[name].shipped:
        return WEIGHTS_DIR / name
    found = Path(name).glob("*.safetensors") if name else ()
    inside = [file for file in found if not file.name.endswith(UNFINISHED)]
    path = str(inside[0]) if len(inside) == 1 else name
    return Path(path.removesuffix(".safetensors").removesuffix(".json"))


def save(stem: Path, model: SumNet, card: Card) -> None:
    """Write `stem`.safetensors and `stem`.json; each file appears whole or not at all.

    Raises:
        OSError: no such folder, no room, no permission.
    """
    write(stem, *pack(model, card))


def pack(model: SumNet, card: Card) -> tuple[bytes, bytes]:
    """The contents of the two files: weights, and the card with their SHA-256."""
    weights = save_tensors(model.tensors())
    facts = card.facts() | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    return weights, (json.dumps(facts, indent=1) + "\n").encode()


def write(stem: Path, weights: bytes, card: bytes) -> None:
    """Write the two files, each whole or not at all.

    Raises:
        OSError: no such folder, no room, no permission.
    """
    write_atomic(_file_of(stem, ".safetensors"), weights)
    write_atomic(_file_of(stem, ".json"), card)


def load(stem: Path) -> tuple[SumNet, Card]:
    """The network (in eval mode) and its card.

    Raises:
        CheckpointError: missing, damaged, or not of this project's architecture.
    """
    return unpack(stem.name, *read(stem))


def weights_size(stem: Path) -> int:
    """Bytes of the weights on disk; 0 where they are missing."""
    try:
        return _file_of(stem, ".safetensors").stat().st_size
    except OSError:
        return 0


def read(stem: Path) -> tuple[bytes, bytes]:
    """The contents of the two files, unchecked.

    Raises:
        CheckpointError: they are missing.
    """
    try:
        return (
            _file_of(stem, ".safetensors").read_bytes(),
            _file_of(stem, ".json").read_bytes(),
        )
    except OSError as error:
        raise CheckpointError(
            f"The network {stem.name!r} is not there ({error.strerror})."
        ) from error


def unpack(name: str, weights: bytes, card: bytes) -> tuple[SumNet, Card]:
    """The inverse of `pack`: the network (in eval mode) and its card. `name` is for errors.

    Raises:
        CheckpointError: damaged, or not of this project's architecture.
    """
    parsed = _parse_card(name, card)
    if hashlib.sha256(weights).hexdigest() != parsed.weights_sha256:
        raise CheckpointError(f"The weights of {name!r} are damaged: they do not match their card.")
    try:
        model = SumNet(Recipe.read(parsed.params).model)
        model.load_tensors(load_tensors(weights))
    except (SafetensorError, SettingError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"The weights of {name!r} are for another architecture than their card says."
        ) from error
    return model.eval(), parsed


def read_card(stem: Path) -> Card:
    """The card alone.

    Raises:
        OSError: it cannot be read.
        CheckpointError: it is no card.
    """
    return _parse_card(stem.name, _file_of(stem, ".json").read_bytes())


def _parse_card(name: str, content: bytes) -> Card:
    try:
        return check_card(msgspec.json.decode(content))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CheckpointError(f"The card of {name!r} is damaged.") from error


def check_card(facts: object) -> Card:
    """A card from parsed JSON, if all of it is what the pages count on: the file may hold anything.

    Raises:
        ValueError: a key is missing or unknown, or a value is out of bounds (see `Card`).
    """
    if not isinstance(facts, dict) or set(facts) - {each.name for each in fields(Card)}:
        raise ValueError("unknown keys")
    card = msgspec.convert(facts, Card)
    if set(card.figures) != METRIC_NAMES:
        raise ValueError("other metrics")
    if card.own_data and own_spec(card.own_data).name != card.params.get("dataset"):
        raise ValueError("another data set")
    return card


def _file_of(stem: Path, suffix: str) -> Path:
    """Not `with_suffix`, which would take the ".2" off "net.2"."""
    return stem.parent / (stem.name + suffix)
