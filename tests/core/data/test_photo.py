"""From photos to ink: whatever the light, the paper and the frame, the digit is what is left."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from core.data.drawing import mnist_form, rasterize
from core.data.photo import (
    Line,
    even_light,
    find_lines,
    is_light_ink,
    read_photo,
    run_lengths,
    without_lines,
)
from core.data.pieces import cut_digits
from core.evaluation.prediction import predict
from core.storage import checkpoint
from tests.support.scenes import SCENES, digit_ink, pair, photograph
from tests.support.shapes import draw_shape

MODEL, CARD = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")


def answer(ink: np.ndarray) -> int | None:
    """What the network stands by; None where it reads nothing."""
    pixels = mnist_form(ink)
    if pixels is None:
        return None
    said = predict(MODEL, pixels, 0, CARD.doubt_level)
    return said.label if said.is_readable else None


def plain_digit(digit: int, rng: np.random.Generator) -> np.ndarray:
    """One that the network reads well when it is drawn: what is tested is the photo."""
    while answer(ink := digit_ink(digit, rng)) != digit or len(cut_digits(ink)) != 1:
        pass
    return ink


@pytest.mark.parametrize("kind", SCENES)
def test_a_digit_is_read_on_every_kind_of_photo(kind):
    rng = np.random.default_rng(1)
    readings = [read_photo(photograph(kind, plain_digit(d, rng), rng)) for d in range(10)]
    assert [len(reading.digits) for reading in readings] == [1] * 10
    assert sum(answer(reading.ink) == d for d, reading in enumerate(readings)) >= 9


@pytest.mark.parametrize("kind", SCENES)
def test_empty_paper_is_never_a_digit(kind):
    rng = np.random.default_rng(2)
    for _ in range(4):
        reading = read_photo(photograph(kind, None, rng))
        assert len(reading.digits) != 1 or answer(reading.ink) is None


@pytest.mark.parametrize("stacked", [False, True], ids=["side by side", "stacked"])
def test_digits_that_stand_apart_are_cut(stacked):
    rng = np.random.default_rng(3)
    right = 0
    for first in range(10):
        second = (3 * first + 1) % 10
        inks = plain_digit(first, rng), plain_digit(second, rng)
        found = read_photo(pair(inks, stacked, rng)).digits
        right += sorted(map(answer, found), key=str) == sorted([first, second], key=str)
    assert right >= 9


def test_the_steps_have_the_size_of_the_photo():
    rng = np.random.default_rng(4)
    reading = read_photo(photograph("shadow", digit_ink(5, rng), rng)[:, 100:500])
    steps = (reading.photo, reading.evened, reading.ink, *reading.digits)
    assert {(step.shape, step.dtype) for step in steps} == {((600, 400), np.dtype(np.uint8))}


@settings(max_examples=60, deadline=None)
@given(
    shape=some.tuples(some.integers(1, 90), some.integers(1, 90)),
    seed=some.integers(0, 2**32 - 1),
    coarse=some.integers(1, 30),
)
def test_any_shades_are_read(shape, seed, coarse):
    shades = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    reading = read_photo(shades // coarse * coarse)
    assert reading.ink.shape == shape
    assert bool(reading.digits) == bool(reading.ink.any())
    whole = np.max([np.zeros(shape, np.uint8), *reading.digits], axis=0)
    assert np.array_equal(whole, reading.ink)  # a digit is a part, and no ink is lost


@pytest.mark.parametrize("kind", ["plain", "slope", "shadow", "sheet", "strip", "ruled"])
@pytest.mark.parametrize("negative", [False, True])
def test_ink_is_told_from_paper_by_which_is_rarer(kind, negative):
    rng = np.random.default_rng(5)
    photo = photograph(kind, digit_ink(4, rng), rng)
    assert is_light_ink(255 - photo if negative else photo) == negative


def test_light_is_evened_and_edges_of_shadows_leave_nothing():
    shadow = np.full((300, 300), 220, np.uint8)
    shadow[:, 150:] = 120
    assert even_light(shadow).mean() > 253
    assert not read_photo(shadow).ink.any()


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("desk", [0, 20])
@pytest.mark.parametrize("margin", [40, 60])
def test_a_sheet_on_a_black_desk_is_read(margin, desk, negative):
    rng = np.random.default_rng(6)
    for digit in (1, 4, 5, 7, 8):
        sheet = 255 - plain_digit(digit, rng)
        photo = np.pad(sheet, margin, constant_values=desk)
        assert answer(read_photo(255 - photo if negative else photo).ink) == digit


def test_what_is_dark_all_over_has_no_ink():
    assert (even_light(np.zeros((300, 300), np.uint8)) == 255).all()


def test_thin_ink_on_a_small_grainy_picture_is_no_shadow():
    """A picture of 128 pixels is smoothed as much as one of 512; its strokes are as sharp."""
    rng, grain = random.Random(0), np.random.default_rng(0)
    for _ in range(60):
        small = draw_shape("A", rng).resize((128, 128), Image.Resampling.BOX)
        noisy = np.asarray(small) + grain.normal(0, 3, (128, 128))
        assert read_photo(noisy.clip(0, 255).astype(np.uint8)).ink.any()


def test_a_ruled_line_goes_and_the_stem_of_a_seven_stays():
    mask = np.zeros((300, 300), bool)
    mask[200:203] = True
    mask[60:240, 150:160] = True
    left = without_lines(mask)
    assert not left[200:203, :140].any() and not left[200:203, 170:].any()
    assert left[60:240, 150:160].all()


THIN = {  # digits that nearly fill the picture, with a margin `m`
    1: lambda m: (((140, m), (140, 279 - m)),),
    4: lambda m: (((140, m), (m, 170), (279 - m, 170)), ((180, 100), (180, 279 - m))),
    7: lambda m: (((m, m), (279 - m, m), (110, 279 - m)),),
}


@pytest.mark.parametrize("pen", [3, 4, 5])
@pytest.mark.parametrize("margin", [6, 12, 24])
@pytest.mark.parametrize("digit", THIN)
def test_a_large_thin_digit_keeps_its_bars(digit, margin, pen):
    reading = read_photo(255 - rasterize(THIN[digit](margin), pen))
    assert len(reading.digits) == 1 and answer(reading.ink) == digit


def test_a_stroke_from_edge_to_edge_that_is_all_there_is_stays():
    mask = np.zeros((300, 300), bool)
    mask[:, 150:153] = True
    assert np.array_equal(without_lines(mask), mask)


@pytest.mark.parametrize("rows", [1, 3, 7])
def test_a_line_is_one_line_however_thick_its_pen(rows):
    mask = np.zeros((300, 300), bool)
    mask[100 : 100 + rows] = True
    (line,) = find_lines(mask, run_lengths(mask), 0.3)
    assert line.thickness == rows and line.is_across(300)


@pytest.mark.parametrize(
    ("first", "last", "is_across"),
    [(0, 299, True), (3, 296, True), (4, 299, False), (0, 295, False), (0, 200, False)],
)
def test_a_ruled_line_goes_from_edge_to_edge(first, last, is_across):
    """The bar of a 7 that leaves the picture on one side does not."""
    line = Line(0.0, 100.0, np.arange(first, last + 1), 3.0)
    assert line.is_across(300) is is_across


def test_a_single_long_stroke_is_no_ruled_line():
    mask = np.zeros((300, 300), bool)
    mask[40:260, 150:154] = True
    assert np.array_equal(without_lines(mask), mask)


def test_runs_are_measured_from_top_to_bottom():
    mask = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1]], bool)
    assert run_lengths(mask).tolist() == [[2, 0, 1], [2, 2, 0], [0, 2, 1]]
