"""The pages, and the way from one to another.

One example: `Page("train", "Train", ":material/model_training:", "views.train.page")` stands in
views/app.py and is shown by `show_train` of that module. Nothing else names a page, except a button
that leads to it: `go_to("train")`.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from views.session.session import Session, get_session

PAGES_KEY = "pages"  # in the state of a visitor: Streamlit's pages, by name


@dataclass(frozen=True)
class Page:
    """A page of the app."""

    name: str  # in the address; the first page needs none
    title: str  # in the navigation
    icon: str
    module: str  # that shows it

    def show(self) -> None:
        """The page itself, by the function of its module that is called after it."""
        getattr(importlib.import_module(self.module), f"show_{self.name}")()


def choose_page(pages: Sequence[Page]) -> StreamlitPage:
    """Show the navigation and return the page that the visitor is on; at first, the first one."""
    made = {
        page.name: st.Page(
            page.show,
            title=page.title,
            icon=page.icon,
            url_path=page.name,
            default=page is pages[0],
        )
        for page in pages
    }
    st.session_state[PAGES_KEY] = made
    session = get_session()
    hidden = "pages" in session.link.hidden
    chosen = st.navigation(list(made.values()), position="hidden" if hidden else "top")
    session.page = chosen.url_path
    return chosen


def page_name(session: Session) -> str:
    """The name of the page that is shown, also of the first, which has none in the address."""
    made = st.session_state.get(PAGES_KEY, {})
    first = next(iter(made), "")
    return session.page or first


def page_title(name: str) -> str:
    """What the navigation calls a page."""
    made = st.session_state.get(PAGES_KEY, {})
    return str(made[name].title) if name in made else name


def link_to(name: str) -> None:
    """A link to a page, with its icon and title; nothing of the session is lost on the way."""
    st.page_link(st.session_state[PAGES_KEY][name], width="stretch")


def go_to(name: str, news: str = "") -> None:
    """Leave this page for the top of another one, now: what stands behind the call is not done.

    `news` says there what was just caused, in a sentence.
    """
    get_session().arrive(news)
    st.switch_page(st.session_state[PAGES_KEY][name])
