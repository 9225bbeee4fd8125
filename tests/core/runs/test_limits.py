"""The limits: what the environment may set."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.runs import limits
from core.runs.limits import Limits


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
