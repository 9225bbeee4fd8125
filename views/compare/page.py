"""The Compare page: published, shipped and own networks in one table, then side by side."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.recipes.presets import PRESETS
from core.recipes.published import PUBLISHED
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS
from core.runs.run import find_run, list_runs, runs_dir
from core.specs import SPECS
from core.storage import checkpoint
from core.storage.checkpoint import Card, CheckpointError
from views.compare.charts import MAX_TOLD_APART
from views.compare.panels import PANEL_TITLES, Network, show_panel
from views.session import networks
from views.session.address import made_by, shared_choices
from views.session.session import Session, get_session, is_dark, widget_value
from views.ui.share import show_share
from views.ui.style import current_palette
from views.ui.table import Row, networks_table

CSS = """
<style>
.wide { overflow-x: auto;  /* a shade at the right while there is more to scroll to */
  background: linear-gradient(to left, PAPER 40%, transparent) right / 2rem 100% no-repeat local,
    linear-gradient(to left, rgb(128 128 128 / 45%), transparent) right / 0.75rem 100% no-repeat; }
.wide table.figures { width: 100%; }
.wide table.figures tr > * { position: relative; white-space: nowrap; padding-right: 1.25rem; }
.wide table.figures tr > :first-child { position: sticky; left: 0; z-index: 1;
  background: PAPER; white-space: normal; min-width: 13rem; }
.wide table.figures tr:first-child > :first-child { opacity: 1; }
.wide table.figures tr.first > * { border-top: 2px solid rgb(128 128 128 / 60%); }
.wide table.figures b { font-weight: 700; }
.wide .note { display: block; }
.head .note { font-weight: 400; margin-left: 0.35rem; }
.wide .star { position: absolute; right: 0.2rem; font-size: 0.8rem; }
[class*="st-key-compare"] button[aria-checked="true"] p { color: INK; }
[class*="st-key-curves"] button[aria-checked="true"] p { color: INK; }
[class*="st-key-mistakes_"] { display: grid !important; gap: 0.75rem 0.5rem !important;
  grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); }
[class*="st-key-mistakes_"] > * { width: 100% !important; min-width: 0; }
[class*="st-key-mistake_"] { gap: 0.25rem; }
[class*="st-key-mistake_"] button { padding: 0.25rem; min-height: 0; }
[class*="st-key-mistake_"] button img { width: 5.5rem !important; height: 5.5rem !important;
  max-height: none !important; object-fit: fill !important;
  image-rendering: pixelated; border-radius: 5px; display: block; }
[class*="st-key-mistake_"] .note { line-height: 1.3; }
@media (max-width: 640px) { .wide table.figures tr > :first-child { min-width: 8.5rem; } }
</style>
"""

NAMED_SETTINGS = 3  # settings of a run that its row in the table names
CAPTION = "10,000 test images, each with all ten numbers. ★ is the best of its data set."
FOOTNOTE = (
    "What is published is as its authors gave it; they measured B1 and B2 on the images that these "
    "had learned from. Training is in seconds on the machine that trained the network; the figures "
    "of an uploaded network are those that its file gives."
)


def show_compare() -> bool:
    """The whole page. True when the visitor wants to see a mistake on the Draw page."""
    paper = st.get_option(f"theme.{'dark' if is_dark() else 'light'}.backgroundColor")
    st.html(CSS.replace("PAPER", str(paper)).replace("INK", current_palette().ink))
    session = get_session()
    compared = _available(session)
    with st.container(key="compare_table"):
        st.html(networks_table(_table_rows(compared), CAPTION))
        st.caption(FOOTNOTE)
    chosen = _choose_networks(session, compared)
    made, bug = made_by(session, session.run)
    show_share(
        replace(
            shared_choices(session),
            run=session.run,
            settings=made,
            bug=bug,
            compared=tuple(network.name for network in chosen),
            view=session.view,
        ),
        "compare",
    )
    if not compared:
        st.write("No network is here yet. Train one on the Train page, then compare it.")
        return False
    _choose_view(session)
    if not chosen:
        st.write("Choose a network to look at.")
        return False
    with st.container(key="compare_shown"):
        return show_panel(session, chosen, session.view)


def _available(session: Session) -> list[Network]:
    """All that can be looked at; a warning for each that cannot be used."""
    compared: list[Network] = []
    names = [*checkpoint.shipped_names(), *_runs(session)]
    titles = networks.network_titles(session)  # afterwards: a run may be over at any moment
    for name in names:
        try:
            card = networks.load_network(name)[1]
        except CheckpointError as error:
            st.warning(str(error))
            continue
        kind = "shipped"
        if name not in PRESETS:
            whose = "yours" if name in session.own_runs else "from this link"
            run = find_run(runs_dir(), name)
            uploaded = ["uploaded"] if run and run.is_uploaded else []
            kind = ", ".join([whose, *uploaded, *_special(card)])
        compared.append(Network(name, titles[name], kind, card))
    return compared


def _runs(session: Session) -> list[str]:
    """Ids of one's own runs and of those that a link or a reload brought, oldest first."""
    wanted = {*session.own_runs, session.run, session.network, *session.compared}
    every = list_runs(runs_dir())
    return [run.id for run in every if run.id in wanted and run.state().is_usable]


def _special(card: Card) -> list[str]:
    """What is special about a run: its bug, settings that are not its preset's, an early stop.

    The data set is not among them: each row of the table says it anyway.
    """
    recipe = Recipe.read(card.params)
    usual = PRESETS.get(card.preset, PRESETS["quick"]).recipe.with_bug(recipe.bug.name)
    changes = usual.changes(recipe.settings())
    said = [SETTINGS[name].say(value) for name, value in changes.items() if name != "dataset"]
    if len(said) > NAMED_SETTINGS:
        said[NAMED_SETTINGS:] = [f"{len(said) - NAMED_SETTINGS} more"]
    if recipe.bug.name:
        said.insert(0, f"bug: {recipe.bug.title}")
    if card.epochs < recipe.train.epochs:
        epochs = f"{card.epochs:.2g}"
        said.append(f"stopped after {epochs} epoch{'s' * (epochs != '1')}")
    return said


def _table_rows(compared: Sequence[Network]) -> list[Row]:
    """Published, shipped, own; a data set after the other."""
    rows = [(p.dataset, p.title, "published", p.figures) for p in PUBLISHED]
    for network in compared:
        card = network.card
        made = {"parameters": float(card.parameters), "train_seconds": card.train_seconds}
        rows.append((network.dataset, network.title, network.kind, card.figures | made))
    rows.sort(key=lambda row: list(SPECS).index(row[0]))
    return [
        Row(title, kind, SPECS[dataset].title, figures) for dataset, title, kind, figures in rows
    ]


def _choose_networks(session: Session, compared: Sequence[Network]) -> list[Network]:
    """Up to four to look at: at first the newest runs and the shipped of the same data set."""
    if not compared:
        return []
    key = f"compared_{len(compared)}"  # a new run is looked at without being asked for

    def change() -> None:
        session.compared = tuple(widget_value(key))

    trained = [network for network in compared if network.name not in PRESETS]
    dataset = (trained[-1] if trained else compared[0]).dataset
    same = [network for network in compared if network.dataset == dataset]
    shipped = [network for network in same if network.name in PRESETS]
    first = [*shipped, *(n for n in same[::-1] if n not in shipped)][:MAX_TOLD_APART]
    asked = [network for network in compared if network.name in session.compared]
    by_name = {network.name: network for network in compared}
    chosen = st.multiselect(
        "Networks to look at",
        list(by_name),
        [network.name for network in compared if network in (asked or first)],
        format_func=lambda name: by_name[name].full_title,
        max_selections=MAX_TOLD_APART,
        key=key,
        on_change=change,
        placeholder="Choose up to four networks",
    )
    return [by_name[name] for name in chosen]


def _choose_view(session: Session) -> None:
    def change() -> None:
        session.view = widget_value("compare_view_choice")

    with st.container(key="compare_view"):
        st.segmented_control(
            "What to look at",
            list(PANEL_TITLES),
            format_func=PANEL_TITLES.__getitem__,
            default=session.view,
            required=True,
            key="compare_view_choice",
            on_change=change,
            label_visibility="collapsed",
        )
