"""The picture that the Draw page shows, for the pages that look at it from elsewhere."""

from collections.abc import Callable
from typing import NamedTuple

from core import drawing
from core.dataset import DatasetSpec
from core.drawing import Pixels, Strokes
from core.fetch import FetchError
from core.link import parse_strokes
from views import state
from views.state import Session, Source

# Stand-ins where nothing is drawn, by data set: a 5 and a pair of trousers.
EXAMPLES = {
    "mnist": parse_strokes("NI8MpfMSCMiFQRzUp4XyWXK-TbXPDaLjI.NI8Xw6"),
    "fashion-mnist": parse_strokes("LgyKzoNDoNgyPw8PTo.XgyYToWDoVgyTQ8Tzo.LgyXgy"),
}


class Picture(NamedTuple):
    """What a page is about, before a network has seen it."""

    image: Pixels  # (28, 28)
    origin: str  # in words; "" for an example that stands in
    drawn: Pixels | None = None  # (280, 280), where it was drawn
    known: int | None = None  # its class: of a test image


def of(session: Session, spec: DatasetSpec) -> Picture:
    """The visitor's picture in the form of a data set or, where there is none, an example."""
    picture = PICTURES[session.source](session, spec) or _drawn(EXAMPLES[spec.name], spec, "")
    assert picture  # an example has ink
    return picture


def _drawn(strokes: Strokes, spec: DatasetSpec, origin: str) -> Picture | None:
    image = drawing.read_strokes(strokes, spec.name)
    return None if image is None else Picture(image, origin, drawing.rasterize(strokes))


def _tested(session: Session, spec: DatasetSpec) -> Picture | None:
    try:
        split = state.test_split(spec.name)
    except FetchError:
        return None  # the Draw page says what to do about it
    index = session.picture
    origin = f"test image {index} of {spec.title}"
    return Picture(split.images[index, 0].numpy(), origin, known=int(split.labels[index]))


def _uploaded(session: Session, spec: DatasetSpec) -> Picture | None:
    try:
        image = state.read_upload(session.upload, spec.name)
    except drawing.DrawingError:
        return None  # none was chosen, or the Draw page says what is wrong with it
    return None if image is None else Picture(image, "your picture")


PICTURES: dict[Source, Callable[[Session, DatasetSpec], Picture | None]] = {
    "draw": lambda session, spec: _drawn(session.canvas.strokes, spec, "your drawing"),
    "test": _tested,
    "upload": _uploaded,
}
