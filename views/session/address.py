"""The address of a page: kept in step with what is chosen, and what a link to it carries."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import streamlit as st

from core.recipes.presets import PRESETS
from core.recipes.settings import Value
from core.runs.run import find_run, runs_dir
from core.runs.snapshot import RunSnapshot, repeatable_recipe
from views.session.link import DEFAULT_SETTINGS, Link, link_query
from views.session.session import Session, get_session

CUT_LINK = (
    "This link was cut short on its way, so the end of its drawing is missing. Ask for the link "
    "again, or draw on."
)
SOURCES_IN_LINK = ("draw", "test")  # whose picture a link can carry


def publish(link: Link) -> None:
    """Keep the address in step with what is chosen, so that a reload and a link both lead back.

    Parameters that are not ours stay: some hosts need theirs.
    """
    own = {name: [text] for name, text in link_query(link).items()}
    query = get_session().other_parameters | own
    if {name: st.query_params.get_all(name) for name in st.query_params} != query:
        st.query_params.from_dict(query)


def tell_cut_link(session: Session) -> None:
    """Say once that the link which the visitor came with lost its end."""
    if session.is_link_cut:
        session.is_link_cut = False
        st.toast(CUT_LINK, icon=":material/content_cut:", duration="long")


def own_host() -> str:
    """The host in the address of this visitor's page; "" for none."""
    return urlsplit(st.context.url or "").hostname or ""


def absolute_link(link: Link, page: str = "", site: str = "") -> str:
    """The absolute link to a page of this app, the one that is shown.

    `page` is its name in the address; the first page has none. `site` is where others open the app
    (scheme, host and port), where that is not as in this visitor's own address.
    """
    base = (st.context.url or "").split("?")[0].rstrip("/")
    if site:
        base = site + urlsplit(base).path
    base = base if page and base.endswith(f"/{page}") else f"{base}/"
    query = "&".join(f"{name}={value}" for name, value in link_query(link).items())
    return f"{base}?{query}" if query else base


def made_by(
    session: Session, name: str, snapshot: RunSnapshot | None = None
) -> tuple[Mapping[str, Value], str]:
    """The settings and the bug that made the network or run of that name, for a link to carry.

    For one that is gone, or where there is none yet, these are the session's. For one that no
    settings can make again, they are those of the quick recipe. `snapshot` is of a run that the
    page has read already.
    """
    run = find_run(runs_dir(), name)
    if run is None and name not in PRESETS:
        return session.link.settings, session.link.bug
    if snapshot and run == snapshot.run:
        recipe = snapshot.repeatable_recipe()
    else:
        recipe = repeatable_recipe(run) if run else None
    return (recipe.settings(), recipe.bug.name) if recipe else (DEFAULT_SETTINGS, "")


def shared_link(session: Session, snapshot: RunSnapshot | None = None) -> Link:
    """What a link to any page carries: one picture, number and network, and the class's choices."""
    name = session.gone_network or session.link.network
    settings, bug = made_by(session, name, snapshot)
    return replace(
        session.link,
        strokes=session.canvas.strokes if session.source == "draw" else (),
        picture=session.picture if session.source == "test" else None,
        network=name,
        settings=settings,
        bug=bug,
        run="",
        rival="",
        compared=(),
        view=Link.view,
        look=Link.look,
    )


def run_link(session: Session, snapshot: RunSnapshot | None = None) -> Link:
    """The same with the run of the Train page and what made it; without one, the next settings."""
    run = session.link.run
    settings, bug = made_by(session, run, snapshot)
    shared = shared_link(session, snapshot)
    return replace(shared, run=run, rival=session.link.rival, settings=settings, bug=bug)
