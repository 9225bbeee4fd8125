"""CSS files, the wordmark, and the palette: what Streamlit's theme cannot say.

The palette is here and in CSS the same: `apply_style` gives the CSS `--class-head` and so on.
"""

from dataclasses import asdict
from pathlib import Path

import streamlit as st

from views.session.session import get_session, is_dark
from views.ui.theme import DARK, LIGHT, Palette

TEXT_WIDTH = 736  # CSS pixels; longer lines are hard to read
STATIC = Path(__file__).parent / "static"

WORDMARK = """
<svg xmlns="http://www.w3.org/2000/svg" width="172" height="32" viewBox="0 0 172 32">
<g font-family="system-ui, 'Source Sans Pro', 'DejaVu Sans', sans-serif" font-size="22"
font-weight="700"><text y="24"><tspan fill="#6C77E8">Sketch</tspan><tspan fill="#8A8F9C"
dx="7">&amp;</tspan><tspan fill="#CE7420" dx="7">Sum</tspan></text></g></svg>
"""


def apply_style() -> None:
    """Once per run of the app, before the page."""
    colors = asdict(current_palette())
    del colors["classes"]  # for figures alone
    variables = ";".join(f"--{name.replace('_', '-')}:{color}" for name, color in colors.items())
    for sheet in ("style.css", "frame.css"):
        st.html(STATIC / sheet)
    larger = (STATIC / "present.css").read_text() if get_session().link.present else ""
    st.html(f"<style>:root {{ {variables} }}\n{larger}</style>")
    st.logo(WORDMARK, size="large")


def current_palette() -> Palette:
    """The colors of the theme that the visitor's browser shows."""
    return DARK if is_dark() else LIGHT
