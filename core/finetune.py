"""Fine-tune a network to somebody's handwriting: a few seconds with their own examples.

Ten examples are too few to train all weights: the network would forget other people's digits. The
encoder can already see every kind of pen stroke, so only the class head learns, one linear layer,
to the optimum. On MNIST's images it should keep its answers (Z. Li, D. Hoiem, "Learning without
Forgetting", ECCV 2016); on the examples it should answer what the visitor says. With late fusion
the sum head works on the class head's probabilities, so the sums follow by themselves.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import msgspec
import numpy as np
import torch
from msgspec import Meta
from torch import Tensor, nn

from core.data.augment import augment
from core.data.drawing import (
    CANVAS_SIDE,
    MAX_STROKES,
    Pixels,
    Strokes,
    is_dot,
    mnist_form,
    rasterize,
    thin,
)
from core.dataset import Split
from core.doubt.detector import accept_examples, look
from core.engines.optimizer import refit_layer
from core.errors import UserError
from core.heads import LateFusion
from core.model import SumNet
from core.specs import CLASSES

KEPT_IMAGES = 3_000  # of MNIST, for which the network should keep its answers
EXAMPLE_IMAGES = 200  # pictures of the examples, each with a random pen and distortion
PEN_RANGE = (14, 26)  # canvas pixels, the width of that pen
DISTORTION = 0.6  # strength, see core/data/augment.py
MAX_LINE = 100_000  # characters of one example in a file; the longest drawing of ours has half


Coordinate = Annotated[float, Meta(ge=0, lt=CANVAS_SIDE)]  # neither holds for a NaN


class ExampleLine(msgspec.Struct):
    """A line of a file of examples; other keys, such as the writer, are passed over."""

    label: Annotated[int, Meta(ge=0, lt=CLASSES)]
    strokes: Annotated[list[list[tuple[Coordinate, Coordinate]]], Meta(max_length=MAX_STROKES)]


class ExampleError(UserError, ValueError):
    """Examples that cannot be read, or too many of them."""


@dataclass(frozen=True)
class HandExample:
    """A drawing, and what it was meant to be."""

    label: int
    strokes: Strokes

    @cached_property
    def image(self) -> Pixels:
        """As a network gets it, uint8 (28, 28)."""
        form = mnist_form(rasterize(self.strokes))
        assert form is not None  # a pen always leaves ink
        return form


def add_examples(
    examples: Iterable[HandExample], new: Iterable[HandExample], max_examples: int | None = None
) -> list[HandExample]:
    """The examples and the new ones; a drawing that is labeled again gets its new label.

    Raises:
        ExampleError: there would be more than `max_examples`.
    """
    found: dict[Strokes, HandExample] = {}
    for example in (*examples, *new):
        found.pop(example.strokes, None)  # what was labeled last stands last
        found[example.strokes] = example
    if max_examples is not None and len(found) > max_examples:
        raise ExampleError(f"That would be {len(found)} examples; the limit is {max_examples}.")
    return list(found.values())


def dump_examples(examples: Iterable[HandExample]) -> str:
    """Examples as text, one JSON object per line; benchmarks/drawn_digits.py reads it too."""
    return "".join(
        json.dumps({"label": e.label, "writer": "me", "strokes": e.strokes}) + "\n"
        for e in examples
    )


def parse_examples(text: str, max_examples: int | None = None) -> list[HandExample]:
    """The inverse of `dump_examples`; the text may come from anywhere. Long drawings are thinned.

    Blank lines are skipped: an editor may have added one.

    Raises:
        ExampleError: a line is not an example, or there are more than `max_examples`.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if max_examples is not None and len(lines) > max_examples:
        raise ExampleError(f"The file has {len(lines)} examples; the limit is {max_examples}.")
    return [_example(line, number) for number, line in lines]


def _example(line: str, number: int) -> HandExample:
    wrong = ExampleError(f"Line {number} is not an example of a drawn digit.")
    if len(line) > MAX_LINE:
        raise wrong
    try:
        entry = _line_decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise wrong from error
    strokes = thin(tuple(filter(None, entry.strokes)))
    if not strokes or is_dot(strokes):
        raise wrong
    return HandExample(entry.label, strokes)


_line_decoder = msgspec.json.Decoder(ExampleLine)


def can_finetune(model: SumNet) -> bool:
    """Does the network read digits, and does its sum follow from its class?"""
    return model.spec.is_digits and isinstance(model.fusion, LateFusion)


@torch.inference_mode()
def read_labels(model: SumNet, images: Pixels) -> list[int]:
    """What the class head reads in images, uint8 (N, 28, 28)."""
    pictures = torch.from_numpy(images)[:, None]
    labels: list[int] = model(pictures, torch.zeros(len(images), dtype=torch.int64)).labels.tolist()
    return labels


def finetune(model: SumNet, train: Split, examples: list[HandExample], seed: int = 0) -> None:
    """Change `model` in place so that it reads the examples (at least one) and still MNIST."""
    model.eval()
    rng = torch.Generator().manual_seed(seed)
    layer = model.class_head[-1]
    assert isinstance(layer, nn.Linear)
    chosen = torch.randperm(len(train.labels), generator=rng)[:KEPT_IMAGES]
    seen_old = look(model, train.images[chosen])
    pictures, labels = draw_examples(examples, seed)
    seen_new = look(model, augment(pictures, DISTORTION, mirrored=False, rng=rng))
    accept_examples(model, seen_old, seen_new)
    old, new = (seen[:, -model.encoder.features :] for seen in (seen_old, seen_new))
    refit_layer(layer, old, new, labels)


def draw_examples(examples: list[HandExample], seed: int) -> tuple[Tensor, Tensor]:
    """The examples in turn, each time with a random pen: uint8 (N, 1, 28, 28) and int64 (N,).

    N is `EXAMPLE_IMAGES`, or the number of examples if there are more.
    """
    rng = np.random.default_rng(seed)
    turns = [examples[turn % len(examples)] for turn in range(max(EXAMPLE_IMAGES, len(examples)))]
    forms = [
        mnist_form(rasterize(e.strokes, int(rng.integers(*PEN_RANGE, endpoint=True))))
        for e in turns
    ]
    images = np.stack([form for form in forms if form is not None])  # a pen always leaves ink
    return torch.from_numpy(images)[:, None], torch.tensor([e.label for e in turns])
