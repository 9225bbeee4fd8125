"""What was just caused is in view and said: the page begins at its top, and a note says it.

One example: on a phone, *Use this network* stands far down the Train page. The Draw page that
follows would be shown from its middle; so it is scrolled to its top, and a note says "Mine: width
8, 98.9 % answers now." The script also asks for the page anew when the theme has changed, as by the
clock of the system: Streamlit would not. Nor does Streamlit begin another page at its top where the
one before is not gone for a moment.
"""

import functools
from typing import Any

import streamlit as st

from views.session.session import get_session, is_dark
from views.ui.style import STATIC
from views.ui.text import plain


def show_news() -> None:
    """Behind every page, always: an element that comes and goes would move others."""
    session = get_session()
    scheme = "dark" if is_dark() else "light"
    data = {"arrivals": session.arrivals, "shown": session.page, "scheme": scheme}
    with st.container(key="news"):
        _scroller()(data=data, key="news_script", on_scheme_change=lambda: None)
    if session.news:
        st.toast(plain(session.news), icon=":material/check:", duration="long")
        session.news = ""


@functools.cache
def _scroller() -> Any:
    """Not at import: it can be registered in a running app only."""
    script = (STATIC / "news.js").read_text()
    return st.components.v2.component("news", html="<span></span>", js=script)
