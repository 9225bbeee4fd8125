"""Before its first run a worker measures how fast it is."""

from itertools import count
from types import SimpleNamespace

import pytest

from core.data import download
from core.forecast.speed import NARROW, WIDE, Speed, read_speed
from core.jobs import warm_up as module
from core.jobs.warm_up import TIMED, TIMED_STEPS, warm_up
from core.specs import TEST_SIZE
from core.trainer import EVAL_BATCH
from tests.support.workers import SHORT, add_run, end_of


def test_a_worker_measures_two_widths_and_a_test(runner, monkeypatch):
    monkeypatch.setattr(download, "is_present", lambda *_: True)
    speed = warm_up(runner.data_sets)
    assert speed
    assert speed.narrow > 0 and speed.wide > 0 and speed.test > 0
    assert speed.run_seconds({"width": 16, "epochs": 2}) > speed.run_seconds(
        {"width": 16, "epochs": 1}
    )


def test_speed_is_in_seconds_an_image_and_seconds_a_test(runner, monkeypatch):
    """By a clock on which whatever is measured takes a second."""
    monkeypatch.setattr(download, "is_present", lambda *_: True)
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=count().__next__))
    speed = warm_up(runner.data_sets)
    assert speed
    an_image = 1 / (TIMED_STEPS * TIMED.train.batch_size)
    assert (speed.narrow, speed.wide) == pytest.approx((an_image, an_image))
    assert speed.test == pytest.approx(TEST_SIZE / (2 * EVAL_BATCH))


def test_each_width_is_measured_for_itself(runner, monkeypatch):
    monkeypatch.setattr(download, "is_present", lambda *_: True)
    monkeypatch.setattr(module, "_image_seconds", lambda data, width: width)
    monkeypatch.setattr(module, "_test_seconds", lambda data: 1.0)
    assert warm_up(runner.data_sets) == Speed(NARROW, WIDE, 1.0)


def test_without_the_data_nothing_is_measured(runner):
    assert warm_up(runner.data_sets) is None


def test_each_run_of_a_worker_is_counted(start, root):
    known = "from core.forecast.speed import *\nwrite_speed(root, Speed(1e-5, 1e-4, 1.0))\n"
    start(root, known + "import core.forecast.speed as speed\nspeed.LEAST_IMAGES = 1\n")
    end_of(add_run(root, SHORT))
    end_of(add_run(root, SHORT))  # the first is counted before the second begins
    speed = read_speed(root)
    assert speed
    assert len(speed.ratios) >= 1
