"""Two data sets drawn here, for the lesson "Your pictures decide what it learns".

One example: in the biased one every circle is drawn with a thick pen and every square with a thin
one, so a network learns to tell pens, and calls a square that somebody draws a circle. In the
repaired one both pens draw both.
"""

import functools
import math
import random
from collections.abc import Iterator

import numpy as np

from core.collections.collection import Collection, split_parts
from core.data.drawing import Pixels, Strokes, mnist_form, rasterize
from core.specs import OwnData, own_spec

PICTURES = 60  # of a class
THICK_PEN, THIN_PEN = (17, 24), (3, 5)  # pixels of the canvas; people draw with 20
RADIUS = 45, 105  # likewise: however large somebody draws, a thick line is thick for its form
POINTS = 24  # of an outline
SHAKE = 6  # pixels
CLASSES_DRAWN = ("circle", "square")

BIASED = OwnData(
    "Thick circles, thin squares", CLASSES_DRAWN, "ink", 0.12, 0.29, "b1a5ed" + "0" * 26
)
REPAIRED = OwnData(
    "Circles and squares, both pens", CLASSES_DRAWN, "ink", 0.1, 0.26, "fa1a" + "0" * 28
)
# By name of the data set: the pens of each class.
LESSON_SETS = {
    own_spec(BIASED).name: (BIASED, ((THICK_PEN,), (THIN_PEN,))),
    own_spec(REPAIRED).name: (REPAIRED, ((THICK_PEN, THIN_PEN), (THICK_PEN, THIN_PEN))),
}


@functools.cache
def lesson_set(name: str) -> Collection:
    """The data set of that name, one of `LESSON_SETS`."""
    own, pens = LESSON_SETS[name]
    rng = random.Random(name)
    images: list[Pixels] = []
    for label, widths in enumerate(pens):
        for number in range(PICTURES):
            pen = rng.randint(*widths[number % len(widths)])
            images.append(draw_outline(CLASSES_DRAWN[label], pen, rng))
    labels = np.repeat(np.arange(len(pens), dtype=np.int64), PICTURES)
    parts = split_parts(labels, [image.tobytes() for image in images], seed=0)
    paths = ("",) * len(labels)
    return Collection(own_spec(own), np.stack(images), labels, paths, parts, (), ())


def draw_outline(name: str, pen: int, rng: random.Random) -> Pixels:
    """A circle or a square as somebody might draw it, in MNIST's form: uint8 (28, 28)."""
    image = mnist_form(rasterize(_outline(name, rng), pen))
    assert image is not None  # it has ink
    return image


def _outline(name: str, rng: random.Random) -> Strokes:
    """One closed line, turned, stretched and shaken a little."""
    turn, wide, radius = rng.uniform(-0.8, 0.8), rng.uniform(0.85, 1.18), rng.uniform(*RADIUS)

    def points() -> Iterator[tuple[float, float]]:
        for number in range(POINTS):
            angle = 2 * math.pi * number / POINTS
            side = (angle + math.pi / 4) % (math.pi / 2) - math.pi / 4  # from the middle of a side
            out = radius / math.cos(side) if name == "square" else radius
            x, y = wide * out * math.cos(angle + turn), out * math.sin(angle + turn)
            yield 140 + x + rng.gauss(0, SHAKE), 140 + y + rng.gauss(0, SHAKE)

    line = tuple(points())
    return ((*line, line[0]),)
