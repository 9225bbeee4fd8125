"""Teaching a network somebody's own hand: a few seconds with their examples.

Ten examples are too few to train all weights with: other people's digits would be forgotten over
them. The encoder already sees every pen stroke there is, so only the class head learns, one linear
layer, to the optimum. On MNIST's images it is to go on saying what it said (Z. Li, D. Hoiem,
"Learning without Forgetting", ECCV 2016); on the examples, what the visitor says. With late fusion
the sum head works on the class head's probabilities, so the sums follow by themselves.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.augment import augment
from core.dataset import CLASSES, Split
from core.drawing import CANVAS, Pixels, Strokes, is_dot, mnist_form, rasterize
from core.halves import side_by_side, unsplit
from core.limits import LIMITS
from core.model import LateFusion, SumNet
from core.trainer import EVAL_BATCH

KEPT = 3_000  # images of MNIST on which the answers are to stay
SHOWN = 200  # pictures of the examples, each with another pen and distorted in its own way
PENS = (14, 26)  # widths that they are drawn with
DISTORTION = 0.6
WEIGHT = 0.03  # of the examples' loss beside that of MNIST's images
DECAY = 1e-4  # pulls the layer to what it was
MOST = int(LIMITS.examples)
MOST_POINTS = 2_000  # of one example


class ExampleError(ValueError):
    """A text that holds no examples; the message is one sentence for the user."""


@dataclass(frozen=True)
class Example:
    """A drawing, and what it was meant to be."""

    label: int
    strokes: Strokes

    @cached_property
    def image(self) -> Pixels:
        """As a network is given it, uint8 (28, 28)."""
        form = mnist_form(rasterize(self.strokes))
        assert form is not None  # a pen always leaves ink
        return form


def told(examples: Iterable[Example], new: Iterable[Example]) -> list[Example]:
    """The examples and the new ones; a drawing that is told again takes its new label.

    Raises:
        ExampleError: there would be too many, or a drawing is too long to be written down.
    """
    labels = {example.strokes: example.label for example in (*examples, *new)}
    if len(labels) > MOST:
        raise ExampleError(f"That would be {len(labels)} examples; {MOST} are the most.")
    if any(sum(map(len, strokes)) > MOST_POINTS for strokes in labels):
        raise ExampleError("There is too much ink in this drawing to learn it. Draw it simpler.")
    return [Example(label, strokes) for strokes, label in labels.items()]


def dump(examples: Iterable[Example]) -> str:
    """Examples as text, a JSON object a line; benchmarks/drawn_digits.py reads it too."""
    return "".join(
        json.dumps({"label": e.label, "writer": "me", "strokes": e.strokes}) + "\n"
        for e in examples
    )


def parse(text: str) -> list[Example]:
    """The inverse of `dump`; the text may come from anywhere.

    Raises:
        ExampleError: a line is no example, or there are too many.
    """
    lines = text.splitlines()
    if len(lines) > MOST:
        raise ExampleError(f"The file holds {len(lines)} examples; {MOST} are the most.")
    return [_example(line, number) for number, line in enumerate(lines, 1)]


def _example(line: str, number: int) -> Example:
    try:
        entry = json.loads(line)
        label = entry["label"]
        strokes = tuple(tuple((float(x), float(y)) for x, y in s) for s in entry["strokes"])
        points = np.array([point for stroke in strokes for point in stroke])
        if label not in range(CLASSES) or len(points) > MOST_POINTS or is_dot(strokes):
            raise ValueError
        if not (points.min() >= 0 and points.max() < CANVAS):  # neither is true of a NaN
            raise ValueError
        return Example(int(label), tuple(filter(None, strokes)))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise ExampleError(f"Line {number} is not an example of a drawn digit.") from error


def can_learn(model: SumNet) -> bool:
    """Is it a network of digits whose sum follows from its class?"""
    return model.config.dataset == "mnist" and isinstance(model.fusion, LateFusion)


@torch.inference_mode()
def read(model: SumNet, images: Pixels) -> list[int]:
    """What the class head takes images for, uint8 (N, 28, 28)."""
    pictures = torch.from_numpy(images)[:, None]
    labels: list[int] = model(pictures, torch.zeros(len(images), dtype=torch.int64)).labels.tolist()
    return labels


def teach(model: SumNet, train: Split, examples: list[Example], seed: int = 0) -> None:
    """Change `model` in place, so that it reads the examples (one at least) and still MNIST."""
    model.eval()
    rng = torch.Generator().manual_seed(seed)
    layer = model.class_head[-1]
    assert isinstance(layer, nn.Linear)
    before = [parameter.detach().clone() for parameter in layer.parameters()]
    chosen = torch.randperm(len(train.labels), generator=rng)[:KEPT]
    old = _features(model, train.images[chosen])
    answers = layer(old).softmax(1).detach()
    pictures, labels = draw(examples, seed)
    new = _features(model, augment(pictures, DISTORTION, mirrored=False, rng=rng))
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        moved = sum(
            (now - then).square().sum()
            for now, then in zip(layer.parameters(), before, strict=True)
        )
        total: Tensor = (
            F.cross_entropy(layer(old), answers)
            + WEIGHT * F.cross_entropy(layer(new), labels)
            + DECAY * moved
        )
        total.backward()
        return total.item()

    unsplit(lambda: optimizer.step(loss))


def draw(examples: list[Example], seed: int) -> tuple[Tensor, Tensor]:
    """The examples in turn, `SHOWN` in all, each with a random pen: uint8 (N, 1, 28, 28), (N,)."""
    rng = np.random.default_rng(seed)
    turns = [examples[turn % len(examples)] for turn in range(max(SHOWN, len(examples)))]
    forms = [
        mnist_form(rasterize(e.strokes, int(rng.integers(*PENS, endpoint=True)))) for e in turns
    ]
    images = np.stack([form for form in forms if form is not None])  # a pen always leaves ink
    return torch.from_numpy(images)[:, None], torch.tensor([e.label for e in turns])


def _features(model: SumNet, images: Tensor) -> Tensor:
    @torch.no_grad()
    def features(part: Tensor) -> Tensor:
        seen: Tensor = model.encoder(model.normalize(part))
        return seen

    return torch.cat(side_by_side(features, images.split(EVAL_BATCH)))
