"""The app: its pages, and what stands around each of them."""

import streamlit as st

from views.collections.page import DATA
from views.compare.page import COMPARE
from views.draw.page import DRAW
from views.explain.page import EXPLAIN
from views.frame.badge import show_badge
from views.frame.bar import show_bar
from views.frame.news import show_news
from views.guide.panel import show_guide
from views.lessons.page import LESSONS_PAGE
from views.session import jobs
from views.session.address import tell_cut_link
from views.session.navigation import choose_page
from views.session.session import get_session
from views.train.page import TRAIN
from views.ui.style import apply_style

PAGES = (DRAW, TRAIN, COMPARE, EXPLAIN, DATA, LESSONS_PAGE)


def show_page() -> None:
    """The page that the visitor is on."""
    st.set_page_config(page_title="Sketch & Sum", page_icon="✏️", layout="wide")
    apply_style()
    jobs.worker()  # warms up behind the first page
    page = choose_page(PAGES)
    tell_cut_link(get_session())
    show_bar(PAGES)
    page.run()
    show_badge(page.url_path)
    show_news()
    show_guide()
    jobs.keep_places()  # last: what it shows, which is nothing, takes a place on the page
