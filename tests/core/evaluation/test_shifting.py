"""Pictures that are shifted or inverted."""

import numpy as np
import pytest

from core.evaluation.shifting import invert, share_read, shift_right

ROW = np.arange(28, dtype=np.uint8)
IMAGE = np.tile(ROW, (28, 1))


@pytest.mark.parametrize("pixels", [0, 1, 14])
def test_what_moves_to_the_right_leaves_black_behind(pixels):
    moved = shift_right(IMAGE, pixels)
    assert moved[0].tolist() == [0] * pixels + list(range(28 - pixels))
    assert IMAGE[0].tolist() == list(range(28))  # the given one stays


def test_black_and_white_are_swapped():
    assert invert(IMAGE)[0].tolist() == [255 - value for value in range(28)]


def test_the_further_the_fewer_are_read(shipped, mnist):
    model, some = shipped[0], mnist.test.first(200)
    at_home, far, inverted = (
        share_read(model, some, pixels, is_inverted)
        for pixels, is_inverted in ((0, False), (14, False), (0, True))
    )
    assert at_home > 0.97
    assert far < 0.4
    assert inverted < 0.5
