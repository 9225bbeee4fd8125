"""The Compare page: published, shipped and own networks in one table, then side by side."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.recipes.presets import PRESETS
from core.recipes.published import PUBLISHED
from core.recipes.recipe import Recipe
from core.runs.run import find_run, list_runs, runs_dir
from core.runs.snapshot import request_of
from core.specs import SPECS, find_spec
from core.storage import checkpoint
from core.storage.checkpoint import Card, CheckpointError
from views.compare.bars import Bar, bars_html
from views.compare.charts import HUES, MAX_TOLD_APART
from views.compare.network import Network
from views.compare.panels import PANEL_TITLES, show_panel
from views.frame.share import show_share
from views.session import networks
from views.session.address import run_link
from views.session.navigation import go_to
from views.session.session import Session, get_session, is_dark, widget_value
from views.ui.table import Row, networks_table
from views.ui.text import plain

CAPTION = "Test images, each with all ten numbers. ★ is the best of its data set."
FOOTNOTE = (
    "Published metrics are as their authors gave them; the rest was not given. They tested B1 and "
    "B2 on the images that these networks had learned from. Training is in seconds on the machine "
    "that trained the network. The metrics of an uploaded network are those in its file."
)


def show_compare() -> None:
    """The whole page. A click on a mistake leads to the Draw page."""
    st.html(Path(__file__).with_name("compare.css"))
    session = get_session()
    compared = _available(session)
    _show_bars(compared, may_leave="pages" not in session.link.hidden)
    with st.container(key="compare_table"):
        st.subheader("All figures", anchor=False)
        st.html(networks_table(_table_rows(compared), CAPTION))
        st.caption(FOOTNOTE)
    st.subheader("Side by side", anchor=False)
    chosen = _choose_networks(session, compared)
    view, names = session.link.view, tuple(network.name for network in chosen)
    show_share(replace(run_link(session), compared=names, view=view))
    if not compared:
        st.write("No network is here yet. Train one on the Train page, then compare it.")
        return
    _choose_view(session)
    if not chosen:
        st.write("Choose a network to compare.")
        return
    with st.container(key="compare_shown"):
        opened = show_panel(session, chosen, view)
    if opened:
        go_to("draw", f"Test image {session.picture:,} is open, answered by {opened.title}.")


def _show_bars(compared: Sequence[Network], *, may_leave: bool) -> None:
    """The picture first: how often both answers are right; and who has no bar is invited."""
    with st.container(key="compare_bars", gap="small"):
        st.subheader("How often are both answers right?", anchor=False)
        st.html(bars_html(_bars(compared), HUES[is_dark()][1]))
        if may_leave and all(network.name in PRESETS for network in compared):
            wants_to_train = st.button(
                "Train one to compare",
                key="train_one",
                type="primary",
                icon=":material/model_training:",
            )
            if wants_to_train:
                go_to("train")


def _bars(compared: Sequence[Network]) -> list[Bar]:
    """One data set after another."""
    rows = [(p.dataset, p.title, "published", p.figures.get("joint_acc")) for p in PUBLISHED]
    rows += [(n.dataset, n.title, n.kind, n.card.figures["joint_acc"]) for n in compared]
    rows.sort(key=lambda row: _place(row[0]))
    return [
        Bar(title, kind, _dataset_words(name), share, name) for name, title, kind, share in rows
    ]


def _place(dataset: str) -> tuple[int, str]:
    """A key to sort by: our data sets in their order, then those that people brought."""
    ours = list(SPECS)
    return (ours.index(dataset), "") if dataset in ours else (len(ours), dataset)


def _dataset_words(name: str) -> str:
    """What was read: "MNIST digits"; somebody's own pictures as they called them."""
    spec = find_spec(name)
    return spec.title if spec.own else f"{spec.title} {spec.noun}s"


def _available(session: Session) -> list[Network]:
    """All networks that can be compared; a warning for each that cannot be used."""
    compared: list[Network] = []
    names = [*checkpoint.shipped_names(), *_runs(session)]
    titles = networks.network_titles(session)  # afterwards: a run may be over at any moment
    for name in names:
        try:
            card = networks.load_network(name)[1]
        except CheckpointError as error:
            st.warning(plain(error))
            continue
        kind = "shipped"
        if name not in PRESETS and (run := find_run(runs_dir(), name)):
            is_own = networks.is_own_run(session, run, request_of(run))
            uploaded = ["uploaded"] if run.is_uploaded else []
            whose = "yours" if is_own else "from a link"
            kind = ", ".join([whose, *uploaded, *_early_stop(card)])
        compared.append(Network(name, titles.get(name, name), kind, card))
    return compared


def _runs(session: Session) -> list[str]:
    """Ids of one's own runs and of those that a link or a reload brought, oldest first."""
    wanted, every = session.known_networks, list_runs(runs_dir())
    return [run.id for run in every if run.id in wanted and run.state().is_usable]


def _early_stop(card: Card) -> list[str]:
    """That a run was stopped before its end, where it was."""
    if card.epochs >= Recipe.read(card.params).train.epochs:
        return []
    epochs = f"{card.epochs:.2g}"
    return [f"stopped after {epochs} epoch{'s' * (epochs != '1')}"]


def _table_rows(compared: Sequence[Network]) -> list[Row]:
    """Published, shipped, own; one data set after another."""
    rows = [(p.dataset, p.title, "published", p.figures) for p in PUBLISHED]
    for network in compared:
        card = network.card
        made = {"parameters": float(card.parameters), "train_seconds": card.train_seconds}
        rows.append((network.dataset, network.title, network.kind, card.figures | made))
    rows.sort(key=lambda row: _place(row[0]))
    return [
        Row(title, kind, find_spec(dataset).title, figures, dataset)
        for dataset, title, kind, figures in rows
    ]


def _choose_networks(session: Session, compared: Sequence[Network]) -> list[Network]:
    """Up to four: at first the newest runs and the shipped networks of the same data set."""
    if not compared:
        return []
    key = f"compared_{len(compared)}"  # a new widget for a new run: it is chosen at once

    def change() -> None:
        session.choose(compared=tuple(widget_value(key)))

    trained = [network for network in compared if network.name not in PRESETS]
    dataset = (trained[-1] if trained else compared[0]).dataset
    same = [network for network in compared if network.dataset == dataset]
    shipped = [network for network in same if network.name in PRESETS]
    first = [*shipped, *(n for n in same[::-1] if n not in shipped)][:MAX_TOLD_APART]
    asked = [network for network in compared if network.name in session.link.compared]
    by_name = {network.name: network for network in compared}
    chosen = st.multiselect(
        "Networks to compare",
        list(by_name),
        [network.name for network in compared if network in (asked or first)],
        format_func=lambda name: by_name[name].title,
        max_selections=MAX_TOLD_APART,
        key=key,
        on_change=change,
        placeholder="Choose up to four networks",
    )
    return [by_name[name] for name in chosen]


def _choose_view(session: Session) -> None:
    def change() -> None:
        session.choose(view=widget_value("compare_view_choice"))

    with st.container(key="compare_view"):
        st.segmented_control(
            "View",
            list(PANEL_TITLES),
            format_func=PANEL_TITLES.__getitem__,
            default=session.link.view,
            required=True,
            key="compare_view_choice",
            on_change=change,
            label_visibility="collapsed",
        )
