"""Each fault of a cluster, caused for real: no finished run is lost, and nobody waits unknowing."""

import os
import signal
from dataclasses import replace

import pytest

from core.runs.run import Run
from core.storage import checkpoint
from core.workers.supervisor import Supervisor
from tests.conftest import wait_for
from tests.support.clusters import (
    ENTER,
    OFTEN,
    SLOWLY,
    Hall,
    far_network,
    fill,
    trainer_of,
    wait_for_cluster,
)
from tests.support.workers import ENDLESS, TINY, add_run, end_of, wait_for_progress

SLOW = OFTEN + SLOWLY
MIDDLE = replace(TINY, train=replace(TINY.train, batch_size=60))  # 200 steps


@pytest.fixture
def hall(start, tmp_path) -> Hall:
    """A cluster whose scheduler is up."""
    made = Hall(start, tmp_path)
    made.scheduler()
    return made


def kill(process: Supervisor) -> None:
    """For good, until it is started again."""
    os.kill(process.pid, signal.SIGKILL)


def steps_of(run: Run) -> list[int]:
    return [record["step"] for record in run.history()]


def wait_for_step(run: Run, step: int) -> None:
    wait_for(lambda: steps_of(run)[-1:] >= [step], f"step {step}")


def whole(run: Run) -> bool:
    """Does its history have each record once, in order, up to the last step?"""
    steps = steps_of(run)
    return steps == sorted(set(steps)) and steps[-1] == run.history()[-1]["steps"]


def test_a_trainer_that_is_killed(hall, root):
    """Its run goes on elsewhere from the last saved weights, and others lose nothing."""
    both = {name: hall.trainer(name, SLOW) for name in ("one", "two")}
    hall.app(root)
    wait_for_cluster(root, lambda cluster: len(cluster.trainers) == 2)
    run = add_run(root, MIDDLE)
    wait_for_step(run, 30)
    wait_for(lambda: trainer_of(root, run.id), "its trainer")
    both[trainer_of(root, run.id)].close()
    assert end_of(run) == "finished"
    assert whole(run)
    assert checkpoint.load(run.checkpoint)[1].epochs == 2
    wait_for(lambda: not (run.path / "tries").exists(), "the end of its count")


def test_what_kills_two_trainers_is_only_tested(hall, root):
    """It is kept as far as it came, and no third trainer trains it."""
    first = hall.trainer("one", SLOW)
    hall.app(root)
    run = add_run(root, ENDLESS)
    wait_for_step(run, 5)
    kill(first)  # and started again, as its host would
    wait_for(lambda: (run.path / "tries").read_bytes() == b"2", "the second try")
    seen = steps_of(run)[-1]
    wait_for_step(run, seen + 5)
    kill(first)
    assert end_of(run) == "stopped"
    assert run.state().message.startswith("Stopped at step ")
    assert checkpoint.load(run.checkpoint)[1].epochs > 0
    assert steps_of(run) == sorted(set(steps_of(run)))


def test_a_trainer_that_is_killed_before_anything_was_saved(hall, root):
    first = hall.trainer("one", SLOWLY)
    hall.app(root)
    run = add_run(root, MIDDLE)
    wait_for_progress(run)
    kill(first)
    assert end_of(run) == "finished"
    assert whole(run)


def test_a_scheduler_that_is_killed_and_started_again(start, tmp_path, root):
    """The training does not stop for it."""
    hall = Hall(start, tmp_path)
    scheduler, trainer = hall.scheduler(), hall.trainer("one", SLOWLY)
    hall.app(root)
    run, second = add_run(root, MIDDLE), add_run(root)
    wait_for_progress(run)
    pid = trainer.pid
    kill(scheduler)
    assert end_of(run) == "finished"
    assert end_of(second) == "finished"
    assert whole(run)
    assert trainer.pid == pid


def test_without_a_scheduler_the_app_says_so_and_runs_wait(start, tmp_path, root):
    hall = Hall(start, tmp_path)
    hall.app(root)
    run = add_run(root)
    found = wait_for_cluster(root, lambda cluster: cluster.problem)
    assert found.words.startswith(f"The scheduler at {hall.address} does not answer.")
    assert run.state().name == "queued"
    hall.scheduler()
    wait_for_cluster(root, lambda cluster: "No trainer has joined yet" in cluster.words)
    hall.trainer("one")
    assert end_of(run) == "finished"


def test_an_app_that_is_killed_while_the_cluster_trains(hall, root):
    """The next one takes the run up where it is; each record is there once."""
    trainer = hall.trainer("one", SLOWLY)
    app = hall.app(root)
    run = add_run(root, MIDDLE)
    wait_for_step(run, 20)
    pid = trainer.pid
    kill(app)  # and started again, as its app does
    assert end_of(run) == "finished"
    assert whole(run)
    assert trainer.pid == pid


def test_two_apps_on_one_directory_hand_each_run_out_once(hall, root):
    hall.trainer("one"), hall.trainer("two")
    first, second = hall.app(root), hall.app(root)
    runs = [add_run(root) for _ in range(4)]
    assert [end_of(run) for run in runs] == ["finished"] * 4
    assert all(whole(run) for run in runs)
    first.close()  # the other one takes over
    assert end_of(add_run(root)) == "finished"
    assert second.pid


NO_DATA = """
from core.data import download
from core.data.download import DownloadError
def refuse(*_, **__): raise DownloadError("Could not download MNIST.")
download.download = refuse
"""


def test_a_trainer_without_data_leaves_the_run_to_another(hall, root):
    hall.trainer("poor", NO_DATA)
    hall.app(root)
    wait_for_cluster(root, lambda cluster: cluster.trainers)
    hall.trainer("rich")
    wait_for_cluster(root, lambda cluster: len(cluster.trainers) == 2)
    runs = [add_run(root), add_run(root)]
    assert [end_of(run) for run in runs] == ["finished", "finished"]


def test_where_no_trainer_has_data_the_run_says_so(hall, root):
    hall.trainer("poor", NO_DATA)
    hall.app(root)
    run = add_run(root)
    assert end_of(run) == "failed"
    assert run.state().message == "Could not download MNIST."
    found = wait_for_cluster(root, lambda cluster: any(t.problem for t in cluster.trainers))
    assert found.lines == ["  poor: 2 threads, Could not download MNIST."]


def test_a_trainer_of_another_version_is_sent_away_with_a_sentence(hall, root):
    hall.trainer("old", "from core.cluster import cluster; cluster.VERSION = '0.0.9'\n")
    hall.app(root)
    found = wait_for_cluster(root, lambda cluster: cluster.problem)
    assert found.words.startswith("old: This trainer has Sketch & Sum 0.0.9 and the app has Sketch")
    assert found.trainers == []


# A wide network takes more at each step, and frees nothing.
GREEDY = """
from core.jobs import job
real, hoard = job.SnapshotPlan.is_due, []
def is_due(plan, progress, paused):
    if plan.model.config.width == 8:
        hoard.append(b"x" * 40_000_000)
    return real(plan, progress, paused)
job.SnapshotPlan.is_due = is_due
"""


def test_out_of_memory_there(hall, root):
    """One run says so, the process is started again, and the next run trains."""
    hall.trainer("one", GREEDY, megabytes=1_500)
    hall.app(root)
    large = replace(ENDLESS, model=replace(ENDLESS.model, width=8))
    run, second = add_run(root, large), add_run(root)
    assert end_of(run) == "failed"
    assert run.state().message == (
        "This machine has too little memory for that. Choose a smaller width or batch size. "
        "Train again."
    )
    assert end_of(second) == "finished"


def test_a_network_that_is_cut_and_mended(start, tmp_path, root):
    """The training goes on; the page says that nobody answers, and then gets what it missed."""
    with far_network(f"ss{os.getpid() % 10_000}") as (host, switch):
        hall = Hall(start, tmp_path, host)
        hall.scheduler()
        code = fill(ENTER, namespace=f"ss{os.getpid() % 10_000}") + SLOWLY
        trainer = hall.trainer("far", code)
        hall.app(root, "handout.ANSWER_SECONDS, handout.SILENT_SECONDS = 0.5, 0.5\n")
        run = add_run(root, MIDDLE)
        wait_for_step(run, 20)
        pid = trainer.pid
        switch("down")
        wait_for(lambda: "does not answer" in run.state().message, "a word of it")
        switch("up")
        assert end_of(run) == "finished"
        assert whole(run)
        assert trainer.pid == pid
        trainer.close()


def test_the_only_trainer_comes_back_after_its_run_was_given_up(start, tmp_path, root):
    """It goes on where it is: nothing is trained twice, and no try is lost."""
    name = f"sb{os.getpid() % 10_000}"
    with far_network(name) as (host, switch):
        hall = Hall(start, tmp_path, host)
        hall.scheduler()
        far = hall.trainer("far", fill(ENTER, namespace=name) + SLOW)
        hall.app(root, "handout.ANSWER_SECONDS, handout.LOST_SECONDS = 0.5, 3.0\n")
        run = add_run(root, MIDDLE)
        wait_for_step(run, 20)
        switch("down")
        wait_for(lambda: "gone" in run.state().message, "a word of it")
        switch("up")
        wait_for(lambda: "gone" not in run.state().message, "its trainer")
        assert (run.path / "tries").read_text() == "1"
        assert end_of(run) == "finished"
        assert whole(run)
        far.close()


def test_a_network_that_stays_cut(start, tmp_path, root):
    """Another trainer goes on, and what the first one does later is not wanted."""
    name = f"sc{os.getpid() % 10_000}"
    with far_network(name) as (host, switch):
        hall = Hall(start, tmp_path, host)
        hall.scheduler()
        far = hall.trainer("far", fill(ENTER, namespace=name) + SLOW)
        hall.app(
            root,
            "handout.ANSWER_SECONDS, handout.LOST_SECONDS = 0.5, 8.0\n",
        )
        run = add_run(root, MIDDLE)
        wait_for_step(run, 20)
        near = hall.trainer("near", SLOW)
        wait_for_cluster(root, lambda cluster: len(cluster.trainers) == 2)
        switch("down")
        wait_for(lambda: trainer_of(root, run.id) == "near", "the other trainer")
        switch("up")
        assert end_of(run) == "finished"
        assert whole(run)
        assert near.pid and far.pid
        far.close()
