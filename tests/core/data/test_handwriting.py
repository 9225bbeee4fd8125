import numpy as np
import pytest
import torch

from core.data.drawing import CANVAS_SIDE, DIGIT_SIDE
from core.data.handwriting import (
    PEN_WIDTHS,
    STYLES,
    add_handwriting,
    handwritten_digits,
    write_digit,
)
from core.dataset import Data, Split
from core.specs import SPECS
from core.storage import checkpoint


def data(name: str) -> Data:
    split = Split(torch.zeros(50, 1, 28, 28, dtype=torch.uint8), torch.zeros(50, dtype=torch.int64))
    return Data(SPECS[name], split, split, split)


@pytest.mark.parametrize("style", [style for styles in STYLES.values() for style in styles])
def test_a_style_can_be_written_on_the_canvas(style):
    strokes, width = write_digit(style, np.random.default_rng(0))
    assert len(strokes) == len(style.split(","))
    assert PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]
    points = np.concatenate([np.array(stroke) for stroke in strokes])
    assert points.min() >= width / 2 and points.max() <= CANVAS_SIDE - width / 2


def test_written_digits_have_mnist_form():
    split = handwritten_digits(40, seed=3)
    assert split.images.shape == (40, 1, 28, 28) and split.images.dtype == torch.uint8
    assert split.labels.bincount(minlength=10).tolist() == [4] * 10
    for image in split.images[:, 0].numpy():
        rows, columns = image.any(1).nonzero()[0], image.any(0).nonzero()[0]
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == DIGIT_SIDE


def test_a_seed_fixes_the_digits():
    first, again, other = (handwritten_digits(30, seed) for seed in (1, 1, 2))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)


def test_written_digits_are_legible():
    """A network that never saw one reads most of them: they are the digits they are meant to be."""
    split = handwritten_digits(500, seed=0)
    model, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    with torch.inference_mode():
        said = model(split.images, torch.zeros_like(split.labels)).labels
    for digit in range(10):
        mine = split.labels == digit
        assert (said[mine] == digit).float().mean() > 0.7, digit


@pytest.mark.parametrize("share, count", [(0.0, 0), (0.2, 10), (1.0, 50)])
def test_mix_adds_to_the_training_images_alone(share, count):
    before = data("mnist")
    after = add_handwriting(before, share, seed=0)
    assert len(after.train.labels) == len(after.train.images) == 50 + count
    assert after.val is before.val and after.test is before.test


def test_garments_stay_among_themselves():
    before = data("fashion-mnist")
    assert add_handwriting(before, 0.5, seed=0) is before
