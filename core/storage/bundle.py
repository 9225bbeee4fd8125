"""A bundle: a network as one file, to download and to upload again.

The file is plain safetensors with the card in its metadata, so any tool that knows safetensors
opens it. What is uploaded is a stranger's: its size is bounded before anything is read, nothing in
it runs, and it is used only if weights and card are what this project writes.

    bundle of a run  --unpack_bundle-->  network and card  --queue.import_run-->  a run of one's own
"""

import csv
import functools
import hashlib
import io
import json
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from core.data.drawing import IMAGE_SIDE, image_of_strokes
from core.data.handwriting import handwritten_digits
from core.errors import UserError
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.specs import CLASSES, find_spec
from core.storage import checkpoint
from core.storage.checkpoint import Card, CheckpointError
from core.storage.history import Record

MAX_MEGABYTES = 8  # MB; the largest network that the settings allow has five
MAX_BUNDLE_BYTES = MAX_MEGABYTES * 10**6
BUNDLE_TOO_LARGE = f"The file has more than {MAX_MEGABYTES} MB: it is no network from here."
MAX_HEADER = 64_000  # bytes; names and shapes of the weights, and the card
MAX_WORD = 64  # characters of a version, a date or a checksum
# What reading a file that is no bundle may raise.
JUNK = (SafetensorError, struct.error, ValueError, TypeError, KeyError, RecursionError)
UNUSABLE = "The file holds a network that cannot be used: {}."  # no word of the file's own


def pack_bundle(model: SumNet, card: Card) -> bytes:
    """The network and its card as one file."""
    tensors = model.tensors()
    facts = card.facts() | {"weights_sha256": _digest(tensors)}
    return save_tensors(tensors, {"card": json.dumps(facts)})


def unpack_bundle(content: bytes) -> tuple[SumNet, Card]:
    """The inverse of `pack_bundle`: the network (in eval mode) and its card. The file may be
    anything.

    Raises:
        CheckpointError: too large, damaged, or not a network of this project; the message is one
            sentence.
    """
    if len(content) > MAX_BUNDLE_BYTES:
        raise CheckpointError(BUNDLE_TOO_LARGE)
    try:
        facts = _header(content)
        tensors = load_tensors(content)
        checksum = facts["weights_sha256"]
    except JUNK as error:
        raise CheckpointError("The file is no network that was downloaded here.") from error
    if _digest(tensors) != checksum:
        raise CheckpointError("The file is damaged: its weights do not match its card.")
    try:
        card = checkpoint.check_card(facts)
        model = SumNet(Recipe.read(card.params).model)
        model.load_tensors(tensors)
    except (UserError, KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise CheckpointError(UNUSABLE.format("its weights are not what its card says")) from error
    del tensors  # the model has them
    _check_bundle(model.eval(), card)
    return model, replace(card, parameters=model.parameter_count)


def load_any(name: str) -> tuple[SumNet, Card]:
    """A network for the command line: a preset, a checkpoint, or a bundle.

    Raises:
        CheckpointError: missing, damaged, or not of this project's architecture.
    """
    stem = checkpoint.stem_of(name)
    file = stem.parent / f"{stem.name}.safetensors"
    if file.is_file() and not (stem.parent / f"{stem.name}.json").exists():
        with file.open("rb") as stream:
            return unpack_bundle(stream.read(MAX_BUNDLE_BYTES + 1))
    return checkpoint.load(stem)


def history_csv(history: Sequence[Record]) -> str:
    """The records of a history as a table: a row each, empty where nothing was measured."""
    columns = list(dict.fromkeys(key for record in history for key in record))
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return table.getvalue()


def _digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 of the weights alone, as `checkpoint.save` writes them."""
    return hashlib.sha256(save_tensors(tensors)).hexdigest()


def _header(content: bytes) -> dict[str, Any]:
    """The card's keys: the file starts with the length of a JSON object, then the object."""
    (length,) = struct.unpack_from("<Q", content)
    if length > MAX_HEADER:
        raise ValueError(f"a header of {length} bytes")
    facts: dict[str, Any] = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["card"])
    return facts


def _check_bundle(model: SumNet, card: Card) -> None:
    """Check that pages can show what the card says, and that the network answers in numbers."""
    shares = [card.figures[key] for key in ("class_acc", "sum_acc", "joint_acc")]
    sizes = [card.epochs, card.train_seconds, card.figures["sum_mae"]]
    sound = {
        "preset": card.preset in PRESETS,
        "figures": all(0 <= share <= 1 for share in shares),
        "numbers": all(0 <= size < 1e9 for size in sizes),
        "words": all(len(word) <= MAX_WORD for word in (card.torch, card.date)),
    }
    if wrong := [name for name, is_sound in sound.items() if not is_sound]:
        raise CheckpointError(UNUSABLE.format(f"its card is wrong in {', '.join(wrong)}"))
    is_finite = all(tensor.isfinite().all() for tensor in model.state_dict().values())
    with torch.inference_mode():
        for images in _tried_images(model.config.dataset).split(2):  # all at once take 50 MB
            is_finite = is_finite and bool(model.every_addend(images).is_finite.all())
    if not is_finite:
        raise CheckpointError(UNUSABLE.format("its weights are not numbers"))


@functools.lru_cache(maxsize=64)  # people bring data sets of their own
def _tried_images(dataset: str) -> Tensor:
    """What a stranger's network is tried on, uint8 (N, 1, 28, 28), before a page counts on it.

    Paper, full ink, all shades, the example of the data set, and each digit as somebody writes it.
    """
    spec, side = find_spec(dataset), IMAGE_SIDE
    shades = np.arange(side * side, dtype=np.uint8).reshape(side, side)
    plain = [np.full((side, side), ink, np.uint8) for ink in (0, 255)]
    example = image_of_strokes(spec.example, spec.form)
    assert example is not None  # it has ink
    digits, _ = handwritten_digits(CLASSES, seed=0)
    return torch.from_numpy(np.concatenate([np.stack([*plain, shades, example])[:, None], digits]))
