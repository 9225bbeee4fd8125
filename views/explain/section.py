"""What the ideas on the Explain page share: what they are about, their places, their style."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.drawing import Pixels
from core.evaluation.prediction import Prediction
from core.model import SumNet
from core.specs import DatasetSpec
from core.storage.checkpoint import Card
from views.ui.theme import LIGHT, Palette

LINE = 736  # pixels; longer lines are hard to read


@dataclass(frozen=True)
class Subject:
    """What the whole page is about: one network, one picture, one number."""

    model: SumNet
    card: Card
    spec: DatasetSpec
    origin: str  # of the picture, in words; "" for an example that stands in
    drawn: Pixels | None  # (280, 280), or None for a test image
    known: int | None  # the class, where it is known: of a test image
    prediction: Prediction
    palette: Palette

    @property
    def image(self) -> Pixels:
        return self.prediction.image

    @property
    def target(self) -> int:
        """The label; where nobody knows it, what the network answers."""
        return self.prediction.label if self.known is None else self.known

    @property
    def name(self) -> str:
        return self.spec.class_names[self.target]

    @property
    def label(self) -> str:
        return self.spec.numbered(self.target)

    @property
    def total(self) -> int:
        return self.target + self.prediction.addend


def beside(text: str) -> DeltaGenerator:
    """An idea's words; returns the place for its picture, to the right of them."""
    left, right = st.columns([5, 7], gap="large")
    left.markdown(text)
    return right


def below(text: str) -> DeltaGenerator:
    """An idea's words; returns the place for its picture, below them and as wide as the page."""
    st.markdown(text, width=LINE)
    return st.container()


def css(palette: Palette) -> str:
    """The style of all ideas, in the colors of the theme."""
    paper = "#fff" if palette == LIGHT else "#14161b"
    return CSS.replace(
        "COLORS",
        f"--class-head:{palette.class_head};--sum-head:{palette.sum_head};--ink:{palette.ink};"
        f"--muted:{palette.muted};--faint:{palette.faint};--paper:{paper}",
    )


CSS = """
<style>
:root { COLORS }
.contents { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.contents a { color: var(--muted) !important; text-decoration: none; }
.contents a:hover { text-decoration: underline; }
[class*="st-key-idea_"] { margin-top: 2.5rem; }
.class-ink { color: var(--class-head); fill: var(--class-head); }
.sum-ink { color: var(--sum-head); fill: var(--sum-head); }
.plain-ink { color: var(--ink); fill: var(--ink); }
.example { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem 1.5rem; }
.example .example { flex-wrap: nowrap; }
.example figure { margin: 0; text-align: center; }
.example img, .marked img { border-radius: 6px; display: block; }
.example figcaption { font-size: 0.9rem; opacity: 0.75; margin-top: 0.25rem; }
.example .value { font-size: 2.5rem; font-weight: 700; line-height: 1; }
.example .word { font-size: 1.4rem; }
.example .arrow { font-size: 1.75rem; opacity: 0.6; }
table.again th, table.again td { vertical-align: middle; }
table.again img { border-radius: 3px; display: block; }
.strip { display: grid; grid-template-columns: repeat(10, 1fr); gap: 3px; max-width: 26rem; }
.note:has(+ .strip) { margin: 0.75rem 0 0.35rem; }
.strip span { text-align: center; }
.strip i { display: block; border-radius: 4px; font-style: normal; padding: 0.25rem 0;
  background: color-mix(in srgb, var(--cell) var(--fill), var(--faint)); }
.strip b { font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.strip i.light b { color: var(--paper); }
.strip small { font-size: 0.75rem; opacity: 0.7; }
.strip.plain { --cell: var(--muted); }
.strip.class { --cell: var(--class-head); }
.marked { position: relative; width: 196px; }
.marked i { position: absolute; right: -2px; bottom: -2px; width: 74px; height: 11px;
  border: 2px solid var(--muted); border-radius: 3px; }
.net { position: relative; font-size: 15px; line-height: 1; margin-bottom: 0.75rem;
  font-variant-numeric: tabular-nums; }
.net img { width: 100%; height: 100%; }
.net div { position: absolute; transform: translateY(-0.85em); white-space: nowrap; }
.net .strong { font-weight: 600; }
.net .large { font-weight: 700; font-size: 2em; line-height: 0.5em; }
.net .quiet, .net .small { color: var(--muted); }
.net .small { font-size: 0.9em; }
table.layers { font-size: 0.9rem; }
table.layers tr:not(:first-child) th { font-weight: 650; }
table.layers td:first-child { text-align: left; }
table.layers tr:first-child th:not(:first-child) { text-align: right; }
dl.worked { display: grid; grid-template-columns: repeat(4, auto); justify-content: start;
  gap: 0.4rem 1.25rem; margin: 0.5rem 0; padding: 0 !important;
  font-variant-numeric: tabular-nums; }
dl.worked dt { font-weight: 650; }
dl.worked dd { margin: 0; }
.result { font-size: 2rem; font-weight: 700; font-variant-numeric: tabular-nums; }
table.pairs { border-collapse: separate; border-spacing: 3px; margin: 0.5rem 0 0 -3px;
  font-variant-numeric: tabular-nums; font-size: 0.95rem; }
table.pairs th, table.pairs td { border: 0; padding: 0.3rem 0.5rem; text-align: right;
  font-weight: 500; min-width: 3rem; }
table.pairs .meant, table.pairs .stray { border-radius: 4px; border: 1.5px solid transparent;
  background: color-mix(in srgb, var(--muted) var(--depth), transparent); }
table.pairs .meant { border-color: var(--sum-head); }
@media (max-width: 1000px) { .net { font-size: 11.5px; } }
@media (max-width: 640px) {
  [class*="st-key-idea_"] { margin-top: 1.75rem; }
  [class*="st-key-idea_"] .stHorizontalBlock { gap: 1rem; }
  .example { gap: 0.5rem 0.9rem; }
  .example .value:not(.word) { font-size: 2rem; }
  .strip b { font-size: 0.7rem; }
  dl.worked { grid-template-columns: auto; gap: 0.1rem; }
  dl.worked dt:not(:first-child) { margin-top: 0.6rem; }
}
</style>
"""
