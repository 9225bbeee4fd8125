"""TODO."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from core.recipes.presets import PRESETS
from core.recipes.settings import Value
from core.runs.run import find_run, runs_dir
from core.runs.snapshot import RunSnapshot, repeatable_recipe
from views.session.link import DEFAULT_SETTINGS, Link, link_query
from views.session.session import Session


def with_class_choices(session: Session, choices: Link) -> Link:
    """The choices, with what the link that this visitor came with said for a class."""
    return replace(choices, hidden=session.hidden, locked=session.locked, task=session.task)


def publish(choices: Link) -> None:
    """Keep the address in step with what is chosen: a reload and a link both come back here."""
    query = link_query(choices)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def absolute_link(choices: Link, page: str = "") -> str:
    """The absolute link to a page of this app, the one that is shown, with these choices.

    `page` is its name in the address; the first page has none.
    """
    base = (st.context.url or "").split("?")[0].rstrip("/")
    base = base if page and base.endswith(f"/{page}") else f"{base}/"
    query = "&".join(f"{name}={value}" for name, value in link_query(choices).items())
    return f"{base}?{query}" if query else base


def made_by(
    session: Session, name: str, snapshot: RunSnapshot | None = None
) -> tuple[Mapping[str, Value], str]:
    """The settings and the bug that made the network or run of that name, for a link to carry.

    Of one that is gone, or where there is none yet, they are the session's; of one that no settings
    can make again, those of the quick recipe. `snapshot` is of a run that the page has read.
    """
    run = find_run(runs_dir(), name)
    if run is None and name not in PRESETS:
        return session.settings, session.bug
    if snapshot and run == snapshot.run:
        recipe = snapshot.repeatable_recipe()
    else:
        recipe = repeatable_recipe(run) if run else None
    return (recipe.settings(), recipe.bug.name) if recipe else (DEFAULT_SETTINGS, "")


def shared_choices(session: Session, snapshot: RunSnapshot | None = None) -> Link:
    """What a link to any page carries: one picture, number and network."""
    name = session.gone or session.network
    settings, bug = made_by(session, name, snapshot)
    return Link(
        session.addend,
        session.canvas.strokes if session.source == "draw" else (),
        name,
        session.picture if session.source == "test" else None,
        settings=settings,
        bug=bug,
    )
