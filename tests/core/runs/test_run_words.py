"""A run's words, its network and its data: what a page shows of it, however it stands."""

import os
from pathlib import Path

import pytest

from core import specs
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.queue import create_run, import_run
from core.runs.run import DISK_FULL, FinetuneJob, Run, State, network_stem
from core.specs import OwnData, own_spec
from core.storage.checkpoint import METRIC_NAMES, WEIGHTS_DIR, Card

QUICK = PRESETS["quick"].recipe


def make(root: Path, state: str = "queued") -> Run:
    run = create_run(root, "quick", QUICK)
    run.set_state(State(state))
    return run


def test_a_network_is_found_by_its_name(root):
    run = make(root, "finished")
    assert network_stem(root, "mnist") == WEIGHTS_DIR / "mnist"
    assert network_stem(root, run.id) == run.path / "checkpoint"
    assert network_stem(root, "0" * 16) is None


def test_a_run_that_nobody_watched_says_so_and_what_to_do(root):
    run = make(root)
    os.utime(run.path, (1, 1))
    assert run.state().message == (
        "No page showed this run while it waited, so it left the queue. Train again."
    )


def test_a_run_that_left_the_queue_says_why(root):
    mine, theirs = make(root), make(root)
    mine.request_stop()
    theirs.request_stop("The queue was full.")
    assert mine.state().message == "You left the queue before training began."
    assert theirs.state().message == "The queue was full."


def test_a_run_of_ones_own_pictures_knows_them_where_nobody_else_does(root, monkeypatch):
    own = OwnData("Leaves", ("oak", "birch"), "ink", 0.3, 0.3, "0" * 32)
    run = create_run(root, "quick", QUICK.change({"dataset": own_spec(own).name}))
    monkeypatch.setattr(specs, "_known_own", {})
    assert run.request().own_data == own
    assert run.recipe()[1].model.dataset == own.name


def test_a_run_keeps_what_to_say_when_there_is_no_room_to_write_it(root):
    lesson = FinetuneJob("mnist", [HandExample(7, (((60.0, 50.0), (200.0, 50.5)),))])
    for job, words in ((None, "Train again."), (lesson, "Teach it again.")):
        run = create_run(root, "quick", QUICK, job)
        run.set_disk_full()
        assert run.state() == State("failed", f"{DISK_FULL} {words}")


def test_a_run_that_cannot_be_written_leaves_nothing(root, monkeypatch):
    monkeypatch.setattr(Run, "set_state", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        create_run(root, "quick", QUICK)
    assert list(root.iterdir()) == []


def test_an_uploaded_network_of_ones_own_pictures_knows_them_too(root, monkeypatch):
    own = OwnData("Leaves", ("oak", "birch"), "ink", 0.3, 0.3, "0" * 32)
    recipe = QUICK.change({"dataset": own_spec(own).name, "width": 4})
    model, none = recipe.build(), dict.fromkeys(METRIC_NAMES, 0.5)
    card = Card("quick", recipe.to_dict(), 0, 1, 1, none, [[0] * 10] * 10, 1, own_data=own)
    run = import_run(root, model, card)
    monkeypatch.setattr(specs, "_known_own", {})
    assert run.is_uploaded and run.request().own_data == own
    assert run.recipe()[1].model.dataset == own.name
