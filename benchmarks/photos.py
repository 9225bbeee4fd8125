"""How well a network reads photos of digits, on the way that an uploaded picture goes.

    python benchmarks/photos.py FOLDER [--model NAME] [--json]

FOLDER has pictures and `labels.csv` with the columns file, label and kind (or scene). An empty
label, `blank` and `refuse` mean that nothing should be answered. Each picture is read as the Draw
page reads an upload, and, to compare, in two plainer ways: shrunk to 28 x 28, and measured against
the one shade of its border.

An answer is stood by where the page shows it as one: the network calls the picture readable, and it
shows one digit. Wrong and sure is an answer that is stood by, wrong, and at least 90 % certain.
"""

import argparse
import csv
import io
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
import torch
from PIL import Image

from core.data.drawing import IMAGE_SIDE, Pixels
from core.data.image_files import ImageFileError, read_file
from core.data.photo import border_ink
from core.evaluation.prediction import predict
from core.model import SumNet
from core.specs import SPECS, DatasetSpec
from core.storage import checkpoint
from core.storage.checkpoint import Card, CheckpointError
from views.input.input_image import image_of_photo

NO_ANSWER = ("", "blank", "refuse")
SURE = 0.9


class Item(NamedTuple):
    """A picture, and what is true of it."""

    content: bytes
    label: int | None  # None: nothing should be answered
    kind: str


class Seen(NamedTuple):
    """What a way of reading makes of a picture."""

    pixels: Pixels | None  # uint8 (28, 28)
    is_single: bool = True


def read_items(folder: Path) -> list[Item]:
    """The pictures that a folder's labels.csv names.

    Raises:
        ValueError: a line is wrong; the message says which.
        OSError: a file is missing.
    """
    items = []
    with open(folder / "labels.csv", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            label, name = (row.get("label") or "").strip(), row.get("file") or ""
            if not name or not (label in NO_ANSWER or (label.isdecimal() and int(label) < 10)):
                raise ValueError(f"Line {number} of {folder / 'labels.csv'} names no digit.")
            kind = row.get("kind") or row.get("scene") or ""
            content = (folder / name).read_bytes()
            items.append(Item(content, None if label in NO_ANSWER else int(label), kind))
    if not items:
        raise ValueError(f"{folder / 'labels.csv'} names no pictures.")
    return items


def as_uploaded(content: bytes, spec: DatasetSpec) -> Seen:
    """As the Draw page reads it."""
    image = image_of_photo(read_file(io.BytesIO(content)), spec, "upload", "your picture")
    return Seen(image.pixels, image.digit_count == 1) if image else Seen(None)


def _shades(content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("L"))


def against_border(content: bytes, spec: DatasetSpec) -> Seen:
    """Ink is what differs from the border; as before photos were taken apart."""
    return Seen(spec.form(border_ink(_shades(content))))


def shrunk(content: bytes, spec: DatasetSpec) -> Seen:
    """The whole picture at 28 x 28, light on dark."""
    shades = _shades(content)
    light = 255 - shades if np.median(shades) > 127 else shades
    small = Image.fromarray(light).resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX)
    return Seen(np.asarray(small))


WAYS: dict[str, Callable[[bytes, DatasetSpec], Seen]] = {
    "uploaded": as_uploaded,
    "against the border": against_border,
    "shrunk": shrunk,
}


def measure(
    model: SumNet,
    card: Card,
    items: list[Item],
    way: Callable[[bytes, DatasetSpec], Seen],
) -> dict[str, dict[str, float]]:
    """For each kind of picture and for all: how many, shares of them, and the median time."""
    spec = SPECS[model.config.dataset]
    found: dict[str, list[tuple[bool, bool, bool, float]]] = defaultdict(list)
    for item in items:
        start = time.perf_counter()
        try:
            seen = way(item.content, spec)
        except (ImageFileError, OSError):  # no picture, for the page or for Pillow
            seen = Seen(None)
        answer = None
        if seen.pixels is not None:
            answer = predict(model, seen.pixels, 0, card.doubt_level)
        elapsed = time.perf_counter() - start
        stood_by = bool(answer and answer.is_readable and seen.is_single)
        is_right = bool(answer) and answer.label == item.label
        good = not stood_by if item.label is None else stood_by and is_right
        wrong = stood_by and not good and max(answer.class_probs) >= SURE
        for kind in (item.kind, "all"):
            found[kind].append((good, is_right, wrong, elapsed))
    return {kind: _summary(rows) for kind, rows in sorted(found.items())}


def _summary(rows: list[tuple[bool, bool, bool, float]]) -> dict[str, float]:
    good, right, wrong, seconds = (np.array(column, float) for column in zip(*rows, strict=True))
    return {
        "pictures": len(rows),
        "right_and_stood_by": float(good.mean()),
        "class_right": float(right.mean()),
        "wrong_and_sure": float(wrong.mean()),
        "median_ms": 1000 * float(np.median(seconds)),
    }


def report(figures: dict[str, Any]) -> str:
    """The figures as a table of text for each way."""
    lines = []
    for way, kinds in figures["ways"].items():
        lines.append(f"{way:22}{'pictures':>9}{'right':>9}{'class':>9}{'wrong':>9}{'ms':>7}")
        for kind, row in kinds.items():
            lines.append(
                f"  {kind:20}{row['pictures']:9}{row['right_and_stood_by']:9.1%}"
                f"{row['class_right']:9.1%}{row['wrong_and_sure']:9.1%}{row['median_ms']:7.1f}"
            )
    lines.append("right: right and stood by, or rightly not answered; class: the closest guess is")
    lines.append("right, among all pictures; wrong: wrong and at least 90 % sure")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="pictures and labels.csv")
    parser.add_argument("--model", default="mnist", help="a shipped preset or a checkpoint")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    args = parser.parse_args()
    try:
        items = read_items(args.folder)
        model, card = checkpoint.load(checkpoint.stem_of(args.model))
    except (OSError, ValueError, CheckpointError) as error:
        parser.error(str(error))
    torch.set_num_threads(1)
    ways = {name: measure(model, card, items, way) for name, way in WAYS.items()}
    figures = {"model": args.model, "folder": args.folder.name, "ways": ways}
    print(json.dumps(figures) if args.json else report(figures))


if __name__ == "__main__":
    main()
