"""Workers and apps that are killed, each for real.

After each there is one sentence for the visitor, the worker is back, and finished runs are intact.
Pages are in views/test_damage.py, the browser's side in browser/test_faults.py.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from core import PROJECT
from core.runs.run import Run
from core.storage import checkpoint
from core.workers.runner import JobRunner
from core.workers.supervisor import Supervisor
from tests.conftest import wait_for
from tests.support.workers import (
    ENDLESS,
    INTERRUPTED,
    TINY,
    add_run,
    contents,
    end_of,
    recovered,
    wait_for_progress,
)

# The weights of a run in training are saved with each record.
OFTEN = "from core.jobs import job; job.AUTOSAVE_SECONDS = 0"


def finished(root: Path, runner: JobRunner) -> tuple[Run, dict[str, bytes]]:
    """A finished run, and all that its directory holds."""
    run = add_run(root, TINY)
    runner.execute(run)
    assert run.state().name == "finished"
    return run, contents(run)


def wait_for_weights(run: Run) -> None:
    """Wait until there are weights of a run in training."""
    wait_for((run.path / "last.safetensors").exists, "weights of a run that trains")


def kill(started: Supervisor) -> int:
    """Kill the worker and wait for another, which nobody asks for. Its predecessor's id."""
    before = started.pid
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: started.pid not in (0, before), "another process")
    return before


def test_killed_while_it_waits(root, start, runner):
    done, files = finished(root, runner)
    started = start(root)
    assert end_of(add_run(root)) == "finished"  # it is up
    kill(started)
    assert end_of(add_run(root)) == "finished"
    assert contents(done) == files


def test_killed_while_it_trains(root, start, runner):
    """What was learned until then is tested, kept and can be used."""
    done, files = finished(root, runner)
    started = start(root, OFTEN)
    run, waiting = add_run(root, ENDLESS), add_run(root)
    wait_for_weights(run)
    step = recovered(run).step
    kill(started)
    assert end_of(run) == "stopped"
    said = run.state().message
    assert said.startswith("Stopped at step ")
    assert said.endswith(" of 18,750; what it learned so far is kept")
    _, card = checkpoint.load(run.checkpoint)
    assert card.epochs >= round(50 * step / 18_750, 3) > 0
    assert run.history()[-1]["step"] >= step
    assert end_of(waiting) == "finished"
    assert contents(done) == files


def test_killed_before_there_were_weights(root, start):
    started = start(root, "from core.runs import recovery; recovery.save_weights = lambda *_: None")
    run = add_run(root, ENDLESS)
    wait_for_progress(run)
    kill(started)
    assert end_of(run) == "interrupted"
    assert run.state().message == INTERRUPTED
    assert run.history()


# Dies in the middle of a write: half of the file is there, under its other name.
DIES_WRITING = """
import os
from core.runs import recovery, run
from core.storage import checkpoint, snapshots
def half(path, content, durable=True, write=checkpoint.write_atomic):
    if path.name == NAME and not (flag := (root / ".died")).exists():
        flag.touch()
        path.with_name(f".{path.name}.{os.getpid()}").write_bytes(content[: len(content) // 2])
        os.kill(os.getpid(), 9)
    write(path, content, durable)
for module in (checkpoint, run, recovery):
    module.write_atomic = half
"""


def test_killed_while_it_writes_the_network(root, start):
    """All was learned and the last weights were saved: nothing is lost."""
    start(root, DIES_WRITING.replace("NAME", "'checkpoint.json'"))
    run = add_run(root)
    assert end_of(run) == "stopped"
    assert run.state().message == "Stopped at step 30 of 30; what it learned so far is kept"
    assert checkpoint.load(run.checkpoint)[1].epochs == 1


def test_killed_while_it_saves_weights(root, start):
    start(root, DIES_WRITING.replace("NAME", "'last.safetensors'"))
    run, waiting = add_run(root), add_run(root)
    assert end_of(run) == "interrupted"
    assert run.state().message == INTERRUPTED
    assert end_of(waiting) == "finished"


def test_what_kills_the_worker_again_is_not_tried_a_third_time(root, start):
    """Testing what was learned may be what it dies of."""
    fatal = """
import os
from core.jobs import job
job.evaluate = lambda *_: os.kill(os.getpid(), 9)
"""
    start(root, fatal)
    run = add_run(root)
    assert end_of(run) == "interrupted"
    assert run.state().message == INTERRUPTED


def test_two_apps_share_a_directory_and_one_takes_over_from_the_other(root, start):
    first = start(root, OFTEN)
    assert end_of(add_run(root)) == "finished"  # the first holds the lock
    second = start(root)
    run, waiting = add_run(root, ENDLESS), add_run(root)
    wait_for_weights(run)
    assert json.loads((root / ".worker.json").read_text())["pid"] == first.pid
    first.close()
    assert end_of(run) == "stopped"
    assert end_of(waiting) == "finished"
    assert json.loads((root / ".worker.json").read_text())["pid"] == second.pid


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
        run, waiting = add_run(root, recipe), add_run(root)
        wait_for_progress(run)
    finally:
        app.kill()
        app.wait()
    start(root)
    assert end_of(run) == "stopped"
    assert checkpoint.load(run.checkpoint)[1].epochs > 0
    assert end_of(waiting) == "finished"
