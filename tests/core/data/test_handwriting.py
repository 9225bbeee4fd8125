"""Written digits: legible, in MNIST form, and the same for a seed."""

import numpy as np
import pytest
import torch

from core.data.drawing import CANVAS_SIDE, DIGIT_SIDE
from core.data.handwriting import (
    PEN_WIDTHS,
    STYLES,
    handwritten_digits,
    write_digit,
)
from core.storage import checkpoint


@pytest.mark.parametrize("style", [style for styles in STYLES.values() for style in styles])
def test_a_style_can_be_written_on_the_canvas(style):
    strokes, width = write_digit(style, np.random.default_rng(0))
    assert len(strokes) == len(style.split(","))
    assert PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]
    points = np.concatenate([np.array(stroke) for stroke in strokes])
    assert points.min() >= width / 2 and points.max() <= CANVAS_SIDE - width / 2


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
