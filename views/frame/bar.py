"""The bar of pages at the lower edge of a phone, in reach of a thumb.

Streamlit's own navigation is on top; on a phone it would hide all pages but one behind an arrow.
frame.css shows the one or the other.
"""

import functools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from views.session.navigation import Page, link_to
from views.session.session import get_session
from views.ui.style import STATIC


def show_bar(pages: Sequence[Page]) -> None:
    """The bar, unless the link leaves the way to the other pages out."""
    session = get_session()
    if "pages" in session.link.hidden:
        return
    with st.container(key="page_bar", horizontal=True, gap=None):
        for page in pages:
            link_to(page.name)
    places = {page.name: place for place, page in enumerate(pages)}
    _mark()(data={"page": places.get(session.page, 0)}, key="page_mark")


@functools.cache
def _mark() -> Any:
    """Not at import: it can be registered in a running app only."""
    js = (STATIC / "bar.js").read_text()
    return st.components.v2.component("page_mark", js=js, isolate_styles=False)
