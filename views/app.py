"""The app: its pages, and what stands around each of them.

A page is imported when it is first shown: the first page does not wait for the others.
"""

import streamlit as st

from views.frame.badge import show_badge
from views.frame.bar import show_bar
from views.frame.news import show_news
from views.guide.panel import show_guide
from views.session import jobs
from views.session.address import tell_cut_link
from views.session.navigation import Page, choose_page
from views.session.session import get_session
from views.ui.style import apply_style

PAGES = (
    Page("draw", "Draw", ":material/draw:", "views.draw.page"),
    Page("train", "Train", ":material/model_training:", "views.train.page"),
    Page("compare", "Compare", ":material/compare_arrows:", "views.compare.page"),
    Page("explain", "Explain", ":material/school:", "views.explain.page"),
    Page("data", "Your data", ":material/photo_library:", "views.collections.page"),
    Page("lessons", "Lessons", ":material/lightbulb:", "views.lessons.page"),
)


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
