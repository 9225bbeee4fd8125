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
    """The bar. Whoever comes to another page sees its beginning, not the middle."""
    session = get_session()
    if "pages" not in session.link.hidden:
        with st.container(key="page_bar", horizontal=True, gap=None):
            for page in pages:
                link_to(page.name)
    places = {page.name: place for place, page in enumerate(pages)}
    _arrival()(data={"page": places.get(session.page, 0)}, key="arrival")


@functools.cache
def _arrival() -> Any:
    """Not at import: it can be registered in a running app only."""
    js = (STATIC / "arrival.js").read_text()
    return st.components.v2.component("arrival", js=js, isolate_styles=False)
