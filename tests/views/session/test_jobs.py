"""The runs of a visitor: handed over, waited for, and used when they are over."""

import os
import time

import pytest

from core.collections.lesson_sets import LESSON_SETS
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs import disk
from core.runs.control import browser_hash
from core.runs.limits import Limits
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State, find_run, runs_dir
from tests.support.pages import finetune_run, finished, taught
from views.input.sources import EXAMPLES
from views.session import jobs
from views.session.canvas_state import CanvasState
from views.session.link import Link
from views.session.session import Session

QUICK = PRESETS["quick"].recipe
SEVEN, EIGHT = HandExample(7, EXAMPLES["7"]), HandExample(8, EXAMPLES["8"])


@pytest.fixture
def visitor() -> Session:
    return Session(Link(), CanvasState())


@pytest.fixture
def woken(monkeypatch) -> list[str]:
    """When the worker is looked after."""
    calls: list[str] = []

    class Watched:
        def ensure(self) -> None:
            calls.append("ensured")

    monkeypatch.setattr(jobs, "worker", Watched)
    return calls


def age(run: Run, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(run.path, (then, then))


def test_a_run_has_the_settings_and_the_bug_of_the_session(visitor, woken) -> None:
    settings = QUICK.change({"lr": 0.05}).settings()
    visitor.choose(settings=settings, bug="relu", compared=("mnist",))
    visitor.gone_network = "0123456789abcdef"
    jobs.start_run(visitor)
    (name,) = visitor.own_runs
    run = find_run(runs_dir(), name)
    assert run and run.recipe() == ("quick", QUICK.change({"lr": 0.05}).with_bug("relu"))
    assert run.request().session == browser_hash(visitor.secret)
    assert (visitor.link.run, visitor.link.compared, visitor.gone_network) == (name, (), "")
    assert woken == ["ensured"]


def test_the_page_has_to_show_the_end_of_a_new_run(visitor) -> None:
    jobs.start_run(visitor)
    assert (visitor.unseen_run, visitor.arrivals) == (visitor.link.run, 1)


def test_behind_a_new_run_stands_the_last_one_that_has_a_network(visitor) -> None:
    for end in ("finished", "failed"):
        jobs.start_run(visitor)
        run = find_run(runs_dir(), visitor.link.run)
        assert run
        run.set_state(State(end))
    assert visitor.link.rival == visitor.own_runs[0]
    jobs.start_run(visitor)
    assert visitor.link.rival == visitor.own_runs[0]  # the second came to nothing


def test_the_run_of_a_quiz_keeps_its_place_and_is_none_of_the_visitors_own(visitor) -> None:
    jobs.start_quiz(visitor, "relu", {})
    assert visitor.quiz
    run = find_run(runs_dir(), visitor.quiz.run)
    assert run and visitor.own_runs == []
    age(run, 100)
    assert jobs._touch_waiting(visitor)
    assert run.idle_seconds() < 50


def test_the_page_reads_a_run_once_and_its_fragments_read_it_again(visitor, woken) -> None:
    run = create_run(runs_dir(), "quick", QUICK)
    visitor.choose(run=run.id)
    first = jobs.current_run(visitor)
    read = jobs.reader(visitor, first)
    run.set_state(State("training"))
    assert read() is first
    later = read()
    assert later and later.state.name == "training"


def test_the_log_says_what_was_queued(visitor, monkeypatch) -> None:
    lines: list[dict] = []
    monkeypatch.setattr(jobs.log, "event", lambda what, **facts: lines.append({what: facts}))
    jobs.start_run(visitor)
    (facts,) = lines[0].values()
    assert facts == {"run": visitor.link.run, "settings": QUICK.settings(), "taught": False}


def test_the_log_does_not_name_a_data_set_of_somebodys_own(visitor, monkeypatch) -> None:
    """Whoever has its name has the pictures."""
    lines: list[dict] = []
    monkeypatch.setattr(jobs.log, "event", lambda what, **facts: lines.append(facts))
    name = next(iter(LESSON_SETS))
    jobs.start_recipe(visitor, QUICK.change({"dataset": name}))
    assert lines[0]["settings"]["dataset"] == "own" and name not in str(lines)


@pytest.mark.parametrize(("state", "calls"), [("training", 1), ("queued", 1), ("finished", 0)])
def test_a_dead_worker_is_started_again_while_a_run_needs_it(visitor, woken, state, calls) -> None:
    run = create_run(runs_dir(), "quick", QUICK)
    run.set_state(State(state))
    age(run, 100)
    visitor.choose(run=run.id)
    snapshot = jobs.current_run(visitor)
    assert snapshot and snapshot.state.name == state
    assert len(woken) == calls
    assert run.idle_seconds() < 50  # it is in use


def test_without_a_run_there_is_none(visitor, woken) -> None:
    assert jobs.current_run(visitor) is None
    visitor.choose(run="0123456789abcdef")
    assert jobs.current_run(visitor) is None
    assert woken == []


def test_only_runs_that_wait_keep_their_place(visitor) -> None:
    waiting, over = (create_run(runs_dir(), "quick", QUICK) for _ in range(2))
    over.set_state(State("finished"))
    for run in (waiting, over):
        age(run, 100)
    visitor.own_runs = [over.id, waiting.id, "0123456789abcdef"]
    assert jobs._touch_waiting(visitor)
    assert waiting.idle_seconds() < 50 < over.idle_seconds()


def test_a_page_says_that_it_is_there_long_before_its_place_is_lost() -> None:
    assert Limits().unwatched_seconds > jobs.KEEP_PLACE_SECONDS * 2


@pytest.mark.parametrize(("waits", "asked"), [(True, [30]), (False, [])])
def test_a_page_asks_again_only_while_a_run_waits(visitor, monkeypatch, waits, asked) -> None:
    run = create_run(runs_dir(), "quick", QUICK)
    run.set_state(State("queued" if waits else "finished"))
    visitor.own_runs = [run.id]
    every: list[float] = []
    monkeypatch.setattr(jobs, "get_session", lambda: visitor)
    monkeypatch.setattr(
        jobs.st, "fragment", lambda part, run_every: every.append(run_every) or part
    )
    jobs.keep_places()
    assert every == asked


def test_what_a_run_waits_for_is_said(monkeypatch) -> None:
    first, second = (create_run(runs_dir(), "quick", QUICK) for _ in range(2))
    assert jobs.waiting_words(first) == "Starting."
    assert jobs.waiting_words(second) == "Waiting: one run is before yours."
    monkeypatch.setattr(disk, "is_writable", lambda root: root != runs_dir())
    assert jobs.waiting_words(first) == disk.UNWRITABLE


def test_a_network_learns_the_examples_of_its_visitor(visitor) -> None:
    visitor.examples = [SEVEN, EIGHT]
    jobs.start_finetune(visitor)
    run = find_run(runs_dir(), visitor.finetune_run)
    assert run and run.finetune_job() == FinetuneJob("mnist", [SEVEN, EIGHT])
    assert run.recipe()[0] == "mnist"
    assert visitor.own_runs == [run.id]
    assert visitor.link.run == ""  # the Train page shows another one


def test_what_was_taught_is_taught_again_from_its_base(visitor) -> None:
    base = create_run(runs_dir(), "quick", QUICK)
    finished(base)
    before = finetune_run(SEVEN, base=base.id)
    taught(before)
    visitor.choose(network=before.id)
    visitor.examples = [SEVEN, EIGHT]
    jobs.start_finetune(visitor)
    run = find_run(runs_dir(), visitor.finetune_run)
    assert run and run.finetune_job() == FinetuneJob(base.id, [SEVEN, EIGHT])


def test_a_taught_network_answers_as_soon_as_it_is_there(visitor, woken) -> None:
    run = finetune_run(SEVEN)
    visitor.finetune_run, visitor.is_teaching = run.id, True
    age(run, 100)
    assert jobs.current_finetune(visitor) == run
    assert (woken, visitor.link.network) == (["ensured"], "mnist")
    assert run.idle_seconds() < 50
    taught(run)
    assert jobs.current_finetune(visitor) is None
    assert (visitor.finetune_run, visitor.link.network) == ("", run.id)
    assert woken == ["ensured"]
    assert (visitor.is_teaching, visitor.news) == (False, "Learned. Draw another one.")
    assert visitor.arrivals == 1


def test_a_teaching_that_failed_stays_to_be_said(visitor, woken) -> None:
    run = finetune_run(SEVEN)
    run.set_state(State("failed", "Teach it again."))
    visitor.finetune_run = run.id
    assert jobs.current_finetune(visitor) == run
    assert (visitor.finetune_run, visitor.link.network, woken) == (run.id, "mnist", [])
