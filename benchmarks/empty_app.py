"""The least that Streamlit can do with our canvas: count the strokes. A floor for latencies."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import streamlit as st

from views.input.canvas import draw_canvas
from views.session.canvas_state import CanvasState


def clear() -> None:
    st.session_state.drawing = st.session_state.drawing.clear()


before = st.session_state.setdefault("drawing", CanvasState())
st.button("Clear", key="clear", on_click=clear)
with st.container(key="board"):
    st.session_state.drawing = draw_canvas(before, sends_itself=True)
with st.container(key="count"):
    st.write(f"{len(st.session_state.drawing.strokes)} strokes")
