"""Files and links of version 0.1.0 open as before: tests/data/v0.1 holds what it wrote and read."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import torch

from core.model import SumNet
from core.recipes.recipe import Recipe
from core.runs.control import read_control
from core.runs.run import Run, find_run, list_runs
from core.runs.snapshot import repeatable_recipe
from core.storage import bundle, checkpoint, snapshots
from core.storage.history import history_file, read_history
from core.workers.runner import JobRunner
from tests.support.workers import recovered
from views.session.link import DEFAULT_SETTINGS, link_query, parse_link

OLD = Path(__file__).parents[1] / "data" / "v0.1"
EXPECTED = json.loads((OLD / "expected.json").read_bytes())
LINKS = json.loads((OLD / "links.json").read_bytes())
FINISHED, KILLED = "00000000000f1a15", "000000000000c0ff"


@pytest.fixture(params=EXPECTED["runs"])
def old(request: pytest.FixtureRequest) -> tuple[Run, dict[str, Any]]:
    """A run, and what version 0.1.0 read in it."""
    run = find_run(OLD / "runs", request.param)
    assert run
    return run, EXPECTED["runs"][request.param]


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def answers(model: SumNet) -> dict[str, list[float]]:
    """What a network says about four fixed images."""
    images = (torch.arange(4 * 784).view(4, 1, 28, 28) * 7 % 256).to(torch.uint8)
    with torch.inference_mode():
        output = model.eval()(images, torch.tensor([0, 3, 6, 9]))
    return {"labels": output.labels.tolist(), "sums": output.sum_value.tolist()}


def same(said: dict[str, list[float]], expected: dict[str, list[float]]) -> bool:
    return said["labels"] == expected["labels"] and said["sums"] == pytest.approx(
        expected["sums"], abs=0.01
    )


def test_all_runs_are_found():
    assert {run.id for run in list_runs(OLD / "runs")} == set(EXPECTED["runs"])


def test_a_run_has_its_state(old):
    run, expected = old
    state = run.state()
    assert {key: getattr(state, key) for key in expected["state"]} == expected["state"]


def test_a_run_has_its_recipe(old):
    run, expected = old
    preset, recipe = run.recipe()
    params = as_json(Recipe().to_dict()) | expected["params"]  # what came later has its default
    assert (preset, as_json(recipe.to_dict())) == (expected["preset"], params)
    assert run.is_uploaded == expected["uploaded"]
    # Since then `quick` got another encoder: no link repeats these runs exactly.
    assert (repeatable_recipe(run) is not None) == expected["remade"]


def test_a_run_has_its_history(old):
    run, expected = old
    assert run.history() == expected["history"]
    assert [list(record) for record in run.history()] == [list(r) for r in expected["history"]]


def test_a_run_has_its_learning_rate(old):
    run, expected = old
    assert read_control(run.path).lr == expected["lr"]


def test_a_run_has_its_examples(old):
    run, expected = old
    job = run.finetune_job()
    found = job and {"base": job.base, "examples": [[e.label, e.strokes] for e in job.examples]}
    assert as_json(found) == expected["examples"]


def test_snapshots_answer_as_they_did(old):
    run, expected = old
    assert snapshots.snapshot_steps(run.snapshots) == [int(step) for step in expected["snapshots"]]
    recipe = run.recipe()[1]
    for step, said in expected["snapshots"].items():
        model = snapshots.load_snapshot(run.snapshots, recipe.model, int(step))
        assert model and same(answers(model), said)


def test_a_network_and_its_card_are_what_they_were(old):
    run, expected = old
    if "card" not in expected:
        assert run.id == KILLED
        return
    model, card = checkpoint.load(run.checkpoint)
    assert as_json(card.facts()) == expected["card"]
    assert same(answers(model), expected["answers"])


def test_what_a_killed_worker_left_is_kept(tmp_path, mnist):
    shutil.copytree(OLD / "runs" / KILLED, tmp_path / KILLED)
    run, expected = Run(tmp_path / KILLED), EXPECTED["runs"][KILLED]["recovered"]
    found = recovered(run)
    assert (found.step, found.steps) == (expected["step"], expected["steps"])
    assert same(answers(found.model), expected["answers"])
    runner = JobRunner(threading.Event())
    runner.data_sets.loaded["mnist"] = mnist
    runner.recover_interrupted(tmp_path)
    assert run.state().name == "stopped"


def test_a_checkpoint_of_the_command_line_opens():
    expected = EXPECTED["checkpoint"]
    model, card = bundle.load_any(str(OLD / "checkpoint" / "quick"))
    assert as_json(card.facts()) == expected["card"]
    assert same(answers(model), expected["answers"])
    assert read_history(history_file(OLD / "checkpoint" / "quick")) == expected["history"]


def test_a_downloaded_bundle_opens():
    model, card = bundle.unpack_bundle((OLD / "bundle.safetensors").read_bytes())
    assert as_json(card.facts()) == EXPECTED["bundle"]["card"]
    assert same(answers(model), EXPECTED["bundle"]["answers"])


@pytest.mark.parametrize("old_link", LINKS, ids=lambda entry: entry["query"])
def test_a_link_stands_for_the_same_choices(old_link):
    link = parse_link(dict(parse_qsl(old_link["query"])))
    found = as_json({key: value for key, value in vars(link).items()})
    settings, known = found["settings"], old_link["link"]["settings"]
    added = {name: settings.pop(name) for name in set(settings) - set(known)}
    assert added == {name: DEFAULT_SETTINGS[name] for name in added}  # as it was before them
    renamed = {"picture", "task"}  # attributes; what they hold is what it was
    assert {k: v for k, v in found.items() if k in old_link["link"]} == {
        k: v for k, v in old_link["link"].items() if k in found
    }
    assert set(old_link["link"]) - set(found) <= renamed
    assert link_query(link) == dict(parse_qsl(old_link["again"]))  # in another order by now
