"""Sketch & Sum: entry of the web demo. `make demo` runs it."""

import streamlit as st

from views.compare.page import show_compare
from views.draw.page import show_draw
from views.explain.page import show_explain
from views.session import jobs
from views.session.session import get_session, prepare_process
from views.train.page import show_train
from views.ui.lesson_banner import show_lesson
from views.ui.style import apply_style

st.set_page_config(page_title="Sketch & Sum", page_icon="✏️", layout="wide")
apply_style()
prepare_process()
jobs.worker()  # warms up behind the first page


def first_page() -> None:
    if show_draw():
        st.switch_page(pages[1])


def train_page() -> None:
    if show_train():
        st.switch_page(draw_page)


def compare_page() -> None:
    if show_compare():
        st.switch_page(draw_page)


draw_page = st.Page(first_page, title="Draw", icon=":material/draw:", url_path="draw", default=True)
pages = [
    draw_page,
    st.Page(train_page, title="Train", icon=":material/model_training:", url_path="train"),
    st.Page(compare_page, title="Compare", icon=":material/compare_arrows:", url_path="compare"),
    st.Page(show_explain, title="Explain", icon=":material/school:", url_path="explain"),
]
hidden = "pages" in get_session().hidden
page = st.navigation(pages, position="hidden" if hidden else "top")
show_lesson()
page.run()
