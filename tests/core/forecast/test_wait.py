"""How long a run waits, and how that is said."""

import msgspec
import pytest

from core.forecast.speed import Speed, write_speed
from core.forecast.wait import Place, about, place_of, queue_words, time_left, training_run
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Request, Run, State
from core.specs import OwnData, own_spec
from tests.conftest import record

QUICK = PRESETS["quick"].recipe
MEASURED = Speed(narrow=40e-6, wide=160e-6, test=2.0)  # an epoch at width 16 takes 4 s


def make(root, state: str = "queued", **settings: float) -> Run:
    run = create_run(root, "quick", QUICK.change(settings))
    run.set_state(State(state))
    return run


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (7.4, "7 s"),
        (9.4, "9 s"),
        (11, "10 s"),
        (43, "45 s"),
        (58, "1 min"),
        (95, "2 min"),
        (600, "10 min"),
    ],
)
def test_a_time_is_as_precise_as_it_is_known(seconds, said):
    assert about(seconds) == said


def test_what_is_before_a_run_is_what_it_waits_for(root):
    write_speed(root, MEASURED)
    live, _, mine = make(root, "training"), make(root), make(root)
    live.append(record(25))  # 12.5 s for half of its 50 steps
    assert training_run(root) == live
    place = place_of(root, mine)
    assert place == Place(2, pytest.approx(12.5 + 2 + 6))
    assert queue_words(place) == "Waiting: 2 runs are before yours, which begins in about 20 s."


def test_nobody_holds_the_trainer_for_longer_than_others_may_be_kept_waiting(root, limit):
    limit(shared_seconds=40)
    write_speed(root, MEASURED)
    make(root, "training", epochs=50)
    assert place_of(root, make(root)) == Place(1, 40)


def test_before_anything_was_measured_only_the_place_is_said(root):
    said = [queue_words(place_of(root, make(root))) for _ in range(3)]
    assert said == [
        "Starting.",
        "Waiting: one run is before yours.",
        "Waiting: 2 runs are before yours.",
    ]


def teach(root, state: str = "queued") -> Run:
    run = create_run(root, "quick", QUICK, FinetuneJob("mnist", []))
    run.set_state(State(state))
    return run


def test_who_trains_waits_for_no_teaching_and_who_teaches_for_no_training(root):
    write_speed(root, msgspec.structs.replace(MEASURED, finetunes=[7.0]))
    taught, lesson = teach(root, "training"), teach(root)
    assert training_run(root) is None
    assert training_run(root, finetunes=True) == taught
    assert place_of(root, make(root)) == Place(0, 0)
    make(root, "training")
    assert place_of(root, lesson) == Place(1, 7.0)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(0, 0), "Starting."),
        (Place(1, 0), "Waiting: one run is before yours."),
        (Place(1, 12.0), "Waiting: one run is before yours, which begins in about 10 s."),
        (Place(2, None), "Waiting: 2 runs are before yours."),
    ],
)
def test_who_waits_is_told_for_how_many_and_how_long_where_that_is_known(place, said):
    assert queue_words(place) == said


def test_what_a_run_had_learned_before_it_waited_again_is_not_its_time(root):
    """Its records are of an earlier try: it begins anew."""
    write_speed(root, MEASURED)
    make(root).append(record(49))
    assert place_of(root, make(root)) == Place(1, pytest.approx(6.0))


def test_a_run_that_has_just_begun_waits_for_nothing(root):
    """The page may have read a moment ago that it waits."""
    write_speed(root, MEASURED)
    begun = make(root, "preparing")
    make(root)
    assert place_of(root, begun) == Place(0, 0)


def test_the_first_slow_steps_tell_less_than_earlier_runs():
    request, slow = Request("quick", QUICK.to_dict()), {"seconds": 0.5, "steps": 391}
    assert time_left(record(1) | slow, request, MEASURED) == pytest.approx(6.0)
    assert time_left(record(8) | slow, request, MEASURED) == pytest.approx(0.5 * 383 / 8 + 2)
    assert time_left(record(1) | slow, request, None) == pytest.approx(195)


def test_a_few_pictures_of_ones_own_are_tested_at_once():
    own = OwnData("Leaves", ("oak", "birch"), "ink", 0.3, 0.3, "0" * 32)
    request = Request("quick", QUICK.to_dict(), own_data=own)
    assert time_left(record(25), request, MEASURED) == pytest.approx(12.5)


def test_what_is_left_of_a_run_includes_its_test():
    request = Request("quick", QUICK.to_dict())
    assert time_left(record(25), request, MEASURED) == pytest.approx(14.5)
    assert time_left(None, request, MEASURED) == pytest.approx(6.0)
    assert time_left(record(25), request, None) == pytest.approx(12.5)
    assert time_left(None, request, None) is None


@pytest.mark.parametrize("kind", ["ink", "photo"])
@pytest.mark.parametrize("changes", [{}, {"start": "shipped"}, {"fusion": "pixels"}])
def test_a_run_that_waits_takes_what_its_page_said(kind, changes):
    own = OwnData("Leaves", ("oak", "birch"), kind, 0.3, 0.3, "0" * 32)
    recipe = QUICK.change({"dataset": own_spec(own).name, **changes}).ready()
    request = Request("quick", recipe.to_dict(), own_data=own)
    assert time_left(None, request, MEASURED) == MEASURED.run_seconds(recipe.settings())


def test_a_data_set_that_nobody_knows_is_no_error():
    params = QUICK.ready().to_dict() | {"dataset": "own-gone", "start": "shipped"}
    assert time_left(None, Request("quick", params), MEASURED)


@pytest.mark.parametrize("params", [{}, {"epochs": "many", "width": None}])
def test_a_damaged_request_has_the_time_of_its_steps(params):
    assert time_left(record(25), Request("quick", params), MEASURED) == pytest.approx(12.5)
    assert time_left(None, Request("quick", params), MEASURED) is None
