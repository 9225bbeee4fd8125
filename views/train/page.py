"""The Train page: settings, a run in the worker, its curves as they grow, and its results."""

from contextlib import suppress
from functools import partial

import streamlit as st

from core.recipes.settings import SETTINGS, Number, SettingError
from core.runs.control import change_control
from core.runs.queue import QueueError, queue_position
from core.runs.run import WAITING, Run
from core.runs.snapshot import RunSnapshot
from core.storage.history import Record
from views.session import jobs, networks
from views.session.address import publish, run_link
from views.session.navigation import Page, go_to
from views.session.session import Session, get_session, widget_value
from views.train import charts
from views.train.replay import show_replay
from views.train.results import show_results
from views.train.settings import bug_choice, settings_controls
from views.ui.polling import poll
from views.ui.share import show_share
from views.ui.style import current_palette
from views.ui.text import plain
from views.ui.theme import SAVABLE_CONFIG

# Seconds between polls of a run
FIRST_POLL = 0.15  # while its first point or its results are due
CURVES_POLL = 0.5  # while its curves grow
REPLAY_POLL = 1.5  # of its answers to the visitor's picture
QUEUE_POLL = 2.0  # while it waits for others: there may be many

RESUMES = "Training resumes by itself after two minutes."


def show_train() -> None:
    """The whole page."""
    session = get_session()
    snapshot = jobs.current_run(session)  # read once, for all that follows
    live = snapshot is not None and not snapshot.state.is_finished
    left, right = st.columns([4, 9], gap="large")
    with left:
        pressed = st.button(  # on top, where a low screen shows it too
            "Train again" if session.link.run else "Train",
            key="train_start",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=live,
        )
        answer = st.container()  # where a phone shows it too
        if jobs.has_cluster():
            who = st.fragment(lambda: st.caption(plain(jobs.trainers_words())), run_every=2.0)
            who()
        _settings_panel(jobs.reader(session, snapshot), breaks=bool(session.link.bug))
        if pressed:
            with answer:
                _start_run(session)
    with right:
        wants_to_draw = _run_panel(session, snapshot) if snapshot else _no_run(session)
        grows = snapshot is not None and snapshot.is_growing
        replay = st.fragment(show_replay, run_every=REPLAY_POLL if grows else None)
        replay(jobs.reader(session, snapshot))
    show_share(run_link(session, snapshot))
    if wants_to_draw:
        go_to("draw")


@st.fragment
def _settings_panel(read: jobs.ReadRun, breaks: bool) -> None:
    """What the next run is made of. When something is chosen, only this runs again.

    The session keeps the choice for the other pages, and the address keeps it for a reload.
    """
    session = get_session()
    settings_controls(session)
    bug_choice(session, is_open=breaks)
    publish(run_link(session, read()))


def _start_run(session: Session) -> None:
    try:
        jobs.start_run(session)
    except (SettingError, QueueError) as error:
        st.error(plain(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        st.rerun()


def _no_run(session: Session) -> bool:
    """What this page shows before the first run, and for one that is no longer kept."""
    if session.link.run:
        with st.container(key="train_gone"):
            st.subheader("This run is no longer kept here")
            st.write(
                "This page has the settings from the link. Press Train again to retrain with them."
            )
        return False
    st.subheader("Train a network of your own")
    st.write(
        "Choose the settings and press Train. The network learns from 50,000 images, its curves "
        "grow here, and in the end you can draw with it. Nothing that you try can break the "
        "shipped network."
    )
    _shipped_curves()
    return False


def _run_panel(session: Session, snapshot: RunSnapshot) -> bool:
    """How far it is, its curves, and in the end its results; True to draw with it."""
    pace, recipe = _pace(snapshot), snapshot.recipe
    poll(_status, pace, jobs.reader(session, snapshot), pace)
    if recipe is None:
        st.warning(plain(snapshot.run.damaged_words))
        return False
    if recipe.bug.name:
        with st.container(key="bug_note"):
            st.markdown(
                f":material/bug_report: **Broken on purpose: {recipe.bug.title}.** "
                f"{recipe.bug.about}"
            )
    learned = st.fragment(_learned, run_every=pace if snapshot.is_growing else None)
    learned(jobs.reader(session, snapshot), recipe.train.epochs)
    dots = "validation images, with the same bug" if recipe.bug.name else "images it has never seen"
    st.caption(f"Thin: images it learns from. Dots: {dots}.")
    return snapshot.state.is_usable and show_results(session, snapshot, recipe)


def _pace(snapshot: RunSnapshot) -> float | None:
    """Seconds until the next poll of the run; None when it is finished."""
    now = snapshot.state
    if now.is_finished:
        return None
    if now.name in WAITING:
        return QUEUE_POLL if _position(snapshot.run) else FIRST_POLL
    started = snapshot.history and now.name != "evaluating"
    return CURVES_POLL if started else FIRST_POLL


def _position(run: Run) -> int:
    return queue_position(run.path.parent, run)


def _status(read: jobs.ReadRun, pace: float | None) -> None:
    """One line of words, one bar, its buttons, always in the same place.

    Polls while the run lives; runs the whole page when the run ends or needs another pace.
    """
    snapshot = read()
    if snapshot is None or _pace(snapshot) != pace:
        st.rerun()
    now, last = snapshot.state, snapshot.last
    share = last["step"] / last["steps"] if last else 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="train_status"):
        if now.name == "preparing" and now.share is not None:
            share = now.share
        st.progress(min(1.0, share), text=plain(_status_words(snapshot)))
        if not now.is_finished:
            _controls(snapshot)
    if snapshot.recipe:
        _learning_rate(snapshot, snapshot.recipe.train.lr)


def _learned(read: jobs.ReadRun, epochs: float) -> None:
    """The run's curves, as they grow."""
    if snapshot := read():
        _curves(snapshot.history, epochs)


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


def _curves(history: list[Record], epochs: float, name: str = "") -> None:
    """Both charts."""
    palette = current_palette()
    left, right = st.columns(2)
    with left, st.container(key=f"{name}loss_chart"):
        figure = charts.loss_curves(history, epochs, palette)
        st.plotly_chart(
            figure, key=f"{name}loss", config=SAVABLE_CONFIG, alt="Loss over the epochs"
        )
    with right, st.container(key=f"{name}accuracy_chart"):
        figure = charts.accuracy_curves(history, epochs, palette)
        st.plotly_chart(
            figure, key=f"{name}accuracy", config=SAVABLE_CONFIG, alt="Accuracy by epoch"
        )


def _controls(snapshot: RunSnapshot) -> None:
    """Pause or resume, one step, stop."""
    run, now, last = snapshot.run, snapshot.state, snapshot.last
    step = last["step"] if last else 0
    ask = partial(_ask, run)
    paused = now.name == "paused"
    if now.name in ("training", "paused"):
        st.button(
            "Resume" if paused else "Pause",
            key="train_pause",
            icon=":material/play_arrow:" if paused else ":material/pause:",
            on_click=ask,
            kwargs={"pause_at": None if paused else 0},
        )
        st.button(
            "One step",
            key="train_step",
            icon=":material/skip_next:",
            disabled=not paused,
            on_click=ask,
            kwargs={"pause_at": step + 1},
        )
    st.button(
        "Stop",
        key="train_stop",
        icon=":material/stop:",
        disabled=run.stop_requested(),
        on_click=partial(_stop, run),
    )


def _learning_rate(snapshot: RunSnapshot, max_lr: float) -> None:
    """A slider for the learning rate while it trains; afterwards, whether it was changed."""
    lr_override = snapshot.control.lr
    if snapshot.state.name not in ("training", "paused"):
        if lr_override is not None:
            st.caption(
                f"The learning rate was changed in training, from {max_lr:g} to {lr_override:g}: "
                "the settings alone would not repeat this run."
            )
        return
    session = get_session()
    if "lr" in session.link.hidden:
        return
    lr = max_lr if lr_override is None else lr_override

    def move() -> None:
        if (chosen := widget_value("live_lr")) != lr:  # also called when the slider first appears
            _ask(snapshot.run, lr=chosen)

    setting = SETTINGS["lr"]
    assert isinstance(setting, Number)
    st.select_slider(
        "Change the learning rate now",
        sorted({*setting.ticks, max_lr, lr}),
        lr,
        key="live_lr",
        on_change=move,
        disabled="lr" in session.link.locked,
        format_func=lambda stop: f"{stop:g}",
    )


def _stop(run: Run) -> None:
    with suppress(OSError):  # as in `_ask`
        run.request_stop()


def _ask(run: Run, **changes: float | None) -> None:
    with suppress(OSError):  # the run is gone or the disk is full: the page says so by itself
        change_control(run.path, **changes)


def _status_words(snapshot: RunSnapshot) -> str:
    now, last = snapshot.state, snapshot.last
    if now.name == "queued":
        return jobs.waiting_words(snapshot.run)
    if now.name == "preparing":
        return now.message or "Preparing the data."
    if now.name == "failed" or now.name == "interrupted" or last is None:
        return now.message or "Starting."
    speed = last["images"] / max(last["seconds"], 0.001)
    place = f"epoch {last['epoch']:.0f}, step {last['step']:,.0f} of {last['steps']:,.0f}"
    if now.name == "training":
        left = last["seconds"] * (last["steps"] / last["step"] - 1)
        words = f"Training: {place}, {speed:,.0f} images/s, {left:.0f} s left"
        return f"{words}. {now.message}" if now.message else words
    if now.name == "paused":
        return f"Paused: {place}. {now.message or RESUMES}"
    if now.name == "evaluating":
        return now.message or f"Testing on 10,000 images with ten numbers each. ({place})"
    kept = now.message or "Stopped. What the network learned so far is kept"
    end = "Finished" if now.name == "finished" else kept
    return f"{end}: {place}, {speed:,.0f} images/s, {last['seconds']:.1f} s"


TRAIN = Page("train", "Train", ":material/model_training:", show_train)
