"""From a photo of handwriting to ink: white on black, uint8 (H, W), and to the digits in it.

One example: a 5 in blue ink on a sheet of squared paper, on a dark desk, with the shadow of a hand
across it, becomes the same shades as a 5 drawn on the canvas. Four steps, each a picture that the
page shows:

    photo   shades of grey, dark on light or light on dark
    evened  ink dark on white paper, whatever the light was: the photo over its own paper
    ink     what stands out, without ruled lines, frames and specks (core/data/pieces.py)
    digits  the ink of each digit that stands apart

The paper of a pixel is the morphological closing of the photo (J. Serra, "Image Analysis and
Mathematical Morphology", 1982): the photo with every dark thing filled in that is narrower than a
window. Strokes are narrower and vanish. Shadows, desks and what else is wider stay, with their
edges as sharp as they are, so that no edge is left over as a stroke.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data import pieces
from core.data.drawing import Pixels
from core.data.pieces import Mask

LOOK_SIDE = 32  # pixels of the longer side, to tell ink from paper
SMALL_SIDE = 64  # pixels; a smaller picture is no photo, and its paper is the shade of its border
WINDOW = 0.25  # of the longer side: strokes are narrower, shadows and desks are wider
SURROUNDINGS = 0.4  # of the longer side: paper is most of them even in a bold 8
MIN_CONTRAST = 24  # of 255, between ink and paper; with less the picture is blank
FAINT_INK = 0.15  # of the strongest ink; anything less is the soft edge of a stroke
GRAINY_INK = 0.3  # the same where the paper has grain
SURE_INK = 0.55  # of the strongest ink; a line has some of it
GRAIN_FACTOR = 6  # times the grain of the paper is ink
DARKEST_PAPER = 40  # of 255; on what is darker, the noise would be taken for ink

# Lines of the paper: long, thin, straight, and going on to the edge of the picture, or many alike.
SLOPES = np.linspace(-0.15, 0.15, 31)  # pixels down a pixel to the right: up to 8.5 degrees
THIN = 0.025  # of the picture's side: no line is thicker
SHORTEST = 0.3  # of the picture's width, without gaps
FULL = 0.5  # of the picture's width: a ruled line shows as much of itself
EDGE = 0.01  # of the picture's width: a line that stops further from an edge is a stroke
MANY = 3  # such lines are ruled wherever they end; fewer, where they reach both edges
MOST = 60  # lines in one direction
PIECE = (
    0.05  # of the picture's width: a ruled line shows as much where ink or an edge hides the rest
)
OFF_RULE = 0.2  # of the distance of two ruled lines: how far such a piece may lie off

Counts = npt.NDArray[np.intp]  # (H, W) or (N,)


@dataclass(frozen=True)
class PhotoReading:
    """What a photo shows, and the steps there."""

    photo: Pixels  # (H, W), as it is
    evened: Pixels  # (H, W), ink dark on white
    ink: Pixels  # (H, W), white on black; all 0 where nothing stands out
    digits: tuple[Pixels, ...]  # the ink of each digit that stands apart, (H, W), in reading order


def read_photo(photo: Pixels) -> PhotoReading:
    """The ink of a photo in shades of grey, (H, W), dark on light or light on dark."""
    evened, ink = _evened_and_ink(photo)
    return PhotoReading(photo, evened, ink, pieces.cut_digits(ink))


def photo_ink(photo: Pixels) -> Pixels:
    """The ink of a photo alone, (H, W), white on black."""
    return _evened_and_ink(photo)[1]


def _evened_and_ink(photo: Pixels) -> tuple[Pixels, Pixels]:
    if max(photo.shape) < SMALL_SIDE:
        ink = border_ink(photo)
        return 255 - ink, ink
    evened = even_light(photo)
    return evened, find_ink(evened)


def even_light(photo: Pixels) -> Pixels:
    """The photo as if evenly lit: ink dark on paper of 255, (H, W)."""
    from scipy import ndimage

    shades = photo.astype(np.float32)
    if is_light_ink(photo):
        shades = 255 - shades
    smooth = ndimage.gaussian_filter(shades, 1.0, mode="nearest")
    side = max(3, round(WINDOW * max(photo.shape)))
    padded = np.pad(smooth, side, mode="edge")  # what reaches out of the picture goes on
    paper = ndimage.grey_closing(padded, size=(side, side))[side:-side, side:-side]
    evened = 255 - 255 * (paper - shades) / np.maximum(paper, DARKEST_PAPER)
    even: Pixels = evened.clip(0, 255).astype(np.uint8)
    return even


def is_light_ink(photo: Pixels) -> bool:
    """Is the ink lighter than the paper around it?

    Ink is the rarer shade wherever it is, so what differs from the median of its surroundings
    differs, cubed and summed, towards the ink.
    """
    from scipy import ndimage

    small = Image.fromarray(photo)
    small.thumbnail((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX)
    shades = np.asarray(small).astype(np.float32)
    around = ndimage.median_filter(shades, round(SURROUNDINGS * LOOK_SIDE), mode="nearest")
    middle = np.outer(*(np.hanning(side + 2)[1:-1] for side in shades.shape))
    return bool((middle * (shades - around) ** 3).sum() > 0)


def find_ink(evened: Pixels) -> Pixels:
    """The ink on evenly lit paper, without lines, frames and specks: white on black, (H, W)."""
    from scipy import ndimage

    contrast = 255 - evened.astype(np.float32)
    smooth = ndimage.gaussian_filter(contrast, 1.0, mode="nearest")
    paper = float(np.median(smooth))
    grain = 1.5 * float(np.median(abs(smooth - paper)))
    least = max(paper + GRAIN_FACTOR * grain, MIN_CONTRAST)
    found = smooth[smooth > least]
    if not len(found):
        return np.zeros(evened.shape, np.uint8)
    is_grainy = grain > 0.5  # a photo, and no drawing
    strongest = float(np.percentile(found, 95 if is_grainy else 100))
    faint = max(least, (GRAINY_INK if is_grainy else FAINT_INK) * strongest)
    sure = max(least, SURE_INK * strongest)
    mask = without_lines(pieces.grow(smooth, faint, sure))
    mask = pieces.grow(np.where(mask, smooth, 0), faint, sure)
    mask = pieces.keep_handwriting(mask, smooth, sharp=is_grainy)
    around = ndimage.binary_dilation(mask, iterations=1)
    full = strongest if is_grainy else float(contrast.max())
    strength = (contrast - paper) / max(full - paper, 1)
    seen = around & (strength > FAINT_INK)
    return np.where(seen, 255 * strength.clip(0, 1), 0).astype(np.uint8)


def border_ink(picture: Pixels) -> Pixels:
    """The ink of a small picture, (H, W): how much it differs from the median of its border."""
    gray = picture.astype(np.float32)
    paper = np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]))
    contrast = paper - gray if paper > 127 else gray - paper
    strongest = float(contrast.max())
    if strongest < MIN_CONTRAST:
        return np.zeros(gray.shape, np.uint8)
    strength = contrast / strongest
    return np.where(strength < FAINT_INK, 0, 255 * strength).astype(np.uint8)


# --- ruled and squared paper


class Line(NamedTuple):
    """A thin line, nearly level."""

    slope: float
    start: float  # its row where the picture begins
    columns: Counts  # that show it, in order
    thickness: float  # pixels

    def row(self, columns: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Where it is in columns."""
        return self.slope * np.asarray(columns) + self.start

    def is_across(self, width: int) -> bool:
        """Does it go from edge to edge of a picture that wide?"""
        ends = self.columns[0], self.columns[-1]
        return bool(ends[0] <= EDGE * width and ends[1] >= (1 - EDGE) * width - 1)


def without_lines(mask: Mask) -> Mask:
    """A mask of ink without the lines of the paper, (H, W); where ink crosses one, it stays."""
    return mask & ~_level_lines(mask) & ~_level_lines(mask.T).T


def _level_lines(mask: Mask) -> Mask:
    """The pixels of lines that run from left to right, (H, W); not of one that is all there is."""
    width = mask.shape[1]
    thickness = run_lengths(mask)
    thin = mask & (thickness <= THIN * max(mask.shape))
    lines = find_lines(thin, thickness, SHORTEST)
    long = [line for line in lines if len(line.columns) >= FULL * width]
    if len(long) < MANY:
        found = mask & _near([line for line in long if line.is_across(width)], thickness)
        return np.zeros_like(mask) if np.array_equal(found, mask) else found
    found = _near(long, thickness)
    pieces_left = find_lines(thin & ~found, thickness, PIECE)
    found |= _near([line for line in pieces_left if _is_ruled(line, long)], thickness)
    return mask & found


def _near(lines: list[Line], thickness: Counts) -> Mask:
    """The pixels of lines, (H, W), but not those of thicker ink that crosses them."""
    found = np.zeros(thickness.shape, bool)
    rows, columns = np.indices(thickness.shape)
    for line in lines:
        near = abs(rows - line.row(columns)) <= line.thickness + 1
        found |= near & (thickness <= 2 * line.thickness)
    return found


def _is_ruled(piece: Line, ruled: list[Line]) -> bool:
    """Does a piece of a line lie where one of those should be, and is it as thin?"""
    column = float(piece.columns.mean())
    rows = np.sort([line.row(column) for line in ruled])
    step = float(np.median(np.diff(rows)))
    off = (piece.row(column) - rows) / max(step, 1)
    thickest = 1.5 * float(np.median([line.thickness for line in ruled])) + 1
    return bool(abs(off - off.round()).min() < OFF_RULE and piece.thickness <= thickest)


def find_lines(thin: Mask, thickness: Counts, shortest: float) -> list[Line]:
    """The lines that many thin pixels lie on, the plainest first, `shortest` of the width or more.

    Each thin pixel votes for the lines through it (R. Duda, P. Hart, "Use of the Hough
    transformation to detect lines and curves in pictures", 1972).
    """
    rows, columns = np.nonzero(thin)
    size = thin.shape[0] + 2 * thin.shape[1]  # so that no start is below 0
    lines: list[Line] = []
    while len(rows) and len(lines) < MOST:
        starts = rows[:, None] - SLOPES * columns[:, None] + thin.shape[1]
        votes = [np.bincount(each, minlength=size) for each in starts.round().astype(int).T]
        table = np.stack(votes)
        table[:, 1:-1] = table[:, :-2] + table[:, 1:-1] + table[:, 2:]
        slope, start = np.unravel_index(table.argmax(), table.shape)
        near = abs(starts[:, slope] - start) <= 2.5
        shown = np.unique(columns[near])
        if len(shown) < shortest * thin.shape[1]:
            break
        thick = float(np.median(thickness[rows[near], columns[near]]))
        lines.append(Line(SLOPES[slope], start - thin.shape[1], shown, thick))
        is_left = abs(starts[:, slope] - start) > max(2.5, thick + 1)
        rows, columns = rows[is_left], columns[is_left]
    return lines


def run_lengths(mask: Mask) -> Counts:
    """For each pixel of a mask, how many of it lie in a row above and below: (H, W), 0 outside."""
    columns = np.pad(mask.T, ((0, 0), (1, 0))).ravel()
    starts = columns & ~np.roll(columns, 1)
    runs = np.where(columns, starts.cumsum(), 0)
    lengths = np.bincount(runs)
    lengths[0] = 0
    return lengths[runs].reshape(mask.shape[1], -1)[:, 1:].T
