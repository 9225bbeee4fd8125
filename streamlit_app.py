"""Sketch & Sum: entry of the web demo. `make demo` runs it."""

import streamlit as st

from views import compare, draw, explain, lessons, state, style, train

st.set_page_config(page_title="Sketch & Sum", page_icon="✏️", layout="wide")
style.apply()
state.settle()
state.worker()  # warms up behind the first page


def first_page() -> None:
    if draw.show():
        st.switch_page(pages[1])


def train_page() -> None:
    if train.show():
        st.switch_page(draw_page)


def compare_page() -> None:
    if compare.show():
        st.switch_page(draw_page)


draw_page = st.Page(first_page, title="Draw", icon=":material/draw:", url_path="draw", default=True)
pages = [
    draw_page,
    st.Page(train_page, title="Train", icon=":material/model_training:", url_path="train"),
    st.Page(compare_page, title="Compare", icon=":material/compare_arrows:", url_path="compare"),
    st.Page(explain.show, title="Explain", icon=":material/school:", url_path="explain"),
]
hidden = "pages" in state.session().hidden
page = st.navigation(pages, position="hidden" if hidden else "top")
lessons.told()
page.run()
