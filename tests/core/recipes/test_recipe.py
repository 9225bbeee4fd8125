"""Recipes and presets: bounds, junk, and the way through a file and back."""

import json
import math
from dataclasses import FrozenInstanceError, fields

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from core.heads import FUSIONS, SUM_HEADS
from core.model import ModelConfig, SumNet
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS, SUM_WEIGHTS, Choice, Number, SettingError
from core.specs import SPECS
from core.trainer import TrainConfig, validate

QUICK = PRESETS["quick"].recipe

numbers = some.one_of(
    some.integers(), some.floats(), some.integers().map(str), some.floats().map(str)
)
anything = some.one_of(
    numbers, some.text(), some.none(), some.booleans(), some.binary(), some.lists(numbers)
)
NUMBERS = {name: setting for name, setting in SETTINGS.items() if isinstance(setting, Number)}
CHOICES = {name: setting for name, setting in SETTINGS.items() if isinstance(setting, Choice)}


def valid(setting: Number | Choice) -> some.SearchStrategy[float] | some.SearchStrategy[str]:
    """Any value that a setting may have."""
    if isinstance(setting, Choice):
        return some.sampled_from(list(setting.options))
    if setting.whole:
        return some.integers(int(setting.low), int(setting.high))
    return some.floats(setting.low, setting.high)


valid_settings = some.fixed_dictionaries({name: valid(s) for name, s in SETTINGS.items()})


def test_the_settings_are_those_of_the_train_page():
    assert set(CHOICES) == {"dataset", "fusion", "sum_head", "start"}
    assert set(NUMBERS) == {
        *("images", "epochs", "lr", "batch_size", "width"),
        *("dropout", "sum_weight", "augment", "seed"),
    }


def test_every_network_that_there_is_can_be_chosen():
    assert CHOICES["dataset"].options.keys() == SPECS.keys()
    assert CHOICES["fusion"].options.keys() == FUSIONS.keys()
    assert CHOICES["sum_head"].options.keys() == SUM_HEADS.keys() == SUM_WEIGHTS.keys()


@pytest.mark.parametrize("name", NUMBERS)
def test_bounds_belong_to_what_is_allowed(name):
    setting = NUMBERS[name]
    for bound in (setting.low, setting.high):
        assert QUICK.change({name: bound}).settings()[name] == bound


@pytest.mark.parametrize("name", NUMBERS)
def test_beyond_the_bounds_is_an_error_that_names_them(name):
    setting = NUMBERS[name]
    for value in (setting.low - 1, math.nextafter(setting.high, math.inf) + setting.whole):
        with pytest.raises(SettingError) as error:
            QUICK.change({name: value})
        sentence = str(error.value)
        assert sentence.startswith(f"{name} must be a ")
        digits = ".0f" if setting.whole else "g"
        bounds = f"{setting.low:{digits}} to {setting.high:{digits}}"
        assert sentence.endswith(f"from {bounds}, not {value!r}.")


@pytest.mark.parametrize("value", ["", "MNIST", "mnist ", "cifar", 0, None, ["mnist"]])
def test_a_choice_is_one_of_its_names(value):
    with pytest.raises(SettingError) as error:
        QUICK.change({"dataset": value})
    assert str(error.value) == f"dataset must be mnist or fashion-mnist, not {value!r}."


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    "junk",
    ["", "x", "1,5", "0x10", "nan", "inf", "-inf", "1e999", None, [], {}, b"", 1j, 10**400],
    ids=lambda junk: repr(junk)[:20],
)
def test_junk_is_an_error(name, junk):
    with pytest.raises(SettingError):
        SETTINGS[name].check(name, junk)


@pytest.mark.parametrize("name", NUMBERS)
@given(value=anything)
@settings(max_examples=50)
def test_whatever_is_checked_is_refused_or_within_bounds(name, value):
    setting = NUMBERS[name]
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
    with pytest.raises(SettingError, match=r"epochs must be a whole number from 1 to 200, not"):
        QUICK.change({"epochs": value})


def test_what_is_no_setting_is_an_error():
    with pytest.raises(SettingError, match="'convs' is not a setting; dataset, fusion, "):
        QUICK.change({"convs": 3})


def test_a_change_makes_another_recipe_and_changes_nothing_else():
    changed = QUICK.change({"lr": "0.05", "width": 8})
    assert changed.to_dict() == QUICK.to_dict() | {"lr": 0.05, "width": 8}
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
    assert Recipe.read(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_a_file(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert Recipe.read(json.loads(json.dumps(preset.recipe.to_dict()))) == preset.recipe


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"magic": 1}, "unknown parameters: magic"),
        ({"epochs": 1000}, "epochs must be"),
        ({"width": "wide"}, "width must be"),
        ({"fusion": "early"}, "fusion must be late or pixels"),
        ({"shift": 29}, "shift must be a whole number from 0 to 28"),
        ({"shift": 1.5}, "shift must be a whole number from 0 to 28"),
        ({"margin": -1}, "margin must be a whole number from 0 to 4"),
        ({"erase": 1.1}, "erase must be a number from 0 to 1"),
        ({"pen": -0.1}, "pen must be a number from 0 to 1"),
        ({"ema": float("nan")}, "ema must be a number from 0 to 1"),
        ({"weight_decay": float("inf")}, "weight_decay must be a number from 0 to 1"),
        ({"label_smoothing": True}, "label_smoothing must be a number from 0 to 1"),
        ({"temperature": 0.5}, "temperature must be a number from 1 to 10"),
        ({"held_out": 0}, "held_out must be a whole number from 1000 to 10000"),
    ],
)
def test_a_file_with_other_or_unreasonable_values_is_refused(params, sentence):
    with pytest.raises(SettingError, match=sentence):
        Recipe.read(QUICK.to_dict() | params)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_builds_its_network(name):
    recipe = PRESETS[name].recipe
    model = recipe.build()
    assert isinstance(model, SumNet)
    assert model.config == recipe.model


def test_the_seed_fixes_the_first_weights():
    one, same, other = (QUICK.change({"seed": s}).build().state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["class_head.1.weight"], other["class_head.1.weight"])


def test_what_a_recipe_does_not_hold_out_is_learned(data):
    recipe = Recipe(ModelConfig(width=4), TrainConfig(batch_size=60, held_out=40))
    model = recipe.build()
    *_, last = recipe.fit(model, data)
    assert last.images == len(data.train.labels) + 60
    assert last.val == validate(model, data.val.first(40), recipe.train.sum_weight)


def test_it_learns_the_first_so_many_images_and_no_others(data):
    config = TrainConfig(batch_size=50, images=100, epochs=2)
    some, all_of_them = Recipe(ModelConfig(width=4), config), data.train
    rest = all_of_them._replace(images=all_of_them.images.clone())
    rest.images[100:] = 255  # would be noticed
    weights = []
    for split in (all_of_them, rest):
        model = some.build()
        *_, last = some.fit(model, data._replace(train=split))
        weights.append(model.state_dict())
    assert (last.steps, last.images) == (4, 200)
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_the_presets_are_the_shipped_one_and_the_quick_one():
    assert {"mnist", "quick"} <= set(PRESETS)


@pytest.mark.parametrize("name", [name for name in NUMBERS if NUMBERS[name].ticks])
def test_the_ticks_of_the_page_are_allowed_and_hold_the_quick_preset(name):
    setting = NUMBERS[name]
    assert list(setting.ticks) == sorted(set(setting.ticks))
    assert all(setting.check(name, tick) == tick for tick in setting.ticks)
    assert QUICK.settings()[name] in setting.ticks


# --- what depends on the sum head


def test_a_sum_head_brings_the_weight_that_suits_it():
    assert QUICK.train.sum_weight == SUM_WEIGHTS[QUICK.model.sum_head]
    classified = QUICK.change({"sum_head": "classification"})
    assert classified.train.sum_weight == 1
    assert classified.change({"sum_head": "regression"}) == QUICK


def test_a_weight_of_ones_own_stays():
    both = QUICK.change({"sum_weight": 0.01, "sum_head": "classification"})
    assert both.train.sum_weight == 0.01
    assert both.change({"sum_head": "classification", "lr": 0.1}).train.sum_weight == 0.01


@pytest.mark.parametrize("base", [preset.recipe for preset in PRESETS.values()])
@given(chosen=valid_settings)
@settings(max_examples=30)
def test_a_diff_is_what_it_takes(base, chosen):
    assume(base.model.encoder != "residual" or chosen["width"] <= 55)
    diff = base.diff(chosen)
    assert base.change(diff).settings() == chosen
    assert diff.items() <= chosen.items()


def test_what_is_as_usual_is_no_change():
    assert QUICK.diff(QUICK.settings()) == {}
    classified = QUICK.change({"sum_head": "classification"}).settings()
    assert QUICK.diff(classified) == {"sum_head": "classification"}
    assert QUICK.diff(classified | {"sum_weight": 0.03}) == {
        "sum_head": "classification",
        "sum_weight": 0.03,
    }


@pytest.mark.parametrize("name", BUGS)
@given(chosen=valid_settings)
@settings(max_examples=20)
def test_a_bug_comes_with_what_it_needs_and_changes_nothing_else(name, chosen):
    base = QUICK.change(chosen)
    broken = base.with_bug(name)
    needs = BUGS[name].needs
    assert broken.bug.name == name
    assert {key: broken.to_dict()[key] for key in needs} == needs
    assert base.diff(broken.settings()).keys() <= needs.keys() | {"sum_weight"}


def test_a_bug_that_changes_the_head_changes_the_weight():
    classified = QUICK.change({"sum_head": "classification", "sum_weight": 0.1})
    assert classified.with_bug("broadcast") == QUICK.with_bug("broadcast")
    assert QUICK.change({"sum_weight": 0.1}).with_bug("broadcast").train.sum_weight == 0.1


def test_a_whole_number_is_said_to_the_last_digit():
    assert SETTINGS["seed"].say(20_261_122) == "seed 20261122"
    assert SETTINGS["lr"].say(0.003) == "learning rate 0.003"
    with pytest.raises(SettingError, match="from 0 to 2147483647, not '-1'"):
        SETTINGS["seed"].check("seed", "-1")
