"""The runs of a visitor: hand them to the worker, and see how far they are."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress

import streamlit as st

from core.cluster.cluster import VARIABLE, read_cluster
from core.errors import UserError
from core.forecast import wait
from core.forecast.speed import read_speed
from core.library.store import PICTURES_GONE, LibraryError, is_kept
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import Value
from core.runs import control, disk, log, queue
from core.runs.run import (
    WAITING,
    FinetuneJob,
    Run,
    find_run,
    runs_dir,
)
from core.runs.snapshot import RunSnapshot, read_snapshot
from core.specs import find_spec
from core.workers.supervisor import Supervisor, shared_supervisor
from views.session.networks import load_network, use_network
from views.session.session import Quiz, Session, cached_finetune_job, get_session
from views.session.visitor import browser_of_session, visitor_of_session

ReadRun = Callable[[], RunSnapshot | None]

KEEP_PLACE_SECONDS = 30  # between two signs that a page still waits for its run


def worker() -> Supervisor:
    """The process that trains, one for all visitors."""
    return shared_supervisor(runs_dir())


def start_run(session: Session) -> None:
    """Hand the session's settings to the worker as a new run.

    Raises:
        SettingError: a setting is out of bounds, or the run would take too long.
        QueueError: there is no place in the queue.
        LibraryError: the pictures to learn from are gone.
        OSError: the run cannot be written.
    """
    recipe = PRESETS["quick"].recipe.change(session.link.settings).with_bug(session.link.bug)
    if find_spec(recipe.model.dataset).own and not is_kept(runs_dir(), recipe.model.dataset):
        raise LibraryError(f"{PICTURES_GONE} Bring them again on the page Your data.")
    start_recipe(session, recipe)


def start_recipe(session: Session, recipe: Recipe) -> None:
    """Hand a recipe to the worker as a new run, which the Train page shows from now on.

    The run has it as it is trained (`Recipe.ready`): so has its card, and so is its size judged.
    Behind its curves stand those of the run that was shown before, if it has a network.

    Raises:
        SettingError, QueueError, OSError: as for `start_run`.
    """
    link = session.link
    before = find_run(runs_dir(), link.run)
    rival = link.run if before and before.state().is_usable else link.rival
    # the Compare page shows the new one without being asked
    session.choose(run=_enqueue(session, "quick", recipe.ready()), rival=rival, compared=())
    session.gone_network = ""
    session.unseen_run = session.link.run
    session.arrive()


def start_quiz(session: Session, bug: str, settings: Mapping[str, Value]) -> None:
    """Train with a bug that no page tells: the run is none of the visitor's own until it is solved.

    Raises:
        SettingError, QueueError, OSError: as for `start_run`.
    """
    recipe = PRESETS["quick"].recipe.change(settings).with_bug(bug).ready()
    run = _enqueue(session, "quick", recipe, is_secret=True)
    session.quiz = Quiz(run, bug)


def quiz_run(session: Session) -> RunSnapshot | None:
    """The run of the quiz, read once; None where there is none, or where it is no longer kept."""
    return _read_once(session.quiz.run) if session.quiz else None


def _enqueue(
    session: Session,
    preset: str,
    recipe: Recipe,
    finetune_job: FinetuneJob | None = None,
    *,
    is_secret: bool = False,
) -> str:
    """The id of a new run of this visitor."""
    worker().ensure()
    visitor = visitor_of_session(session)
    own = _own_runs(session)
    run = queue.enqueue(runs_dir(), own, preset, recipe, finetune_job, visitor, is_secret)
    if not is_secret:
        session.own_runs.append(run.id)
    settings = recipe.settings()
    if find_spec(recipe.model.dataset).own:
        settings["dataset"] = "own"  # whoever has its name has the pictures
    log.event("run queued", run=run.id, settings=settings, taught=finetune_job is not None)
    return run.id


def _own_runs(session: Session) -> list[str]:
    """Ids of all runs that this visitor asked for, the secret one of the quiz included."""
    return [*session.own_runs, *([session.quiz.run] if session.quiz else [])]


def current_run(session: Session) -> RunSnapshot | None:
    """The run on the Train page, read once; None where there is none, or it is no longer kept."""
    return _read_once(session.link.run)


def _read_once(name: str) -> RunSnapshot | None:
    """A run that a page shows. A worker that died is started again."""
    run = find_run(runs_dir(), name)
    if run is None:
        return None
    run.touch()
    snapshot = read_snapshot(run)
    if not snapshot.state.is_finished:
        worker().ensure()
    return snapshot


def keep_places() -> None:
    """While runs of this visitor wait, keep their places, whichever page is shown.

    A run that waits leaves the queue when no page shows that it is still wanted.
    """
    session = get_session()
    if _touch_waiting(session):
        st.fragment(_touch_waiting, run_every=KEEP_PLACE_SECONDS)(session)


def _touch_waiting(session: Session) -> bool:
    """Do runs of this visitor wait?"""
    found = [run for name in _own_runs(session) if (run := find_run(runs_dir(), name))]
    waiting = [run for run in found if run.state().name in WAITING]
    for run in waiting:
        run.touch()
    return bool(waiting)


def waiting_words(run: Run) -> str:
    """What a run waits for and how long, for the visitor."""
    root = run.path.parent
    if not disk.is_writable(root):
        return disk.UNWRITABLE
    place, cluster = place_of_run(run), read_cluster(root)
    if cluster and not (place.before and cluster.can_train):
        return cluster.words
    return wait.queue_words(place)


def waits_for_trainer(run: Run) -> bool:
    """Is it first in the queue of a cluster that has no trainer for it now?"""
    cluster = read_cluster(run.path.parent)
    return cluster is not None and not (cluster.has_free or place_of_run(run).before)


def has_cluster() -> bool:
    """Do trainers on other machines do the runs?"""
    return bool(os.environ.get(VARIABLE))


def trainers_words() -> str:
    """How many trainers there are and how long the queue is."""
    worker().ensure()  # which looks for them
    cluster = read_cluster(runs_dir())
    return cluster.words if cluster else "Looking for trainers."


def place_of_run(run: Run) -> wait.Place:
    """Its place in the queue, while it waits."""
    return wait.place_of(run.path.parent, run)


def run_meanwhile(run: Run) -> RunSnapshot | None:
    """Of the run that trains while this one waits: how far it is. Whose it is, nobody sees."""
    other = wait.training_run(run.path.parent)
    return read_snapshot(other) if other and other != run else None  # it may have begun itself


def expected_seconds(settings: Mapping[str, Value]) -> float | None:
    """That a run with these settings takes here; None where nothing was measured yet."""
    speed = read_speed(runs_dir())
    recipe = PRESETS["quick"].recipe.change(settings).ready()
    return speed.run_seconds(recipe.settings()) if speed else None


def expected_finetune_seconds() -> float | None:
    """That teaching takes here; None where nobody did yet."""
    speed = read_speed(runs_dir())
    return speed.finetune_seconds() if speed else None


def seconds_left(snapshot: RunSnapshot) -> float | None:
    """Until the run is over; None where nothing is known."""
    speed = read_speed(snapshot.run.path.parent)
    return wait.time_left(snapshot.last, snapshot.request, speed)


# --- whose it is


def change_run(run: Run, **changes: float | None) -> None:
    """Ask for changes to a run of this browser. Anybody else's page offers none."""
    with suppress(OSError, UserError):  # the run is gone or the disk is full: the page says so
        control.change_control(run, browser_of_session(get_session()), **changes)


def stop_run(run: Run) -> None:
    """Stop a run of this browser, or leave the queue with it."""
    with suppress(OSError, UserError):
        control.request_stop(run, browser_of_session(get_session()))


def rename_network(session: Session, run: Run, name: str) -> None:
    """Give a network of this browser another name; "" takes it away.

    Raises:
        NotOwnerError: it is somebody else's.
        RunError: its files are damaged.
        OSError: it cannot be written.
    """
    control.rename_run(run, browser_of_session(session), name)


# --- reading it


def reader(session: Session, snapshot: RunSnapshot | None) -> ReadRun:
    """What gives a fragment the current run.

    A fragment runs first with its page, which has read the run already, and then by itself: the
    first call returns `snapshot`, every later one reads again.
    """
    first = [snapshot]
    return lambda: first.pop() if first else current_run(session)


def start_finetune(session: Session) -> None:
    """Fine-tune the network that answers to the session's examples, as a new run.

    If it was fine-tuned itself, the run starts from its base again: it learns all examples at once,
    always from the same start.

    Raises:
        CheckpointError: the network is gone.
        QueueError: there is no place in the queue.
        OSError: the run cannot be written.
    """
    before = cached_finetune_job(session.link.network)
    base = before.base if before else session.link.network
    card = load_network(base)[1]
    job = FinetuneJob(base, session.examples)
    session.finetune_run = _enqueue(session, card.preset, Recipe.read(card.params), job)


def pending_finetune(session: Session) -> Run | None:
    """The run that learns the examples, just learned them or failed to; nothing changes by that."""
    return find_run(runs_dir(), session.finetune_run)


def current_finetune(session: Session) -> Run | None:
    """The run that learns the examples, or that failed to. Once finished, its network answers."""
    run = pending_finetune(session)
    if run is None:
        return None
    now = run.state()
    if now.is_usable:
        session.finetune_run, session.is_teaching = "", False
        use_network(session, run.id)
        session.arrive("Learned. Draw another one.")
        return None
    if not now.is_finished:
        run.touch()
        worker().ensure()
    return run
