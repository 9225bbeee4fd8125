"""From an image file, a stranger's too, to shades of grey and to ink.

A file is told by its first bytes, never by its name, and it is looked through before it is decoded:
a few bytes can ask a decoder for minutes and gigabytes. What is decoded is reduced at once to the
few hundred pixels that a digit needs; of a JPEG, only that many are decoded at all.
"""

import io
import re
import struct
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from core.data.drawing import Form, Pixels, mnist_form
from core.data.photo import PhotoReading, read_photo
from core.errors import UserError

MAX_PIXELS = 25_000_000  # of an image file, unless the caller says otherwise
PHOTO_SIDE = 512  # pixels: of the longer side, reduced; a digit on a full page still has thirty

LARGE = 4_000_000  # pixels; a picture that claims more has bytes that are worth it:
PIXELS_PER_BYTE = 1_000  # at most; a clear page as PNG has some hundreds
MOST_SCANS = 32  # of a progressive JPEG; cameras and programs write 3 to 15
MOST_PARTS = 20_000  # chunks of a PNG, segments of a JPEG, strips of a TIFF
MOST_COMMENT = 1_000_000  # bytes before the first frame of a GIF

# What cameras, browsers and drawing programs write, by the first bytes; nothing else is opened.
SIGNATURES = {
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "GIF": rb"GIF8[79]a",
    "WEBP": rb"RIFF....WEBP",
    "BMP": rb"BM",
    "TIFF": rb"II\*\0|MM\0\*",
    "AVIF": rb"....ftyp(avi[fs]|m[is]f1.{4}(.{4})*avif)",
}
HEIC = rb"....ftyp(hei[cfmsx]|hev[cmsx]|m[is]f1)"  # of an iPhone, which can send JPEGs too

# A decoder's own words name places in the memory, and nothing that one could do.
UNREADABLE = (
    "cannot be read as an image: it may be damaged or not complete. Save it again as a JPEG or PNG."
)

ONE_AT_A_TIME = threading.Lock()  # a large photo takes a hundred megabytes when unpacked


class ImageFileError(UserError):
    """A file that cannot be read as an image."""


def read_image(
    source: Path | BinaryIO, form: Form = mnist_form, max_pixels: int = MAX_PIXELS
) -> Pixels | None:
    """An image file in the form of a data set, uint8 (28, 28), or None if it is blank.

    Raises:
        ImageFileError: as `read_file`.
    """
    return form(read_file(source, max_pixels).ink)


def read_file(source: Path | BinaryIO, max_pixels: int = MAX_PIXELS) -> PhotoReading:
    """What an image file shows.

    Raises:
        ImageFileError: it is missing, not an image, damaged or larger than `max_pixels`.
    """
    return read_photo(read_shades(source, max_pixels))


def read_shades(
    source: Path | BinaryIO, max_pixels: int = MAX_PIXELS, side: int = PHOTO_SIDE
) -> Pixels:
    """An image file in shades of grey, its longer side at most `side`: (H, W).

    Raises:
        ImageFileError: as `read_file`.
    """
    name = str(source) if isinstance(source, Path) else "The file"
    try:
        content = source.read_bytes() if isinstance(source, Path) else source.read()
    except FileNotFoundError as error:
        raise ImageFileError(f"There is no file {name}.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ImageFileError(f"{name} cannot be read as an image ({reason}).") from error
    try:
        kind = check_content(content, name)
        with ONE_AT_A_TIME, Image.open(io.BytesIO(content), formats=(kind,)) as image:
            _check_size(image.width * image.height, len(content), max_pixels, name)
            return shades_of(image, side)
    except ImageFileError:
        raise
    except Exception as error:  # from a decoder that met damaged bytes: it can be any
        raise ImageFileError(f"{name} {UNREADABLE}") from error


def shades_of(image: Image.Image, side: int = PHOTO_SIDE) -> Pixels:
    """Any picture in shades of grey, turned upright, its longer side at most `side`: (H, W).

    A transparent picture is put on the paper, black or white, that contrasts with it.
    """
    image.draft("L", (2 * side, 2 * side))  # only a JPEG can be decoded smaller
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        alpha, shown = colors.getchannel("A"), colors.convert("L")
        weights = np.asarray(alpha)  # what is hardly there hardly counts
        in_dark = weights[np.asarray(shown) < 128].sum(dtype=np.int64)
        dark = 2 * in_dark > weights.sum(dtype=np.int64)
        picture = Image.new("L", image.size, 255 if dark else 0)
        picture.paste(shown, mask=alpha)
    else:
        picture = _eight_bits(image).convert("L")
    picture.thumbnail((side, side), Image.Resampling.BOX)
    turn = image.getexif().get(0x0112)
    if turn:
        picture.getexif()[0x0112] = turn
        picture = ImageOps.exif_transpose(picture)
    return np.asarray(picture)


def _eight_bits(image: Image.Image) -> Image.Image:
    """An image of 16 or 32 bits or floats in 8 bits; Pillow would turn bright shades white.

    A large one is averaged first: in floats it would fill the memory.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    deep = np.asarray(image)
    step = max(1, max(deep.shape) // PHOTO_SIDE)
    height, width = (max(1, side // step) for side in deep.shape)
    down, across = deep.shape[0] // height, deep.shape[1] // width
    blocks = deep[: height * down, : width * across].reshape(height, down, width, across)
    values = np.nan_to_num(blocks.mean((1, 3), dtype=np.float32))
    full = max(float(values.max()), 1.0 if image.mode == "F" else 255.0)
    return Image.fromarray((255 / full * values.clip(0)).astype(np.uint8))


# --- before anything is decoded


def check_content(content: bytes, name: str) -> str:
    """The format of a file, in Pillow's words.

    Raises:
        ImageFileError: it is no picture, or one that would keep a decoder busy.
    """
    head = content[:64]
    matching = (kind for kind, first in SIGNATURES.items() if re.match(first, head, re.DOTALL))
    kind = next(matching, "")
    if not kind and re.match(HEIC, head, re.DOTALL):
        raise ImageFileError(f"{name} is a HEIC photo. Save or send it as a JPEG.")
    if not kind:
        raise ImageFileError(f"{name} is not an image.")
    is_fair = CHECKS.get(kind, lambda content: True)
    if not is_fair(content):
        raise ImageFileError(f"{name} is packed in an unusual way. Save it again as a JPEG or PNG.")
    return kind


def _check_size(pixels: int, size: int, max_pixels: int, name: str) -> None:
    if pixels > max_pixels:
        raise ImageFileError(f"{name} has more than {max_pixels / 1e6:g} megapixels.")
    if pixels > max(LARGE, PIXELS_PER_BYTE * size):
        raise ImageFileError(f"{name} has {pixels / 1e6:.0f} megapixels with nothing in them.")


def _check_png(content: bytes) -> bool:
    """Few chunks: each is a call."""
    place = 8
    for _ in range(MOST_PARTS):
        if place + 8 > len(content):
            return True
        place += 12 + int.from_bytes(content[place : place + 4])
    return False


def _check_jpeg(content: bytes) -> bool:
    """Few segments, and few scans of a progressive picture: each goes over all pixels."""
    place, scans = 2, 0
    for _ in range(MOST_PARTS):
        marker = _MARKER.search(content, place)
        if not marker or marker[1] == b"\xd9":  # the end of the picture
            return True
        scans += marker[1] == b"\xda"
        if scans > MOST_SCANS:
            return False
        place = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2])
    return False


_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)  # with a length after it


def _check_gif(content: bytes) -> bool:
    """Short comments before the first frame: Pillow copies what it has for each next piece."""
    if len(content) < 13:
        return True
    place = 13 + (3 << (content[10] & 7) + 1 if content[10] & 128 else 0)
    start = place
    while content[place : place + 1] == b"!" and place - start < MOST_COMMENT:
        place += 2
        while size := int.from_bytes(content[place : place + 1]):
            place += 1 + size
            if place - start >= MOST_COMMENT:
                return False
        place += 1
    return place - start < MOST_COMMENT


def _check_bmp(content: bytes) -> bool:
    """No run-length encoding: nobody writes it, and Pillow decodes it byte by byte."""
    return content[30:34] not in (b"\1\0\0\0", b"\2\0\0\0")


def _check_tiff(content: bytes) -> bool:
    """Few strips or tiles: each is a line in a list."""
    order = "<" if content[:2] == b"II" else ">"
    (place,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, place)
    for entry in range(count):
        tag, _, parts = struct.unpack_from(f"{order}HHI", content, place + 2 + 12 * entry)
        if tag in (273, 324) and parts > MOST_PARTS:
            return False
    return True


CHECKS = {
    "PNG": _check_png,
    "JPEG": _check_jpeg,
    "GIF": _check_gif,
    "BMP": _check_bmp,
    "TIFF": _check_tiff,
}
