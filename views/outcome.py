"""What a run came to: its test figures beside others', and what can be done with its network."""

import html
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from core.bugs import what_gave_it_away
from core.checkpoint import Card, CheckpointError, read_card
from core.dataset import SPECS
from core.presets import PRESETS
from core.published import PUBLISHED
from core.recipe import Recipe
from core.runs import Run
from views import export, state
from views.state import Session
from views.table import COLUMNS

SHOWN = ("class_acc", "sum_acc", "joint_acc", "sum_r2")


def show(session: Session, run: Run, recipe: Recipe) -> bool:
    """True when the visitor wants to draw with the network."""
    try:
        card = read_card(run.checkpoint)
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
