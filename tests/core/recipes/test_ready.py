"""What the settings allow can be trained, saved and read again."""

import math

import pytest

from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS, Choice, SettingError

BOUNDS = [
    (name, value)
    for name, setting in SETTINGS.items()
    for value in (setting.options if isinstance(setting, Choice) else (setting.low, setting.high))
]
STARTS = ("nothing", "shipped")


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("name", "bound"), BOUNDS)
def test_each_bound_is_refused_before_training_or_can_be_read_again(preset, name, bound):
    for start in STARTS:
        try:
            ready = PRESETS[preset].recipe.change({"start": start, name: bound}).ready()
        except SettingError:
            assert (preset.partition("-")[0], name) == ("fashion", "width")
        else:
            assert Recipe.read(ready.to_dict()) == ready == ready.ready()


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("fusion", ["late", "pixels"])
@pytest.mark.parametrize("start", STARTS)
def test_the_train_page_offers_nothing_that_is_refused(dataset, fusion, start):
    choices = {"dataset": dataset, "fusion": fusion, "start": start}
    for width in (4, 64):
        ready = PRESETS["quick"].recipe.change({**choices, "width": width}).ready()
        assert Recipe.read(ready.to_dict()) == ready


@pytest.mark.parametrize("preset", ["fashion-late", "fashion-pixels"])
def test_a_residual_encoder_that_is_too_wide_says_how_wide_it_may_be(preset):
    recipe = PRESETS[preset].recipe
    with pytest.raises(SettingError) as error:
        recipe.change({"width": 64})
    assert str(error.value) == (
        "width must be at most 55 with the residual encoder of this recipe, not 64."
    )
    widest = recipe.change({"width": 55})
    assert Recipe.read(widest.to_dict()) == widest
    assert widest.model.width == math.isqrt(3 * 64**2 // 4)


@pytest.mark.parametrize("settings", [{"dataset": "fashion-mnist"}, {"fusion": "pixels"}])
def test_no_margin_is_cut_off_that_shows_something(settings):
    """Garments fill the picture, and the number is written into its last row."""
    quick = PRESETS["quick"].recipe
    assert quick.model.margin
    assert quick.change({"lr": 0.3}).model.margin == quick.model.margin
    assert quick.change(settings).model.margin == 0
