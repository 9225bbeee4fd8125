"""A run as a page reads it: each file once, and damaged files do no harm."""

import pytest

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.control import ControlFile, write_control
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State
from core.runs.snapshot import finetune_job_of, read_snapshot, repeatable_recipe
from tests.conftest import record

QUICK = PRESETS["quick"].recipe


@pytest.fixture
def run(root) -> Run:
    made = create_run(root, "quick", QUICK)
    for step in (1, 2):
        made.append(record(step))
    made.set_state(State("training"))
    return made


def test_a_snapshot_holds_what_the_files_hold(run):
    write_control(run.path, ControlFile(pause_at=3))
    found = read_snapshot(run)
    assert (found.run, found.state, found.recipe) == (run, run.state(), QUICK)
    assert (found.history, found.last) == ([record(1), record(2)], record(2))
    assert found.control == ControlFile(pause_at=3)


def test_a_snapshot_stays_as_it_was_read(run):
    found = read_snapshot(run)
    run.append(record(3))
    run.set_state(State("finished"))
    assert (found.state, found.last) == (State("training"), record(2))


@pytest.mark.parametrize("name", ["recipe.json", "state.json", "progress.jsonl", "control.json"])
def test_damaged_files_are_read_as_nothing(run, name):
    (run.path / name).write_text("{")
    found = read_snapshot(run)
    assert (found.recipe is None) == (name == "recipe.json")
    assert (found.state.name == "interrupted") == (name == "state.json")
    assert (found.last is None) == (name == "progress.jsonl")
    assert found.control == ControlFile()


@pytest.mark.parametrize(
    ("name", "is_growing"),
    [("queued", True), ("training", True), ("paused", True), ("evaluating", False)]
    + [(name, False) for name in ("finished", "stopped", "failed", "interrupted")],
)
def test_a_history_grows_until_the_test(run, name, is_growing):
    run.set_state(State(name))
    assert read_snapshot(run).is_growing == is_growing


def test_settings_alone_make_a_plain_run_again(run):
    assert read_snapshot(run).repeatable_recipe() == repeatable_recipe(run) == QUICK


def test_settings_alone_do_not_make_a_run_again_whose_learning_rate_changed(run):
    write_control(run.path, ControlFile(lr=0.01))
    assert read_snapshot(run).repeatable_recipe() is None
    assert repeatable_recipe(run) is None


def test_settings_alone_do_not_make_a_finetuned_network_again(root):
    run = create_run(root, "quick", QUICK, FinetuneJob("mnist", []))
    assert read_snapshot(run).repeatable_recipe() is None


def test_settings_alone_do_not_make_another_preset_again(root):
    run = create_run(root, "mnist", PRESETS["mnist"].recipe)
    assert repeatable_recipe(run) is None


@pytest.mark.parametrize("bug", ["relu", "shared-softmax"])
def test_settings_and_a_bug_make_a_broken_run_again(root, bug):
    recipe = QUICK.change({"width": 8}).with_bug(bug)
    assert repeatable_recipe(create_run(root, "quick", recipe)) == recipe


def test_settings_alone_make_a_run_again_that_began_with_the_shipped_encoder(root):
    recipe = QUICK.change({"start": "shipped"}).ready()
    assert repeatable_recipe(create_run(root, "quick", recipe)) == recipe


def test_what_a_network_was_finetuned_with_is_found_by_its_name(root, run):
    job = FinetuneJob("mnist", [HandExample(4, (((60.0, 52.0), (200.0, 50.0)),))])
    taught = create_run(root, "quick", QUICK, job)
    assert finetune_job_of(root, taught.id) == job
    assert finetune_job_of(root, run.id) is finetune_job_of(root, "mnist") is None
    (taught.path / "recipe.json").write_text("{")
    assert finetune_job_of(root, taught.id) is None
