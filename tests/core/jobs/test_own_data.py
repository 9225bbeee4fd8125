"""Runs that learn from somebody's own pictures: here, on another machine, and after a deletion."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.collections.album import read_album
from core.collections.archive import read_zip
from core.collections.collection import make_collection
from core.jobs.data_sets import DataSets
from core.jobs.events import Checkpoint, Event, Limit, StateChange, decode_job, encode
from core.jobs.job import do_job
from core.jobs.writer import read_job
from core.library import store
from core.recipes.presets import PRESETS
from core.runs.control import ControlFile
from core.runs.queue import NOBODY, create_run
from core.runs.run import Run, find_run
from core.storage import checkpoint
from core.workers.runner import JobRunner
from tests.support.shapes import shape_files, zipped

NAMES = ("circle", "cross", "star")
PATIENT = SimpleNamespace(control=ControlFile, should_stop=lambda: False, limit=Limit)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """One that waits to learn three shapes."""
    album = read_album(read_zip(zipped(shape_files(6, NAMES))), "Shapes", "ink")
    name = store.keep_collection(tmp_path, NOBODY, make_collection(album, key=album.key))
    settings = {"dataset": name, "epochs": 1, "width": 4}
    return create_run(tmp_path, "quick", PRESETS["quick"].recipe.change(settings))


def test_it_is_trained_tested_and_knows_the_names(run):
    JobRunner(threading.Event()).execute(run)
    assert run.state().name == "finished"
    model, card = checkpoint.load(run.checkpoint)
    assert card.own_data and card.own_data.classes == NAMES
    assert sum(map(sum, card.confusion)) == 3 * 10  # one test picture of each, ten numbers
    assert model.spec.numbered(2) == "star (2)"


def test_another_machine_gets_the_pictures_with_the_job(run, monkeypatch):
    job = encode(read_job(run))
    monkeypatch.setattr("core.specs._known_own", {})  # it has never heard of them
    events: list[Event] = []
    do_job(decode_job(job), DataSets(), PATIENT, events.append)
    assert any(isinstance(event, Checkpoint) for event in events)
    assert isinstance(events[-1], StateChange) and events[-1].state.name == "finished"


def test_pictures_that_were_deleted_meanwhile_are_said(run):
    store.library_dir(run.path.parent).rename(run.path.parent / "elsewhere")
    JobRunner(threading.Event()).execute(run)
    assert run.state().name == "failed"
    assert run.state().message == store.PICTURES_GONE


def test_a_run_is_read_by_a_process_that_never_saw_its_pictures(run, monkeypatch):
    monkeypatch.setattr("core.specs._known_own", {})
    found = find_run(run.path.parent, run.id)
    assert found and found.recipe()[1].model.dataset.startswith("own-")
