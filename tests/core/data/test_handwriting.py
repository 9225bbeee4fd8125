"""Written digits: legible, in MNIST form, and the same for a seed."""

import numpy as np
import pytest
import torch

from core.data import handwriting
from core.data.drawing import CANVAS_SIDE, DIGIT_SIDE
from core.data.handwriting import (
    PEN_WIDTHS,
    POINTS_BETWEEN,
    STYLES,
    _spline,
    _stroke,
    handwritten_digits,
    write_digit,
)
from core.storage import checkpoint


def test_every_style_can_be_written_on_the_canvas():
    for style in (style for styles in STYLES.values() for style in styles):
        strokes, width = write_digit(style, np.random.default_rng(0))
        assert len(strokes) == len(style.split(",")), style
        assert PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1], style
        points = np.concatenate([np.array(stroke) for stroke in strokes])
        assert points.min() >= width / 2 and points.max() <= CANVAS_SIDE - width / 2, style


def test_written_digits_have_mnist_form():
    images, labels = handwritten_digits(40, seed=3)
    assert images.shape == (40, 1, 28, 28) and images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels, minlength=10).tolist() == [4] * 10
    for image in images[:, 0]:
        rows, columns = image.any(1).nonzero()[0], image.any(0).nonzero()[0]
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == DIGIT_SIDE


def test_a_seed_fixes_the_digits():
    first, again, other = (handwritten_digits(30, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_written_digits_are_legible():
    """A network that never saw one reads most of them: they are the digits they are meant to be."""
    images, labels = map(torch.from_numpy, handwritten_digits(500, seed=0))
    model, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    with torch.inference_mode():
        said = model(images, torch.zeros_like(labels)).labels
    for digit in range(10):
        mine = labels == digit
        assert (said[mine] == digit).float().mean() > 0.7, digit


def test_hands_lean_to_the_right_on_average():
    rng = np.random.default_rng(0)
    stems = [write_digit("50 59", rng)[0][0] for _ in range(200)]
    assert np.mean([top[0] - bottom[0] for top, *_, bottom in stems]) > 0


@pytest.fixture(scope="module")
def written() -> list[tuple[np.ndarray, int]]:
    """The points and the pen of many digits."""
    rng = np.random.default_rng(1)
    many = [write_digit("50 22 15 28 49 77 84 72 50", rng) for _ in range(600)]
    return [(np.concatenate([np.array(stroke) for stroke in drawn]), pen) for drawn, pen in many]


def test_digits_are_as_large_as_people_draw_them(written):
    sizes = [np.ptp(points, axis=0).max() for points, _ in written]
    assert 90 <= min(sizes) < 95 and 225 < max(sizes) <= 230


def test_all_pens_are_used(written):
    assert {pen for _, pen in written} == set(range(12, 29))


def test_as_many_digits_are_wide_as_narrow(monkeypatch):
    """The aspect is drawn on a logarithmic scale, so half are below the root of 0.55 x 1.4."""
    for name in ("WOBBLE", "DRIFT", "MAX_TURN"):
        monkeypatch.setattr(handwriting, name, 0.0)
    monkeypatch.setattr(handwriting, "SLANTS", (0.0, 0.0))
    monkeypatch.setattr(handwriting, "WAISTS", (1.0, 1.0))
    rng = np.random.default_rng(0)
    squares = [np.array(write_digit("00/ 90/ 99", rng)[0][0]) for _ in range(600)]
    aspects = [np.divide(*np.ptp(square, axis=0)) for square in squares]
    assert 0.55 <= min(aspects) < 0.57 and 1.38 < max(aspects) <= 1.4
    assert np.median(aspects) == pytest.approx(0.8775, abs=0.04)


def test_a_waist_gives_the_upper_part_more_room_or_less(monkeypatch):
    for name in ("WOBBLE", "DRIFT", "MAX_TURN"):
        monkeypatch.setattr(handwriting, name, 0.0)
    monkeypatch.setattr(handwriting, "SLANTS", (0.0, 0.0))
    rng = np.random.default_rng(0)
    bars = [np.array(write_digit("00/ 03/ 09", rng)[0][0])[:, 1] for _ in range(200)]
    upper = [(bar[2] - bar[0]) / (bar[-1] - bar[0]) for bar in bars]
    assert min(upper) == pytest.approx((1 / 3) ** 1.35, abs=0.01)
    assert max(upper) == pytest.approx((1 / 3) ** 0.75, abs=0.01)


def test_a_digit_stands_in_the_middle_of_the_canvas(written):
    for points, _ in written:
        middle = (points.min(0) + points.max(0)) / 2
        assert middle == pytest.approx([CANVAS_SIDE / 2] * 2, abs=0.01)


def test_a_spline_goes_through_its_points():
    points = np.array([[0.0, 0.0], [1.0, 3.0], [4.0, 4.0], [6.0, 0.0]])
    curve = _spline(points)
    assert len(curve) == 3 * POINTS_BETWEEN + 1
    assert curve[::POINTS_BETWEEN] == pytest.approx(points)
    assert np.array_equal(_spline(points[:2]), points[:2])


def test_a_slash_makes_a_sharp_corner(monkeypatch):
    monkeypatch.setattr(handwriting, "WOBBLE", 0.0)
    rng = np.random.default_rng(0)
    sharp, round_ = (_stroke(text, rng) for text in ("00 90/ 99", "00 90 99"))
    assert sharp.tolist() == [[0, 0], [9, 0], [9, 0], [9, 9]]
    assert len(round_) == 2 * POINTS_BETWEEN + 1
