"""A task is done by what happened: a run that ended, an answer, a network that was taught."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from core.data.drawing import Strokes
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import Visitor, create_run
from core.runs.run import Run, State, runs_dir
from core.storage import checkpoint
from core.trainer import DIVERGED
from tests.support.pages import finetune_run, finished, taught
from views.guide import looks
from views.guide.looks import answers, labels, teaches, trains
from views.guide.steps import Story
from views.session.canvas_state import CanvasState
from views.session.lessons import A_2_IN_A_MIRROR
from views.session.link import Link
from views.session.session import Answered, Session

NOTHING = Story({}, {})
A_7: Strokes = (((85.0, 65.0), (193.0, 61.0), (130.0, 230.0)),)
QUICK = PRESETS["quick"].recipe


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """This browser's runs are those with this hash."""
    monkeypatch.setattr(looks, "is_owner_of", lambda session, request: request.session == "me")


def session_with(run: Run | None = None) -> Session:
    return Session(Link(run=run.id if run else ""), CanvasState())


def run_of(recipe: Recipe = QUICK, owner: str = "me") -> Run:
    return create_run(runs_dir(), "quick", recipe, visitor=Visitor("", owner))


def is_sound(recipe: Recipe) -> bool:
    return not recipe.model.bug


def test_a_finished_run_counts_with_its_test_metrics() -> None:
    run = run_of()
    session = session_with(run)
    assert trains(is_sound)(session, NOTHING) is None  # it waits
    finished(run)
    found = trains(is_sound)(session, NOTHING)
    assert found is not None
    assert found["run"] == run.id
    assert found["class_acc"] > 0.99
    assert not found["ran_away"]


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (State("failed", DIVERGED.format(9)), True),
        (State("failed", "Training failed. Train again."), False),
        (State("stopped"), False),
        (State("training"), False),
        (State("interrupted", "You left the queue."), False),
    ],
)
def test_of_the_others_only_one_that_ran_away_counts(state: State, counts: bool) -> None:
    run = run_of()
    run.set_state(state)
    found = trains(is_sound)(session_with(run), NOTHING)
    assert (found is not None) == counts
    if found:
        assert (found["ran_away"], found["class_acc"], found["step"]) == (True, 0.0, 9)


def test_a_run_of_somebody_else_with_another_recipe_or_seen_before_does_not_count() -> None:
    broken, others, mine = run_of(QUICK.with_bug("relu")), run_of(owner="she"), run_of()
    for run in (broken, others, mine):
        finished(run)
    assert trains(is_sound)(session_with(broken), NOTHING) is None
    assert trains(is_sound)(session_with(others), NOTHING) is None
    assert trains(is_sound)(session_with(mine), Story({}, {"first": {"run": mine.id}})) is None
    assert trains(is_sound)(session_with(), NOTHING) is None
    assert trains(is_sound)(session_with(mine), NOTHING) is not None


def test_a_damaged_run_does_not_count() -> None:
    run = run_of()
    finished(run)
    run.checkpoint.with_suffix(".json").write_text("{")
    assert trains(is_sound)(session_with(run), NOTHING) is None


def answer(**changes: object) -> Answered:
    known: dict[str, object] = {
        **{"source": "draw", "strokes": A_7, "addend": 7, "label": 7, "name": "7"},
        **{"certainty": 0.99, "sum_value": 14.0, "network": "mnist", "is_readable": True},
    }
    return Answered(**known | changes)  # type: ignore[arg-type]


def test_an_answer_counts_where_it_fits() -> None:
    is_nine: Callable[[Answered, Story], bool] = lambda found, story: found.addend == 9  # noqa: E731
    session = session_with()
    assert answers(is_nine)(session, NOTHING) is None
    session.answered = answer()
    assert answers(is_nine)(session, NOTHING) is None
    session.answered = answer(addend=9, sum_value=15.8)
    found = answers(is_nine)(session, NOTHING)
    assert found is not None
    assert (found["label"], found["sum"]) == (7, 15.8)


def test_what_it_cannot_read_counts_only_where_a_guess_is_enough() -> None:
    session = session_with()
    session.answered = answer(is_readable=False)
    assert answers(lambda *_: True)(session, NOTHING) is None
    found = answers(lambda *_: True, or_guesses=True)(session, NOTHING)
    assert found is not None and not found["is_readable"]


def test_an_example_counts_by_its_label() -> None:
    session = session_with()
    session.examples = [HandExample(1, A_7)]
    assert labels(7)(session, NOTHING) is None
    session.examples = [HandExample(7, A_7)]
    assert labels(7)(session, NOTHING) == {"count": 1}


def test_a_taught_network_counts_beside_the_one_before() -> None:
    run = finetune_run(HandExample(7, A_7))
    taught(run)
    session = session_with()
    assert teaches(7)(session, NOTHING) is None  # the shipped one answers
    session.choose(network=run.id)
    found = teaches(7)(session, NOTHING)
    assert found is not None
    assert found["before"] - found["after"] == pytest.approx(0.0004)
    assert found["read_after"] == 7
    assert teaches(2)(session, NOTHING) is None


def test_what_was_taught_is_read_by_the_network_before_and_by_the_one_after() -> None:
    example = HandExample(2, A_2_IN_A_MIRROR)
    run = finetune_run(HandExample(7, A_7), example)
    taught(run)
    model, card = QUICK.build(), checkpoint.load(run.checkpoint)[1]
    with torch.no_grad():
        model.class_head[-1].bias[2] = 100  # it reads a 2 everywhere
    checkpoint.save(run.checkpoint, model, replace(card, params=QUICK.to_dict()))
    session = session_with()
    session.choose(network=run.id)
    found = teaches(2)(session, NOTHING)
    assert found is not None
    assert (found["read_before"], found["read_after"], found["examples"]) == (5, 2, 2)
