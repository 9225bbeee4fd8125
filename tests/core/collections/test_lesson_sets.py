"""The lesson's two data sets: what the biased one teaches, and that the other repairs it."""

import random

import numpy as np
import pytest
import torch

from core.collections.lesson_sets import (
    BIASED,
    LESSON_SETS,
    REPAIRED,
    THICK_PEN,
    lesson_set,
)
from core.data.drawing import PEN_WIDTH, mnist_form, rasterize
from core.recipes.presets import own_recipe
from core.specs import OwnData, own_spec


def drawn_by_hand(count: int = 60) -> np.ndarray:
    """Squares as people draw them with the pen of the canvas: small and large, hardly turned."""
    rng, squares = random.Random(99), []
    for _ in range(count):
        side, wide, turn = rng.uniform(90, 215), rng.uniform(0.85, 1.18), rng.uniform(-0.12, 0.12)
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
        x, y = (np.interp(np.linspace(0, 4, 41), range(5), c) for c in zip(*corners, strict=True))
        across, down = wide * side / 2 * x, side / 2 * y
        turned = across + 1j * down
        turned = turned * np.exp(1j * turn) + complex(140, 140)
        image = mnist_form(
            rasterize((tuple(zip(turned.real, turned.imag, strict=True)),), PEN_WIDTH)
        )
        assert image is not None
        squares.append(image)
    return np.stack(squares)


def share_of_squares_read(own: OwnData, seed: int) -> float:
    """Of squares drawn by hand, by the network that the lesson trains."""
    collection = lesson_set(own_spec(own).name)
    recipe = own_recipe(own_spec(own).name, collection.train_count).change({"seed": seed})
    model = recipe.build()
    for _ in recipe.fit(model, collection.data()):
        pass
    squares = torch.from_numpy(drawn_by_hand())[:, None]
    with torch.inference_mode():
        output = model.eval()(squares, torch.zeros(len(squares), dtype=torch.int64))
    return float((output.labels == 1).float().mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_the_biased_pictures_teach_the_pen_and_the_others_the_shape(seed):
    """Whatever the size of what is drawn: neither may fail before a class."""
    assert share_of_squares_read(BIASED, seed) < 0.1
    assert share_of_squares_read(REPAIRED, seed) > 0.9


def test_people_draw_with_what_is_a_thick_pen_there():
    assert THICK_PEN[0] <= PEN_WIDTH <= THICK_PEN[1]


@pytest.mark.parametrize("name", LESSON_SETS)
def test_they_are_the_same_wherever_they_are_drawn(name):
    found = lesson_set(name)
    assert found.spec.name == name
    assert found.counts == [60, 60]
    shades = found.images[found.parts == "train"] / 255
    assert found.spec.mean == pytest.approx(float(shades.mean()), abs=0.02)
    assert found.spec.std == pytest.approx(float(shades.std()), abs=0.02)
