"""A page reads a run once: its files are not opened again for each thing that is shown."""

import builtins
import io
from collections import Counter
from pathlib import Path

import pytest

from core.recipes.presets import PRESETS
from core.runs.control import ControlFile, write_control
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.storage import snapshots
from tests.conftest import record
from tests.support.pages import finished, opened, session_of, train_page
from views.session import jobs

QUICK = PRESETS["quick"].recipe
FILES = {"state.json", "progress.jsonl", "recipe.json", "control.json"}


@pytest.fixture(autouse=True)
def alone(alone: None) -> None:
    """No worker, and a folder of its own."""


@pytest.fixture
def reads(monkeypatch) -> Counter[str]:
    """How often each file of a run is opened, by its name."""
    seen: Counter[str] = Counter()
    real = io.open

    def counting(file, *args, **options):
        if isinstance(file, str | Path) and Path(file).name in FILES:
            seen[Path(file).name] += 1
        return real(file, *args, **options)

    monkeypatch.setattr(io, "open", counting)  # of pathlib
    monkeypatch.setattr(builtins, "open", counting)
    return seen


def run_in(state: str, recipe=QUICK) -> Run:
    run = create_run(runs_dir(), "quick", recipe)
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(recipe.build()))
    write_control(run.path, ControlFile())
    run.append(record(1))
    if state == "finished":
        finished(run)
    else:
        run.set_state(State(state))
    return run


def test_each_open_is_counted(reads):
    run = run_in("training")
    reads.clear()
    run.state()
    run.history()
    with open(run.path / "recipe.json"):
        pass
    assert reads == {"state.json": 1, "progress.jsonl": 1, "recipe.json": 1}


@pytest.mark.parametrize("state", ["training", "paused", "evaluating", "finished", "interrupted"])
def test_one_rerun_of_the_page_opens_each_file_of_its_run_once(reads, state):
    run = run_in(state)
    app = opened(train_page, run=run.id)
    reads.clear()
    app.run()
    assert not app.exception
    assert reads == dict.fromkeys(FILES, 1)


def test_a_run_with_a_bug_whose_network_answers_is_read_once_too(reads):
    run = run_in("finished", QUICK.with_bug("relu"))
    app = opened(train_page, run=run.id, net=run.id)
    reads.clear()
    app.run()
    assert not app.exception
    assert reads == dict.fromkeys(FILES, 1)


def test_a_fragment_shows_what_the_page_read_and_then_reads_again():
    run = run_in("training")
    session = session_of(opened(train_page, run=run.id))
    snapshot = jobs.current_run(session)
    read = jobs.reader(session, snapshot)
    run.append(record(2))
    assert read() is snapshot
    assert read().last == record(2)
    run.append(record(3))
    assert read().last == record(3)
