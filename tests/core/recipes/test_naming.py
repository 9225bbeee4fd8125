"""What a recipe is, in a few words."""

import pytest

from core.recipes.naming import recipe_words
from core.recipes.presets import PRESETS
from core.specs import OwnData, own_spec

QUICK = PRESETS["quick"].recipe


@pytest.mark.parametrize(
    ("settings", "bug", "words"),
    [
        ({}, "", "usual settings"),
        ({"width": 4}, "", "width 4"),
        ({"epochs": 3}, "", "3 epochs"),
        ({"sum_weight": 0.1}, "", "weight of the sum 0.1"),
        ({"dataset": "fashion-mnist"}, "", "garments"),
        ({}, "relu", "broken: ReLU on the logits"),
        ({"lr": 0.1, "width": 4, "epochs": 2, "seed": 7}, "", "2 epochs, learning rate 0.1, "
         "width 4, 1 more"),
        ({"lr": 0.1, "width": 4, "epochs": 2}, "", "2 epochs, learning rate 0.1, width 4"),
        ({"dataset": "fashion-mnist", "width": 4}, "relu", "broken: ReLU on the logits, garments, "
         "width 4"),
        ({}, "shared-softmax", "broken: One softmax across both heads"),  # it needs another head
    ],
)  # fmt: skip
def test_a_recipe_is_what_differs_from_its_preset(settings, bug, words):
    assert recipe_words("quick", QUICK.change(settings).with_bug(bug)) == words


def test_a_preset_that_nobody_knows_is_compared_with_the_quick_one():
    assert recipe_words("theirs", QUICK.change({"width": 8})) == "width 8"


def test_ones_own_pictures_are_called_by_their_title():
    own = own_spec(OwnData("Oak leaves", ("a", "b"), "photo", 0.3, 0.3, "0" * 32))
    assert recipe_words("quick", QUICK.change({"dataset": own.name})) == "Oak leaves"
