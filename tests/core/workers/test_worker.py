"""The worker: what it records of a training, and the real process through good and bad days."""

import fcntl
import io
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core import dataset, finetune
from core.data import download
from core.data.download import DownloadError
from core.evaluation.metrics import ood_threshold
from core.finetune import HandExample
from core.model import ModelConfig
from core.recipes.presets import PRESETS
from core.recipes.recipe import PARAM_BOUNDS, Recipe
from core.runs import job as job_module
from core.runs.control import ControlFile, read_control, write_control
from core.runs.job import TOO_LONG, Jobs
from core.runs.run import (
    LIVE,
    USABLE,
    FinetuneJob,
    Run,
    State,
    create_run,
    list_runs,
    queue_position,
)
from core.storage import checkpoint, snapshots
from core.trainer import TrainConfig, train
from core.workers import supervisor as app_side
from core.workers import worker
from core.workers.supervisor import Supervisor
from tests.conftest import PATIENCE, draw_split, wait_for

TINY = Recipe(ModelConfig(width=4), TrainConfig(epochs=2, batch_size=30))  # 40 drawn steps


# --- in this process, on the drawn data set


@pytest.fixture
def jobs(data, monkeypatch) -> Jobs:
    """Trains on the drawn data set, without a warm-up."""
    monkeypatch.setattr(download, "is_present", lambda name: False)
    made = Jobs(threading.Event())
    made.data["mnist"] = data
    return made


@pytest.fixture
def states(monkeypatch) -> list[str]:
    """The names of the states that runs go through."""
    seen: list[str] = []
    real = Run.set_state

    def set_state(run: Run, state: State) -> None:
        seen.append(state.name)
        real(run, state)

    monkeypatch.setattr(Run, "set_state", set_state)
    return seen


def after(monkeypatch: pytest.MonkeyPatch, steps: int, act: Callable[[Run], object]) -> None:
    """Let something happen to a run after so many steps."""
    real = Run.stop_requested
    calls: list[Run] = []

    def stop_requested(run: Run) -> bool:
        calls.append(run)
        if len(calls) == steps:
            act(run)
        return real(run)

    monkeypatch.setattr(Run, "stop_requested", stop_requested)


def test_a_run_goes_from_queued_to_finished(root, jobs, states):
    jobs.execute(create_run(root, "quick", TINY))
    assert states == ["queued", "preparing", "training", "evaluating", "finished"]


def test_a_finished_run_has_a_network_and_its_card(root, jobs, data):
    run = create_run(root, "quick", TINY)
    jobs.execute(run)
    model, card = checkpoint.load(run.checkpoint)
    assert model.config == TINY.model
    assert (card.preset, card.epochs, card.seed) == ("quick", 2, 0)
    assert sum(map(sum, card.confusion)) == 10 * len(data.test.labels)
    assert card.figures["class_acc"] > 0.5
    assert card.train_seconds > 0


def test_the_network_is_the_one_that_the_recipe_trains(root, jobs, data):
    """Same recipe, same network, whether the worker or somebody else trains it."""
    run = create_run(root, "quick", TINY)
    jobs.execute(run)
    model = TINY.build()
    list(train(model, data, TINY.train))
    loaded, _ = checkpoint.load(run.checkpoint)
    for name, value in model.state_dict().items():
        assert loaded.state_dict()[name].equal(value), name


def test_a_run_records_its_progress(root, jobs):
    run = create_run(root, "quick", TINY)
    jobs.execute(run)
    history = run.history()
    assert [record["step"] for record in history] == list(range(1, 41))
    assert len([record for record in history if "val_loss" in record]) >= 10
    assert {record["steps"] for record in history} == {40}
    assert history[-1]["images"] == 1200
    seconds = [record["seconds"] for record in history]
    assert seconds == sorted(seconds)
    assert all(math.isfinite(value) for record in history for value in record.values())


def test_a_stop_keeps_what_was_learned(root, jobs, states, monkeypatch):
    run = create_run(root, "quick", TINY)
    after(monkeypatch, 25, Run.request_stop)
    jobs.execute(run)
    assert states[-2:] == ["evaluating", "stopped"]
    assert run.state().is_usable
    _, card = checkpoint.load(run.checkpoint)
    assert card.epochs == 2 * 25 / 40
    assert run.history()[-1]["step"] == 25


def test_a_run_is_stopped_and_kept_when_the_app_ends(root, jobs, monkeypatch):
    run = create_run(root, "quick", TINY)
    after(monkeypatch, 25, lambda run: jobs.app_gone.set())
    jobs.execute(run)
    assert run.state() == State("stopped")
    assert checkpoint.load(run.checkpoint)[1].epochs == 1.25


def test_a_run_that_diverges_says_what_to_do(root, jobs):
    wild = replace(TINY, train=replace(TINY.train, lr=30.0, sum_weight=1.0))
    run = create_run(root, "quick", wild)
    jobs.execute(run)
    assert run.state().name == "failed"
    step = run.history()[-1]["step"] + 1
    sentence = f"The loss ran away at step {step}. Lower the learning rate and train again."
    assert run.state().message == sentence
    assert not run.checkpoint.with_suffix(".safetensors").exists()


def test_data_that_cannot_be_had_are_said(root, jobs, monkeypatch):
    def refuse(*_: object, **__: object) -> Path:
        raise DownloadError("MNIST could not be fetched.")

    monkeypatch.setattr(download, "download", refuse)
    jobs.data.clear()
    run = create_run(root, "quick", TINY)
    jobs.execute(run)
    assert run.state() == State("failed", "MNIST could not be fetched.")


def test_a_stop_ends_the_fetching_too(root, jobs, monkeypatch):
    run = create_run(root, "quick", TINY)

    def pretend(name: str, report: Callable[[download.DownloadProgress], None]) -> None:
        report(download.DownloadProgress(name, "a mirror", 0, None))
        run.request_stop()
        report(download.DownloadProgress(name, "a mirror", 25, 100))
        raise AssertionError("it went on")

    monkeypatch.setattr(download, "download", pretend)
    jobs.data.clear()
    jobs.execute(run)
    assert run.state() == State("interrupted", "Stopped before the training began.")
    assert not jobs.spent


@pytest.mark.parametrize(
    ("name", "title"), [("mnist", "MNIST"), ("fashion-mnist", "Fashion-MNIST")]
)
def test_fetching_is_reported(root, jobs, data, monkeypatch, name, title):
    seen = []
    real = Run.set_state
    monkeypatch.setattr(Run, "set_state", lambda run, state: (seen.append(state), real(run, state)))

    def pretend(name: str, report: Callable[[download.DownloadProgress], None]) -> None:
        report(download.DownloadProgress(name, "a mirror", 0, None))
        report(download.DownloadProgress(name, "a mirror", 25, 100))

    monkeypatch.setattr(download, "download", pretend)
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    jobs.data.clear()
    jobs.execute(create_run(root, "quick", TINY.change({"dataset": name})))
    text = f"Fetching {title} from a mirror"
    assert State("preparing", text, None) in seen
    assert State("preparing", text, 0.25) in seen
    assert seen[-1] == State("finished")


def test_a_mistake_of_ours_is_said_and_the_next_run_trains(root, jobs, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        patch.setattr(job_module, "evaluate", lambda *_: 1 / 0)
        run = create_run(root, "quick", TINY)
        jobs.execute(run)
    assert run.state() == State("failed", "The training went wrong. Train again.")
    assert "ZeroDivisionError" in caplog.text
    jobs.execute(second := create_run(root, "quick", TINY))
    assert second.state() == State("finished")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"preset": "quick", "params": {"width": 99}}'])
def test_a_damaged_recipe_is_said(root, jobs, content):
    run = create_run(root, "quick", TINY)
    (run.path / "recipe.json").write_bytes(content)
    jobs.execute(run)
    assert run.state() == State("failed", "What is left of this run cannot be read. Train again.")


def test_a_run_that_is_deleted_in_training_does_no_harm(root, jobs, monkeypatch):
    run = create_run(root, "quick", TINY)
    after(monkeypatch, 10, lambda run: shutil.rmtree(run.path))
    jobs.execute(run)
    assert list(list_runs(root)) == []


def test_a_paused_run_waits_and_makes_one_step_when_asked(root, jobs, states):
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    thread = threading.Thread(target=jobs.execute, args=(run,))
    thread.start()
    wait_for(lambda: run.state().name == "paused", "the pause")
    assert run.history()[-1]["step"] == 3
    write_control(run.path, ControlFile(pause_at=4))
    wait_for(lambda: run.history()[-1]["step"] == 4, "one step")
    wait_for(lambda: run.state().name == "paused", "the next pause")
    assert run.history()[-1]["step"] == 4
    assert {0, 3, 4} <= set(snapshots.snapshot_steps(run.snapshots))
    write_control(run.path, ControlFile())
    thread.join(PATIENCE)
    assert run.history()[-1]["step"] == 40
    paused = ["paused", "training"]
    assert states == ["queued", "preparing", "training", *paused, *paused, "evaluating", "finished"]


def test_a_pause_does_not_count_as_training(root, jobs, monkeypatch):
    monkeypatch.setattr(Jobs, "_pause", lambda *_: 1_000.0)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=40))  # at the last step, measured just after
    jobs.execute(run)
    _, card = checkpoint.load(run.checkpoint)
    assert run.history()[-1]["seconds"] > 0
    assert card.train_seconds < 0  # the pause, which took no time here, is taken off


def test_pauses_hold_the_trainer_too(root, jobs, monkeypatch):
    real, pauses = time.perf_counter, []
    monkeypatch.setattr(time, "perf_counter", lambda: real() + 1_000 * len(pauses))
    monkeypatch.setattr(Jobs, "_pause", lambda *_: pauses.append(1) or 1_000.0)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    jobs.execute(run)
    assert run.state() == State("stopped", TOO_LONG)
    assert run.history()[-1]["step"] == 3


def test_a_paused_run_can_be_stopped(root, jobs):
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3))
    thread = threading.Thread(target=jobs.execute, args=(run,))
    thread.start()
    wait_for(lambda: run.state().name == "paused", "the pause")
    run.request_stop()
    thread.join(PATIENCE)
    assert (run.state().name, run.history()[-1]["step"]) == ("stopped", 3)


def test_nobody_holds_up_the_line_for_ever(root, jobs, monkeypatch):
    monkeypatch.setattr(job_module, "MAX_PAUSE_SECONDS", 0.1)
    run = create_run(root, "quick", TINY)
    write_control(run.path, ControlFile(pause_at=3, lr=0.05))
    jobs.execute(run)
    assert run.state().name == "finished"
    assert read_control(run.path) == ControlFile(None, 0.05)


def test_the_learning_rate_is_moved_while_it_trains(root, jobs, monkeypatch):
    after(monkeypatch, 20, lambda run: write_control(run.path, ControlFile(lr=TINY.train.lr / 10)))
    run, other = create_run(root, "quick", TINY), create_run(root, "quick", TINY)
    jobs.execute(run)
    monkeypatch.undo()
    monkeypatch.setattr(download, "is_present", lambda name: False)
    jobs.execute(other)
    ratios = [
        one["lr"] / two["lr"] for one, two in zip(run.history(), other.history(), strict=True)
    ]
    moved = sum(ratio > 0.5 for ratio in ratios)
    assert 15 < moved < 25
    assert ratios == pytest.approx([1.0] * moved + [0.1] * (40 - moved))


# --- teaching, in this process

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]  # whoever drew it


@pytest.fixture
def base(root, jobs) -> Run:
    """A small network with late fusion, trained in a run of its own."""
    run = create_run(root, "quick", TINY)
    jobs.execute(run)
    return run


def test_what_it_doubts_is_set_on_what_was_held_out(root, jobs, data, monkeypatch):
    monkeypatch.setitem(PARAM_BOUNDS, "held_out", (1, 100))
    run = create_run(root, "quick", replace(TINY, train=replace(TINY.train, held_out=40)))
    jobs.execute(run)
    model, card = checkpoint.load(run.checkpoint)
    assert card.doubt_level == ood_threshold(model, data.val.first(40))
    assert card.doubt_level != ood_threshold(model, data.val)


def test_a_lesson_goes_from_queued_to_finished(root, jobs, base, states):
    jobs.execute(create_run(root, "quick", TINY, FinetuneJob(base.id, HAND)))
    assert states == ["queued", "preparing", "training", "evaluating", "finished"]


def test_a_lesson_teaches_a_copy_of_its_base(root, jobs, base, data):
    pictures, weights = HAND[0].image[None], base.checkpoint.with_suffix(".safetensors")
    before = weights.read_bytes()
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    jobs.execute(run)
    (old, _), (model, card) = checkpoint.load(base.checkpoint), checkpoint.load(run.checkpoint)
    assert finetune.read_labels(old, pictures) != finetune.read_labels(model, pictures) == [4]
    assert weights.read_bytes() == before
    assert (card.taught, card.preset, Recipe.read(card.params)) == (1, "quick", TINY)
    assert card.doubt_level is not None
    assert sum(map(sum, card.confusion)) == 10 * len(data.test.labels)


def test_a_lesson_without_its_base_says_one_sentence(root, jobs, base):
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    shutil.rmtree(base.path)
    jobs.execute(run)
    assert run.state() == State("failed", "The network to teach is no longer kept here.")
    assert run.finetune_job() == FinetuneJob(base.id, HAND)


def test_a_lesson_that_goes_wrong_says_to_teach_again(root, jobs, base, monkeypatch, caplog):
    monkeypatch.setattr(finetune, "finetune", lambda *_: 1 / 0)
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    jobs.execute(run)
    assert run.state() == State("failed", "The training went wrong. Teach it again.")
    assert "ZeroDivisionError" in caplog.text


# --- serving, in this process


@pytest.fixture
def serve(root, monkeypatch) -> Callable[[], None]:
    """Serve the runs directory for an app that is already gone."""
    monkeypatch.setattr(download, "is_present", lambda name: False)
    monkeypatch.setattr(os, "nice", lambda by: 0)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    return lambda: worker.serve(root)


@pytest.mark.parametrize("name", LIVE)
def test_a_run_that_was_cut_off_reads_interrupted(root, serve, name):
    run = create_run(root, "quick", TINY)
    run.set_state(State(name))
    serve()
    assert run.state() == State("interrupted", "The training was cut off. Train again.")


@pytest.mark.parametrize("name", ["queued", "finished", "stopped", "failed", "interrupted"])
def test_other_runs_stay_as_they_are(root, serve, name):
    run = create_run(root, "quick", TINY)
    run.set_state(State(name))
    serve()
    assert run.state() == State(name)


def test_a_second_worker_leaves_the_runs_of_the_first_alone(root, serve):
    """Two apps may share a directory; who holds its lock trains."""
    run = create_run(root, "quick", TINY)
    run.set_state(State("training"))
    with open(root / ".lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        serve()
    assert run.state() == State("training")


def test_a_run_is_found_though_the_directory_s_time_stands_still(root, serve, monkeypatch):
    """Two changes within one tick of the file system's clock leave the time of the first."""

    class Still(type(root)):  # type: ignore[misc]
        def stat(self, **options: Any) -> Any:
            true = super().stat(**options)
            still = SimpleNamespace(st_mode=true.st_mode, st_mtime_ns=1)
            return still if self == root else true

    def waiting(folder: Path) -> list[Run]:
        found = look(folder)
        if not list(list_runs(root)):  # it has looked, and now there is a run
            create_run(root, "quick", TINY)
        return found

    def execute(self: Jobs, run: Run) -> None:
        run.set_state(State("finished"))
        app_ends.set()

    app_ends, look = threading.Event(), worker._waiting
    pipe = SimpleNamespace(read=lambda: app_ends.wait(PATIENCE))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipe))
    monkeypatch.setattr(worker, "_waiting", waiting)
    monkeypatch.setattr(Jobs, "execute", execute)
    worker.serve(Still(root))
    assert [run.state().name for run in list_runs(root)] == ["finished"]


# --- the process

# The worker's process, but for its data set: a run takes a moment.
DRAWN = """
import sys
from pathlib import Path
import torch
from core import dataset
from core.data import download
from core.specs import SPECS
from core.workers import worker
data = dataset.Data(SPECS["mnist"], *(dataset.Split(*s) for s in torch.load(sys.argv[2])))
dataset.load_data = lambda name: data
download.download = lambda name, report: None
download.is_present = lambda name: False
worker.serve(Path(sys.argv[1]))
"""

SHORT = replace(TINY, train=TrainConfig(epochs=1, batch_size=200))  # 30 steps
ENDLESS = replace(TINY, train=TrainConfig(epochs=50, batch_size=16))  # 18,750 steps


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    folder = tmp_path_factory.mktemp("app")
    drawn = folder / "drawn.pt"
    torch.save([tuple(draw_split(count, seed=count)) for count in (6000, 100, 100)], drawn)

    def popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([command[0], "-c", DRAWN, *command[3:], str(drawn)], **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_side, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
        started = Supervisor(folder / "runs")
        yield started
        started.close()


@pytest.fixture
def alive(process: Supervisor) -> Supervisor:
    """The worker, running, whatever earlier tests did to it."""
    process.ensure()
    return process


def start(process: Supervisor, recipe: Recipe = SHORT) -> Run:
    return create_run(process.root, "quick", recipe)


def over(run: Run) -> str:
    wait_for(lambda: run.state().is_finished, "the end of a run")
    return run.state().name


def learning(run: Run) -> None:
    """Wait until a run is in training and has something to show."""
    wait_for(run.history, "progress")
    assert run.state().name == "training"


def test_two_runs_train_one_after_the_other(alive):
    first, second = start(alive), start(alive)
    assert queue_position(alive.root, second) == 1
    wait_for(lambda: second.state().name != "queued", "the second run")
    assert first.state().is_finished
    assert (over(first), over(second)) == ("finished", "finished")
    assert checkpoint.load(second.checkpoint)[1].epochs == 1


def test_a_run_that_waits_can_leave_the_line(alive):
    first, second, third = (start(alive, recipe) for recipe in (ENDLESS, SHORT, SHORT))
    learning(first)
    second.request_stop()
    first.request_stop()
    assert (over(first), over(third)) == ("stopped", "finished")
    assert second.history() == []
    assert not second.state().is_usable


def test_ctrl_c_reaches_the_app_and_not_the_run(alive):
    run = start(alive, ENDLESS)
    learning(run)
    os.kill(alive.pid, signal.SIGINT)
    step = run.history()[-1]["step"]
    wait_for(lambda: run.history()[-1]["step"] > step, "more progress")
    run.request_stop()
    assert over(run) == "stopped"


def test_a_worker_that_lives_is_left_alone(alive):
    before = alive.pid
    alive.ensure()
    assert alive.pid == before


def test_answers_come_before_training(alive):
    run = start(alive, ENDLESS)
    learning(run)
    assert os.getpriority(os.PRIO_PROCESS, alive.pid) >= os.getpriority(os.PRIO_PROCESS, 0) + 10
    run.request_stop()
    over(run)


def test_a_killed_worker_is_replaced_and_its_run_reads_interrupted(alive):
    run, waiting = start(alive, ENDLESS), start(alive)
    learning(run)
    before = alive.pid
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: alive.ensure() or alive.pid != before, "another process")
    assert over(run) == "interrupted"
    assert run.state().message == "The training was cut off. Train again."
    assert run.history()
    assert over(waiting) == "finished"


def test_the_process_ends_with_its_app_and_keeps_the_run(alive):
    """Its standard input closes when the app dies, however it dies."""
    run = start(alive, ENDLESS)
    learning(run)
    alive._process.stdin.close()
    assert alive._process.wait(PATIENCE) == 0
    assert run.state() == State("stopped")
    assert 0 < checkpoint.load(run.checkpoint)[1].epochs < 50


def test_close_ends_the_process(root):
    started = Supervisor(root)
    pid = started.pid
    started.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_process_as_it_is_trains_on_the_real_data(root, mnist, monkeypatch):
    monkeypatch.setattr(app_side, "subprocess", subprocess)
    started = Supervisor(root)
    try:
        recipe = PRESETS["quick"].recipe.change({"width": 4, "batch_size": 2048, "epochs": 1})
        run = create_run(root, "quick", recipe)
        wait_for(lambda: run.history()[8:], "progress")
        run.request_stop()
        assert over(run) in USABLE
    finally:
        started.close()
    assert run.history()[-1]["steps"] == 25  # 50,000 images, 2,048 a step
    _, card = checkpoint.load(run.checkpoint)
    assert sum(map(sum, card.confusion)) == 100_000  # 10,000 images x 10 addends
    assert 8 / 25 < card.epochs <= 1
