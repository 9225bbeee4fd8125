"""A network on the Compare page, and its place in a row of two."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.storage.checkpoint import Card


@dataclass(frozen=True)
class Network:
    """A network that is here: shipped, or of a run."""

    name: str  # as `networks.load_network` wants it
    title: str
    kind: str
    card: Card

    @property
    def dataset(self) -> str:
        return str(self.card.params["dataset"])

    @property
    def has_sum_classes(self) -> bool:
        """Does its sum head choose one of 19 sums? Then its value is their mean."""
        return bool(self.card.params["sum_head"] == "classification")


def cells_for(compared: Sequence[Network]) -> list[DeltaGenerator]:
    """A place for each network, two in a row; the last row may be half empty."""
    return [cell for _ in compared[::2] for cell in st.columns(2, gap="large")]


def show_title(network: Network, note: str) -> None:
    title, note = html.escape(network.title), html.escape(note)
    st.html(f'<div class="head">{title} <span class="note">{note}</span></div>')
