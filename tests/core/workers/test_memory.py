"""A worker that runs out of memory: the run says so, and a fresh process does the next one."""

from dataclasses import replace
from pathlib import Path

from tests.support.workers import SHORT, add_run, end_of


def test_no_memory_in_the_worker(root, start):
    """The run ends, and a fresh process trains the next one: the old one may have lost its head,
    as where an import of torch ended in the middle."""
    started = start(
        root,
        """
import os, resource
from pathlib import Path
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
    assert end_of(add_run(root)) == "finished"  # all is imported
    pid = started.pid
    large = replace(SHORT, model=replace(SHORT.model, width=64))
    large = replace(large, train=replace(large.train, batch_size=2048))
    run, waiting = add_run(root, large), add_run(root)
    assert end_of(run) == "failed"
    assert run.state().message == (
        "This machine has too little memory for that. Choose a smaller width or batch size. "
        "Train again."
    )
    assert end_of(waiting) == "finished"
    assert started.pid != pid


def test_the_system_ends_the_worker_and_not_the_app(root, start):
    """Where memory runs out it looks for the highest score."""
    started = start(root)
    assert end_of(add_run(root)) == "finished"
    score = Path(f"/proc/{started.pid}/oom_score_adj")
    assert int(score.read_text()) == 500 > int(Path("/proc/self/oom_score_adj").read_text())
