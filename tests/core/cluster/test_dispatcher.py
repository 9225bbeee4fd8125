"""A cluster through good days: whose turn it is, what visitors ask, what comes back."""

import json
import shutil
from pathlib import Path

import pytest

from core.cluster.cluster import read_cluster
from core.cluster.dispatcher import GOES_ON
from core.finetune import HandExample
from core.runs.control import ControlFile, write_control
from core.runs.queue import Visitor, create_run
from core.runs.run import FinetuneJob, Run
from core.storage import checkpoint
from tests.conftest import wait_for
from tests.support.clusters import SLOWLY, Hall, trainer_of, wait_for_cluster
from tests.support.workers import ENDLESS, SHORT, add_run, end_of, wait_for_progress

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]


@pytest.fixture
def hall(start, tmp_path, root) -> Hall:
    """A cluster with an app and one trainer."""
    made = Hall(start, tmp_path)
    made.scheduler()
    made.trainer("one", SLOWLY)
    made.app(root)
    return made


def scores(run: Run) -> list[dict[str, float]]:
    """Its history without its clock."""
    return [{k: v for k, v in record.items() if k != "seconds"} for record in run.history()]


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_run_there_is_the_run_here(hall, root, start, tmp_path):
    """Same recipe, same seed: the same files, the same figures, the same weights."""
    start(tmp_path / "embedded")
    here, there = add_run(tmp_path / "embedded"), add_run(root)
    assert (end_of(here), end_of(there)) == ("finished", "finished")
    assert scores(here) == scores(there)
    for run in (here, there):
        wait_for(
            lambda run=run: "last.safetensors" not in names(run.path), "the end of its autosave"
        )
    assert names(here.path) == names(there.path)
    for name, value in checkpoint.load(here.checkpoint)[0].state_dict().items():
        assert value.equal(checkpoint.load(there.checkpoint)[0].state_dict()[name]), name
    for step in ("00000000", "00000030"):
        file = Path("moments") / f"{step}.safetensors"
        assert (here.path / file).read_bytes() == (there.path / file).read_bytes()


def test_pause_one_step_and_another_learning_rate_arrive(hall, root):
    run = add_run(root)
    write_control(run.path, ControlFile(pause_at=3))
    wait_for(lambda: run.state().name == "paused", "the pause")
    assert run.history()[-1]["step"] == 3
    write_control(run.path, ControlFile(pause_at=4))
    wait_for(lambda: run.history()[-1]["step"] == 4, "one step")
    before = run.history()[-1]["lr"]
    write_control(run.path, ControlFile(pause_at=5, lr=0.001))
    wait_for(lambda: run.history()[-1]["step"] == 5, "another step")
    assert run.history()[-1]["lr"] < before / 2
    write_control(run.path, ControlFile())
    assert end_of(run) == "finished"


def test_a_stop_keeps_what_was_learned(hall, root):
    run = add_run(root, ENDLESS)
    wait_for_progress(run)
    run.request_stop()
    assert end_of(run) == "stopped"
    assert 0 < checkpoint.load(run.checkpoint)[1].epochs < 50
    wait_for(lambda: not (run.path / "last.safetensors").exists(), "the end of its autosave")


def test_who_teaches_a_network_does_not_wait_for_a_training(hall, root):
    base = add_run(root)
    assert end_of(base) == "finished"
    long = add_run(root, ENDLESS)
    wait_for_progress(long)
    taught = create_run(root, "quick", SHORT, FinetuneJob(base.id, HAND))
    assert end_of(taught) == "finished"
    assert long.state().name == "training"
    assert checkpoint.load(taught.checkpoint)[1].taught == 1
    long.request_stop()
    assert end_of(long) == "stopped"


def test_each_free_trainer_has_a_run_and_each_visitor_one(hall, root):
    hall.trainer("two", SLOWLY)
    wait_for_cluster(root, lambda cluster: len(cluster.trainers) == 2)
    ada, bob = Visitor("a", "ada"), Visitor("a", "bob")
    first = create_run(root, "quick", ENDLESS, visitor=ada)
    wait_for_progress(first)
    again = create_run(root, "quick", ENDLESS, visitor=ada)
    other = create_run(root, "quick", ENDLESS, visitor=bob)
    wait_for_progress(other)
    assert again.state().name == "queued"
    found = wait_for_cluster(root, lambda cluster: all(each.run for each in cluster.trainers))
    assert {first.id, other.id} == {each.run for each in found.trainers}
    assert found.words == "2 trainers, 0 free; 1 run waits."
    for run in (first, other):
        run.request_stop()
        end_of(run)
    wait_for_progress(again)
    again.request_stop()
    assert end_of(again) == "stopped"


def test_a_trainer_that_is_stopped_gives_its_run_back(hall, root, start):
    """Ctrl-C there: another one goes on at once, and nobody waits for a sign of life."""
    run = add_run(root, ENDLESS)
    wait_for_progress(run)
    (first,) = hall.trainers
    first._closed.set()  # its host does not start it again
    first._process.stdin.close()
    wait_for(lambda: run.state().message == GOES_ON, "the run to be given back")
    hall.trainer("two", SLOWLY)
    wait_for(lambda: trainer_of(root, run.id) == "two", "the other trainer")
    wait_for(lambda: run.state().name == "training" and len(run.history()) > 1, "more steps")
    run.request_stop()
    assert end_of(run) == "stopped"


def test_a_run_that_is_deleted_in_training_frees_its_trainer(hall, root):
    run = add_run(root, ENDLESS)
    wait_for_progress(run)
    shutil.rmtree(run.path)
    assert end_of(add_run(root)) == "finished"


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ("os.environ['SKETCH_SUM_CLUSTER'] = 'somewhere'\n", "'somewhere' is no address of a"),
        ("sys.modules['core.cluster.dispatcher'] = None\n", "distributed is not installed: run"),
        (
            "os.environ['SKETCH_SUM_CLUSTER'] = 'tls://127.0.0.1:1'\n",
            "A tls:// address needs SKETCH_SUM_CLUSTER_CA: the PEM file",
        ),
    ],
)
def test_what_is_set_wrongly_is_said_and_runs_wait(start, root, setup, words):
    start(root, f"import os, sys\nos.environ['SKETCH_SUM_CLUSTER'] = 'tcp://127.0.0.1:1'\n{setup}")
    run = add_run(root)
    wait_for(lambda: read_cluster(root), "a word of it")
    assert read_cluster(root).words.startswith(f"Runs wait: {words}")
    assert run.state().name == "queued"
    assert json.loads((root / ".worker.json").read_text())["pid"] > 0
