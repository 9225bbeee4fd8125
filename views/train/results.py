"""The results of a run: its test metrics beside others', and what to do with its network."""

import html
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from core.recipes.bugs import what_gave_it_away
from core.recipes.presets import PRESETS
from core.recipes.published import PUBLISHED
from core.recipes.recipe import Recipe
from core.runs.snapshot import RunSnapshot
from core.specs import SPECS
from core.storage.checkpoint import Card, CheckpointError, read_card
from views.session import networks
from views.session.session import Session, get_session
from views.ui.files import network_downloads
from views.ui.table import COLUMNS

RESULT_METRICS = ("class_acc", "sum_acc", "joint_acc", "sum_r2")


def show_results(session: Session, snapshot: RunSnapshot, recipe: Recipe) -> bool:
    """Results, and what to do with the network. True when the visitor wants to draw with it."""
    run = snapshot.run
    try:
        card = read_card(run.checkpoint)
    except (OSError, CheckpointError):
        st.warning("The files of this network are damaged. Train again.")
        return False
    st.html(_results_table(card, recipe))
    if bug := recipe.bug.name:
        said = what_gave_it_away(bug, card.figures, card.confusion, snapshot.history)
        with st.container(key="gave_away"):
            st.markdown(f"**What gave it away.** {said}")
    in_use = session.link.network == run.id
    with st.container(horizontal=True, vertical_alignment="center"):
        use = st.button(
            "Draw with it" if in_use else "Use this network",
            key="use_network",
            type="primary",
            icon=":material/draw:",
        )
        if in_use:
            st.button("Back to the shipped one", key="use_shipped", on_click=_use_shipped)
        network_downloads(session, run.id, snapshot.history)
    if use:
        networks.use_network(session, run.id)
    return use


def _use_shipped() -> None:
    networks.use_network(get_session(), networks.DEFAULT_NETWORK)


def _rival_metrics(recipe: Recipe) -> dict[str, Mapping[str, float]]:
    """The metrics of the networks to compare a run with; {} where nobody published any.

    They are of its data set and, if there are such, of its fusion.
    """
    rivals = [rival for rival in PUBLISHED if rival.dataset == recipe.model.dataset]
    if not rivals:
        return {}
    rival = max(
        rivals, key=lambda rival: PRESETS[rival.preset].recipe.model.fusion == recipe.model.fusion
    )
    rows: dict[str, Mapping[str, float]] = {}
    with suppress(CheckpointError):  # not here, or damaged: the Draw page says so
        rows["Shipped"] = networks.load_network(rival.preset)[1].figures
    return rows | {"Published": rival.figures}


def _results_table(card: Card, recipe: Recipe) -> str:
    """Test metrics: a network a row, so that the eye compares down the columns."""
    rows = {"This run": card.figures} | _rival_metrics(recipe)
    head = "".join(f"<th>{COLUMNS[key].title}</th>" for key in RESULT_METRICS)
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(f"<td>{_metric_cell(key, metrics)}</td>" for key in RESULT_METRICS)
        + "</tr>"
        for name, metrics in rows.items()
    )
    title = SPECS[recipe.model.dataset].title
    note = f"10,000 test images of {title}, each with all ten numbers"
    return f'<table class="figures"><caption>{note}</caption><tr><td></td>{head}</tr>{body}</table>'


def _metric_cell(key: str, metrics: Mapping[str, float]) -> str:
    return COLUMNS[key].write(metrics[key]) if key in metrics else "not given"
