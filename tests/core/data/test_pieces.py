"""Which ink is handwriting, and which digit a piece belongs to."""

import numpy as np
import pytest

from core.data.drawing import rasterize
from core.data.pieces import cut_digits, encloses_paper, grow, keep_handwriting
from tests.support.pictures import SEVEN


def bars(*places: tuple[int, int, int, int]) -> np.ndarray:
    """Ink in rectangles: top, left, bottom, right."""
    canvas = np.zeros((280, 280), np.uint8)
    for top, left, bottom, right in places:
        canvas[top:bottom, left:right] = 255
    return canvas


def kept(*places: tuple[int, int, int, int], pale: int = 0) -> np.ndarray:
    """What is kept of rectangles, of which the last is as pale as that where it is not 0."""
    ink = bars(*places).astype(np.float32)
    if pale:
        top, left, bottom, right = places[-1]
        ink[top:bottom, left:right] = pale
    return keep_handwriting(ink > 0, ink, sharp=False)


BODY = (60, 120, 220, 140)


@pytest.mark.parametrize(
    "other",
    [(5, 5, 9, 9), (0, 0, 20, 280), (0, 262, 280, 280)],
    ids=["a speck", "a strip at the top", "a strip at the right"],
)
def test_what_is_no_handwriting_goes(other):
    assert np.array_equal(kept(BODY, other), bars(BODY) > 0)


def test_a_pale_piece_goes():
    assert np.array_equal(kept(BODY, (100, 20, 200, 60), pale=60), bars(BODY) > 0)


def test_a_frame_goes_and_what_it_holds_stays():
    box = [(20, 20, 24, 260), (256, 20, 260, 260), (20, 20, 260, 24), (20, 256, 260, 260)]
    assert np.array_equal(kept(BODY, *box), bars(BODY) > 0)


def test_the_bar_of_a_five_stays():
    bar = (40, 120, 52, 190)
    assert np.array_equal(kept(BODY, bar), bars(BODY, bar) > 0)


def test_a_soft_shadow_is_no_ink_where_ink_is_sharp():
    rows, columns = np.mgrid[-140:140, -140:140]
    soft = (200 * np.exp(-(rows**2 + columns**2) / 3600)).astype(np.float32)
    assert not keep_handwriting(soft > 60, soft, sharp=True).any()
    ink = bars(BODY).astype(np.float32)
    assert keep_handwriting(ink > 0, ink, sharp=True).any()


def test_faint_ink_counts_where_it_goes_on_from_sure_ink():
    contrast = np.zeros((9, 9), np.float32)
    contrast[1, 1:8] = 40
    contrast[1, 4] = 90
    contrast[6, 1:8] = 40
    assert grow(contrast, 30, 80).nonzero()[0].tolist() == [1] * 7


@pytest.mark.parametrize(
    ("places", "count"),
    [
        ((), 0),
        (((50, 50, 200, 80),), 1),
        (((50, 50, 200, 80), (50, 100, 200, 130)), 2),
        (((50, 50, 200, 80), (120, 100, 200, 130)), 2),  # one is smaller, but not by half
        (((50, 50, 200, 80), (150, 100, 200, 130)), 1),  # a speck beside it
        (((50, 50, 200, 80), (50, 80, 90, 130)), 1),  # they touch
        (((40, 50, 60, 200), (90, 60, 200, 190)), 1),  # the hat of a 5
        (((50, 0, 200, 30), (50, 100, 200, 130), (50, 250, 200, 280)), 3),  # to the edges
        (((20, 100, 120, 160), (150, 100, 260, 160)), 2),  # one above the other
        (((50, 60, 140, 130), (60, 120, 220, 128)), 1),  # a 4 of two strokes
    ],
)
def test_digits_that_stand_apart_are_counted(places, count):
    assert len(cut_digits(bars(*places))) == count


def test_a_crossed_seven_is_one_digit():
    assert len(cut_digits(rasterize(SEVEN))) == 1


@pytest.mark.parametrize(
    ("strokes", "is_closed"),
    [
        ([[(60, 60), (200, 60)]], False),  # the first line of a square
        ([[(60, 60), (200, 60), (200, 200), (60, 200)]], False),
        ([[(60, 60), (200, 60), (200, 200), (60, 200), (60, 60)]], True),
        ([[(60, 60), (200, 60)], [(200, 60), (200, 200), (60, 200), (60, 60)]], True),
        ([[(60, 60), (85, 60), (85, 85), (60, 85), (60, 60)]], False),  # a blob
    ],
)
def test_a_line_that_is_closed_goes_around_some_paper(strokes, is_closed):
    assert encloses_paper(rasterize(strokes) > 0) is is_closed


def test_of_two_digits_the_left_one_comes_first_also_where_the_other_is_higher():
    left, higher = (80, 40, 220, 70), (60, 150, 200, 180)
    first, second = cut_digits(bars(left, higher))
    assert np.array_equal(first, bars(left))
    assert np.array_equal(second, bars(higher))


def test_digits_come_from_left_to_right_with_their_small_parts():
    one, two, hat = (80, 150, 220, 180), (80, 40, 220, 70), (50, 155, 60, 200)
    digits = cut_digits(bars(one, two, hat))
    assert [np.array_equal(d, bars(*b)) for d, b in zip(digits, [(two,), (one, hat)], strict=True)]
    assert np.array_equal(digits[0], bars(two))
    assert np.array_equal(digits[1], bars(one, hat))
