"""The Train page while a run waits: what for, and what can be watched meanwhile."""

import pytest

from core.cluster.cluster import Cluster, TrainerInfo, write_cluster
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import State, runs_dir
from tests.conftest import record
from tests.support.pages import growing_figures, keys, opened, train_page, words
from views.session.jobs import run_meanwhile


def test_who_waits_watches_the_run_that_trains() -> None:
    first, second = (create_run(runs_dir(), "quick", PRESETS["quick"].recipe) for _ in range(2))
    first.append(record(10))
    first.set_state(State("training"))
    app = opened(train_page, run=second.id)
    said = words(app)
    assert '<div class="headline">Number 2 in the queue</div>' in said
    assert "Meanwhile, watch a run that trains now" in said
    assert "Somebody's network, usual settings, about 20 s left:" in said
    assert len(growing_figures(app)) == 2
    assert first.id not in f"{said} {app.main} {dict(app.query_params)}"
    assert app.button(key="train_stop").label == "Leave the queue"
    assert not {"train_pause", "train_step"} & keys(app)  # of what has not begun


def test_a_run_that_has_just_begun_is_nobody_else_s() -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    run.set_state(State("training"))
    assert run_meanwhile(run) is None


def test_who_waits_is_not_told_the_bug_of_somebodys_quiz() -> None:
    recipe = PRESETS["quick"].recipe.with_bug("softmax")
    first = create_run(runs_dir(), "quick", recipe, is_secret=True)
    second = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    first.append(record(10))
    first.set_state(State("training"))
    said = words(opened(train_page, run=second.id))
    assert "Somebody's network, of a quiz, about 20 s left:" in said


@pytest.mark.parametrize(
    ("trainers", "headline", "words_of_first", "words_of_second"),
    [
        ([], "Waiting for a trainer", "No trainer has joined yet", "No trainer has joined yet"),
        (["x"], "Waiting for a trainer", "1 trainer, 0 free", "one run is before yours"),
        ([""], "Starting", "1 trainer, 1 free", "one run is before yours"),
        (["x", ""], "Starting", "2 trainers, 1 free", "one run is before yours"),
    ],
)
def test_who_waits_for_a_cluster_is_told_whether_anything_can_train(
    trainers: list[str], headline: str, words_of_first: str, words_of_second: str
) -> None:
    first, second = (create_run(runs_dir(), "quick", PRESETS["quick"].recipe) for _ in range(2))
    known = [TrainerInfo(f"desk {run}", run=run) for run in trainers]
    write_cluster(runs_dir(), Cluster("tcp://host:8786", known, waiting=2))
    app = opened(train_page, run=first.id)
    assert f'<div class="headline">{headline}</div>' in words(app)
    assert words_of_first in app.get("progress")[0].proto.text
    assert "Meanwhile" not in words(app)  # nothing trains
    app = opened(train_page, run=second.id)
    assert '<div class="headline">Number 2 in the queue</div>' in words(app)
    assert words_of_second in app.get("progress")[0].proto.text
