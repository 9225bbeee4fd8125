"""A lesson's experiment: the visitor's picture is shifted or inverted, and the network reads it."""

from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import streamlit as st

from core.data.download import DownloadError
from core.data.drawing import Pixels
from core.evaluation.prediction import predict_batch
from core.evaluation.shifting import invert, share_read, shift_right
from core.specs import find_spec
from core.storage.checkpoint import CheckpointError
from views.guide.panel import sees
from views.input.sources import visitor_image
from views.server.heavy import heavy_work
from views.session import networks
from views.session.session import get_session
from views.ui.images import image_tag
from views.ui.table import certainty
from views.ui.text import plain

MOST_PIXELS = 14  # pixels: half of the picture
TRIED = 200  # test images: some tenths of a second
SHIFT_SIDE = 168  # CSS pixels of the picture


@st.fragment
def show_shift() -> None:
    """A slider, a switch, the picture as the network gets it, and what it reads."""
    session = get_session()
    try:
        model, _, _ = networks.answering_network(session)
    except CheckpointError as error:
        st.error(plain(error))
        return
    spec = find_spec(model.config.dataset)
    image = visitor_image(session, spec)
    left, right = st.columns([2, 3], gap="large")
    with right:
        pixels = st.slider("Move to the right by (pixels)", 0, MOST_PIXELS, 0, key="shift")
        inverted = st.toggle("Swap black and white", key="invert")
    pixels = min(MOST_PIXELS, max(0, int(pixels)))
    every = [shift_right(image.pixels, by) for by in range(MOST_PIXELS + 1)]
    shown: Pixels = invert(every[pixels]) if inverted else every[pixels]
    plain_reads = predict_batch(model, every, [session.link.addend] * len(every))
    read = predict_batch(model, [shown], [session.link.addend])[0]
    at_first = plain_reads[0].label
    with left:
        alt = f"Your {spec.noun} as the network gets it"
        st.html(image_tag(shown, SHIFT_SIDE, alt))
        if not image.title:
            st.caption(f"An example. Draw a {spec.noun} on the Draw page to see yours here.")
    is_misread = read.label != at_first
    network = session.link.network
    share = _share(network, pixels, inverted)
    with right:
        mark = "✗ misread" if is_misread else "✓ as before"
        st.html(
            f'<div class="headline">{spec.class_names[read.label]} <span class="note">'
            f"{certainty(max(read.class_probs))} sure, {mark}</span></div>"
        )
        if share is not None:
            st.write(f"Of {share.of} test images treated the same, it reads {share.percent}.")
    first = next((by for by, each in enumerate(plain_reads) if each.label != at_first), None)
    session.moved = {
        "is_misread": is_misread,
        "is_never_misread": first is None and pixels == MOST_PIXELS,
        "inverted": inverted,
        "pixels": pixels,
        "first": first,
        "share": share,
        "inverted_share": _share(network, 0, True) if inverted else None,
    }
    if sees(session):
        st.rerun()


class Share(NamedTuple):
    """How many of some test images are still read."""

    read: float  # of 1
    of: int

    @property
    def percent(self) -> str:
        return f"{100 * self.read:.0f} %"


def _share(network: str, pixels: int, inverted: bool) -> Share | None:
    """Of the test images, those that are still read; None where there are none here."""
    with suppress(CheckpointError, DownloadError):
        return _measured(network, pixels, inverted)
    return None


@lru_cache(maxsize=256)
def _measured(network: str, pixels: int, inverted: bool) -> Share:
    model, _ = networks.load_network(network)
    split = networks.test_split(model.config.dataset).first(TRIED)
    with heavy_work():
        return Share(share_read(model, split, pixels, inverted), len(split.labels))
