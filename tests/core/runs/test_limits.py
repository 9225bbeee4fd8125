"""The limits: what the environment may set."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.recipes.presets import PRESETS
from core.recipes.settings import SettingError
from core.runs import limits
from core.runs.limits import Limits, check_size, run_size, shown_images
from core.specs import OwnData, own_spec

QUICK = PRESETS["quick"].recipe
LEAVES = own_spec(OwnData("Leaves", ("oak", "birch"), "ink", 0.3, 0.3, "0" * 32)).name


def test_the_environment_sets_a_limit():
    assert limits.read_limits(
        {"SKETCH_SUM_WAITING": "7", "SKETCH_SUM_RUN_SECONDS": "2.5"}
    ) == Limits(waiting=7, run_seconds=2.5)


def test_nothing_set_leaves_the_defaults():
    assert limits.read_limits({"SKETCH_SUM_WAITING": "", "SKETCH_SUM_RUNS": "/tmp"}) == Limits()


@pytest.mark.parametrize("text", ["many", "0", "-1", "nan", "inf", "1e999", "7 runs"])
def test_a_value_that_makes_no_sense_is_logged_and_changes_nothing(text, caplog):
    with caplog.at_level(logging.WARNING):
        assert limits.read_limits({"SKETCH_SUM_WAITING": text}) == Limits()
    said = f"SKETCH_SUM_WAITING must be a number from 1 up, not {text!r}: 30 stays."
    assert caplog.messages == [said]


@given(text=some.text())
def test_whatever_is_set_a_limit_is_a_number_above_zero(text):
    assert limits.read_limits({"SKETCH_SUM_EXAMPLES": text}).examples > 0


def test_the_least_that_makes_sense_is_accepted():
    found = limits.read_limits({"SKETCH_SUM_WAITING": "1", "SKETCH_SUM_FREE_MEGABYTES": "0"})
    assert (found.waiting, found.free_megabytes) == (1, 0)


@pytest.mark.parametrize(
    ("settings", "images"),
    [
        ({}, 50_000),
        ({"start": "shipped"}, 58_000),  # also those that its encoder has learned already
        ({"images": 500}, 500),
        ({"images": 500, "start": "shipped"}, 500),
        ({"dataset": "fashion-mnist"}, 50_000),
        ({"dataset": "own-gone"}, 50_000),
        ({"dataset": LEAVES}, 6_000),  # gone over several times
        ({"dataset": LEAVES, "images": 500}, 6_000),
    ],
)
def test_an_epoch_shows_as_many_images_as_there_are_to_learn(settings, images):
    assert shown_images(settings) == images
    assert run_size({"epochs": 2, "width": 8, **settings}) == 2 * 8 * images


def test_the_last_batch_of_an_epoch_is_a_step_though_it_is_not_full(limit):
    limit(run_steps=391)  # 50,000 images in batches of 128: 390 full ones
    check_size(QUICK)
    limit(run_steps=390)
    with pytest.raises(SettingError, match="391 steps would take too long here; 390 is the limit"):
        check_size(QUICK)


def test_a_run_may_be_as_large_as_the_limit_says(limit):
    limit(run_size=16 * 50_000)
    check_size(QUICK)
    with pytest.raises(SettingError, match=r"Choose at most 1, or a smaller width\.$"):
        check_size(QUICK.change({"epochs": 2}))
