"""From strokes to the form that MNIST's images have."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from core.data.drawing import (
    CANVAS_SIDE,
    DOT_SIDE,
    PEN_WIDTH,
    Pixels,
    fashion_form,
    is_dot,
    mnist_form,
    rasterize,
    significance,
    simplify,
    thin,
)
from core.data.photo import read_photo
from tests.support.pictures import SEVEN, difference, extent

places = some.tuples(*[some.floats(0, CANVAS_SIDE - 1)] * 2)
strokes = some.lists(
    some.lists(places, min_size=1, max_size=12).map(tuple), min_size=1, max_size=5
).map(tuple)


def center_of_mass(image: Pixels) -> tuple[float, float]:
    mass = image.astype(float)
    rows, columns = np.indices(image.shape)
    return (mass * rows).sum() / mass.sum(), (mass * columns).sum() / mass.sum()


@pytest.fixture
def seven() -> Image.Image:
    """White on black, as on the canvas."""
    return Image.fromarray(rasterize(SEVEN))


@pytest.fixture
def form(seven) -> Pixels:
    """The seven in MNIST form."""
    found = mnist_form(np.asarray(seven))
    assert found is not None
    return found


# --- MNIST form


def test_the_images_of_mnist_are_in_mnist_form_already(mnist):
    images = mnist.val.images[:2000, 0].numpy()
    unchanged = [np.array_equal(mnist_form(image), image) for image in images]
    assert sum(unchanged) >= 1900


def test_an_image_of_mnist_comes_back_from_anywhere_on_a_larger_paper(mnist):
    rng = np.random.default_rng(0)
    for image in mnist.val.images[:50, 0].numpy():
        paper = np.zeros((280, 280), np.uint8)
        top, left = rng.integers(0, 252, 2)
        paper[top : top + 28, left : left + 28] = image
        assert difference(mnist_form(paper), mnist_form(image)) == 0


def test_an_image_of_mnist_comes_back_from_ten_times_its_size(mnist):
    for image in mnist.val.images[:50, 0].numpy():
        large = image.repeat(10, 0).repeat(10, 1)
        assert difference(mnist_form(large), mnist_form(image)) < 0.5


@given(drawn=strokes)
def test_the_longer_side_is_20_and_all_of_it_is_inside(drawn):
    image = mnist_form(rasterize(drawn))
    assert image is not None
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert max(extent(image)) in (19, 20)  # a faint edge may round to nothing


@given(drawn=strokes)
def test_the_center_of_mass_is_in_the_middle_or_as_near_as_fits(drawn):
    image = mnist_form(rasterize(drawn))
    for axis, middle in enumerate(center_of_mass(image)):
        lines = np.flatnonzero(image.any(1 - axis))
        at_the_edge = lines[0] == 0 or lines[-1] == 27
        assert abs(middle - 14) <= 0.501 or at_the_edge


@given(drawn=strokes, shift=some.tuples(some.integers(0, 100), some.integers(0, 100)))
def test_it_does_not_matter_where_it_is_drawn(drawn, shift):
    picture = rasterize(drawn)
    moved = np.pad(picture, [(by, 100 - by) for by in shift])
    assert np.array_equal(mnist_form(moved), mnist_form(picture))


@pytest.mark.parametrize("size", [110, 220, 560, 2100])
def test_it_does_not_matter_how_large_it_is_drawn(seven, form, size):
    scaled = seven.resize((size, size), Image.Resampling.LANCZOS)
    ink = read_photo(np.asarray(scaled)).ink
    assert difference(mnist_form(ink), form) < 8
    assert difference(mnist_form(np.rot90(ink)), form) > 16  # what is another picture


def test_a_thin_line_on_a_large_paper_is_not_faint():
    paper = Image.new("L", (2000, 2000))
    ImageDraw.Draw(paper).line((100, 100, 1900, 1500), fill=255, width=3)
    image = mnist_form(np.asarray(paper))
    assert image.max() == 255


def test_proportions_are_kept():
    tall = mnist_form(np.full((100, 10), 255, np.uint8))
    assert extent(tall) == (20, 2)
    assert extent(mnist_form(np.full((3, 300), 255, np.uint8))) == (1, 20)


def test_a_single_pixel_becomes_a_dot():
    assert extent(mnist_form(np.full((1, 1), 255, np.uint8))) == (20, 20)


def test_no_ink_is_no_picture():
    assert mnist_form(np.zeros((280, 280), np.uint8)) is None


def test_specks_too_small_to_be_seen_are_no_picture():
    specks = np.zeros((2000, 2000), np.uint8)
    specks[0, 0] = specks[-1, -1] = 255
    assert mnist_form(specks) is None


def test_the_drawing_is_not_edited():
    picture = np.array(rasterize(SEVEN))
    before = picture.copy()
    mnist_form(picture)
    assert np.array_equal(picture, before)


# --- strokes


def distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """From a point to a line between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy or 1)
    along = min(1, max(0, along))
    return math.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


@given(drawn=strokes, x=some.integers(0, CANVAS_SIDE - 1), y=some.integers(0, CANVAS_SIDE - 1))
def test_there_is_ink_where_the_round_pen_has_been(drawn, x, y):
    lines = [
        line for stroke in drawn for line in (pairwise(stroke) if len(stroke) > 1 else [stroke * 2])
    ]
    nearest = min(distance(x, y, *line) for line in lines)
    there = rasterize(drawn)[y, x]
    if nearest < PEN_WIDTH / 2 - 1.5:
        assert there == 255
    if nearest > PEN_WIDTH / 2 + 1.5:
        assert there == 0


def test_no_strokes_leave_the_canvas_blank():
    assert not rasterize(()).any()


def test_a_stroke_of_one_point_is_a_round_dot():
    dot = rasterize((((140, 140),),))
    assert extent(dot) == (PEN_WIDTH, PEN_WIDTH)
    assert dot.sum() / 255 == pytest.approx(math.pi * (PEN_WIDTH / 2) ** 2, rel=0.1)


@given(
    some.lists(
        some.lists(some.tuples(*[some.floats(-1e4, 1e4)] * 2), min_size=1, max_size=4).map(tuple),
        max_size=3,
    ).map(tuple)
)
def test_a_pen_that_leaves_the_canvas_does_no_harm(drawn):
    assert rasterize(drawn).shape == (CANVAS_SIDE, CANVAS_SIDE)


@pytest.mark.parametrize(
    "strokes, dot",
    [
        ((), False),
        ((((100, 100),),), True),
        ((((100, 100), (100 + DOT_SIDE, 100 + DOT_SIDE)),), True),
        ((((100, 100), (101 + DOT_SIDE, 100)),), False),
        ((((100, 100),), ((200, 200),)), False),
        (SEVEN, False),
    ],
)
def test_a_dot_is_a_slip_of_the_pen(strokes, dot):
    assert is_dot(strokes) is dot


wild = some.lists(
    some.lists(some.tuples(*[some.floats(0, 279)] * 2), min_size=1, max_size=40), max_size=20
)


@given(strokes=wild, most=some.integers(40, 200))
def test_thinning_keeps_the_ends_and_the_order_and_the_bound(strokes, most):
    thinned = thin(strokes, most)
    assert sum(map(len, thinned)) <= most
    assert [(s[0], s[-1]) for s in thinned] == [(s[0], s[-1]) for s in strokes]
    for kept, stroke in zip(thinned, strokes, strict=True):
        rest = iter(stroke)
        assert all(point in rest for point in kept)
    if sum(map(len, strokes)) <= most:
        assert thinned == tuple(map(tuple, strokes))


@given(strokes=wild, tolerances=some.lists(some.floats(1, 100), min_size=2, max_size=5))
def test_one_pass_tells_what_each_tolerance_keeps(strokes, tolerances):
    for stroke in strokes:
        distances = significance(stroke, min(tolerances))
        for tolerance in tolerances:
            kept = [p for p, d in zip(stroke, distances, strict=True) if d > tolerance]
            assert tuple(kept) == simplify(stroke, tolerance)


# --- the form of Fashion-MNIST


def test_a_garment_fills_the_image_and_its_box_is_in_the_middle():
    ink = np.zeros((200, 200), np.uint8)
    ink[90:100, 20:160] = 255  # 10 x 140
    image = fashion_form(ink)
    rows, columns = np.nonzero(image)
    assert (rows.min(), rows.max() + 1) == (13, 15)
    assert (columns.min(), columns.max() + 1) == (0, 28)
    upright = fashion_form(ink.T)
    assert upright is not None and np.array_equal(upright.T, image)


def test_a_garment_is_centered_by_its_box_and_not_by_its_mass():
    ink = np.zeros((100, 50), np.uint8)
    ink[:, :5] = 255
    ink[:10, 5:] = 255
    image = fashion_form(ink)
    assert extent(image) == (28, 14)
    assert np.nonzero(image)[1].min() == 7


def test_no_ink_is_no_garment():
    assert fashion_form(np.zeros((280, 280), np.uint8)) is None
