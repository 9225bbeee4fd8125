"""The little CSS that Streamlit's theme cannot say, the wordmark, and the palette."""

import streamlit as st

from views.session.session import is_dark
from views.ui.theme import DARK, LIGHT, Palette

CSS = """
<style>
.stMainBlockContainer { padding: 4.75rem 1.5rem 2rem; max-width: 68rem; }
.answer { line-height: 1.1; font-variant-numeric: tabular-nums; }
.answer .big { font-size: 4.5rem; font-weight: 700; letter-spacing: -0.02em; }
.answer .word { font-size: 2.25rem; font-weight: 650; line-height: 4.95rem; }
.answer .invitation { font-size: 1.5rem; line-height: 1.2; min-height: 4.95rem; opacity: 0.7;
  display: flex; align-items: center; }
.head { font-weight: 600; }
.head .keys { font-weight: 400; font-size: 0.9rem; opacity: 0.75; margin-left: 0.5rem; }
@media (hover: none) { .head .keys { display: none; } }
/* Streamlit's own shades of these are under 4.5 : 1; what is locked is there to be read, too */
[data-testid="stCaptionContainer"] { color: inherit !important; opacity: 0.75; }
[data-testid="stWidgetLabel"], [data-testid="stSliderThumbValue"] { color: inherit !important; }
.note { font-size: 0.9rem; opacity: 0.75; font-variant-numeric: tabular-nums; }
.equation { font-size: 2rem; min-height: 1.6em; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.equation .note { font-size: 1rem; font-weight: 400; }
.equation span + .note { margin-left: 0.75rem; }
.looked { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.seen { margin: 0; font-size: 0.9rem; line-height: 1.35; }
.seen img { max-width: 100%; height: auto; border-radius: 6px; display: block; }
.seen figcaption { margin-top: 0.35rem; }
.seen .note { display: block; }
.veiled { position: relative; display: block; max-width: 100%; border-radius: 6px;
  box-shadow: inset 0 0 0 1px rgb(128 128 128 / 30%); }
.veiled img + img { position: absolute; inset: 0; width: 100%; height: 100%; }
.st-key-labels { flex-wrap: nowrap !important; gap: 0.25rem; max-width: 26rem; }
.st-key-labels > * { min-width: 0; flex: 1; }
.st-key-labels button { padding: 0; min-height: 2.25rem; font-variant-numeric: tabular-nums; }
.st-key-hand { margin-top: 1.5rem; }
.st-key-examples { gap: 0.75rem 0.5rem; }
[class*="st-key-mine_"] { position: relative; width: 5.25rem !important; line-height: 1.3; }
[class*="st-key-mine_"] img { border-radius: 6px; display: block; margin-bottom: 0.25rem; }
[class*="st-key-mine_"] .note { font-size: 0.8rem; }
[class*="st-key-remove_"] { position: absolute !important; top: 0; right: 0; width: 1.75rem; }
[class*="st-key-remove_"] button { padding: 0; width: 1.75rem; min-height: 1.75rem; }
/* these words are for screen readers */
[class*="st-key-remove_"] button [data-testid="stMarkdownContainer"],
.st-key-tools button:has([data-testid="stIconMaterial"]) [data-testid="stMarkdownContainer"],
.st-key-roll button [data-testid="stMarkdownContainer"], .spoken { position: absolute; width: 1px;
  height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-testid="stLayoutWrapper"]:has(> .st-key-spoken) { position: absolute; left: 0; top: 0;
  width: 1px !important; height: 1px; overflow: hidden; }
kbd[aria-label^="Shortcut"] { display: none !important; } /* no room: tooltips say the keys */
table.figures { border-collapse: collapse; font-variant-numeric: tabular-nums; }
table.figures caption { text-align: left; caption-side: top; padding-bottom: 0.25rem;
  font-size: 0.9rem; opacity: 0.75; }
table.figures th, table.figures td { padding: 0.25rem 1.5rem 0.25rem 0; text-align: right;
  border: 0; border-top: 1px solid rgb(128 128 128 / 25%); font-weight: 400; }
table.figures td { white-space: nowrap; }
table.figures th:first-child { text-align: left; }
table.figures tr:first-child > * { border-top: 0; opacity: 0.75; }
/* canvas and its tools side by side, also where a phone is 360 px wide */
.stColumn:has(.st-key-board) { min-width: 328px; }
.st-key-board { flex-wrap: nowrap !important; gap: 0.5rem; }
.st-key-source button, .st-key-source button * { color: inherit !important; }
.st-key-upload section { flex-direction: column; }
.st-key-tools { width: 2.5rem !important; min-width: 2.5rem !important; }
.st-key-tools button { width: 2.5rem; min-height: 2.5rem; padding: 0; }
.st-key-numbers, .st-key-number_title { max-width: 328px; }
.st-key-addend { display: grid !important; grid-template-columns: repeat(5, 1fr); gap: 0.35rem; }
.st-key-addend > *, .st-key-addend button { width: 100% !important; }
.st-key-addend button, .st-key-roll button { font-variant-numeric: tabular-nums; padding: 0; }
.st-key-roll button { width: 2.5rem; }
/* Share, on every page in the same corner; its wrapper takes no room in the page */
[data-testid="stLayoutWrapper"]:has(> .st-key-share_place) { position: fixed; z-index: 999991;
  top: 0.6rem; right: 1rem; width: auto !important; }
.st-key-share_panel { width: 20rem; max-width: 80vw; }
.st-key-share_panel code { overflow-wrap: anywhere; }
img.qr { display: block; width: 16rem; max-width: 100%; height: auto; border-radius: 8px; }
@media (min-width: 641px) {
  .stHorizontalBlock:has(.st-key-board) { flex-wrap: nowrap; }
  .stColumn:has(.st-key-answers) { min-width: 0; }
}
@media (max-width: 640px) {
  .stHorizontalBlock:has(.st-key-board) { gap: 1rem; }
  .stMainBlockContainer { padding: 4rem 1rem 2rem; }
  /* what a run learns before the settings of the next one */
  .stHorizontalBlock > .stColumn:has(.st-key-train_status, .st-key-train_gone) { order: -1; }
  .st-key-train_status > :first-child { flex-basis: 100%; }  /* its buttons below it */
  .answer .big { font-size: 3.25rem; }
  .answer .word { font-size: 1.25rem; line-height: 3.6rem; }
  .answer .invitation { font-size: 1.1rem; min-height: 3.6rem; }
  .equation { font-size: 1.5rem; }
  .st-key-answers .stHorizontalBlock:has(> .stColumn) { flex-wrap: nowrap; gap: 1rem; }
  .st-key-answers .stColumn { min-width: 0; }
  table.figures { font-size: 0.85rem; }
  table.figures th, table.figures td { padding-right: 0.6rem; }
}
</style>
"""

WORDMARK = """
<svg xmlns="http://www.w3.org/2000/svg" width="172" height="32" viewBox="0 0 172 32">
<g font-family="system-ui, 'Source Sans Pro', 'DejaVu Sans', sans-serif" font-size="22"
font-weight="700"><text y="24"><tspan fill="#6C77E8">Sketch</tspan><tspan fill="#8A8F9C"
dx="7">&amp;</tspan><tspan fill="#CE7420" dx="7">Sum</tspan></text></g></svg>
"""


def apply_style() -> None:
    """Once per run of the app, before the page."""
    st.html(CSS)
    st.logo(WORDMARK, size="large")


def current_palette() -> Palette:
    """The colors of the theme that the visitor's browser shows."""
    return DARK if is_dark() else LIGHT
