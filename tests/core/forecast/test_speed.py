"""How long runs take here: measured, kept, and told from what was measured."""

import os

import pytest

from core.collections.lesson_sets import LESSON_SETS, lesson_set
from core.forecast import speed
from core.forecast.speed import Speed, note_run, read_speed, write_speed
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State

QUICK = PRESETS["quick"].recipe
MEASURED = Speed(narrow=40e-6, wide=160e-6, test=2.0)


def run_of(root, seconds: float, images: int = 50_000, **settings: float) -> Run:
    """A run that is over after one epoch of so many seconds, and was tested for another 3."""
    recipe = QUICK.change(settings)
    run = create_run(root, "quick", recipe)
    steps = {"step": 391 * images // 50_000, "steps": 391, "epoch": 1, "images": images}
    run.append({"seconds": seconds, **steps})
    run.set_state(State("finished"))
    os.utime(run.path / "progress.jsonl", (1_000, 1_000))
    os.utime(run.path / "state.json", (1_003, 1_003))
    return run


@pytest.mark.parametrize(
    ("width", "epochs", "seconds"), [(8, 1, 2.0), (32, 1, 8.0), (16, 1, 4.0), (16, 3, 12.0)]
)
def test_between_two_widths_that_were_measured_lies_a_line(width, epochs, seconds):
    settings = {"width": width, "epochs": epochs}
    assert MEASURED.train_seconds(settings) == pytest.approx(seconds)


def test_a_run_is_trained_and_tested():
    assert MEASURED.run_seconds({"width": 16, "epochs": 1}) == pytest.approx(6.0)
    assert MEASURED.test_seconds(32) == pytest.approx(4.0)


@pytest.mark.parametrize(("dataset", "times"), [("mnist", 4.0), ("fashion-mnist", 8.0)])
@pytest.mark.parametrize("width", [8, 16])
def test_a_shipped_encoder_takes_its_own_time_whatever_the_width(dataset, times, width):
    settings = {"width": width, "epochs": 1, "dataset": dataset, "start": "shipped"}
    assert MEASURED.train_seconds(settings) == pytest.approx(times * 8.0 * 58 / 50)


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_pixel_fusion_has_an_encoder_that_takes_longer(dataset):
    late, pixels = (
        MEASURED.train_seconds({"width": 16, "epochs": 1, "dataset": dataset, "fusion": fusion})
        for fusion in ("late", "pixels")
    )
    assert pixels == pytest.approx(speed.PIXELS_COST * late)


def test_runs_of_pixel_fusion_say_nothing_of_other_runs(root):
    write_speed(root, MEASURED)
    note_run(root, run_of(root, 4.0 * speed.PIXELS_COST, fusion="pixels"), 12.0)
    known = read_speed(root)
    assert known
    assert known.train_seconds({"width": 16, "epochs": 1}) == pytest.approx(4.0)


def test_no_width_takes_nothing():
    steep = Speed(narrow=1e-6, wide=160e-6, test=1.0)
    assert steep.train_seconds({"width": 4, "epochs": 1}) > 0


def test_runs_that_took_twice_as_long_double_what_is_expected(root):
    write_speed(root, MEASURED)
    for _ in range(3):
        note_run(root, run_of(root, 8.0), 11.0)
    known = read_speed(root)
    assert known
    assert known.train_seconds({"width": 16, "epochs": 1}) == pytest.approx(8.0)
    assert known.test_seconds(16) == pytest.approx(3.0)


def test_a_pause_before_the_test_is_no_slow_test(root):
    """Who pauses a run and stops it makes nobody's share of the time shorter."""
    write_speed(root, MEASURED)
    run = run_of(root, 4.0)
    os.utime(run.path / "state.json", (1_120, 1_120))
    note_run(root, run, 124.0)
    known = read_speed(root)
    assert known
    assert known.test_seconds(16) == pytest.approx(6.0)


def test_one_slow_run_among_many_changes_little(root):
    write_speed(root, MEASURED)
    for seconds in (4.0, 4.0, 400.0, 4.0):
        note_run(root, run_of(root, seconds), seconds)
    known = read_speed(root)
    assert known
    assert known.train_seconds({"width": 16, "epochs": 1}) == pytest.approx(4.0)


def test_only_the_latest_runs_count(root):
    write_speed(root, MEASURED)
    for seconds in (4.0, 8.0):
        for _ in range(speed.RECENT + 3):
            note_run(root, run_of(root, seconds), seconds)
    known = read_speed(root)
    assert known
    assert len(known.ratios) == len(known.tests) == speed.RECENT
    assert known.train_seconds({"width": 16, "epochs": 1}) == pytest.approx(8.0)


def test_a_run_that_was_stopped_at_once_or_failed_says_nothing(root):
    write_speed(root, MEASURED)
    note_run(root, run_of(root, 9.0, images=1_000), 9.0)
    failed = run_of(root, 9.0)
    failed.set_state(State("failed"))
    note_run(root, failed, 9.0)
    assert read_speed(root) == MEASURED


def test_a_run_that_was_stopped_halfway_counts_for_what_it_did(root):
    write_speed(root, MEASURED)
    note_run(root, run_of(root, 4.0, images=25_000), 7.0)  # twice as long as expected
    known = read_speed(root)
    assert known
    assert known.train_seconds({"width": 16, "epochs": 1}) == pytest.approx(8.0, rel=0.01)


def test_the_test_of_a_wide_network_says_how_long_a_usual_one_takes(root):
    write_speed(root, MEASURED)
    note_run(root, run_of(root, 8.0, width=32), 11.0)
    known = read_speed(root)
    assert known
    assert (known.test_seconds(32), known.test_seconds(16)) == pytest.approx((3.0, 1.5))


def test_a_run_of_ones_own_pictures_says_nothing_of_other_tests(root):
    own = lesson_set(next(iter(LESSON_SETS))).spec.name
    write_speed(root, MEASURED)
    note_run(root, run_of(root, 9.0, dataset=own), 9.0)
    assert read_speed(root) == MEASURED


def test_teaching_has_a_time_of_its_own(root):
    write_speed(root, MEASURED)
    assert MEASURED.finetune_seconds() is None
    run = create_run(root, "quick", QUICK, FinetuneJob("mnist", []))
    run.set_state(State("finished"))
    note_run(root, run, 7.5)
    known = read_speed(root)
    assert known
    assert (known.finetune_seconds(), known.ratios) == (7.5, [])


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"narrow": 0, "wide": 1, "test": 1}', '{"narrow": 1e999}', "[" * 99_999, "\xff"],
)
def test_a_damaged_file_is_as_good_as_none(root, text):
    (root / speed.SPEED_FILE).write_bytes(text.encode("latin1"))
    assert read_speed(root) is None
    note_run(root, run_of(root, 4.0), 4.0)  # and nothing is noted on top of it
    assert read_speed(root) is None


def test_a_disk_that_is_full_is_no_error(root):
    write_speed(root / "gone", MEASURED)


def test_a_data_set_of_ones_own_takes_its_share_of_the_time():
    """An epoch of it shows some 6,000 images, not 50,000."""
    name = lesson_set(next(iter(LESSON_SETS))).spec.name
    usual = MEASURED.run_seconds({"width": 16, "epochs": 1, "dataset": "mnist"})
    mine = MEASURED.run_seconds({"width": 16, "epochs": 1, "dataset": name})
    assert mine == pytest.approx(usual * 6_000 / 50_000)


def test_fewer_pictures_of_ones_own_take_as_long():
    """They are shown more often; fewer images of ours are not."""
    name = lesson_set(next(iter(LESSON_SETS))).spec.name
    for dataset, ratio in ((name, 1.0), ("mnist", 0.01)):
        settings = {"width": 16, "epochs": 1, "dataset": dataset}
        few = MEASURED.train_seconds({**settings, "images": 500})
        assert few == pytest.approx(ratio * MEASURED.train_seconds(settings))
