"""The Train page: settings, a run in the worker, its curves as they grow, and its test figures."""

import html
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

import streamlit as st

from core import control
from core.bugs import what_gave_it_away
from core.checkpoint import Card, CheckpointError, read_card
from core.dataset import SPECS
from core.line import LineError
from core.link import Link
from core.presets import PRESETS
from core.published import PUBLISHED
from core.recipe import SETTINGS, Number, Recipe, SettingError
from core.runs import WAITING, Run, RunError, State, ahead
from views import charts, export, settings, share, state, style, watch
from views.state import Session
from views.table import COLUMNS

# Seconds between looks at a run
SOON = 0.15  # while its first point or its figures are due
POLL = 0.5  # while its curves grow
WATCH_POLL = 1.5  # at what it says to the visitor's picture
LINE_POLL = 2.0  # while it waits for others: there may be many
SHOWN = ("class_acc", "sum_acc", "joint_acc", "sum_r2")  # of a run's figures


def show() -> bool:
    """The whole page. True when the visitor wants to draw with the network that they trained."""
    session = state.session()
    run = state.current_run(session)
    live = run is not None and not run.state().over
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
        session.settings = settings.controls(session.settings)
        session.bug = settings.bug(session.bug)
        if pressed:
            with said:
                _start(session)
    with right:
        pace = _pace(run) if run else None
        st.fragment(_learning, run_every=pace)(pace)
        use = _result(session, run) if run and run.state().usable else False
        st.fragment(watch.show, run_every=WATCH_POLL if live else None)()
    made, bug = state.made_by(session, session.run)
    share.show(Link(run=session.run, settings=made, bug=bug), "train")
    return use


def _start(session: Session) -> None:
    try:
        state.start_run(session)
    except (SettingError, LineError) as error:
        st.error(str(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        st.rerun()


def _pace(run: Run) -> float | None:
    """Seconds until the run should be looked at again; None when it is over."""
    now = run.state()
    if now.over:
        return None
    if now.name in WAITING:
        return LINE_POLL if ahead(run.path.parent, run) else SOON
    started = run.history() and now.name != "evaluating"
    return POLL if started else SOON


def _learning(pace: float | None) -> None:
    """The run's curves. Runs again by itself while the run lives; the whole page where that changes
    how often, or ends it."""
    session = state.session()
    run = state.current_run(session)
    if run is None and session.run:
        with st.container(key="train_gone"):
            st.subheader("This run is no longer kept here")
            st.write(
                "Its recipe and its seed are: they are set on this page. Press Train again, and "
                "the same network is learned anew."
            )
        return
    if run is None:
        st.subheader("Train a network of your own")
        st.write(
            "Choose the settings and press Train. It learns from 50,000 images, its curves grow "
            "here, and in the end you can draw with it. Nothing that you try can break the "
            "shipped network."
        )
        _example()
        return
    if _pace(run) != pace:
        st.rerun()
    now, history = run.state(), run.history()
    try:
        recipe = run.recipe()[1]
    except RunError as error:
        st.warning(str(error))
        return
    _status(run, now, history)
    if recipe.bug.name:
        with st.container(key="bug_note"):
            st.markdown(
                f":material/bug_report: **Broken on purpose: {recipe.bug.title}.** "
                f"{recipe.bug.about}"
            )
    _curves(history, recipe.train.epochs)
    which = "under the same bug" if recipe.bug.name else "which it never learns from"
    st.caption(f"Thin lines: the batches that it learns from. Dots: validation images, {which}.")


def _example() -> None:
    """The shipped network's curves, until there are others. They also bring the browser what draws
    charts, so that the first point of a run need not wait for it."""
    history = state.history(state.SHIPPED)
    if not history:
        return
    epochs = history[-1]["epoch"]
    with st.container(key="shipped_curves"):
        st.caption(f"Here is how the shipped network learned, in {epochs:.0f} epochs:")
        _curves(history, epochs, "shipped_")


def _curves(history: list[dict[str, float]], epochs: float, name: str = "") -> None:
    """Both charts."""
    palette = style.palette()
    left, right = st.columns(2)
    with left, st.container(key=f"{name}loss_chart"):
        figure = charts.loss_curves(history, epochs, palette)
        st.plotly_chart(figure, key=f"{name}loss", config=charts.SAVED, alt="Loss over the epochs")
    with right, st.container(key=f"{name}accuracy_chart"):
        figure = charts.accuracy_curves(history, epochs, palette)
        st.plotly_chart(figure, key=f"{name}accuracy", config=charts.SAVED, alt="Accuracy by epoch")


def _status(run: Run, now: State, history: list[dict[str, float]]) -> None:
    """One line of words, one bar, one button; always in the same place."""
    last = history[-1] if history else None
    share = last["step"] / last["steps"] if last else 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="train_status"):
        if now.name == "preparing" and now.share is not None:
            share = now.share
        st.progress(min(1.0, share), text=_words(run, now, last))
        if not now.over:
            _controls(run, now, last)
    wish = control.read(run.path)
    peak = run.recipe()[1].train.lr
    if now.name in ("training", "paused"):
        _learning_rate(run, wish, peak)
    elif wish.lr is not None:
        st.caption(
            f"The learning rate was moved while it trained, from {peak:g} to {wish.lr:g} in the "
            "end: the settings alone would not repeat this run."
        )


def _controls(run: Run, now: State, last: dict[str, float] | None) -> None:
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
            kwargs={"until": None if paused else 0},
        )
        st.button(
            "One step",
            key="train_step",
            icon=":material/skip_next:",
            disabled=not paused,
            on_click=ask,
            kwargs={"until": step + 1},
        )
    st.button(
        "Stop",
        key="train_stop",
        icon=":material/stop:",
        disabled=run.stop_requested(),
        on_click=run.request_stop,
    )


def _learning_rate(run: Run, wish: control.Control, peak: float) -> None:
    """The learning rate, which may be moved at any time."""
    now = peak if wish.lr is None else wish.lr

    def move() -> None:
        if (chosen := state.said("live_lr")) != now:  # also called when the slider first appears
            _ask(run, lr=chosen)

    setting = SETTINGS["lr"]
    assert isinstance(setting, Number)
    st.select_slider(
        "Learning rate from now on (its peak)",
        sorted({*setting.stops, peak, now}),
        now,
        key="live_lr",
        on_change=move,
        format_func=lambda rate: f"{rate:g}",
    )


def _ask(run: Run, **wishes: float | None) -> None:
    with suppress(OSError):  # the run is gone or the disk is full: the page says so by itself
        control.change(run.path, **wishes)


def _words(run: Run, now: State, last: dict[str, float] | None) -> str:
    if now.name == "queued":
        return run.waiting()
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


def _result(session: Session, run: Run) -> bool:
    """The test figures and what can be done with the network; True to draw with it."""
    try:
        card, recipe = read_card(run.checkpoint), run.recipe()[1]
    except RunError:
        return False  # said above
    except (OSError, CheckpointError):
        st.warning("The files of this network are damaged. Train again.")
        return False
    st.html(_table(card, recipe))
    if bug := recipe.bug.name:
        said = what_gave_it_away(bug, card.figures, card.confusion, run.history())
        with st.container(key="gave_away"):
            st.markdown(f"**What gave it away.** {said}")
    in_use = session.network == run.id
    with st.container(horizontal=True, vertical_alignment="center"):
        use = st.button(
            "Draw with it" if in_use else "Use this network",
            key="use_network",
            type="primary",
            icon=":material/draw:",
        )
        if in_use:
            st.button("Back to the shipped one", key="use_shipped", on_click=_use_shipped)
        export.downloads(session, run.id)
    if use:
        state.use(session, run.id)
    return use


def _use_shipped() -> None:
    state.use(state.session(), state.SHIPPED)


def _rows(recipe: Recipe) -> dict[str, Mapping[str, float]]:
    """The figures of the networks to measure a run by: of its data set and, if any, its fusion."""
    rivals = [rival for rival in PUBLISHED if rival.dataset == recipe.model.dataset]
    rival = max(
        rivals, key=lambda rival: PRESETS[rival.preset].recipe.model.fusion == recipe.model.fusion
    )
    rows: dict[str, Mapping[str, float]] = {}
    with suppress(CheckpointError):  # not here, or damaged: the Draw page says so
        rows["Shipped"] = state.load(rival.preset)[1].figures
    return rows | {"Published": rival.figures}


def _table(card: Card, recipe: Recipe) -> str:
    """Test figures: networks as rows, so that they can be compared down the columns."""
    rows = {"This run": card.figures} | _rows(recipe)
    head = "".join(f"<th>{COLUMNS[key].title}</th>" for key in SHOWN)
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(f"<td>{_figure(key, figures)}</td>" for key in SHOWN)
        + "</tr>"
        for name, figures in rows.items()
    )
    title = SPECS[recipe.model.dataset].title
    note = f"10,000 test images of {title}, each with all ten numbers"
    return f'<table class="figures"><caption>{note}</caption><tr><td></td>{head}</tr>{body}</table>'


def _figure(key: str, figures: Mapping[str, float]) -> str:
    return COLUMNS[key].write(figures[key]) if key in figures else "not given"
