"""TODO."""

import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.data.drawing import Form, Pixels, mnist_form
from core.errors import UserError
from core.runs.limits import LIMITS

FAINT_INK = 0.15  # of the strongest ink; less is noise or the soft edge of a stroke


MIN_CONTRAST = 24  # of 255; a file whose ink differs less from its paper is blank


MAX_PIXELS = int(LIMITS.upload_megapixels * 1e6)  # of an image file


# What cameras, browsers and drawing programs write; Pillow's other decoders are not for strangers.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM")


ONE_AT_A_TIME = threading.Lock()  # unpacked, a large photo takes some hundred megabytes


LARGE_SIDE = (
    1_000  # pixels a side; more are averaged at once, a photo in floats would fill the memory
)


class ImageFileError(UserError):
    """A file that cannot be read as an image; the message is one sentence for the user."""


def read_image(source: Path | BinaryIO, form: Form = mnist_form) -> Pixels | None:
    """An image file in the form of a data set, uint8 (28, 28), or None when nothing is on it.

    Raises:
        DrawingError: missing, no image, damaged or too large.
    """
    name = str(source) if isinstance(source, Path) else "The file"
    try:
        with ONE_AT_A_TIME, Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageFileError(f"{name} has more than {MAX_PIXELS // 10**6} megapixels.")
            unpacked = extract_ink(image)
    except FileNotFoundError as error:
        raise ImageFileError(f"There is no file {name}.") from error
    except UnidentifiedImageError as error:
        raise ImageFileError(f"{name} is not an image.") from error
    except ImageFileError:
        raise
    except Exception as error:  # of a decoder that was given damaged bytes: it may be any
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageFileError(f"{name} cannot be read as an image ({reason}).") from error
    return form(unpacked)


def extract_ink(image: Image.Image) -> Pixels:
    """The ink of any picture, dark on light or light on dark, transparent or not: (H, W).

    Paper is what the border shows most. Transparent pictures are laid on the paper that contrasts
    with what is on them.
    """
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        alpha, shown = colors.getchannel("A"), colors.convert("L")
        shades = shown.histogram(alpha.point(lambda value: 255 * (value > 127)))
        dark = sum(shades[:128]) > sum(shades[128:])
        picture = Image.new("L", image.size, 255 if dark else 0)
        picture.paste(shown, mask=alpha)
    else:
        picture = _eight_bits(image).convert("L")
    picture = picture.reduce(max(1, max(picture.size) // LARGE_SIDE))
    grey = np.asarray(picture).astype(np.float32)
    paper = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    contrast = paper - grey if paper > 127 else grey - paper
    strongest = float(contrast.max())
    if strongest < MIN_CONTRAST:
        return np.zeros(grey.shape, np.uint8)
    strength = contrast / strongest
    return np.where(strength < FAINT_INK, 0, 255 * strength).astype(np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Images of 16 or 32 bits and of floats, whose brighter shades Pillow would all make white."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    full = max(float(values.max()), 1.0 if image.mode == "F" else 255.0)
    return Image.fromarray((255 / full * values.clip(0)).astype(np.uint8))
