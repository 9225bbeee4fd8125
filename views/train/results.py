"""The results of a run: its test metrics beside others', and what to do with its network."""

import html
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from core.errors import UserError
from core.recipes.bugs import what_gave_it_away
from core.recipes.presets import PRESETS
from core.recipes.published import PUBLISHED
from core.recipes.recipe import Recipe
from core.runs.control import MAX_NAME, read_name
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot
from core.specs import find_spec
from core.storage.checkpoint import Card, CheckpointError, read_card
from views.session import jobs, networks
from views.session.session import Session, get_session
from views.train.race import Ghost
from views.ui.files import network_downloads
from views.ui.table import COLUMNS
from views.ui.text import plain

RESULT_METRICS = ("class_acc", "sum_acc", "joint_acc", "sum_r2")


def show_results(
    session: Session, snapshot: RunSnapshot, recipe: Recipe, ghost: Ghost | None
) -> bool:
    """What to do with the network, and its metrics. True when the visitor wants to draw with it."""
    run = snapshot.run
    try:
        card = read_card(run.checkpoint)
    except (OSError, CheckpointError):
        st.warning("The files of this network are damaged. Train again.")
        return False
    in_use = session.link.network == run.id
    with st.container(horizontal=True, vertical_alignment="center", key="results_actions"):
        use = st.button(
            "Draw with it" if in_use else "Use this network",
            key="use_network",
            type="primary",
            icon=":material/draw:",
        )
        if in_use:
            st.button("Back to the shipped one", key="use_shipped", on_click=_use_shipped)
        if networks.is_own_run(session, run, snapshot.request):
            _rename(session, run)
        network_downloads(session, run.id, snapshot.history)
    st.html(_results_table(card, recipe, ghost))
    if bug := recipe.bug.name:
        said = what_gave_it_away(bug, card.figures, card.confusion, snapshot.history)
        with st.container(key="gave_away"):
            st.markdown(f"**What gave it away.** {said}")
    if use:
        networks.use_network(session, run.id)
    return use


def _rename(session: Session, run: Run) -> None:
    """A name of one's own, which every list of networks then shows, also to those with its link."""
    with (
        st.popover("Name it", icon=":material/edit:", key="rename", on_change="rerun") as panel,
        st.container(key="rename_panel", gap="small"),
    ):
        if not panel.open:
            return
        with st.form("rename_form", border=False):  # which Enter sends
            name = st.text_input(
                "Name of this network",
                read_name(run),
                max_chars=MAX_NAME,
                key=f"name_{run.id}",
                placeholder="For example: Ada's first",
                help="Whoever has the link of the network sees it, too.",
            )
            is_sent = st.form_submit_button("Save", key="rename_save", type="primary")
        if is_sent:
            try:
                jobs.rename_network(session, run, name)
            except (UserError, OSError):
                st.error("The name could not be saved. Try again later.")
            else:
                title = networks.title_of(session, run.id)
                st.caption(f"It is called {plain(title)} now.")


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


def _results_table(card: Card, recipe: Recipe, ghost: Ghost | None = None) -> str:
    """Test metrics: a network a row, so that the eye compares down the columns."""
    rows: dict[str, Mapping[str, float]] = {"This run": card.figures}
    if ghost:
        rows[ghost.name[:1].upper() + ghost.name[1:]] = ghost.figures
    rows |= _rival_metrics(recipe)
    head = "".join(f"<th>{COLUMNS[key].title}</th>" for key in RESULT_METRICS)
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(f"<td>{_metric_cell(key, metrics)}</td>" for key in RESULT_METRICS)
        + "</tr>"
        for name, metrics in rows.items()
    )
    spec = find_spec(recipe.model.dataset)
    note = html.escape(f"{spec.test_words.capitalize()} of {spec.title}, each with all ten numbers")
    return f'<table class="figures"><caption>{note}</caption><tr><td></td>{head}</tr>{body}</table>'


def _metric_cell(key: str, metrics: Mapping[str, float]) -> str:
    return COLUMNS[key].write(metrics[key]) if key in metrics else "not given"
