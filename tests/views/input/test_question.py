"""What a browser asks the live channel is read with suspicion."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from core.specs import SPECS
from tests.support.pages import draw_page, opened, session_of
from tests.support.pictures import SEVEN
from views.input.input_image import InputImage, image_of_drawing
from views.input.question import (
    MAX_QUESTION_POINTS,
    Question,
    QuestionError,
    image_of_question,
    parse_question,
    question_of,
)

GOOD = {"network": "mnist", "addend": 4, "source": "draw", "drawing": [[60, 50, 200, 50]]}
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
)


def read(**changes: object) -> Question:
    return parse_question(json.dumps(GOOD | changes))


@given(some.text() | some.binary() | JSON.map(json.dumps))
@example("[" * 100_000)
@example('{"network": "mnist", "addend": 4, "source": "draw", "pen": [[NaN, 1]]}')
def test_junk_is_no_question_and_no_other_error(junk):
    with pytest.raises(QuestionError):
        parse_question(junk)


@given(some.dictionaries(some.sampled_from([*Question.__struct_fields__, "more"]), JSON))
def test_a_question_with_junk_in_it_is_a_picture_or_refused(changes):
    try:
        question = read(**changes)
        image = image_of_question(question, SPECS["mnist"])
    except QuestionError:
        return
    assert image is None or image.pixels.shape == (28, 28)


@pytest.mark.parametrize(
    "changes",
    [
        {"addend": 10},
        {"addend": -1},
        {"addend": 1.5},
        {"network": "../../etc/passwd"},
        {"network": "quick"},  # not shipped
        {"source": "else"},
        {"label": 10},
        {"digits": 0},
        {"pen": [[1e9, 0]]},
        {"pen": [[0]]},
        {"pen": [[0, 1]] * 61},
        {"pen": [[0, 1] * MAX_QUESTION_POINTS]},
    ],
)
def test_what_is_out_of_bounds_is_refused(changes):
    with pytest.raises(QuestionError, match="No question"):
        read(**changes)


@pytest.mark.parametrize("pixels", ["", "AAAA", "?" * 784, "A" * 1048])
def test_pixels_that_are_no_picture_are_refused(pixels):
    with pytest.raises(QuestionError):
        image_of_question(read(source="test", pixels=pixels), SPECS["mnist"])


def test_what_the_page_says_comes_back_as_the_same_picture(pen):
    pen(SEVEN)
    session = session_of(opened(draw_page, n="4"))
    spec = SPECS["mnist"]
    image = image_of_drawing(session.canvas.strokes, spec, "draw", "your drawing")
    question = question_of(session, image, can_teach=True)
    assert question
    again = image_of_question(parse_question(msgspec.json.encode(question)), spec)
    assert again and image and np.array_equal(again.pixels, image.pixels)
    assert (again.source, again.digit_count) == (image.source, image.digit_count)
    assert (question.addend, question.network, question.can_teach) == (4, "mnist", True)


def test_a_picture_that_is_no_drawing_comes_back_with_its_label(pen):
    session = session_of(opened(draw_page))
    session.source = "test"
    image = InputImage(np.eye(28, dtype=np.uint8) * 200, "test", "test image 4", label=7)
    question = question_of(session, image, can_teach=True)
    assert question
    again = image_of_question(question, SPECS["mnist"])
    assert again and np.array_equal(again.pixels, image.pixels)
    assert (again.source, again.label, question.can_teach) == ("test", 7, False)


def test_there_is_no_question_without_a_picture_or_about_too_long_a_drawing(pen):
    session = session_of(opened(draw_page))
    assert question_of(session, None, can_teach=True)  # of an empty canvas
    session.source = "upload"
    assert question_of(session, None, can_teach=True) is None
    pen((tuple((float(x % 280), float(x // 280)) for x in range(MAX_QUESTION_POINTS)),))
    session = session_of(opened(draw_page))
    image = image_of_drawing(session.canvas.strokes, SPECS["mnist"], "draw", "")
    assert question_of(session, image, can_teach=True) is None
