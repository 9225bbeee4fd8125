"""What a browser asks the live channel: a picture, a number, and which network shall answer.

One example, while the pen draws the second stroke of a 7 (about 400 bytes):

    {"id": 41, "network": "mnist", "addend": 4, "source": "draw", "down": true,
     "drawing": [[60, 52, 200, 50, 131, 236]], "pen": [[180.5, 280, 191.25, 279.5]]}

The page gives the browser all of it but the pen's strokes: see `question_of`. It comes back from
there, so nothing in it is trusted: every part has bounds, and what it names is looked up again.
"""

import base64
from typing import Annotated, Literal

import msgspec
import numpy as np

from core.data.drawing import IMAGE_SIDE, Stroke
from core.specs import ADDENDS, CLASSES, DatasetSpec
from views.input.input_image import InputImage, image_of_drawing
from views.input.pen import strokes_of_pen
from views.session.canvas_state import MAX_STROKES
from views.session.link import is_network_name
from views.session.session import Session

MAX_QUESTION_POINTS = 1_500  # a digit has about 300
MAX_QUESTION_LENGTH = 100_000  # characters; 1,500 points with all their digits have 60,000
LONG = 300  # points; a stroke of a second has a hundred
MAX_DIGITS = 20  # on one picture
MAX_COORDINATE = 100_000  # of a coordinate; no pen gets there

CanvasNumber = Annotated[float, msgspec.Meta(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]
PenLine = Annotated[list[CanvasNumber], msgspec.Meta(min_length=2)]  # x y x y ...
Lines = Annotated[list[PenLine], msgspec.Meta(max_length=MAX_STROKES)]


class QuestionError(ValueError):
    """No question; says why in a few words."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture and a number for a network."""

    network: Annotated[str, msgspec.Meta(max_length=80)]
    addend: Annotated[int, msgspec.Meta(ge=0, lt=ADDENDS)]
    source: Literal["draw", "test", "upload", "camera"]
    can_teach: bool = False  # may the visitor tell what a drawing was?
    drawing: Lines = []  # whole canvas pixels, as the page knows it
    pen: Lines = []  # drawn since, in pixels of the browser's canvas
    pixels: Annotated[str, msgspec.Meta(max_length=1_100)] = ""  # base64, unless a pen draws
    label: Annotated[int, msgspec.Meta(ge=0, lt=CLASSES)] | None = None
    digits: Annotated[int, msgspec.Meta(ge=1, le=MAX_DIGITS)] = 1
    down: bool = False  # is the pen still drawing?
    id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0  # the browser's, for the answer

    @property
    def points(self) -> int:
        """How many there are, as far as the browser says."""
        return sum(map(len, (*self.drawing, *self.pen))) // 2

    @property
    def is_long(self) -> bool:
        """Does it take long to answer?"""
        return self.points > LONG


_decoder = msgspec.json.Decoder(Question)


def parse_question(text: str | bytes) -> Question:
    """A question from a browser.

    Raises:
        QuestionError: it is no question, or out of bounds.
    """
    if len(text) > MAX_QUESTION_LENGTH:
        raise QuestionError("No question: too long")
    try:
        question = _decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise QuestionError(f"No question: {str(error)[:80]}") from error
    if not is_network_name(question.network):
        raise QuestionError("No question: no name of a network")
    if question.points > MAX_QUESTION_POINTS:
        raise QuestionError(f"No question: more than {MAX_QUESTION_POINTS:,} points")
    return question


def question_of(session: Session, image: InputImage | None, *, can_teach: bool) -> Question | None:
    """The question that a page has just answered, for its browser to ask again with another number
    or with more strokes; None where there is nothing to ask, or too much.

    Without an image it is about an empty canvas, or one with a dot.
    """
    pixels = ""
    if image and (image.source != "draw" or image.digit_count == 1):
        pixels = base64.b64encode(image.pixels.tobytes()).decode()
    if session.source != "draw" and image is None:
        return None
    lines: list[list[float]] = []
    if session.source == "draw":
        lines = [[float(at) for point in line for at in point] for line in session.canvas.strokes]
        if sum(map(len, lines)) > MAX_QUESTION_POINTS:  # half of the points are left for the pen
            return None
    return Question(
        session.link.network,
        session.link.addend,
        session.source,  # type: ignore[arg-type]  # one of SOURCES
        can_teach and session.source == "draw",
        drawing=lines,
        pixels=pixels,
        label=image.label if image else None,
        digits=min(MAX_DIGITS, image.digit_count) if image else 1,
    )


def image_of_question(question: Question, spec: DatasetSpec) -> InputImage | None:
    """The picture that a question is about; None for an empty canvas and for a dot.

    Raises:
        QuestionError: its pixels are no picture of 28 x 28.
    """
    if question.source == "draw" and (question.pen or not question.pixels):
        known = tuple(_points(line) for line in question.drawing)
        drawn = strokes_of_pen([_points(line) for line in question.pen], rough=question.down)
        return image_of_drawing(known + drawn, spec, "draw", "your drawing")
    try:
        content = base64.b64decode(question.pixels, validate=True)
        pixels = np.frombuffer(content, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
    except ValueError as error:
        raise QuestionError("No question: no picture") from error
    digits = (pixels,) * question.digits if question.digits > 1 else ()
    return InputImage(pixels, question.source, "", None, question.label, digits)


def _points(line: list[float]) -> Stroke:
    return tuple(zip(line[::2], line[1::2], strict=False))
