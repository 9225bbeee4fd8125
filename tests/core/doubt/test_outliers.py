"""Ink that is no digit: it can be drawn, it varies, and it is not what the benchmark has."""

import numpy as np
import pytest
from scipy import ndimage

from benchmarks import doubt
from core.doubt import outliers
from core.doubt.alphabets import FOREIGN_LETTERS, LETTERS, SIGNS
from core.doubt.outliers import draw_digits, draw_others, draw_several, drawn_style

ALL = (*LETTERS, *FOREIGN_LETTERS, *SIGNS)


def test_every_letter_and_sign_can_be_drawn():
    for style in ALL:
        assert drawn_style(style, np.random.default_rng(0)).any(), style


def test_nothing_is_both_learned_from_and_measured_with():
    assert not {*ALL} & {*doubt.LETTERS, *doubt.SIGNS}


@pytest.mark.parametrize("alphabet", [LETTERS, FOREIGN_LETTERS, SIGNS])
def test_no_alphabet_has_a_drawing_twice(alphabet):
    assert len(set(alphabet)) == len(alphabet)


def test_two_drawings_are_a_letter_and_a_sign():
    """A Greek delta is a triangle, and the Chinese one is a dash."""
    assert not {*LETTERS} & {*FOREIGN_LETTERS, *SIGNS}
    assert {*FOREIGN_LETTERS} & {*SIGNS} == {"50 09/ 99/ 50", "05 95"}


def test_a_seed_fixes_what_is_drawn():
    one, same, other = (draw_others(50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert (one.shape, one.dtype) == ((50, 28, 28), np.uint8)
    assert len({image.tobytes() for image in one}) == 50


@pytest.mark.parametrize("draw", [outliers.invented_letter, outliers.scribble])
def test_styles_of_no_alphabet_are_hardly_ever_the_same(draw):
    rng = np.random.default_rng(0)
    assert len({draw(rng) for _ in range(100)}) > 95


def test_several_digits_touch(monkeypatch):
    monkeypatch.setattr(outliers, "OVERLAP", (0.0, 0.3))
    rng = np.random.default_rng(0)
    apart = 0
    for number in range(60):
        one, other = (drawn_style("50 22 15 28 49 77 84 72 50", rng) for _ in range(2))
        both = outliers.touching(one, other, number % 2 == 0, rng)
        apart += ndimage.label(both > outliers.TOUCHING_INK, np.ones((3, 3)))[1] > 1
        ink = both.sum(dtype=float) / (one.sum(dtype=float) + other.sum(dtype=float))
        assert ink > 0.4  # neither is lost
    assert apart <= 2


def test_several_are_wider_or_higher_than_one():
    rng = np.random.default_rng(0)
    digits = draw_digits(40, rng)
    several = draw_several(40, digits, rng)
    assert several.shape == (40, 28, 28)
    sides = np.array([[several[at].any(axis).sum() for axis in (0, 1)] for at in range(40)])
    wide, high = (sides[:, 0] > sides[:, 1] + 2), (sides[:, 1] > sides[:, 0] + 2)
    assert wide.sum() >= 5 and high.sum() >= 15  # a digit alone is high, too


@pytest.mark.parametrize("is_stacked", [False, True])
def test_of_two_the_second_is_right_of_the_first_or_below_it(is_stacked):
    rng = np.random.default_rng(0)
    square = np.full((40, 40), 255, np.uint8)
    both = outliers.touching(square, square // 2, is_stacked, rng)
    bright, dim = (np.argwhere(ink).mean(0) for ink in (both > 200, (both > 0) & (both < 200)))
    across = 0 if is_stacked else 1
    assert dim[across] > bright[across] + 10
    assert abs(dim[1 - across] - bright[1 - across]) < 10


def test_some_of_several_digits_are_three_and_half_are_written(monkeypatch):
    made: list[str] = []

    def counted(name: str) -> None:
        real = getattr(outliers, name)
        monkeypatch.setattr(outliers, name, lambda *a: made.append(name) or real(*a))

    rng = np.random.default_rng(0)
    digits = draw_digits(10, rng)
    counted("touching")
    counted("write_digit")
    draw_several(60, digits, rng)
    assert 60 < made.count("touching") < 80
    assert 60 <= made.count("write_digit") < 80  # two or three of each in thirty


def test_a_pen_may_be_thin_or_thick():
    rng = np.random.default_rng(0)
    stem = [np.count_nonzero(drawn_style("50 59", rng)[140]) for _ in range(100)]
    assert min(stem) <= 10 and max(stem) >= 25
