"""A run while it lives: how far it is in words and a bar, and what its owner may ask of it.

Whoever has the link of a run sees the same, but for the buttons: only the browser that started the
run may pause it, take single steps, change its learning rate or stop it. core/runs/control.py
checks that again.
"""

import html
from functools import partial

import streamlit as st

from core.forecast.wait import about
from core.recipes.settings import SETTINGS, Number
from core.runs.queue import queue_position
from core.runs.run import WAITING, Run
from core.runs.snapshot import RunSnapshot
from core.specs import find_spec
from views.session import jobs
from views.session.lessons import who_fixed
from views.session.session import get_session, widget_value
from views.session.visitor import is_owner_of
from views.ui.text import plain

# Seconds between polls of a run
FIRST_POLL = 0.15  # while its first point or its results are due
CURVES_POLL = 0.5  # while its curves grow
QUEUE_POLL = 2.0  # while it waits for others: there may be many

RESUMES = "Training resumes by itself after two minutes."
WATCHING = "You are watching. Only the browser that started this run can pause or stop it."
HEADLINES = {
    "preparing": "Getting ready",
    "paused": "Paused",
    "evaluating": "Testing it",
    "finished": "Trained",
    "stopped": "Stopped",
    "failed": "It went wrong",
    "interrupted": "Not trained",
}


def pace_of(snapshot: RunSnapshot) -> float | None:
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


def show_status(read: jobs.ReadRun, pace: float | None) -> None:
    """A headline, one bar with the details, its buttons, always in the same place.

    Polls while the run lives; runs the whole page when the run ends or needs another pace.
    """
    snapshot = read()
    if snapshot is None or pace_of(snapshot) != pace:
        st.rerun()
    now, last = snapshot.state, snapshot.last
    share = last["step"] / last["steps"] if last else 0.0
    if now.name == "preparing" and now.share is not None:
        share = now.share
    with st.container(key="train_status", gap="small"):
        st.html(f'<div class="headline">{html.escape(_headline(snapshot))}</div>')
        st.progress(min(1.0, share), text=plain(_status_words(snapshot)))
        if now.is_finished:
            return
        if not is_owner_of(get_session(), snapshot.request):
            st.caption(WATCHING)
            return
        with st.container(horizontal=True, vertical_alignment="center", key="train_controls"):
            _controls(snapshot)
    if snapshot.recipe:
        _learning_rate(snapshot, snapshot.recipe.train.lr)


def _headline(snapshot: RunSnapshot) -> str:
    """What matters most, in two or three words."""
    now = snapshot.state
    if now.name in WAITING:
        if jobs.waits_for_trainer(snapshot.run):
            return "Waiting for a trainer"
        before = jobs.place_of_run(snapshot.run).before
        return f"Number {before + 1} in the queue" if before else "Starting"
    if now.name == "training":
        seconds = jobs.seconds_left(snapshot)
        return f"{about(seconds)} left" if seconds else "Training"
    return HEADLINES[now.name]


def _controls(snapshot: RunSnapshot) -> None:
    """Pause or resume, one step, stop."""
    run, now, last = snapshot.run, snapshot.state, snapshot.last
    step = last["step"] if last else 0
    asked = max(step, snapshot.control.pause_at or 0)  # that step may not have been made yet
    ask = partial(jobs.change_run, run)
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
            help="Pause first" if not paused else None,
            on_click=ask,
            kwargs={"pause_at": asked + 1},
        )
    st.button(
        "Leave the queue" if now.name in WAITING else "Stop",
        key="train_stop",
        icon=":material/stop:",
        disabled=run.stop_requested(),
        on_click=partial(jobs.stop_run, run),
    )


def _learning_rate(snapshot: RunSnapshot, max_lr: float) -> None:
    """A slider for the learning rate while it trains, unless a link hides or fixes it."""
    session = get_session()
    link = session.link
    if snapshot.state.name not in ("training", "paused") or "lr" in link.hidden:
        return
    lr_override = snapshot.control.lr
    lr = max_lr if lr_override is None else lr_override
    if "lr" in link.locked:
        st.caption(f":material/lock: Learning rate {lr:g}. {who_fixed(link)}.")
        return

    run, shown = session.lr_shown
    if run == snapshot.run.id and shown != lr:
        # a new slider: the browser may still send the place of the old one, as if it were moved
        session.lr_generation += 1
    session.lr_shown = snapshot.run.id, lr
    key = f"live_lr_{session.lr_generation}" if session.lr_generation else "live_lr"

    def move() -> None:
        if (chosen := widget_value(key)) != lr:  # also called when the slider first appears
            jobs.change_run(snapshot.run, lr=chosen)
            session.lr_shown = snapshot.run.id, chosen

    setting = SETTINGS["lr"]
    assert isinstance(setting, Number)
    st.select_slider(
        "Change the learning rate now",
        sorted({*setting.ticks, max_lr, lr}),
        lr,
        key=key,
        on_change=move,
        format_func=lambda stop: f"{stop:g}",
    )


def show_changed_rate(snapshot: RunSnapshot) -> None:
    """Whether the learning rate of a run was changed on the way."""
    lr_override, recipe = snapshot.control.lr, snapshot.recipe
    if lr_override is None or recipe is None or snapshot.state.name in ("training", "paused"):
        return
    how = f", from {recipe.train.lr:g} to {lr_override:g}"
    if lr_override == recipe.train.lr:
        how = f" and set back to {lr_override:g}"
    st.caption(
        f"The learning rate was changed in training{how}: the settings alone would not repeat this "
        "run."
    )


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
        words = f"Training: {place}, {speed:,.0f} images/s"
        return f"{words}. {now.message}" if now.message else words
    if now.name == "paused":
        return f"Paused: {place}. {now.message or RESUMES}"
    if now.name == "evaluating":
        return now.message or f"Testing on {_test_words(snapshot)} with ten numbers each. ({place})"
    kept = now.message or "Stopped. What the network learned so far is kept"
    end = "Finished" if now.name == "finished" else kept
    return f"{end}: {place}, {speed:,.0f} images/s, {last['seconds']:.1f} s"


def _test_words(snapshot: RunSnapshot) -> str:
    """What it is tested on."""
    return find_spec(snapshot.recipe.model.dataset).test_words if snapshot.recipe else "images"
