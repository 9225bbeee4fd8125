"""Ink that is not one digit: letters, signs, scribbles, blots, and several digits that touch.

All of it is drawn here and goes the way of a visitor's drawing, so it differs from digits in shape
alone. Letters of an alphabet would teach a detector only these: most of the ink is of invented
letters and scribbles, each drawn once.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data.drawing import Pixels, mnist_form, rasterize
from core.data.handwriting import STYLES, write_digit
from core.doubt.alphabets import FOREIGN_LETTERS, LETTERS, SIGNS

PENS = (0.5, 1.3)  # times the pens that core/data/handwriting.py writes with
GRID = 10  # columns and rows of the notation of styles
BLOT_SIDE = 64  # pixels
DIGIT_SCALE = 4  # times: an image of 28 pixels, enlarged to the size of a drawing
SIZES = (0.8, 1.25)  # of a digit beside another
OVERLAP = (-0.05, 0.3)  # of the smaller of two digits; below 0 they do not quite touch
TOUCHING_INK = 60  # of 255: shades that count where two digits touch
BOTH_PENS = (8, 36)  # canvas pixels: of several digits, before they are made smaller
THIRD_SHARE = 0.15  # of several digits are three

# What share of ink that is no digit is of which kind.
SHARES = {"letters": 0.22, "foreign": 0.12, "signs": 0.2, "invented": 0.24, "scribbles": 0.16}


def drawn_style(style: str, rng: np.random.Generator) -> Pixels:
    """A style as somebody draws it, with a thin or a thick pen: ink (280, 280)."""
    strokes, pen = write_digit(style, rng)
    return rasterize(strokes, round(pen * rng.uniform(*PENS)))


def any_style(rng: np.random.Generator) -> str:
    """One of those that core/data/handwriting.py knows, of any digit."""
    return str(rng.choice(STYLES[int(rng.integers(len(STYLES)))]))


def draw_digits(count: int, rng: np.random.Generator) -> Pixels:
    """That many written digits in MNIST form: uint8 (N, 28, 28)."""
    return _in_form([drawn_style(any_style(rng), rng) for _ in range(count)])


def draw_others(count: int, rng: np.random.Generator) -> Pixels:
    """That much ink that is no digit, in MNIST form: uint8 (N, 28, 28). The rest are blots."""
    kinds = {
        "letters": lambda: str(rng.choice(LETTERS)),
        "foreign": lambda: str(rng.choice(FOREIGN_LETTERS)),
        "signs": lambda: str(rng.choice(SIGNS)),
        "invented": lambda: invented_letter(rng),
        "scribbles": lambda: scribble(rng),
    }
    drawn = [
        drawn_style(kinds[kind](), rng)
        for kind, share in SHARES.items()
        for _ in range(round(share * count))
    ]
    drawn += [blot(rng) for _ in range(count - len(drawn))]
    return _in_form(drawn)


def draw_several(count: int, digits: Pixels, rng: np.random.Generator) -> Pixels:
    """Two or three digits that touch, beside or above each other: uint8 (N, 28, 28).

    Half of them are made of `digits`, uint8 (M, 28, 28), half are written, all with one pen.
    """

    def ink(pen: int | None) -> Pixels:
        if pen:
            return rasterize(write_digit(any_style(rng), rng)[0], pen)
        digit = Image.fromarray(digits[rng.integers(len(digits))])
        side = DIGIT_SCALE * digit.width
        return np.asarray(digit.resize((side, side), Image.Resampling.BICUBIC))

    drawn = []
    for number in range(count):
        pen = int(rng.integers(*BOTH_PENS)) if number % 2 else None
        is_stacked = rng.random() < 0.5
        both = touching(ink(pen), ink(pen), is_stacked, rng)
        if rng.random() < THIRD_SHARE:
            both = touching(both, ink(pen), is_stacked, rng)
        drawn.append(both)
    return _in_form(drawn)


def _in_form(drawn: Sequence[Pixels]) -> Pixels:
    forms = [mnist_form(ink) for ink in drawn]
    return np.stack([form for form in forms if form is not None])


# --- styles of no alphabet


def invented_letter(rng: np.random.Generator) -> str:
    """One to four strokes between a few places, straight or bowed, as letters have them."""
    columns, rows = rng.choice((1, 2, 4, 5, 7, 8), 6), rng.choice((0, 1, 3, 4, 5, 6, 8, 9), 6)
    places = np.stack([columns, rows], 1)[: rng.integers(3, 7)]
    strokes = []
    for _ in range(rng.integers(1, 5)):
        count = min(len(places), int(rng.integers(2, 5)))
        way = places[rng.choice(len(places), count, replace=False)]
        strokes.append("".join(_along(way, rng)))
    return ",".join(strokes)


def _along(way: npt.NDArray[np.int64], rng: np.random.Generator) -> Iterator[str]:
    for index, (here, there) in enumerate(itertools.pairwise(way)):
        yield _place(here)
        if rng.random() < 0.4:  # bowed
            across = (there - here)[::-1] * (-1, 1)
            yield f" {_place((here + there) / 2 + across * rng.uniform(-0.5, 0.5))}"
        yield "/ " if index and rng.random() < 0.5 else " "
    yield _place(way[-1])


def scribble(rng: np.random.Generator) -> str:
    """One to three strokes from place to place, to and fro, or in waves."""
    count = int(rng.integers(1, 4))
    strokes = []
    for _ in range(count):
        points = int(rng.integers(3, 14 if count == 1 else 8))
        kind = rng.integers(3)
        if kind == 0:
            way = rng.uniform(0, GRID - 1, (points, 2))
        elif kind == 1:
            way = rng.uniform(0, GRID - 1, 2) + rng.normal(0, 2.2, (points, 2)).cumsum(0)
        else:
            along = np.linspace(0, 1, points)
            turns = 2 * np.pi * (rng.uniform(1, 4) * along + rng.random())
            way = np.stack([9 * along, 4.5 + rng.uniform(1, 4.5) * np.sin(turns)], 1)
            way = way if rng.random() < 0.5 else way[:, ::-1]
        corners = ("/ ", " ", " ") if rng.random() < 0.7 else ("/ ",)
        text = [_place(place) + str(rng.choice(corners)) for place in way[:-1]]
        strokes.append("".join(text) + _place(way[-1]))
    return ",".join(strokes)


def _place(place: npt.ArrayLike) -> str:
    """A place in the notation of styles: column and row."""
    column, row = np.asarray(place).round().clip(0, GRID - 1).astype(int)
    return f"{column}{row}"


# --- what is not drawn with a pen


def blot(rng: np.random.Generator) -> Pixels:
    """A filled shape with soft or sharp sides and some texture, (64, 64), as things have it."""
    from scipy import ndimage

    side = BLOT_SIDE
    bumps = ndimage.gaussian_filter(rng.normal(size=(side, side)), rng.uniform(4, 12))
    bumps /= bumps.std()
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    width, height = rng.uniform(0.4, 1, 2)
    kind = rng.integers(3)
    if kind == 0:
        shape = (columns / width) ** 2 + (rows / height) ** 2 + 0.3 * bumps < 1
    elif kind == 1:
        shape = (abs(columns) < width + 0.15 * bumps) & (abs(rows) < height + 0.15 * bumps)
    else:
        shape = bumps > rng.uniform(-0.5, 0.8)
    if rng.random() < 0.5:
        shape = shape | shape[:, ::-1]  # as clothes, leaves and faces are
    grain = ndimage.gaussian_filter(rng.normal(size=(side, side)), rng.uniform(0.7, 3))
    texture = rng.uniform(0.3, 1) + rng.uniform(0, 0.3) * grain / grain.std()
    return np.where(shape, 255 * texture.clip(0.1, 1), 0).astype(np.uint8)


def touching(one: Pixels, other: Pixels, is_stacked: bool, rng: np.random.Generator) -> Pixels:
    """Two inks moved together until they touch or overlap, beside or above each other: (H, W)."""
    one, other = (_resized(_cropped(ink), rng.uniform(*SIZES)) for ink in (one, other))
    if is_stacked:
        one, other = one.T, other.T
    height, width = max(len(one), len(other)), one.shape[1] + 2 * other.shape[1]
    left, right = np.zeros((2, height, width), np.uint8)
    for ink, onto in ((one, left), (other, right)):
        top = round((height - len(ink)) * rng.random())
        onto[top : top + len(ink), : ink.shape[1]] = ink
    gap = (_first(left[:, ::-1]) + _first(right)).min() - width  # if both begin in one column
    overlap = round(rng.uniform(*OVERLAP) * min(one.shape[1], other.shape[1]))
    shift = max(0, -gap - overlap)
    moved = np.roll(right, shift, axis=1)
    both: Pixels = np.maximum(left, moved)
    return both.T.copy() if is_stacked else both


def _first(ink: Pixels) -> npt.NDArray[np.int64]:
    """The first column with ink in each row, (H,); far out where there is none."""
    marked = ink > TOUCHING_INK
    first: npt.NDArray[np.int64] = np.where(marked.any(1), marked.argmax(1), 10 * ink.shape[1])
    return first


def _cropped(ink: Pixels) -> Pixels:
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(ink: Pixels, scale: float) -> Pixels:
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC))
