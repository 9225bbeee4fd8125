"""From a drawing to an image like those that the network learned from: MNIST form.

MNIST's digits were made like this (Y. LeCun, C. Cortes, C. Burges, "The MNIST database"; NIST's
bilevel originals "were size normalized to fit in a 20x20 pixel box while preserving their aspect
ratio ... and centered in a 28x28 image by computing the center of mass of the pixels"). If we only
shrink a drawing to 28 x 28, one in six is misread; in this form hardly any is.

There are two ways in: pen strokes from the canvas (`rasterize`) and photos (`read_photo`).
Both give ink, uint8 (H, W), from 0 (paper) to 255 (full ink), and `mnist_form` or `fashion_form`
takes it from there.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

# Pillow warns of damage outside the picture, such as in a camera's metadata. We ignore that once
# for the whole process: `catch_warnings` in a thread changes all threads, and may stay for good.
warnings.filterwarnings("ignore", module=r"PIL\.")

Item = TypeVar("Item")
Point = tuple[float, float]  # canvas pixels, x to the right and y down
Stroke = tuple[Point, ...]  # pen down to pen up; one point is a dot
Strokes = tuple[Stroke, ...]
Pixels = npt.NDArray[np.uint8]
Form = Callable[[Pixels], Pixels | None]  # from ink to the form of a data set; None without ink

CANVAS_SIDE = 280  # side of the drawing canvas, in pixels
PEN_WIDTH = 20  # width of its round pen

IMAGE_SIDE = 28  # of an MNIST image
DIGIT_SIDE = 20  # the longer side of the digit in it
TRIM = 13  # of 255: what differs less from the corners is background (Fashion-MNIST took 5 %)
DOT_SIDE = 8  # canvas pixels; a drawing this small is an accidental dot

MAX_POINTS = 1_500  # of a drawing, longer ones are thinned; a digit has 300, simplified some twenty
MAX_STROKES = 60  # a digit has one to four


def image_of_strokes(strokes: Strokes, form: Form) -> Pixels | None:
    """A drawing in the form of a data set, uint8 (28, 28); None if it is empty or only a dot."""
    return None if is_dot(strokes) else form(rasterize(strokes))


def rasterize(strokes: Strokes, pen: int = PEN_WIDTH) -> Pixels:
    """Draw strokes as the canvas does, with a round pen of width `pen`: ink (280, 280)."""
    canvas = Image.new("L", (CANVAS_SIDE, CANVAS_SIDE))
    paper = ImageDraw.Draw(canvas)
    radius = (pen - 1) / 2
    for stroke in strokes:
        paper.line(list(stroke), fill=255, width=pen)
        for x, y in stroke:  # round ends and joints
            paper.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(canvas)


def simplify(stroke: Sequence[Point], tolerance: float) -> Stroke:
    """Drop the points that the line still passes within `tolerance` pixels (Ramer-Douglas-Peucker).

    Distances are measured to the chord itself, not to the infinite line through it, so a pen that
    goes back along its own trace keeps its turning point. Doing it twice changes nothing more, so
    the browser sends restored strokes back unchanged.
    """
    kept = zip(stroke, significance(stroke, tolerance), strict=True)
    return tuple(point for point, distance in kept if distance > tolerance)


def significance(stroke: Sequence[Point], least: float) -> list[float]:
    """For each point, up to which tolerance `simplify` keeps it, in pixels; 0 where not to `least`.

    Infinite for both ends. So one pass serves all tolerances from `least` up.
    """
    line = np.array([complex(x, y) for x, y in stroke])
    found = [0.0] * len(line)
    found[0] = found[-1] = math.inf
    todo = [(0, len(line) - 1, math.inf)]
    while todo:
        first, last, above = todo.pop()
        if last - first < 2:
            continue
        offsets = line[first : last + 1] - line[first]
        chord = offsets[-1]
        along = (offsets * chord.conjugate()).real / max(abs(chord) ** 2, 1)
        distances = abs(offsets - along.clip(0, 1) * chord)
        far = int(distances.argmax())
        distance = min(above, float(distances[far]))
        if distance > least:
            found[first + far] = distance
            todo += [(first, first + far, distance), (first + far, last, distance)]
    return found


def thin(strokes: Sequence[Sequence[Item]], most: int = MAX_POINTS) -> tuple[tuple[Item, ...], ...]:
    """Strokes of `most` points together at most: of more, every so many stay, and all ends.

    There may be up to `most` / 2 strokes. Points may be anything, such as commands of a path.
    """
    total = sum(map(len, strokes))
    if total <= most:
        return tuple(map(tuple, strokes))
    share = (most - 2 * len(strokes)) / total
    return tuple(_evenly(stroke, max(2, int(share * len(stroke)))) for stroke in strokes)


def _evenly(stroke: Sequence[Item], count: int) -> tuple[Item, ...]:
    """`count` points of a stroke, both ends among them, or all where there are no more."""
    if len(stroke) <= count:
        return tuple(stroke)
    step = (len(stroke) - 1) / (count - 1)
    return tuple(stroke[round(place * step)] for place in range(count))


def is_dot(strokes: Strokes) -> bool:
    """Did the pen only touch the canvas? Enlarged to MNIST form, that would be a solid square."""
    points = np.array([point for stroke in strokes for point in stroke])
    return len(points) > 0 and float(np.ptp(points, axis=0).max()) <= DOT_SIDE


def mnist_form(ink: Pixels) -> Pixels | None:
    """Crop to the ink, fit the longer side to 20, center of mass to the middle: uint8 (28, 28).

    None if there is no ink.
    """
    digit = _fit(ink, DIGIT_SIDE)
    if digit is None:
        return None
    top, left = _offset(digit, 0), _offset(digit, 1)
    return _paste(digit, top, left)


def fashion_form(ink: Pixels) -> Pixels | None:
    """Crop to the ink, fit the longer side to all 28, box in the middle: uint8 (28, 28).

    Fashion-MNIST was made like this from photos on white (H. Xiao, K. Rasul, R. Vollgraf, 2017).
    None if there is no ink.
    """
    garment = _fit(ink, IMAGE_SIDE)
    if garment is None:
        return None
    top, left = ((IMAGE_SIDE - side) // 2 for side in garment.shape)
    return _paste(garment, top, left)


def photo_form(shades: Pixels) -> Pixels | None:
    """A thing on a plain background, in shades of grey, as Fashion-MNIST shows its garments.

    The background is trimmed and becomes black; the longer side of the rest gets all 28 pixels:
    uint8 (28, 28). None if there is nothing but background.
    """
    background = int(np.median(shades[[0, 0, -1, -1], [0, -1, 0, -1]]))
    picture = shades if background < 128 else 255 - shades
    thing = _crop(picture, abs(shades.astype(np.int16) - background) > TRIM)
    if thing is None:
        return None
    scale = IMAGE_SIDE / max(thing.shape)
    height, width = (max(1, round(side * scale)) for side in thing.shape)
    small = Image.fromarray(thing).resize((width, height), Image.Resampling.BOX)
    return _paste(np.asarray(small), (IMAGE_SIDE - height) // 2, (IMAGE_SIDE - width) // 2)


def _crop(picture: Pixels, shown: npt.NDArray[np.bool_]) -> Pixels | None:
    """The part of a picture that holds all that is `shown`; None if nothing is."""
    rows, columns = (np.flatnonzero(shown.any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit(ink: Pixels, longer: int) -> Pixels | None:
    """Crop to the ink and scale the longer side to `longer` pixels; None if there is no ink."""
    cropped = _crop(ink, ink > 0)
    if cropped is None:
        return None
    scale = longer / max(cropped.shape)
    height, width = (max(1, round(side * scale)) for side in cropped.shape)
    # BOX averages over the area of each pixel; with nothing to average it would show squares
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    fitted = np.asarray(Image.fromarray(cropped).resize((width, height), how))
    if not fitted.any():
        return None  # specks so far apart that shrinking erases them
    if scale < 1:  # a thin line on a large paper is faint by now
        fitted = np.round(fitted * (255 / fitted.max())).astype(np.uint8)
    return fitted


def _paste(fitted: Pixels, top: int, left: int) -> Pixels:
    image = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    image[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return image


def _offset(digit: Pixels, axis: int) -> int:
    """Where the digit starts so that its center of mass is in the middle, within the image."""
    mass = digit.sum(axis=1 - axis, dtype=np.float64)
    center = (mass * np.arange(len(mass))).sum() / mass.sum()
    return int(np.clip(round(IMAGE_SIDE / 2 - center), 0, IMAGE_SIDE - len(mass)))
