"""TODO."""

from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs import log, queue
from core.runs.run import (
    FinetuneJob,
    Run,
    find_run,
    finetune_job_of,
    runs_dir,
)
from core.workers.supervisor import Supervisor, shared_supervisor
from views.session.networks import load_network, use_network
from views.session.session import Session


def worker() -> Supervisor:
    """The process that trains, one for all visitors."""
    return shared_supervisor(runs_dir())


def start_run(session: Session) -> None:
    """Hand the session's settings to the worker as a new run.

    Raises:
        SettingError: a setting is out of bounds, or the run would take too long.
        LineError: there is no place in the line.
        OSError: the run cannot be written.
    """
    recipe = PRESETS["quick"].recipe.change(session.settings).with_bug(session.bug)
    session.run = _enqueue(session, "quick", recipe)
    session.gone = ""
    session.compared = ()  # the new one is looked at without being asked for


def _enqueue(
    session: Session, preset: str, recipe: Recipe, lesson: FinetuneJob | None = None
) -> str:
    """The id of a new run of this visitor."""
    worker().ensure()
    run = queue.enqueue(runs_dir(), session.own_runs, preset, recipe, lesson)
    session.own_runs.append(run.id)
    log.event("run queued", run=run.id, settings=recipe.settings(), taught=lesson is not None)
    return run.id


def current_run(session: Session) -> Run | None:
    """The run on the Train page. A worker that died is started again when somebody looks."""
    run = find_run(runs_dir(), session.run)
    if run:
        run.touch()
        if not run.state().is_finished:
            worker().ensure()
    return run


def start_finetune(session: Session) -> None:
    """Have the network that answers learn the session's examples, as a new run.

    One that was taught already gives way to the one that it was taught from: all examples are
    learned at once, always from the same start.

    Raises:
        CheckpointError: the network is gone.
        LineError: there is no place in the line.
        OSError: the run cannot be written.
    """
    before = finetune_job_of(runs_dir(), session.network)
    base = before.base if before else session.network
    card = load_network(base)[1]
    task = FinetuneJob(base, session.examples)
    session.lesson = _enqueue(session, card.preset, Recipe.read(card.params), task)


def current_finetune(session: Session) -> Run | None:
    """The run that learns the examples, or that failed to; once it has learned them it answers."""
    run = find_run(runs_dir(), session.lesson)
    if run is None:
        return None
    now = run.state()
    if now.is_usable:
        session.lesson = ""
        use_network(session, run.id)
        return None
    if not now.is_finished:
        worker().ensure()
    return run
