"""The worst mistakes of the networks that are compared: pictures that open on the Draw page."""

import html
from collections.abc import Sequence

import streamlit as st

from core.evaluation.diagnostics import Analysis, Mistake
from core.specs import DatasetSpec, find_spec
from views.compare.network import Network
from views.session import networks
from views.session.session import Session
from views.ui.images import data_uri
from views.ui.table import percent
from views.ui.text import plain

NEEDED_CONTROLS = {"sources", "number", "network"}  # of the Draw page, which a click changes


def show_mistakes(
    session: Session, compared: Sequence[Network], analyses: Sequence[Analysis]
) -> Network | None:
    """Pictures; after a click on one, who made the mistake: it is the picture now."""
    fixed = not NEEDED_CONTROLS.isdisjoint(session.link.hidden + session.link.locked)
    if not fixed:
        st.caption("Click a picture: the network that got it wrong reads it on the Draw page.")
    clicked = None
    for network, analysis in zip(compared, analyses, strict=True):
        spec, classes = find_spec(network.dataset), network.has_sum_classes
        st.subheader(plain(network.title), anchor=False)
        for kind, title, mistakes in (
            ("class", "Surest of a wrong class", analysis.wrong_classes),
            ("sum", "Farthest from the sum", analysis.wrong_sums),
        ):
            st.html(f'<div class="head">{title}</div>')
            if not mistakes:
                st.write("None among the test images.")
            with st.container(horizontal=True, key=f"mistakes_{kind}_{network.name}"):
                for mistake in mistakes:
                    key = f"{kind}_{network.name}_{mistake.index}"
                    if _mistake(key, mistake, _what(kind, mistake, spec, classes), fixed):
                        clicked = network, mistake
    if not clicked:
        return None
    network, mistake = clicked
    session.source, session.picture = "test", mistake.index
    session.choose(addend=mistake.addend)
    networks.use_network(session, network.name)
    return network


def _what(kind: str, mistake: Mistake, spec: DatasetSpec, has_sum_classes: bool) -> tuple[str, str]:
    """A mistake in two short lines."""
    if kind == "class":
        true, answered = spec.class_names[mistake.label], spec.class_names[mistake.answered]
        # never 100 %: a softmax is never certain
        sure = "over 99.99 %" if mistake.confidence > 0.9999 else percent(mistake.confidence)
        return f"{true}, read as {answered}", f"{sure} sure"
    total = mistake.label + mistake.addend
    addition = f"{spec.numbered(mistake.label)} + {mistake.addend} = {total}"
    if has_sum_classes:
        return addition, f"it says {mistake.total}, mean {mistake.sum_value:.1f}"
    return addition, f"it says {mistake.sum_value:.1f}"


def _mistake(key: str, mistake: Mistake, lines: tuple[str, str], disabled: bool) -> bool:
    with st.container(key=f"mistake_{key}"):
        clicked = st.button(
            f"![{plain(', '.join(lines))}: open on the Draw page]({data_uri(mistake.image)})",
            key=f"open_{key}",
            disabled=disabled,
        )
        st.html(f'<div class="note">{"<br>".join(map(html.escape, lines))}</div>')
    return clicked
