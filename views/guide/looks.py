"""How a step knows that its task is done: by what the session, its run or its network really is.

Each look gives what was measured, or None as long as there is nothing. What it measured is kept, so
a lesson that needs two runs still knows the first one when the page shows the second.
"""

import re
from collections.abc import Callable
from contextlib import suppress

from core.recipes.recipe import Recipe
from core.runs.run import Run, RunError, State, find_run, runs_dir
from core.storage.checkpoint import METRIC_NAMES, CheckpointError, read_card
from views.guide.steps import Look, Story
from views.session import networks
from views.session.session import Answered, Findings, Session, cached_finetune_job
from views.session.visitor import is_owner_of

RAN_AWAY = re.compile(r"The loss ran away at step (\d+)")  # see core.trainer.DIVERGED


def answers(fits: Callable[[Answered, Story], bool], or_guesses: bool = False) -> Look:
    """The network answers the visitor's picture, and the answer fits. What it cannot read does not
    count, unless it is enough that it guesses."""

    def look(session: Session, story: Story) -> Findings | None:
        found = session.answered
        if found is None or not (found.is_readable or or_guesses) or not fits(found, story):
            return None
        return {
            "label": found.label,
            "name": found.name,
            "certainty": found.certainty,
            "addend": found.addend,
            "sum": found.sum_value,
            "strokes": found.strokes,
            "is_readable": found.is_readable,
        }

    return look


def trains(fits: Callable[[Recipe], bool]) -> Look:
    """A run of this visitor with such a recipe has ended, another one than those seen before.

    One that ran away counts; one that was stopped does not.
    """

    def look(session: Session, story: Story) -> Findings | None:
        run = find_run(runs_dir(), session.link.run)
        if run is None or any(facts.get("run") == run.id for facts in story.seen.values()):
            return None
        state = run.state()
        with suppress(RunError, OSError, CheckpointError):
            if _is_over(state) and is_owner_of(session, run.request()):
                recipe = run.recipe()[1]
                return _measured(run, recipe, state) if fits(recipe) else None
        return None

    return look


def _is_over(state: State) -> bool:
    return state.name == "finished" or RAN_AWAY.match(state.message) is not None


def _measured(run: Run, recipe: Recipe, state: State) -> Findings:
    """What a run came to: its test metrics, its last step, and the last record of its history."""
    ran_away, history = RAN_AWAY.match(state.message), run.history()
    last = history[-1] if history else None
    facts: dict[str, object] = dict.fromkeys(METRIC_NAMES, 0.0) | {
        "run": run.id,
        "lr": recipe.train.lr,
        "ran_away": ran_away is not None,
        "step": int(ran_away[1]) if ran_away else last["step"] if last else 0,
        "seconds": last["seconds"] if last else 0.0,
        "train_acc": last.get("class_acc", 0.0) if last else 0.0,
    }
    return facts | (read_card(run.checkpoint).figures if state.is_usable else {})


def labels(digit: int) -> Look:
    """The visitor has told the network that a drawing of theirs is this digit."""

    def look(session: Session, story: Story) -> Findings | None:
        count = sum(example.label == digit for example in session.examples)
        return {"count": count} if count else None

    return look


def teaches(digit: int) -> Look:
    """A network that learned such an example answers."""

    def look(session: Session, story: Story) -> Findings | None:
        job = cached_finetune_job(session.link.network)
        if job is None or all(example.label != digit for example in job.examples):
            return None
        with suppress(CheckpointError):
            before, after = (networks.load_network(n) for n in (job.base, session.link.network))
            taught = next(e for e in job.examples if e.label == digit)
            read = [
                networks.cached_labels(*each, taught.image[None])[0] for each in (before, after)
            ]
            return {
                "before": before[1].figures["class_acc"],
                "after": after[1].figures["class_acc"],
                "read_before": read[0],
                "read_after": read[1],
                "examples": len(job.examples),
            }
        return None

    return look
