"""Recipes and presets: bounds, junk, and the way through a file and back."""

import json
import math
from dataclasses import FrozenInstanceError, fields

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from core.model import ModelConfig, SumNet
from core.presets import PRESETS
from core.recipe import SETTINGS, Recipe, SettingError
from core.trainer import TrainConfig

QUICK = PRESETS["quick"].recipe

numbers = some.one_of(
    some.integers(), some.floats(), some.integers().map(str), some.floats().map(str)
)
anything = some.one_of(
    numbers, some.text(), some.none(), some.booleans(), some.binary(), some.lists(numbers)
)
valid_settings = some.fixed_dictionaries(
    {
        name: some.integers(int(s.low), int(s.high)) if s.whole else some.floats(s.low, s.high)
        for name, s in SETTINGS.items()
    }
)


def test_the_settings_are_those_of_the_train_page():
    assert set(SETTINGS) == {
        *("epochs", "lr", "batch_size", "width"),
        *("dropout", "sum_weight", "augment", "seed"),
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_bounds_belong_to_what_is_allowed(name):
    setting = SETTINGS[name]
    for bound in (setting.low, setting.high):
        assert QUICK.change({name: bound}).settings()[name] == bound


@pytest.mark.parametrize("name", SETTINGS)
def test_beyond_the_bounds_is_an_error_that_names_them(name):
    setting = SETTINGS[name]
    for value in (setting.low - 1, math.nextafter(setting.high, math.inf) + setting.whole):
        with pytest.raises(SettingError) as error:
            QUICK.change({name: value})
        sentence = str(error.value)
        assert sentence.startswith(f"{name} must be a ")
        assert sentence.endswith(f"from {setting.low:g} to {setting.high:g}, not {value!r}.")


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    "junk",
    ["", "x", "1,5", "0x10", "nan", "inf", "-inf", "1e999", None, [], {}, b"", 1j, 10**400],
    ids=lambda junk: repr(junk)[:20],
)
def test_junk_is_an_error(name, junk):
    with pytest.raises(SettingError):
        SETTINGS[name].check(name, junk)


@pytest.mark.parametrize("name", SETTINGS)
@given(value=anything)
@settings(max_examples=50)
def test_whatever_is_checked_is_refused_or_within_bounds(name, value):
    setting = SETTINGS[name]
    try:
        number = setting.check(name, value)
    except SettingError as error:
        assert "\n" not in str(error)
    else:
        assert setting.low <= number <= setting.high
        assert type(number) is (int if setting.whole else float)


@pytest.mark.parametrize(("text", "number"), [("2", 2), ("2.0", 2), (" 2 ", 2), (2.0, 2)])
def test_a_whole_number_may_come_as_text(text, number):
    checked = SETTINGS["epochs"].check("epochs", text)
    assert checked == number
    assert type(checked) is int


@pytest.mark.parametrize("value", ["2.5", 2.5])
def test_half_an_epoch_is_an_error(value):
    with pytest.raises(SettingError, match=r"epochs must be a whole number from 1 to 50, not"):
        QUICK.change({"epochs": value})


def test_what_is_no_setting_is_an_error():
    with pytest.raises(SettingError, match="'convs' is not a setting; epochs, lr, "):
        QUICK.change({"convs": 3})


def test_a_change_makes_another_recipe_and_changes_nothing_else():
    changed = QUICK.change({"lr": "0.05", "width": 8})
    assert changed.params() == QUICK.params() | {"lr": 0.05, "width": 8}
    assert changed.model.width == 8
    assert changed.train.lr == 0.05
    assert PRESETS["quick"].recipe.settings()["lr"] != 0.05


@pytest.mark.parametrize("config", [Recipe(), Recipe().model, Recipe().train])
def test_a_recipe_is_frozen(config):
    with pytest.raises(FrozenInstanceError):
        setattr(config, fields(config)[0].name, None)


def test_no_name_stands_for_two_values():
    """One flat mapping, one link and one command line name them all."""
    names = [f.name for f in (*fields(ModelConfig), *fields(TrainConfig))]
    assert len(names) == len(set(names))


@given(chosen=valid_settings)
def test_settings_survive_a_file(chosen):
    recipe = QUICK.change(chosen)
    assert recipe.settings() == chosen
    assert Recipe.read(json.loads(json.dumps(recipe.params()))) == recipe


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_a_file(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert Recipe.read(json.loads(json.dumps(preset.recipe.params()))) == preset.recipe


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"magic": 1}, "unknown parameters: magic"),
        ({"epochs": 1000}, "epochs must be"),
        ({"width": "wide"}, "width must be"),
    ],
)
def test_a_file_with_other_or_unreasonable_values_is_refused(params, sentence):
    with pytest.raises(SettingError, match=sentence):
        Recipe.read(QUICK.params() | params)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_builds_its_network(name):
    recipe = PRESETS[name].recipe
    model = recipe.build()
    assert isinstance(model, SumNet)
    assert model.config == recipe.model


def test_the_seed_fixes_the_first_weights():
    one, same, other = (QUICK.change({"seed": s}).build().state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["encoder.0.weight"], other["encoder.0.weight"])


def test_the_presets_are_the_shipped_one_and_the_quick_one():
    assert {"mnist", "quick"} <= set(PRESETS)


@pytest.mark.parametrize("name", [name for name in SETTINGS if SETTINGS[name].choices])
def test_the_choices_of_the_page_are_allowed_and_hold_the_quick_preset(name):
    setting = SETTINGS[name]
    assert list(setting.choices) == sorted(set(setting.choices))
    assert all(setting.check(name, choice) == choice for choice in setting.choices)
    assert QUICK.settings()[name] in setting.choices
