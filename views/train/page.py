"""The Train page: settings, a run in the worker, its curves as they grow, and its test figures."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

import streamlit as st

from core.recipes.settings import SETTINGS, Number, SettingError
from core.runs.control import change_control, read_control
from core.runs.queue import QueueError, queue_position, queue_words
from core.runs.run import WAITING, Run, RunError, State
from core.storage.history import Record
from views.session import jobs, networks
from views.session.address import made_by, publish, shared_choices, with_class_choices
from views.session.link import Link
from views.session.session import Session, get_session, widget_value
from views.train import charts
from views.train.replay import show_replay
from views.train.results import show_results
from views.train.settings import bug_choice, settings_controls
from views.ui.polling import poll
from views.ui.share import show_share
from views.ui.style import current_palette
from views.ui.theme import SAVABLE_CONFIG

# Seconds between looks at a run
FIRST_POLL = 0.15  # while its first point or its figures are due
CURVES_POLL = 0.5  # while its curves grow
REPLAY_POLL = 1.5  # at what it says to the visitor's picture
QUEUE_POLL = 2.0  # while it waits for others: there may be many


def show_train() -> bool:
    """The whole page. True when the visitor wants to draw with the network that they trained."""
    session = get_session()
    run = jobs.current_run(session)
    live = run is not None and not run.state().is_finished
    left, right = st.columns([4, 9], gap="large")
    with left:
        pressed = st.button(  # on top, where a low screen shows it too
            "Train again" if session.run else "Train",
            key="train_start",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=live,
        )
        said = st.container()  # where a phone shows it too
        _settings_panel(breaks=bool(session.bug))
        if pressed:
            with said:
                _start_run(session)
    with right:
        use = _run_panel(session, run) if run else _no_run(session)
        grows = run is not None and _grows(run)
        st.fragment(show_replay, run_every=REPLAY_POLL if grows else None)()
    show_share(_link(session), "train")
    return use


@st.fragment
def _settings_panel(breaks: bool) -> None:
    """What the next run is made of. Only this runs again when something is chosen, which stays with
    the session, whatever page comes next, and with the address, for a reload.
    """
    session = get_session()
    settings_controls(session)
    bug_choice(session, is_open=breaks)
    publish(with_class_choices(session, _link(session)))


def _link(session: Session) -> Link:
    """To what this page shows: the run and what made it or, where there is none, the settings."""
    made, bug = made_by(session, session.run)
    return replace(shared_choices(session), run=session.run, settings=made, bug=bug)


def _start_run(session: Session) -> None:
    try:
        jobs.start_run(session)
    except (SettingError, QueueError) as error:
        st.error(str(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        st.rerun()


def _no_run(session: Session) -> bool:
    """What stands here before the first run, or after one that is no longer kept."""
    if session.run:
        with st.container(key="train_gone"):
            st.subheader("This run is no longer kept here")
            st.write(
                "The settings that its link carries are set on this page. Press Train again, and "
                "a network is learned from them anew."
            )
        return False
    st.subheader("Train a network of your own")
    st.write(
        "Choose the settings and press Train. It learns from 50,000 images, its curves grow "
        "here, and in the end you can draw with it. Nothing that you try can break the "
        "shipped network."
    )
    _shipped_curves()
    return False


def _run_panel(session: Session, run: Run) -> bool:
    """How far it is, its curves, and in the end its figures; True to draw with it."""
    pace = _pace(run)
    poll(_status, pace, pace)
    try:
        recipe = run.recipe()[1]
    except RunError as error:
        st.warning(str(error))
        return False
    if recipe.bug.name:
        with st.container(key="bug_note"):
            st.markdown(
                f":material/bug_report: **Broken on purpose: {recipe.bug.title}.** "
                f"{recipe.bug.about}"
            )
    st.fragment(_learned, run_every=pace if _grows(run) else None)(recipe.train.epochs)
    which = "under the same bug" if recipe.bug.name else "which it never learns from"
    st.caption(f"Thin lines: the batches that it learns from. Dots: validation images, {which}.")
    return run.state().is_usable and show_results(session, run, recipe)


def _pace(run: Run) -> float | None:
    """Seconds until the run should be looked at again; None when it is over."""
    now = run.state()
    if now.is_finished:
        return None
    if now.name in WAITING:
        return QUEUE_POLL if queue_position(run.path.parent, run) else FIRST_POLL
    started = run.history() and now.name != "evaluating"
    return CURVES_POLL if started else FIRST_POLL


def _grows(run: Run) -> bool:
    """Will there be more to draw? While the test images are measured, that needs the machine."""
    now = run.state()
    return not now.is_finished and now.name != "evaluating"


def _status(pace: float | None) -> None:
    """One line of words, one bar, its buttons; always in the same place. Runs again by itself while
    the run lives; the whole page where that changes how often, or ends it."""
    run = jobs.current_run(get_session())
    if run is None or _pace(run) != pace:
        st.rerun()
    now, history = run.state(), run.history()
    last = history[-1] if history else None
    share = last["step"] / last["steps"] if last else 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="train_status"):
        if now.name == "preparing" and now.share is not None:
            share = now.share
        st.progress(min(1.0, share), text=_status_words(run, now, last))
        if not now.is_finished:
            _controls(run, now, last)
    with suppress(RunError):  # said below
        _learning_rate(run, now)


def _learned(epochs: float) -> None:
    """The run's curves, as they grow."""
    if run := jobs.current_run(get_session()):
        _curves(run.history(), epochs)


def _shipped_curves() -> None:
    """The shipped network's curves, until there are others. They also bring the browser what draws
    charts, so that the first point of a run need not wait for it."""
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


def _controls(run: Run, now: State, last: Record | None) -> None:
    """Pause or go on, one step, stop."""
    step = int(last["step"]) if last else 0
    ask = partial(_ask, run)
    paused = now.name == "paused"
    if now.name in ("training", "paused"):
        st.button(
            "Go on" if paused else "Pause",
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


def _learning_rate(run: Run, now: State) -> None:
    """The learning rate, which may be moved while it trains; afterwards, that it was."""
    peak, wish = run.recipe()[1].train.lr, read_control(run.path)
    if now.name not in ("training", "paused"):
        if wish.lr is not None:
            st.caption(
                f"The learning rate was moved while it trained, from {peak:g} to {wish.lr:g} in "
                "the end: the settings alone would not repeat this run."
            )
        return
    session = get_session()
    if "lr" in session.hidden:
        return
    rate = peak if wish.lr is None else wish.lr

    def move() -> None:
        if (chosen := widget_value("live_lr")) != rate:  # also called when the slider first appears
            _ask(run, lr=chosen)

    setting = SETTINGS["lr"]
    assert isinstance(setting, Number)
    st.select_slider(
        "Learning rate from now on (its peak)",
        sorted({*setting.stops, peak, rate}),
        rate,
        key="live_lr",
        on_change=move,
        disabled="lr" in session.locked,
        format_func=lambda stop: f"{stop:g}",
    )


def _stop(run: Run) -> None:
    with suppress(OSError):  # as in `_ask`
        run.request_stop()


def _ask(run: Run, **wishes: float | None) -> None:
    with suppress(OSError):  # the run is gone or the disk is full: the page says so by itself
        change_control(run.path, **wishes)


def _status_words(run: Run, now: State, last: Record | None) -> str:
    if now.name == "queued":
        return queue_words(queue_position(run.path.parent, run))
    if now.name == "preparing":
        return now.message or "Preparing the data."
    if now.name == "failed" or now.name == "interrupted" or last is None:
        return now.message or "Starting."
    speed = last["images"] / max(last["seconds"], 0.001)
    place = f"epoch {last['epoch']:.0f}, step {last['step']:,.0f} of {last['steps']:,.0f}"
    if now.name == "training":
        left = last["seconds"] * (last["steps"] / last["step"] - 1)
        return f"Training: {place}, {speed:,.0f} images/s, {left:.0f} s left"
    if now.name == "paused":
        return f"Paused: {place}. It goes on by itself after two minutes."
    if now.name == "evaluating":
        return (
            now.message
            or f"Measuring on the test images: 10,000 images with ten numbers each. ({place})"
        )
    kept = now.message or "Stopped; what it learned so far is kept"
    end = "Finished" if now.name == "finished" else kept
    return f"{end}: {place}, {speed:,.0f} images/s, {last['seconds']:.1f} s"
