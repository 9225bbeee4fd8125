"""The Train page: settings, a run in the worker, its curves as they grow, and its test figures."""

import html
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal

import streamlit as st

from core import runs
from core.bugs import BUGS, what_gave_it_away
from core.checkpoint import Card, CheckpointError, read_card
from core.dataset import SPECS
from core.link import Link
from core.presets import PRESETS
from core.published import PUBLISHED
from core.recipe import SETTINGS, SUM_WEIGHTS, Choice, Number, Recipe, SettingError, Value
from core.runs import Run, State
from views import charts, state, style
from views.state import Session
from views.table import COLUMNS

POLL = 0.4  # seconds between looks at a live run
SHOWN = ("class_acc", "sum_acc", "joint_acc", "sum_r2")  # of a run's figures


def show() -> bool:
    """The whole page. True when the visitor wants to draw with the network that they trained."""
    session = state.session()
    run = state.current_run(session)
    live = run is not None and not run.state().over
    left, right = st.columns([4, 9], gap="large")
    with left:
        pressed = st.button(  # on top, where a low screen shows it too
            "Train again" if run else "Train",
            key="train_start",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=live,
        )
        session.settings = _settings(session.settings)
        session.bug = _bug(session.bug)
        if pressed:
            _start(session)
    with right:
        st.fragment(_learning, run_every=POLL if live else None)(live)
        use = _result(session, run) if run and run.state().usable else False
    state.publish(Link(run=session.run, settings=session.settings, bug=session.bug))
    return use


def _settings(values: dict[str, Value]) -> dict[str, Value]:
    """A control per setting. Moving one does not run the page: the Train button reads them all.

    Only another sum head does: the weights that suit one are not those of the other, so that each
    has a slider of its own.
    """
    head = str(values["sum_head"])
    keys = {name: f"setting_{name}" for name in values} | {"sum_weight": _weight_key(head)}
    with st.container(key="settings", gap="xsmall"):
        return {name: _control(name, value, keys[name]) for name, value in values.items()}


def _weight_key(head: str) -> str:
    return f"setting_sum_weight_{head}"


def _change_head() -> None:
    """The usual weight follows the sum head; another one is the visitor's own and stays."""
    session = state.session()
    before, now = str(session.settings["sum_head"]), state.said("setting_sum_head")
    weight = state.said(_weight_key(before))
    if weight == SUM_WEIGHTS[before]:
        weight = SUM_WEIGHTS[now]
    session.settings = session.settings | {"sum_head": now, "sum_weight": weight}


def _control(name: str, value: Value, key: str) -> Value:
    setting = SETTINGS[name]
    if isinstance(setting, Choice):
        return _radio(setting, str(value), key, _change_head if name == "sum_head" else "ignore")
    return _number(setting, float(value), key)


def _radio(
    setting: Choice, value: str, key: str, on_change: Callable[[], None] | Literal["ignore"]
) -> str:
    names = list(setting.options)
    chosen = st.radio(
        setting.label,
        names,
        names.index(value),
        format_func=lambda name: setting.options[name].offered,
        key=key,
        help=setting.help,
        on_change=on_change,
    )
    assert chosen  # one of them always is
    return chosen


def _number(setting: Number, value: float, key: str) -> float:
    if setting.stops:
        stop: float = st.select_slider(
            setting.label,
            sorted({*setting.stops, value}),
            value,
            format_func=lambda number: f"{number:g}",
            key=key,
            help=setting.help,
            on_change="ignore",
        )
        return stop
    if setting.whole:
        low, high, start = int(setting.low), int(setting.high), int(value)
        return st.number_input(
            setting.label, low, high, start, key=key, help=setting.help, on_change="ignore"
        )
    return st.slider(
        setting.label,
        setting.low,
        setting.high,
        value,
        step=0.05,
        key=key,
        help=setting.help,
        on_change="ignore",
    )


@st.fragment
def _bug(name: str) -> str:
    """Which bug the next run has. Only this runs again when another one is chosen."""
    names = list(BUGS)
    open_at_first = bool(name)  # a link brought one
    with st.expander(
        "Break it on purpose", expanded=open_at_first, icon=":material/bug_report:", key="break"
    ):
        chosen = st.selectbox(
            "Published bug",
            names,
            names.index(name),
            format_func=lambda option: BUGS[option].title,
            key="bug",
            help="Mistakes that broke published networks. The next training is made with it.",
        )
        st.caption(BUGS[chosen].about)
        if needs := [SETTINGS[name].say(value) for name, value in BUGS[chosen].needs.items()]:
            st.caption(f"Whatever is chosen above, it gets {' and '.join(needs)}.")
    return chosen


def _start(session: Session) -> None:
    try:
        state.start_run(session)
    except SettingError as error:
        st.error(str(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        st.rerun()


def _learning(live: bool) -> None:
    """The run's curves. Runs again by itself while the run lives; the whole page once it ends."""
    run = state.current_run(state.session())
    if run is None:
        st.subheader("Train a network of your own")
        st.write(
            "Choose the settings and press Train. It learns from 50,000 images, its curves grow "
            "here, and in the end you can draw with it. Nothing that you try can break the "
            "shipped network."
        )
        return
    now = run.state()
    if live and now.over:
        st.rerun()
    history = run.history()
    recipe = run.recipe()[1]
    epochs = recipe.train.epochs
    palette = style.palette()
    _status(run, now, history)
    if recipe.bug.name:
        with st.container(key="bug_note"):
            st.markdown(
                f":material/bug_report: **Broken on purpose: {recipe.bug.title}.** "
                f"{recipe.bug.about}"
            )
    left, right = st.columns(2)
    with left, st.container(key="loss_chart"):
        figure = charts.loss_curves(history, epochs, palette)
        st.plotly_chart(figure, key="loss", config=charts.CONFIG, alt="Loss over the epochs")
    with right, st.container(key="accuracy_chart"):
        figure = charts.accuracy_curves(history, epochs, palette)
        st.plotly_chart(figure, key="accuracy", config=charts.CONFIG, alt="Accuracy by epoch")
    which = "under the same bug" if recipe.bug.name else "which it never learns from"
    st.caption(f"Thin lines: the batches that it learns from. Dots: validation images, {which}.")


def _status(run: Run, now: State, history: list[dict[str, float]]) -> None:
    """One line of words, one bar, one button; always in the same place."""
    last = history[-1] if history else None
    share = last["step"] / last["steps"] if last else 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="train_status"):
        if now.name == "preparing" and now.share is not None:
            share = now.share
        st.progress(min(1.0, share), text=_words(run, now, last))
        if not now.over:
            st.button(
                "Stop",
                key="train_stop",
                icon=":material/stop:",
                disabled=run.stop_requested(),
                on_click=run.request_stop,
            )


def _words(run: Run, now: State, last: dict[str, float] | None) -> str:
    if now.name == "queued":
        before = runs.ahead(run.path.parent, run)
        people = "one training is" if before == 1 else f"{before} trainings are"
        return f"Waiting: {people} before you." if before else "Starting."
    if now.name == "preparing":
        return now.message or "Preparing the data."
    if now.name == "failed" or now.name == "interrupted" or last is None:
        return now.message or "Starting."
    speed = last["images"] / max(last["seconds"], 0.001)
    place = f"epoch {last['epoch']:.0f}, step {last['step']:,.0f} of {last['steps']:,.0f}"
    if now.name == "training":
        left = last["seconds"] * (last["steps"] / last["step"] - 1)
        return f"Training: {place}, {speed:,.0f} images/s, {left:.0f} s left"
    if now.name == "evaluating":
        return f"Measuring on the test images: 10,000 images with ten numbers each. ({place})"
    end = "Finished" if now.name == "finished" else "Stopped; what it learned so far is kept"
    return f"{end}: {place}, {speed:,.0f} images/s, {last['seconds']:.1f} s"


def _result(session: Session, run: Run) -> bool:
    """The test figures and what can be done with the network; True to draw with it."""
    try:
        card = read_card(run.checkpoint)
    except (OSError, CheckpointError):
        st.warning("The files of this network are damaged. Train again.")
        return False
    recipe = run.recipe()[1]
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
    if use:
        session.network = run.id
    return use


def _use_shipped() -> None:
    state.session().network = state.SHIPPED


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
