"""Two runs in one view: the run before as a ghost behind the curves, and a race of two recipes.

One example: "Late fusion against pixel fusion" trains late fusion first. When that is over, pixel
fusion begins by itself, with the same seed. Its curves grow over those of the first, which are
shown as far as it is itself: so both are seen after the same number of steps, though one machine
trains them one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import streamlit as st

from core.recipes.bugs import BUGS
from core.recipes.naming import recipe_words
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS
from core.runs.run import find_run, runs_dir
from core.runs.snapshot import RunSnapshot, read_snapshot
from core.storage.checkpoint import CheckpointError
from core.storage.history import Record
from views.session import jobs, networks
from views.session.session import Race, Session
from views.ui.table import percent

NO_BUG = "the same, no bug"
BEFORE = "your run before"


class Ghost(NamedTuple):
    """A run behind the one that is shown."""

    name: str
    history: list[Record]
    recipe: Recipe
    figures: Mapping[str, float]  # its test metrics


class Racer(NamedTuple):
    """One of two runs of a race."""

    name: str
    recipe: Recipe


Start = Callable[[], None]


def race_choice(session: Session) -> Start | None:
    """Which two networks may race; what starts the race when that was pressed."""
    options = race_options(session)
    if not options:
        return None
    with st.expander("Race two networks", icon=":material/flag:", key="race"):
        chosen = st.radio("Who races", list(options), key=f"race_{len(options)}")
        st.caption(
            "Same seed, same images, one after the other. The second is drawn over the first, "
            "after the same number of steps."
        )
        first, second = options[chosen]
        if st.button("Start the race", key="race_start", icon=":material/flag:"):
            return partial(start_race, session, first, second)
    return None


def race_options(session: Session) -> dict[str, tuple[Racer, Racer]]:
    """The races that the settings allow, by title; none where a link fixes them or the bug."""
    link = session.link
    if not set(SETTINGS).isdisjoint(link.hidden + link.locked) or "bug" in link.locked:
        return {}
    sound = PRESETS["quick"].recipe.change(link.settings)
    options: dict[str, tuple[Racer, Racer]] = {}
    if link.bug:
        broken = sound.with_bug(link.bug)
        title = BUGS[link.bug].title
        same = Racer(NO_BUG, broken.with_bug(""))
        options[f"With and without the bug: {title}"] = (same, Racer(f"broken: {title}", broken))
    for setting, one, other in (
        ("fusion", "late", "pixels"),
        ("sum_head", "regression", "classification"),
    ):
        first, second = (
            Racer(SETTINGS[setting].say(value), sound.change({setting: value}))
            for value in (one, other)
        )
        title = f"{first.name} against {second.name}"
        options[f"{title[:1].upper()}{title[1:]}"] = first, second
    return options


def start_race(session: Session, first: Racer, second: Racer) -> None:
    """Start the first of two runs; views/frame/second_run.py starts the second when it is over.

    Raises:
        SettingError, QueueError, OSError: as for `jobs.start_recipe`.
    """
    jobs.start_recipe(session, first.recipe)
    session.choose(rival="")  # it runs alone; then the second runs against it
    session.race = Race(session.link.run, first.name, second.name, second.recipe)


def race_on(session: Session, snapshot: RunSnapshot, name: str, second: Racer) -> None:
    """Let a new run race against one that is there.

    Raises:
        SettingError, QueueError, OSError: as for `jobs.start_recipe`.
    """
    jobs.start_recipe(session, second.recipe)
    session.race = Race(snapshot.run.id, name, second.name, second.recipe, second=session.link.run)


def race_words(session: Session, run: str) -> str:
    """Which of two runs this is; "" where there is no race."""
    race = session.race
    if race is None or run not in (race.first, race.second):
        return ""
    if not race.second:
        return f"Race, first run: {race.first_name}. Then comes {race.second_name}."
    if run == race.second:
        return f"Race, second run: {race.second_name}. Dashed: {race.first_name}."
    return f"Race, first run: {race.first_name}. The second one was {race.second_name}."


def ghost_of(session: Session, snapshot: RunSnapshot) -> Ghost | None:
    """The run to draw behind the one that is shown, on the same data; None where there is none."""
    run = find_run(runs_dir(), session.link.rival)
    if run is None or snapshot.recipe is None or run.id == snapshot.run.id:
        return None
    if run.is_finetune or run.is_uploaded:
        return None
    before = read_snapshot(run)
    recipe = before.recipe
    if not before.state.is_usable or recipe is None or not before.history:
        return None
    if recipe.model.dataset != snapshot.recipe.model.dataset:
        return None
    try:
        figures = networks.load_network(run.id)[1].figures
    except CheckpointError:
        return None
    name = _ghost_name(session, snapshot, before, recipe)
    return Ghost(name, before.history, recipe, figures)


def _ghost_name(
    session: Session, snapshot: RunSnapshot, before: RunSnapshot, recipe: Recipe
) -> str:
    race = session.race
    if race and (before.run.id, snapshot.run.id) == (race.first, race.second):
        return race.first_name
    if snapshot.recipe and snapshot.recipe.bug.name and recipe == snapshot.recipe.with_bug(""):
        return NO_BUG
    if networks.is_own_run(session, before.run, before.request):
        return BEFORE
    return f"the run before, {recipe_words(before.request.preset, recipe)}"


def in_step(ghost: Ghost, history: Sequence[Record]) -> Ghost:
    """A ghost as far as a run is itself, by the share of its steps."""
    last = history[-1] if history else None
    share = last["step"] / last["steps"] if last else 0.0
    shown = [record for record in ghost.history if record["step"] <= share * record["steps"]]
    return ghost._replace(history=shown)


def standing(ghost: Ghost, history: Sequence[Record], name: str) -> str:
    """How both stood after the last step that has a validation of both, in a sentence; "" before.

    A run that was stopped has its last validation at a step where the other one may have none.
    """
    now, then = (_joint_by_step(records) for records in (history, ghost.history))
    last = max(now.keys() & then.keys(), default=None)
    if last is None:
        return ""
    shares = f"{name} {percent(now[last])}, {ghost.name} {percent(then[last])}"
    return f"Both right, at the same step: {shares}."


def _joint_by_step(history: Sequence[Record]) -> dict[float, float]:
    return {each["step"]: each["val_joint_acc"] for each in history if "val_joint_acc" in each}


def sound_race(session: Session, snapshot: RunSnapshot, ghost: Ghost | None) -> Start | None:
    """Under a broken run: what starts the same without the bug, where that was pressed."""
    recipe = snapshot.recipe
    is_there = ghost is not None and ghost.name == NO_BUG
    if recipe is None or not recipe.bug.name or is_there or "bug" in session.link.locked:
        return None
    if not st.button("Race it against the same, no bug", key="race_sound", icon=":material/flag:"):
        return None
    second = Racer(NO_BUG, recipe.with_bug(""))
    return partial(race_on, session, snapshot, f"broken: {recipe.bug.title}", second)
