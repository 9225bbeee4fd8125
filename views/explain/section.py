"""What the sections of the Explain page share: the place of each figure."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from views.ui.style import TEXT_WIDTH


def beside(text: str) -> DeltaGenerator:
    """The words of a section; returns the place for its figure, to the right of them."""
    left, right = st.columns([5, 7], gap="large")
    left.markdown(text)
    return right


def below(text: str) -> DeltaGenerator:
    """The words of a section; returns the place for its figure, below them, as wide as the page."""
    st.markdown(text, width=TEXT_WIDTH)
    return st.container()
