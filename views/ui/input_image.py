"""The picture that the Draw page shows, for the pages that look at it from elsewhere."""

from collections.abc import Callable
from typing import NamedTuple

from core.data.download import DownloadError
from core.data.drawing import Pixels, Strokes, image_of_strokes, rasterize
from core.data.image_files import ImageFileError
from core.specs import DatasetSpec
from views.session import networks
from views.session.session import InputSource, Session


class InputImage(NamedTuple):
    """What a page is about, before a network has seen it."""

    image: Pixels  # (28, 28)
    origin: str  # in words; "" for an example that stands in
    drawn: Pixels | None = None  # (280, 280), where it was drawn
    known: int | None = None  # its class: of a test image


def input_image(session: Session, spec: DatasetSpec) -> InputImage:
    """The visitor's picture in the form of a data set or, where there is none, an example."""
    picture = PICTURES[session.source](session, spec) or _drawn(spec.example, spec, "")
    assert picture  # an example has ink
    return picture


def _drawn(strokes: Strokes, spec: DatasetSpec, origin: str) -> InputImage | None:
    image = image_of_strokes(strokes, spec.form)
    return None if image is None else InputImage(image, origin, rasterize(strokes))


def _tested(session: Session, spec: DatasetSpec) -> InputImage | None:
    try:
        split = networks.test_split(spec.name)
    except DownloadError:
        return None  # the Draw page says what to do about it
    index = session.picture
    origin = f"test image {index} of {spec.title}"
    return InputImage(split.images[index, 0].numpy(), origin, known=int(split.labels[index]))


def _uploaded(session: Session, spec: DatasetSpec) -> InputImage | None:
    try:
        image = networks.read_upload(session.upload, spec.name)
    except ImageFileError:
        return None  # none was chosen, or the Draw page says what is wrong with it
    return None if image is None else InputImage(image, "your picture")


PICTURES: dict[InputSource, Callable[[Session, DatasetSpec], InputImage | None]] = {
    "draw": lambda session, spec: _drawn(session.canvas.strokes, spec, "your drawing"),
    "test": _tested,
    "upload": _uploaded,
}
