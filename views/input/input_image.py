"""The picture that a page is about, before a network has seen it.

One example: a 3 on the canvas is an `InputImage` of 28 x 28 pixels in the form of MNIST, with the
280 x 280 ink that it was made from, called "your drawing", one digit, its label unknown.
"""

from dataclasses import dataclass

from core.data.drawing import Pixels, Strokes, count_digits, is_dot, rasterize
from core.specs import DatasetSpec


@dataclass(frozen=True)
class InputImage:
    """A picture as a network is given it, and where it comes from."""

    pixels: Pixels  # uint8 (28, 28), in the form of the data set
    source: str  # the name in `SOURCES`; "" for an example that stands in
    title: str  # in words: "your drawing"; "" for an example that stands in
    ink: Pixels | None = None  # uint8 (280, 280), of a drawing
    label: int | None = None  # its class, of a test image
    digit_count: int = 1  # digits side by side; garments may come in pairs and count as one


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
    return InputImage(pixels, source, title, ink, digit_count=digits_on(ink, spec))


def example_image(spec: DatasetSpec) -> InputImage:
    """The example that stands in where a visitor has no picture."""
    image = image_of_drawing(spec.example, spec, source="", title="")
    assert image  # an example has ink
    return image


def digits_on(ink: Pixels, spec: DatasetSpec) -> int:
    """How many digits stand side by side on a picture; 1 for a data set of other things."""
    return count_digits(ink) if spec.is_digits else 1
