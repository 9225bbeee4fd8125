"""From a stranger's picture to 28 x 28: as ink on paper, or as a photo of a thing.

ink     drawings and handwriting: read as the page reads photos of digits, put into MNIST's form
photo   things: made as Fashion-MNIST was made from photos of garments
"""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from core.data.drawing import Pixels, mnist_form, photo_form
from core.data.image_files import MAX_PIXELS, read_shades
from core.data.photo import is_light_ink, photo_ink
from core.specs import Kind

SIDE = 96  # pixels of the longer side; a 28 x 28 picture needs no more

# What tells a drawing from a photo of a thing.
GUESS_SIDE = 64  # pixels of the longer side, for a look
THING = 0.6  # of the longer side: what is wider is paper, with its shadows
CONTRAST = 0.2  # of the paper's shade; paper has less
PAPER_SHARE = 0.5  # of a drawing is paper
STROKE = 0.35  # of the longer side of the ink: no stroke is wider


def picture_shades(content: bytes) -> Pixels:
    """The shades of grey of an image file, its longer side at most 96: uint8 (H, W).

    Raises:
        ImageFileError: it is not an image, damaged, or too large.
    """
    return read_shades(io.BytesIO(content), MAX_PIXELS, SIDE)


def shape_as_ink(shades: Pixels) -> Pixels | None:
    """The ink of a picture in MNIST's form, uint8 (28, 28); None if there is none."""
    return mnist_form(photo_ink(shades))


SHAPES: dict[Kind, Callable[[Pixels], Pixels | None]] = {"ink": shape_as_ink, "photo": photo_form}


def guess_kind(pictures: Sequence[Pixels]) -> Kind:
    """Are these drawings or photos of things? What most of them look like."""
    drawings = sum(map(_is_drawing, pictures))
    return "ink" if 2 * drawings > len(pictures) else "photo"


def _is_drawing(shades: Pixels) -> bool:
    """Thin ink on even paper."""
    from scipy import ndimage

    small = Image.fromarray(255 - shades if is_light_ink(shades) else shades)
    small.thumbnail((GUESS_SIDE, GUESS_SIDE), Image.Resampling.BOX)
    dark = np.asarray(small).astype(np.float32)
    window = round(THING * max(dark.shape))
    paper = ndimage.grey_closing(np.pad(dark, window, mode="edge"), size=(window, window))
    shown = dark / paper[window:-window, window:-window].clip(1)  # 1 is paper
    ink = shown < (1 + shown.min()) / 2
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    if shown.min() > 1 - CONTRAST or (shown > 1 - CONTRAST).mean() < PAPER_SHARE:
        return False
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    widest = 2 * float(ndimage.distance_transform_edt(np.pad(ink, 1)).max())
    return bool(widest <= STROKE * longer)
