"""The Train page: settings, a run in the worker, its curves as they grow, and its results."""

import html
from functools import partial

import streamlit as st

from core.errors import UserError
from core.forecast.wait import about
from core.recipes.bugs import Bug
from core.recipes.code import diff
from core.recipes.naming import recipe_words
from core.runs.run import WAITING
from core.runs.snapshot import RunSnapshot
from core.specs import find_spec
from core.storage.history import Record
from views.frame.second_run import is_next_due, start_next
from views.frame.share import show_share
from views.session import jobs, networks
from views.session.address import publish, run_link
from views.session.navigation import go_to
from views.session.session import Session, get_session
from views.session.visitor import is_owner_of
from views.train import charts
from views.train.presets import back_to_usual, preset_choice
from views.train.race import (
    Ghost,
    Start,
    ghost_of,
    in_step,
    race_choice,
    race_words,
    sound_race,
    standing,
)
from views.train.replay import show_replay
from views.train.results import show_results
from views.train.scrubber import show_scrubber
from views.train.settings import bug_choice, settings_controls
from views.train.status import pace_of, show_changed_rate, show_status
from views.ui.growing_chart import growing_chart
from views.ui.polling import poll
from views.ui.style import current_palette
from views.ui.text import plain

REPLAY_POLL = 1.5  # seconds between polls of a run's answers to the visitor's picture
MEANWHILE_POLL = 4.0  # of the run that a visitor watches who waits: there may be many


def show_train() -> None:
    """The whole page."""
    session = get_session()
    snapshot = jobs.current_run(session)  # read once, for all that follows
    left, right = st.columns([4, 9], gap="large")
    with left:
        is_busy = _is_own_live(session, snapshot)
        if jobs.has_cluster():
            who = st.fragment(lambda: st.caption(plain(jobs.trainers_words())), run_every=2.0)
            who()
        _settings_panel(jobs.reader(session, snapshot), is_busy, breaks=bool(session.link.bug))
    with right:
        if session.is_dataset_gone:
            st.warning(
                "The pictures that this link trains on are no longer kept here. Ask for a new "
                "link, or train on other pictures."
            )
        with st.container():  # however much is in it, what comes below keeps its place
            uses = _run_panel(session, snapshot) if snapshot else _no_run(session)
        grows = snapshot is not None and snapshot.is_growing
        replay = st.fragment(show_replay, run_every=REPLAY_POLL if grows else None)
        replay(jobs.reader(session, snapshot))
        st.fragment(show_scrubber)(jobs.reader(session, snapshot))
    show_share(run_link(session, snapshot))
    if uses:
        go_to("draw", f"{networks.title_of(session, session.link.network)} answers now. Draw.")


def _is_own_live(session: Session, snapshot: RunSnapshot | None) -> bool:
    """Does a run of this browser go on? Whoever watches somebody else's may start one."""
    if snapshot is None or snapshot.state.is_finished:
        return False
    return is_owner_of(session, snapshot.request)


@st.fragment
def _settings_panel(read: jobs.ReadRun, is_busy: bool, breaks: bool) -> None:
    """Train, and what the next run is made of. When something is chosen, only this runs again.

    The session keeps the choice for the other pages. The address keeps it for a reload, unless a
    run is shown: then it has the settings of that run, for when the run is no longer kept.
    """
    session, snapshot = get_session(), read()
    button = st.container()  # on top, where a low screen shows it too
    answer = st.container()  # where a phone shows it too
    race = None
    if is_busy and snapshot:
        _show_recipe(snapshot)
    else:
        preset_choice(session)
        settings_controls(session)
        bug_choice(session, is_open=breaks)
        race = race_choice(session)
        back_to_usual(session)
    with button:
        pressed = st.button(
            _train_words(session, snapshot, is_busy),
            key="train_start",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=is_busy,
        )
    if pressed or race:
        with answer:
            _start(race or partial(jobs.start_run, session))
    publish(run_link(session, snapshot))


def _train_words(session: Session, snapshot: RunSnapshot | None, is_busy: bool) -> str:
    """What the button does, and how long that takes here."""
    words = "Train again" if session.link.run else "Train"
    if snapshot and not networks.is_own_run(session, snapshot.run, snapshot.request):
        words = "Train your own"
    seconds = None if is_busy else jobs.expected_seconds(session.link.settings)
    return f"{words} (about {about(seconds)})" if seconds else words


def _show_recipe(snapshot: RunSnapshot) -> None:
    """While it trains: what this run is made of. The settings come back when it is over."""
    if snapshot.recipe:
        words = recipe_words(snapshot.request.preset, snapshot.recipe)
        st.caption(f"This run: {plain(words)}. You can change the settings when it is over.")


def _start(start: Start) -> None:
    """Start a run, or say why that cannot be."""
    try:
        start()
    except UserError as error:
        st.error(plain(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        get_session().is_dataset_gone = False  # they train on other pictures
        st.rerun()


def _no_run(session: Session) -> bool:
    """What this page shows before the first run, and for one that is no longer kept."""
    if session.link.run:
        with st.container(key="train_gone"):
            st.subheader("This run is no longer kept here")
            if not session.is_dataset_gone:
                st.write(
                    "This page has the settings from the link. Press Train again to retrain with "
                    "them."
                )
        return False
    st.subheader("Train a network of your own")
    settings = session.link.settings
    images = find_spec(str(settings["dataset"])).train_words(int(settings["images"]))
    st.write(
        f"Press Train. The network learns from {plain(images)} while its curves grow here, "
        "and then you draw with it. Nothing that you try can break the shipped network."
    )
    _shipped_curves()
    return False


def _run_panel(session: Session, snapshot: RunSnapshot) -> bool:
    """How far it is, its curves, and in the end its results; True to draw with it."""
    pace, recipe = pace_of(snapshot), snapshot.recipe
    if is_next_due(session, snapshot):
        _start(partial(start_next, session))
    if snapshot.state.is_finished and session.unseen_run == snapshot.run.id:
        session.unseen_run = ""
    poll(show_status, pace, jobs.reader(session, snapshot), pace)
    if recipe is None:
        st.warning(plain(snapshot.run.damaged_words))
        return False
    show_changed_rate(snapshot)
    if snapshot.state.name in WAITING:
        st.fragment(_meanwhile, run_every=MEANWHILE_POLL)(snapshot)
        return False
    if recipe.bug.name:
        _show_bug(recipe.bug)
    ghost = ghost_of(session, snapshot)
    uses = snapshot.state.is_usable and show_results(session, snapshot, recipe, ghost)
    if snapshot.state.is_usable and (race := sound_race(session, snapshot, ghost)):
        _start(race)
    learned = st.fragment(_learned, run_every=pace if snapshot.is_growing else None)
    learned(jobs.reader(session, snapshot), recipe.train.epochs, ghost)
    dots = "validation images, with the same bug" if recipe.bug.name else "images it has never seen"
    dashed = f" Dashed: {plain(ghost.name)}." if ghost else ""
    st.caption(f"Thin: images it learns from. Dots: {dots}.{dashed}")
    return uses


def _show_bug(bug: Bug) -> None:
    """What is broken, in words and as the two lines of code."""
    with st.container(key="bug_note", gap="xsmall"):
        st.markdown(f":material/bug_report: **Broken on purpose: {bug.title}.** {bug.about}")
        st.code(diff(bug.name), language="diff", wrap_lines=True)


def _meanwhile(waiting: RunSnapshot) -> None:
    """What can be watched while a run waits: one that trains now, whoever asked for it."""
    other = jobs.run_meanwhile(waiting.run)
    if other is None or other.recipe is None or not other.history:
        return
    st.subheader("Meanwhile, watch a run that trains now", anchor=False)
    words = recipe_words(other.request.preset, other.recipe)
    if other.request.own_data:
        words = "on pictures of their own"  # whose names are nobody else's business
    if other.request.secret:
        words = "of a quiz"
    seconds = jobs.seconds_left(other)
    left = f", about {about(seconds)} left" if seconds else ""
    why = "" if jobs.has_cluster() else "One run trains at a time. "
    st.caption(f"{why}Somebody's network, {words}{left}:")
    _curves(other.history, other.recipe.train.epochs, "meanwhile_")


def _learned(read: jobs.ReadRun, epochs: float, ghost: Ghost | None) -> None:
    """The run's curves, as they grow, over those of another run."""
    session, snapshot = get_session(), read()
    if snapshot is None:
        return
    if words := race_words(session, snapshot.run.id):
        if ghost and snapshot.is_growing:
            ghost = in_step(ghost, snapshot.history)
        stands = standing(ghost, snapshot.history, "this run") if ghost else ""
        words, stands = html.escape(words), html.escape(stands)
        st.html(f'<div class="head">{words}</div><div class="note">{stands}</div>')
    _curves(snapshot.history, epochs, ghost=ghost)


def _shipped_curves() -> None:
    """The shipped network's curves, until there are others.

    They also make the browser load plotly, so that the first point of a run need not wait for it.
    """
    history = networks.network_history(networks.DEFAULT_NETWORK)
    if not history:
        return
    epochs = history[-1]["epoch"]
    with st.container(key="shipped_curves"):
        st.caption(f"Here is how the shipped network learned, in {epochs:.0f} epochs:")
        _curves(history, epochs, "shipped_")


def _curves(
    history: list[Record], epochs: float, name: str = "", ghost: Ghost | None = None
) -> None:
    """Both charts."""
    palette = current_palette()
    behind = ghost and charts.GhostCurves(ghost.name, ghost.history, ghost.recipe.train.epochs)
    left, right = st.columns(2)
    with left, st.container(key=f"{name}loss_chart"):
        figure = charts.loss_curves(history, epochs, palette, behind)
        growing_chart(figure, palette, key=f"{name}loss", alt="Loss over the epochs")
    with right, st.container(key=f"{name}accuracy_chart"):
        figure = charts.accuracy_curves(history, epochs, palette, behind)
        growing_chart(figure, palette, key=f"{name}accuracy", alt="Accuracy by epoch")
