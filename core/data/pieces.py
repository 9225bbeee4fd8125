"""The pieces of ink in a picture: which of them are handwriting, and which digit each belongs to.

One example: a boxed 5 on ruled paper is three lines, a frame, the body of the 5 and its bar. The
lines go because they are long, thin and straight, and the frame because it holds the others. The
bar stays, as it is no speck, and belongs to the body below it.

scipy is imported where it is used: the first page does not wait for it.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.drawing import Pixels

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]
Shades = npt.NDArray[np.float32]

NEIGHBORS = np.ones((3, 3))  # ink touches at corners too
SIDE_SHARE = 0.6  # of a side of the picture: what takes up more of it is a desk or a frame
HELD_SHARE = 0.35  # of a frame's size: what it holds is at least as large
OUTLINE = 2  # pixels: how wide the edge of a piece is
SOFTEST = 0.05  # of the picture's side: over more, only a shadow rises to its full strength
BLUR = math.sqrt(2 * math.pi * (1 + OUTLINE**2))  # pixels that smoothing makes of a sharp edge
SMALLEST = 0.03  # of the picture's side: a digit is larger
SPECK_AREA = 0.04  # of the main piece
SPECK_EXTENT = 0.2  # of the main piece
LEAST_INSIDE = 0.01  # of the picture: paper that ink goes all around
PALE = 0.5  # of the main piece's contrast
BODY_HEIGHT = 0.5  # of the tallest piece: a digit has a piece at least as high
SHARED = 0.1  # of the narrower piece: two that share more columns are parts of one digit
STACK_GAP = 0.06  # of the taller piece: two digits, one above the other, are further apart


@dataclass(frozen=True)
class Box:
    """Where connected ink is."""

    label: int
    top: int
    left: int
    bottom: int  # one beyond
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def extent(self) -> int:
        """The longer side."""
        return max(self.height, self.right - self.left)


@dataclass(frozen=True)
class Piece(Box):
    """Connected ink."""

    area: int  # pixels
    contrast: float  # mean
    steepness: float  # of its outline: the share of `contrast` that a pixel adds


def grow(contrast: Shades, faint: float, sure: float) -> Mask:
    """Connected ink above `faint` that is above `sure` somewhere, (H, W).

    J. Canny, "A computational approach to edge detection" (1986), calls it hysteresis.
    """
    from scipy import ndimage

    labels, count = ndimage.label(contrast > faint, NEIGHBORS)
    strong = np.zeros(count + 1, bool)
    strong[labels[contrast > sure]] = True
    strong[0] = False
    grown: Mask = strong[labels]
    return grown


def keep_handwriting(mask: Mask, contrast: Shades, sharp: bool) -> Mask:
    """Ink without frames, specks and, where only what is `sharp` is ink, shadows: (H, W)."""
    labels, found = find_pieces(mask, contrast)
    side = max(mask.shape)
    found = drop_frames(labels, found)
    if sharp:
        softest = 1 / math.hypot(SOFTEST * side, BLUR)
        found = [piece for piece in found if piece.steepness > softest]
    kept = [piece for piece in drop_specks(found) if piece.extent > SMALLEST * side]
    return np.isin(labels, [piece.label for piece in kept])


def find_boxes(mask: Mask) -> tuple[Labels, list[Box]]:
    """Which piece each pixel belongs to, (H, W), 0 for paper; and where the pieces are."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask, NEIGHBORS)
    return labels, [
        Box(label, down.start, across.start, down.stop, across.stop)
        for label, (down, across) in enumerate(ndimage.find_objects(labels), 1)
    ]


def find_pieces(mask: Mask, contrast: Shades) -> tuple[Labels, list[Piece]]:
    """Which piece each pixel belongs to, (H, W), 0 for paper; and the pieces."""
    from scipy import ndimage

    labels, boxes = find_boxes(mask)
    if not boxes:
        return labels, []
    slopes = ndimage.gaussian_gradient_magnitude(contrast, OUTLINE)
    outline = labels * ~ndimage.binary_erosion(mask, iterations=OUTLINE)
    numbers = np.arange(1, len(boxes) + 1)
    areas = np.bincount(labels.ravel())[1:]
    means = ndimage.mean(contrast, labels, numbers)
    steepness = ndimage.mean(slopes, outline, numbers) / np.maximum(means, 1)
    return labels, [
        Piece(**vars(box), area=int(area), contrast=float(mean), steepness=float(steep))
        for box, area, mean, steep in zip(boxes, areas, means, steepness, strict=True)
    ]


def encloses_paper(mask: Mask) -> bool:
    """Does ink, (H, W), go all around some paper that is more than a speck?"""
    from scipy import ndimage

    inside = ndimage.binary_fill_holes(mask) & ~mask
    return bool(inside.sum() > LEAST_INSIDE * mask.size)


def drop_frames(labels: Labels, found: list[Piece]) -> list[Piece]:
    """Without what takes up a side of the picture, and without what holds another piece."""
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    shares = [np.bincount(side, minlength=len(found) + 1) / len(side) for side in sides]
    return [
        piece
        for piece in found
        if max(share[piece.label] for share in shares) < SIDE_SHARE
        and not any(_holds(piece, other) for other in found)
    ]


def _holds(frame: Piece, other: Piece) -> bool:
    return (
        other.top > frame.top
        and other.left > frame.left
        and other.bottom < frame.bottom
        and other.right < frame.right
        and other.extent > HELD_SHARE * frame.extent
    )


def drop_specks(found: list[Piece]) -> list[Piece]:
    """Without what is far smaller or far paler than the main piece."""
    if not found:
        return []
    main = max(found, key=lambda piece: piece.area * piece.contrast)
    return [
        piece
        for piece in found
        if piece.contrast > PALE * main.contrast
        and piece.area > SPECK_AREA * main.area
        and piece.extent > SPECK_EXTENT * main.extent
    ]


def cut_digits(ink: Pixels) -> tuple[Pixels, ...]:
    """The ink of each digit that stands apart, each (H, W), from left to right; () without ink.

    A digit has a body: a piece at least half as high as the tallest. Bodies that share columns are
    one digit, unless one is clearly above the other. What is no body goes with the nearest one.
    """
    labels, found = find_boxes(ink > 0)
    if not found:
        return ()
    tallest = max(piece.height for piece in found)
    digits: list[list[Box]] = []
    for piece in sorted(found, key=lambda piece: (piece.left, piece.top)):
        if piece.height < BODY_HEIGHT * tallest:
            continue
        mine = [digit for digit in digits if any(_same_digit(piece, other) for other in digit)]
        digits = [digit for digit in digits if digit not in mine]
        digits.append([piece, *(other for digit in mine for other in digit)])
    if len(digits) == 1:
        return (ink,)
    bodies = [digit[0] for digit in digits]
    for piece in found:
        if piece.height < BODY_HEIGHT * tallest:
            nearest = min(range(len(bodies)), key=lambda index: _distance(piece, bodies[index]))
            digits[nearest].append(piece)
    return tuple(
        np.where(np.isin(labels, [piece.label for piece in digit]), ink, 0).astype(np.uint8)
        for digit in digits
    )


def _same_digit(one: Box, other: Box) -> bool:
    shared = min(one.right, other.right) - max(one.left, other.left)
    narrower = min(one.right - one.left, other.right - other.left)
    apart = max(one.top, other.top) - min(one.bottom, other.bottom)
    return shared > SHARED * narrower and apart < STACK_GAP * max(one.height, other.height)


def _distance(one: Box, other: Box) -> float:
    """Between two boxes, in pixels; negative where they overlap."""
    across = max(one.left, other.left) - min(one.right, other.right)
    down = max(one.top, other.top) - min(one.bottom, other.bottom)
    return max(across, down)
