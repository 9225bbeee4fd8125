"""Runs on disk: made whole, found only by their id, readable whatever happened to them."""

import json
import os
import secrets
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core import PROJECT
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.queue import create_run, queue_position
from core.runs.run import FinetuneJob, Run, State, find_run, list_runs, runs_dir
from core.trainer import Scores
from tests.conftest import record

QUICK = PRESETS["quick"].recipe


def make(root: Path, state: str = "queued", seed: int = 0) -> Run:
    run = create_run(root, "quick", QUICK.change({"seed": seed}))
    run.set_state(State(state))
    return run


def test_a_new_run_waits(root):
    run = create_run(root, "quick", QUICK)
    assert run.state() == State("queued")
    assert not run.state().is_finished
    assert run.history() == []
    assert not run.stop_requested()


def test_a_run_keeps_its_recipe(root):
    recipe = QUICK.change({"lr": 0.05, "seed": 12, "width": 8})
    assert create_run(root, "quick", recipe).recipe() == ("quick", recipe)


def test_a_run_is_found_by_its_id(root):
    run = make(root)
    assert find_run(root, run.id) == run


def test_an_id_is_64_bits_of_the_system_s_secrets(root, monkeypatch):
    asked = []
    monkeypatch.setattr(secrets, "token_hex", lambda count: asked.append(count) or "0f" * count)
    assert make(root).id == "0f" * 8
    assert asked == [8]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "0123456789abcdef", "0" * 15, "\0", "é"])
def test_unknown_ids_find_nothing(root, name):
    make(root)
    assert find_run(root, name) is None


def test_an_id_that_leads_out_of_the_directory_finds_nothing(root):
    inner = root / "inner"
    run = make(root)
    make(inner)
    for trick in (f"../{run.id}", f"../runs/{run.id}", str(run.path), f"./{run.id}", f"{run.id}/"):
        assert find_run(inner, trick) is None
        assert find_run(root, trick) is None


@given(name=some.text() | some.from_regex(r"[./\\0-9a-f]{0,20}", fullmatch=True))
def test_whatever_the_id_nothing_is_found_where_nothing_is(name):
    assert find_run(Path(__file__).parent, name) is None


def test_a_run_appears_whole(root, monkeypatch):
    """Whoever lists the directory while a run is being made sees no run, or all of it."""
    seen = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (seen.append(list(list_runs(root))), real(file)))
    run = create_run(root, "quick", QUICK)
    assert seen == [[]] * 3  # the recipe, what to say when the disk is full, the state
    assert list(list_runs(root)) == [run]


def test_runs_come_oldest_first(root):
    made = [make(root) for _ in range(6)]
    for age, run in enumerate(reversed(made)):
        os.utime(run.path / "recipe.json", ns=(age, age))
    assert list(list_runs(root)) == made[::-1]


def test_other_things_in_the_directory_are_no_runs(root):
    (root / ".lock").touch()
    (root / "0123456789abcdef").mkdir()  # nothing in it
    (root / "fedcba9876543210").touch()
    assert list(list_runs(root)) == []


def test_no_directory_has_no_runs(tmp_path):
    assert list(list_runs(tmp_path / "runs")) == []
    assert find_run(tmp_path / "runs", "0123456789abcdef") is None


def test_a_run_that_is_pruned_meanwhile_is_left_out(root, monkeypatch):
    stays, goes = make(root), make(root)
    real = Run.created

    def created(run: Run) -> int:
        if run == goes:
            (run.path / "recipe.json").unlink(missing_ok=True)
        return real(run)

    monkeypatch.setattr(Run, "created", created)
    assert list(list_runs(root)) == [stays]


def test_the_queue_position_counts_the_runs_before(root):
    names = ("finished", "training", "failed", "queued", "queued")
    made = [make(root, name) for name in names]
    for age, run in enumerate(made):
        os.utime(run.path / "recipe.json", ns=(age, age))
    assert [queue_position(root, run) for run in made] == [0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("name", "is_finished", "is_usable"),
    [
        *((name, False, False) for name in ("queued", "preparing", "training", "evaluating")),
        *((name, True, True) for name in ("finished", "stopped")),
        *((name, True, False) for name in ("failed", "interrupted")),
    ],
)
def test_a_state_says_whether_it_is_over_and_has_a_network(name, is_finished, is_usable):
    state = State(name)
    assert (state.is_finished, state.is_usable) == (is_finished, is_usable)


def test_a_state_comes_back_as_it_went(root):
    run = make(root)
    state = State("preparing", "Fetching MNIST", 0.25)
    run.set_state(state)
    assert run.state() == state


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"nam',
        b'{"x": 1}',
        b"\xff\xfe",
        b'{"name": 1}',
        b'{"name": "lost"}',
        b'{"name": "queued", "share": "1"}',
        b'{"name": "queued", "share": NaN}',
        b'{"name": "queued", "share": 1e999}',
        b'{"name": "queued", "share": true}',
        b'{"name": "queued", "message": []}',
        b"[" * 9_999,
    ],
)
def test_a_damaged_state_is_said(root, content):
    run = make(root)
    (run.path / "state.json").write_bytes(content)
    assert run.state().name == "interrupted"
    assert run.state().message == "The files of this run are damaged. Train again."


@pytest.mark.parametrize("change", [{"name": 1}, {"name": "x"}, {"share": "1"}, {"message": []}])
def test_a_state_that_none_can_have_is_said(root, change):
    run = make(root)
    (run.path / "state.json").write_text(json.dumps({"name": "queued"} | change))
    assert run.state().name == "interrupted"


def test_a_run_that_left_the_queue_is_finished(root):
    run = make(root)
    run.request_stop()
    assert run.state().is_finished
    assert not run.state().is_usable


@pytest.mark.parametrize("state", ["training", "finished"])
def test_a_stop_later_does_not_hide_the_state(root, state):
    run = make(root, state)
    run.request_stop()
    assert run.stop_requested()
    assert run.state().name == state


def test_history_is_what_was_appended(root):
    run = make(root)
    records = [record(step, loss=1 / step, val_loss=0.5) for step in range(1, 50)]
    for each in records:
        run.append(each)
    assert run.history() == records


def test_half_a_last_line_is_skipped(root):
    run = make(root)
    first, whole = (json.dumps(record(step, loss=2.5)).encode() for step in (1, 2))
    for length in range(len(whole)):
        (run.path / "progress.jsonl").write_bytes(first + b"\n" + whole[:length])
        assert run.history() == [record(1, loss=2.5)]


@pytest.mark.parametrize("junk", [b"\xff\xfe\n", b"[1]\n", b"7\n", b"null\n", b'"step"\n', b"{}\n"])
def test_junk_between_the_lines_is_skipped(root, junk):
    run = make(root)
    run.append(record(1))
    with open(run.path / "progress.jsonl", "ab") as file:
        file.write(junk)
    run.append(record(2))
    assert run.history() == [record(1), record(2)]


def test_a_reader_beside_a_writer_sees_whole_records(root):
    run = make(root)
    long = record(
        1, loss=0.123456789, **{f"val_{name}": i / 7 for i, name in enumerate(Scores._fields)}
    )
    writer = threading.Thread(target=lambda: [run.append(long) for _ in range(100)])
    writer.start()
    while writer.is_alive():
        assert all(found == long for found in run.history())
    writer.join()
    assert len(run.history()) == 100


def test_runs_live_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path))
    assert runs_dir() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SKETCH_SUM_RUNS", "~/mine")
    assert runs_dir() == tmp_path / "mine"


@pytest.mark.parametrize("value", [None, ""])
def test_runs_live_beside_the_code_otherwise(monkeypatch, value):
    monkeypatch.delenv("SKETCH_SUM_RUNS", raising=False)
    if value is not None:
        monkeypatch.setenv("SKETCH_SUM_RUNS", value)
    assert runs_dir() == PROJECT / "runs"


def test_a_relative_place_is_the_same_for_the_worker(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKETCH_SUM_RUNS", "mine")
    assert runs_dir() == tmp_path / "mine"


@pytest.fixture
def finetune_job() -> FinetuneJob:
    return FinetuneJob("mnist", [HandExample(7, (((60.0, 50.0), (200.0, 50.5)), ((90.0, 140.0),)))])


def test_a_run_keeps_its_finetune_job(root, finetune_job):
    run = create_run(root, "quick", QUICK, finetune_job)
    assert run.finetune_job() == finetune_job
    assert run.recipe() == ("quick", QUICK)
    assert run.state() == State("queued")


def test_a_run_that_trains_has_no_finetune_job(root):
    assert make(root).finetune_job() is None


def test_examples_lie_in_the_run_s_directory_and_nowhere_else(root, finetune_job):
    run = create_run(root, "quick", QUICK, finetune_job)
    assert sorted(path.name for path in root.iterdir()) == [run.id]
    assert sorted(path.name for path in run.path.iterdir()) == [
        *("disk-full.json", "examples.jsonl", "recipe.json", "state.json")
    ]


def test_a_finetune_job_that_failed_says_to_teach_again(root, finetune_job):
    run = create_run(root, "quick", QUICK, finetune_job)
    (run.path / "state.json").write_text("{")
    assert run.state().message == "The files of this run are damaged. Teach it again."
