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
    draw_outline,
    lesson_set,
)
from core.data.drawing import PEN_WIDTH
from core.recipes.presets import own_recipe


def share_of_squares_read(name: str) -> float:
    """Of squares drawn with the pen of the canvas."""
    collection = lesson_set(name)
    recipe = own_recipe(name, collection.train_count)
    model = recipe.build()
    for _ in recipe.fit(model, collection.data()):
        pass
    rng = random.Random(99)
    squares = np.stack([draw_outline("square", PEN_WIDTH, rng) for _ in range(40)])
    with torch.inference_mode():
        output = model.eval()(
            torch.from_numpy(squares)[:, None], torch.zeros(40, dtype=torch.int64)
        )
    return float((output.labels == 1).float().mean())


def test_the_biased_pictures_teach_the_pen_and_the_others_the_shape():
    assert share_of_squares_read(BIASED.name) < 0.2
    assert share_of_squares_read(REPAIRED.name) > 0.8


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
