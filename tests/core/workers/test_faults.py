"""Bad days of the worker, each caused for real: a kill, a full disk, no memory, a second app.

After each there is one sentence for the visitor, the worker is back, and finished runs are intact.
Pages are in test_strangers.py, the browser's side in browser/test_faults.py.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core import PROJECT
from core.runs import job, limits, recovery
from core.runs.job import RECOVERY_MESSAGE, Jobs
from core.runs.run import Run, State, create_run
from core.storage import checkpoint
from core.trainer import Progress, Scores
from core.workers import supervisor as app_side
from core.workers.supervisor import Supervisor
from tests.conftest import draw_split, record
from tests.core.workers.test_worker import (
    DRAWN,
    ENDLESS,
    PATIENCE,
    SHORT,
    TINY,
    after,
    learning,
    over,
    jobs,
    wait_for,
)

__all__ = ["jobs"]  # a fixture

# Weights of a run in training are saved with each line of its progress.
OFTEN = "from core.runs import recovery; recovery.AUTOSAVE_SECONDS = 0"
CUT_OFF = "The training was cut off. Train again."
FULL = "The disk is full: nothing more could be kept. Train again."


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set in a file, for workers of tests."""
    path = tmp_path_factory.mktemp("drawn") / "drawn.pt"
    torch.save([tuple(draw_split(count, seed=count)) for count in (6000, 100, 100)], path)
    return path


Start = Callable[..., Supervisor]


@pytest.fixture
def start(drawn: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """start(root, "more code") starts a real worker that runs more code before it serves."""
    started: list[Supervisor] = []

    def begin(root: Path, more: str = "") -> Supervisor:
        code = DRAWN.replace("worker.serve(", f"{more}\nworker.serve(")

        def popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
            return subprocess.Popen([command[0], "-c", code, *command[3:], str(drawn)], **options)

        monkeypatch.setattr(
            app_side, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE)
        )
        started.append(Supervisor(root))
        return started[-1]

    yield begin
    for each in started:
        each.close()


def queue(root: Path, recipe: Any = SHORT) -> Run:
    return create_run(root, "quick", recipe)


def finished(root: Path, jobs: Jobs) -> tuple[Run, dict[str, bytes]]:
    """A finished run, and all that its directory holds."""
    run = queue(root, TINY)
    jobs.execute(run)
    assert run.state().name == "finished"
    return run, contents(run)


def noted(run: Run) -> None:
    """Wait until there are weights of a run in training."""
    wait_for((run.path / "last.safetensors").exists, "weights of a run that trains")


def contents(run: Run) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in run.path.iterdir() if file.is_file()}


# --- killed


def kill(started: Supervisor) -> int:
    """Kill the worker and wait for another, which nobody asks for. Its predecessor's id."""
    before = started.pid
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: started.pid not in (0, before), "another process")
    return before


def test_killed_while_it_waits(root, start, jobs):
    done, files = finished(root, jobs)
    started = start(root)
    assert over(queue(root)) == "finished"  # it is up
    kill(started)
    assert over(queue(root)) == "finished"
    assert contents(done) == files


def test_killed_while_it_trains(root, start, jobs):
    """What was learned until then is measured, kept and can be used."""
    done, files = finished(root, jobs)
    started = start(root, OFTEN)
    run, waiting = queue(root, ENDLESS), queue(root)
    noted(run)
    step = recovery.recover(run).step
    kill(started)
    assert over(run) == "stopped"
    said = run.state().message
    assert said.startswith("Cut off at step ")
    assert said.endswith(" of 18,750; what it learned so far is kept")
    _, card = checkpoint.load(run.checkpoint)
    assert card.epochs >= round(50 * step / 18_750, 3) > 0
    assert run.history()[-1]["step"] >= step
    assert over(waiting) == "finished"
    assert contents(done) == files


def test_killed_before_there_were_weights(root, start):
    started = start(root, "from core.runs import recovery; recovery.save_weights = lambda *_: None")
    run = queue(root, ENDLESS)
    learning(run)
    kill(started)
    assert over(run) == "interrupted"
    assert run.state().message == CUT_OFF
    assert run.history()


# Dies in the middle of a write: half of the file is there, under its other name.
DIES_WRITING = """
import os
from pathlib import Path
from core.runs import recovery, run
from core.storage import checkpoint, snapshots
def half(path, content, write=checkpoint.write_atomic):
    if path.name == NAME and not (flag := Path(sys.argv[1], ".died")).exists():
        flag.touch()
        path.with_name(f".{path.name}.{os.getpid()}").write_bytes(content[: len(content) // 2])
        os.kill(os.getpid(), 9)
    write(path, content)
for module in (checkpoint, run, recovery):
    module.write_atomic = half
"""


def test_killed_while_it_writes_the_network(root, start):
    """All was learned and the last weights were noted: nothing is lost."""
    start(root, DIES_WRITING.replace("NAME", "'checkpoint.json'"))
    run = queue(root)
    assert over(run) == "stopped"
    assert run.state().message == "Cut off at step 30 of 30; what it learned so far is kept"
    assert checkpoint.load(run.checkpoint)[1].epochs == 1


def test_killed_while_it_notes_weights(root, start):
    start(root, DIES_WRITING.replace("NAME", "'last.safetensors'"))
    run, waiting = queue(root), queue(root)
    assert over(run) == "interrupted"
    assert run.state().message == CUT_OFF
    assert over(waiting) == "finished"


def test_a_run_that_is_stopped_is_noted_before_it_is_measured(root, jobs, monkeypatch):
    """Measuring takes a while, and an app that ends may have no patience."""
    seen = []
    real = job.evaluate
    run = queue(root, TINY)
    after(monkeypatch, 25, Run.request_stop)
    monkeypatch.setattr(
        job, "evaluate", lambda *a: (seen.append(recovery.recover(run).step), real(*a))[1]
    )
    jobs.execute(run)
    assert seen == [25]


def test_what_kills_the_worker_again_is_not_tried_a_third_time(root, start):
    """Measuring what was learned may be what it dies of."""
    fatal = """
import os
from core.runs import job
job.evaluate = lambda *_: os.kill(os.getpid(), 9)
"""
    start(root, fatal)
    run = queue(root)
    assert over(run) == "interrupted"
    assert run.state().message == CUT_OFF


def test_a_worker_that_dies_at_once_is_not_started_in_a_tight_loop(root, monkeypatch):
    starts: list[float] = []

    def popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        starts.append(time.monotonic())
        return subprocess.Popen([sys.executable, "-S", "-c", "raise SystemExit(1)"], **options)

    monkeypatch.setattr(app_side, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
    started = Supervisor(root)
    wait_for(lambda: started.ensure() or len(starts) == 4, "four starts")
    started.close()
    first, second, third, fourth = starts
    assert second - first >= 0.5
    assert third - second >= 1
    assert fourth - third >= 2


def test_a_pause_is_never_so_long_that_a_visitor_waits_ten_seconds():
    assert app_side.MAX_RESTART_PAUSE < 10


def test_an_app_that_cannot_start_its_worker_goes_on(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    started = Supervisor(tmp_path / "file" / "runs")
    assert started.pid == 0
    started.ensure()
    started.close()
    assert "worker cannot be started" in caplog.text


# --- two apps, an app that dies


def test_two_apps_share_a_directory_and_one_takes_over_from_the_other(root, start):
    first = start(root, OFTEN)
    assert over(queue(root)) == "finished"  # the first holds the lock
    second = start(root)
    run, waiting = queue(root, ENDLESS), queue(root)
    noted(run)
    assert json.loads((root / ".lock").read_text())["pid"] == first.pid
    first.close()
    assert over(run) == "stopped"
    assert over(waiting) == "finished"
    assert json.loads((root / ".lock").read_text())["pid"] == second.pid


APP = """
import sys, time
from pathlib import Path
from core.workers.supervisor import Supervisor
Supervisor(Path(sys.argv[1]))
time.sleep(600)
"""


def test_an_app_that_is_killed_leaves_a_run_that_the_next_one_shows(root, mnist, start):
    """The real process, which notices that its app is gone, ends the run and keeps it."""
    here = PROJECT
    app = subprocess.Popen([sys.executable, "-c", APP, str(root)], cwd=here)
    try:
        recipe = replace(TINY, train=replace(TINY.train, epochs=50, batch_size=16))
        run, waiting = queue(root, recipe), queue(root)
        learning(run)
    finally:
        app.kill()
        app.wait()
    start(root)
    assert over(run) == "stopped"
    assert checkpoint.load(run.checkpoint)[1].epochs > 0
    assert over(waiting) == "finished"


# --- a full disk

# Writes fail for want of room while a flag is there; they leave half of what they wrote.
FILLS_UP = """
import builtins, errno
from pathlib import Path
real = builtins.open
class Full:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *error): self.file.close()
    def __getattr__(self, name): return getattr(self.file, name)
    def write(self, content):
        self.file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")
def open(path, mode="r", *more):
    file = real(path, mode, *more)
    full = Path(sys.argv[1]).parent.joinpath("full").exists()
    return Full(file) if full and mode in ("wb", "ab") else file
from core.runs import run
from core.storage import files
files.open = run.open = worker.open = open
"""


def test_a_disk_that_fills_up_while_it_trains(root, start, jobs):
    done, files = finished(root, jobs)
    started = start(root, FILLS_UP)
    run = queue(root, ENDLESS)
    learning(run)
    pid = started.pid
    (root.parent / "full").touch()
    assert over(run) == "failed"
    assert run.state().message == FULL
    assert run.history()
    (root.parent / "full").unlink()
    assert over(queue(root)) == "finished"
    assert started.pid == pid  # it never died
    assert contents(done) == files


def test_a_disk_that_is_full_when_the_run_begins(root, start):
    started = start(root, FILLS_UP)
    assert over(queue(root)) == "finished"
    pid, run, second = started.pid, queue(root), queue(root)
    (root.parent / "full").touch()
    assert (over(run), over(second)) in (("failed",) * 2, ("finished", "failed"))
    assert second.state().message == FULL
    assert started.pid == pid


def test_a_worker_that_starts_on_a_full_disk_settles_what_was_cut_off(root, start):
    run = queue(root)
    run.set_state(State("training"))
    (root.parent / "full").touch()
    started = start(root, FILLS_UP)
    assert over(run) == "failed"
    assert run.state().message == FULL
    pid = started.pid
    (root.parent / "full").unlink()
    assert over(queue(root)) == "finished"
    assert started.pid == pid


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A file system of one megabyte at `path`; only root may make one."""
    path.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if not mount or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_a_disk_that_is_really_full(tmp_path, start):
    with small_disk(tmp_path / "disk") as disk:
        root = disk / "runs"
        started = start(root)
        run, second = queue(root, ENDLESS), queue(root)
        learning(run)
        with suppress_full(), open(disk / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(512))
        assert over(run) == "failed"
        assert run.state().message == FULL
        assert over(second) == "failed"
        with pytest.raises(OSError, match="No space left"):
            for _ in range(9):  # what was torn down left room for a few
                queue(root)
        assert not list(root.glob(".[0-9a-f]*"))  # nothing half made
        (disk / "filler").unlink()
        assert over(queue(root)) == "finished"
        started.close()


@contextmanager
def suppress_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        assert error.errno == errno.ENOSPC


# --- no memory


def test_no_memory_in_the_worker(root, start):
    """The run ends, and a fresh process trains the next one: the old one may have lost its head,
    as where an import of torch ended in the middle."""
    started = start(
        root,
        """
import resource
from core.runs.run import Run
def set_state(run, state, real=Run.set_state):
    real(run, state)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = 50_000_000 if state.name == "training" and run.recipe()[1].model.width > 4 else 2**40
    size = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))
Run.set_state = set_state
""",
    )
    assert over(queue(root)) == "finished"  # all is imported
    pid = started.pid
    large = replace(SHORT, model=replace(SHORT.model, width=64))
    large = replace(large, train=replace(large.train, batch_size=2048))
    run, waiting = queue(root, large), queue(root)
    assert over(run) == "failed"
    assert run.state().message == (
        "This machine has too little memory for that: choose a smaller width or batch. Train again."
    )
    assert over(waiting) == "finished"
    assert started.pid != pid


@pytest.mark.parametrize("ask", [lambda: torch.empty(2**50), lambda: bytearray(2**60)])
def test_each_way_to_run_out_of_memory_is_said(root, jobs, monkeypatch, ask):
    monkeypatch.setattr(job, "evaluate", lambda *_: ask())
    run = queue(root, TINY)
    jobs.execute(run)
    assert run.state().message.startswith("This machine has too little memory for that")


def test_the_system_ends_the_worker_and_not_the_app(root, start):
    """Where memory runs out it looks for the highest score."""
    started = start(root)
    assert over(queue(root)) == "finished"
    score = Path(f"/proc/{started.pid}/oom_score_adj")
    assert int(score.read_text()) == 500 > int(Path("/proc/self/oom_score_adj").read_text())


# --- time


def test_a_run_that_takes_too_long_is_stopped_and_kept(root, jobs, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, run_seconds=0))
    run = queue(root, TINY)
    jobs.execute(run)
    said = "Stopped, as a run may take no longer here; what it learned so far is kept"
    assert run.state() == State("stopped", said)
    assert checkpoint.load(run.checkpoint)[1].epochs == 2 / 40


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_moved_changes_no_figure(root, jobs, monkeypatch, hours):
    real = time.time
    run = queue(root, TINY)
    moved = lambda: real() + 3600 * hours  # noqa: E731
    after(monkeypatch, 20, lambda run: monkeypatch.setattr(time, "time", moved))
    jobs.execute(run)
    seconds = [each["seconds"] for each in run.history()]
    assert seconds == sorted(seconds)
    assert 0 < checkpoint.load(run.checkpoint)[1].train_seconds < PATIENCE


# --- what was noted of a run that was cut off


def test_weights_are_noted_every_few_seconds(root, model, monkeypatch):
    taken = []
    monkeypatch.setattr(recovery, "save_weights", lambda run, model, *facts: taken.append(facts))
    notes = recovery.Autosave(queue(root), model)
    scores = Scores(*[0.5] * 6)
    for step in range(1, 11):
        notes.take(Progress(step, 10, 1, step, 0.1, scores, None), 0.75 * step)
    assert taken == [(3, 10, 2.25), (6, 10, 4.5), (9, 10, 6.75)]


def test_what_is_noted_comes_back(root, model):
    run = queue(root, replace(TINY, model=model.config))
    recovery.save_weights(run, model, 7, 40, 1.25)
    found = recovery.recover(run)
    assert found[1:] == (7, 40, 1.25)
    for name, value in model.state_dict().items():
        assert found.model.state_dict()[name].equal(value), name
    recovery.remove_autosave(run)
    assert recovery.recover(run) is None


@pytest.mark.parametrize("length", [0, 7, 100, 4000])
def test_weights_that_were_cut_off_are_not_used(root, jobs, model, length):
    run = queue(root, replace(TINY, model=model.config))
    recovery.save_weights(run, model, 7, 40, 1.25)
    file = run.path / "last.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    run.set_state(State("training"))
    jobs.recover_interrupted(root)
    assert run.state() == State("interrupted", CUT_OFF)


def test_a_run_that_cannot_be_measured_is_interrupted(root, jobs, model, monkeypatch):
    run = queue(root, replace(TINY, model=model.config))
    recovery.save_weights(run, model, 7, 40, 1.25)
    run.set_state(State("training"))
    monkeypatch.setattr(job, "evaluate", lambda *_: 1 / 0)
    jobs.recover_interrupted(root)
    assert run.state() == State("interrupted", CUT_OFF)


def test_a_rescue_says_what_it_does(root, jobs, model, monkeypatch):
    seen = []
    run = queue(root, replace(TINY, model=model.config))
    recovery.save_weights(run, model, 10, 40, 1.25)
    run.append(record(10))
    run.set_state(State("training"))
    real = job.evaluate
    monkeypatch.setattr(job, "evaluate", lambda *a: (seen.append(run.state()), real(*a))[1])
    jobs.recover_interrupted(root)
    assert seen == [State("evaluating", RECOVERY_MESSAGE)]
    assert checkpoint.load(run.checkpoint)[1].epochs == 0.5


def test_a_run_that_is_over_leaves_no_weights_but_its_checkpoint(root, jobs):
    _, files = finished(root, jobs)
    assert sorted(files) == [
        *("checkpoint.json", "checkpoint.safetensors", "disk-full.json"),
        *("progress.jsonl", "recipe.json", "state.json"),
    ]
