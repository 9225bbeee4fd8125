"""From an image file, a stranger's too, to ink: white on black, uint8 (H, W).

One example: a photo of a 5 in blue ink on yellow paper becomes the same shades as a 5 drawn on the
canvas. Paper is what the border of the picture shows; ink is how much a pixel differs from it.
"""

import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.data.drawing import Form, Pixels, mnist_form
from core.errors import UserError

FAINT_INK = 0.15  # of the strongest ink; anything less is noise or the soft edge of a stroke
MIN_CONTRAST = 24  # of 255, between ink and paper; with less the file is blank
MAX_PIXELS = 50_000_000  # of an image file, unless the caller says otherwise
LARGE_SIDE = 1_000  # pixels; a larger photo is averaged first: in floats it would fill the memory

# What cameras, browsers and drawing programs write; no stranger gets at Pillow's other decoders.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM")

ONE_AT_A_TIME = threading.Lock()  # a large photo takes a few hundred megabytes when unpacked


class ImageFileError(UserError):
    """A file that cannot be read as an image."""


def read_image(
    source: Path | BinaryIO, form: Form = mnist_form, max_pixels: int = MAX_PIXELS
) -> Pixels | None:
    """An image file in the form of a data set, uint8 (28, 28), or None if it is blank.

    Raises:
        ImageFileError: it is missing, not an image, damaged or larger than `max_pixels`.
    """
    name = str(source) if isinstance(source, Path) else "The file"
    try:
        with ONE_AT_A_TIME, Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > max_pixels:
                raise ImageFileError(f"{name} has more than {max_pixels / 1e6:g} megapixels.")
            unpacked = extract_ink(image)
    except FileNotFoundError as error:
        raise ImageFileError(f"There is no file {name}.") from error
    except UnidentifiedImageError as error:
        raise ImageFileError(f"{name} is not an image.") from error
    except ImageFileError:
        raise
    except Exception as error:  # from a decoder that met damaged bytes: it can be any
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageFileError(f"{name} cannot be read as an image ({reason}).") from error
    return form(unpacked)


def extract_ink(image: Image.Image) -> Pixels:
    """The ink of any picture, dark on light or light on dark, transparent or not: (H, W).

    The median of the border is the paper. A transparent picture is put on the paper, black or
    white, that contrasts with it.
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
    gray = np.asarray(picture).astype(np.float32)
    paper = np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]))
    contrast = paper - gray if paper > 127 else gray - paper
    strongest = float(contrast.max())
    if strongest < MIN_CONTRAST:
        return np.zeros(gray.shape, np.uint8)
    strength = contrast / strongest
    return np.where(strength < FAINT_INK, 0, 255 * strength).astype(np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """An image of 16 or 32 bits or floats in 8 bits; Pillow would turn bright shades white."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    full = max(float(values.max()), 1.0 if image.mode == "F" else 255.0)
    return Image.fromarray((255 / full * values.clip(0)).astype(np.uint8))
