"""The picture that a page is about, before a network has seen it.

One example: a 3 on the canvas is an `InputImage` of 28 x 28 pixels in the form of MNIST, with the
280 x 280 ink that it was made from, called "your drawing", one digit, its label unknown.
"""

from dataclasses import dataclass, replace

from core.data.drawing import Pixels, Strokes, is_dot, rasterize
from core.data.photo import PhotoReading
from core.data.pieces import cut_digits
from core.specs import DatasetSpec


@dataclass(frozen=True)
class InputImage:
    """A picture as a network is given it, and where it comes from."""

    pixels: Pixels  # uint8 (28, 28), in the form of the data set
    source: str  # the name in `SOURCES`; "" for an example that stands in
    title: str  # in words: "your drawing"; "" for an example that stands in
    ink: Pixels | None = None  # uint8 (280, 280), of a drawing
    label: int | None = None  # its class, where known: of a test image or an example, or told
    digits: tuple[Pixels, ...] = ()  # uint8 (28, 28), of each digit where several stand apart
    reading: PhotoReading | None = None  # the way from a photo to its ink, where it is read as that

    @property
    def digit_count(self) -> int:
        """How many digits stand apart; garments may come in pairs and count as one."""
        return max(1, len(self.digits))


def image_of_drawing(
    strokes: Strokes, spec: DatasetSpec, source: str, title: str
) -> InputImage | None:
    """A drawing in the form of a data set; None for an empty canvas and for a dot."""
    if is_dot(strokes):
        return None
    ink = rasterize(strokes)
    pixels = spec.form(ink)
    if pixels is None:
        return None
    digits = forms_of(cut_digits(ink), spec) if spec.is_digits else ()
    return InputImage(pixels, source, title, ink, digits=digits)


def image_of_photo(
    reading: PhotoReading, spec: DatasetSpec, source: str, title: str
) -> InputImage | None:
    """A photo in the form of a data set; None if nothing is to be seen on it.

    For a network of photos of things it is the photo itself, and not its ink.
    """
    if spec.photo_form:
        pixels = spec.photo_form(reading.photo)
        return None if pixels is None else InputImage(pixels, source, title)
    pixels = spec.form(reading.ink)
    if pixels is None:
        return None
    digits = forms_of(reading.digits, spec) if spec.is_digits else ()
    return InputImage(pixels, source, title, digits=digits, reading=reading)


def forms_of(inks: tuple[Pixels, ...], spec: DatasetSpec) -> tuple[Pixels, ...]:
    """Each of several digits in the form of the data set; () for a single one."""
    formed = [spec.form(ink) for ink in inks] if len(inks) > 1 else []
    return tuple(pixels for pixels in formed if pixels is not None)


def example_image(spec: DatasetSpec) -> InputImage:
    """The example that stands in where a visitor has no picture."""
    image = image_of_drawing(spec.example, spec, source="", title="")
    assert image  # an example has ink
    return replace(image, label=spec.example_label)
