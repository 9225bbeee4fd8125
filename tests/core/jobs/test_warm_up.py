"""Before its first run a worker measures how fast it is."""

from core.data import download
from core.forecast.speed import read_speed
from core.jobs.warm_up import warm_up
from tests.support.workers import SHORT, add_run, end_of


def test_a_worker_measures_two_widths_and_a_test(runner, monkeypatch):
    monkeypatch.setattr(download, "is_present", lambda *_: True)
    speed = warm_up(runner.data_sets)
    assert speed
    assert speed.narrow > 0 and speed.wide > 0 and speed.test > 0
    assert speed.run_seconds({"width": 16, "epochs": 2}) > speed.run_seconds(
        {"width": 16, "epochs": 1}
    )


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
