"""What a browser asks the live channel is read with suspicion."""

import base64
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


def test_a_drawing_of_two_digits_is_cut_again_and_of_one_comes_with_its_pixels(pen):
    eleven = (((60.0, 60.0), (60.0, 220.0)), ((180.0, 60.0), (200.0, 220.0)))
    pen(eleven)
    session, spec = session_of(opened(draw_page)), SPECS["mnist"]
    image = image_of_drawing(eleven, spec, "draw", "your drawing")
    question = question_of(session, image, can_teach=True)
    assert question and (question.digits, question.pixels) == (2, "")
    again = image_of_question(question, spec)
    assert again and again.digit_count == 2
    one = question_of(session, image_of_drawing(SEVEN, spec, "draw", ""), can_teach=False)
    assert one and one.pixels and not one.can_teach


def test_a_photo_of_several_digits_says_how_many_up_to_a_bound(pen):
    session = session_of(opened(draw_page))
    session.source = "upload"
    pixels = np.eye(28, dtype=np.uint8)
    for count, said in ((1, 1), (3, 3), (30, 20)):
        image = InputImage(pixels, "upload", "", digits=(pixels,) * count if count > 1 else ())
        question = question_of(session, image, can_teach=True)
        assert question and question.digits == said
        assert question.drawing == []
        again = image_of_question(question, SPECS["mnist"])
        assert again and again.digit_count == said


def test_what_the_pen_drew_since_comes_after_what_the_page_knows():
    """The page's points are canvas pixels, the pen's are the browser's, two a canvas pixel."""
    whole = image_of_question(
        read(drawing=[[60, 50, 200, 50]], pen=[[400, 100, 260, 472]]), SPECS["mnist"]
    )
    known = ((60.0, 50.0), (200.0, 50.0)), ((200.0, 50.0), (130.0, 236.0))
    drawn = image_of_drawing(known, SPECS["mnist"], "draw", "your drawing")
    assert whole and drawn and whole.ink is not None and drawn.ink is not None
    assert np.abs(whole.ink.astype(int) - drawn.ink).mean() < 1
    assert (whole.source, whole.title) == ("draw", "your drawing")


def test_pixels_stand_for_a_drawing_until_the_pen_moves():
    pixels = base64.b64encode(bytes(783) + b"\xff").decode()
    resting = image_of_question(read(pixels=pixels), SPECS["mnist"])
    assert resting and resting.ink is None and resting.pixels[27, 27] == 255
    moving = image_of_question(read(pixels=pixels, pen=[[0, 0, 9, 90]]), SPECS["mnist"])
    assert moving and moving.ink is not None


@pytest.mark.parametrize(("points", "long"), [(300, False), (301, True)])
def test_a_drawing_of_more_than_300_points_is_long(points, long):
    half = points // 2
    question = read(drawing=[[1, 2] * half], pen=[[3, 4] * (points - half)])
    assert (question.points, question.is_long) == (points, long)


@pytest.mark.parametrize(("points", "fine"), [(1_500, True), (1_501, False)])
def test_a_question_has_at_most_1500_points(points, fine):
    try:
        assert read(drawing=[[1, 2] * points]).points == points and fine
    except QuestionError as error:
        assert not fine and str(error) == "No question: more than 1,500 points"


@pytest.mark.parametrize(("points", "asks"), [(750, True), (751, False)])
def test_half_of_the_points_are_left_for_the_pen(pen, points, asks):
    session = session_of(opened(draw_page))
    line = tuple((float(at % 280), float(at // 280)) for at in range(points))
    session.canvas = session.canvas.show((line,))
    assert bool(question_of(session, None, can_teach=True)) is asks
