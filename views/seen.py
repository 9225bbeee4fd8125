"""What the network saw of the picture, and where its heads looked, on the Draw page."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.checkpoint import Card
from core.drawing import Pixels
from core.model import SumNet
from core.saliency import STRIDE
from views import state, style
from views.pictures import picture, veiled
from views.state import Session

WIDE = 104  # CSS pixels: three side by side on a phone
FULL = 3.0  # change of the sum that is shown in full color; of a probability it is 1
FAINT_LOSS, FAINT_CHANGE = 0.05, 0.25  # less is not worth a number


def show(session: Session, image: Pixels) -> DeltaGenerator:
    """The picture as the network was given it; returns the place for where its heads looked."""
    left, right = st.columns([1, 2], gap="small")
    how = "As it is" if session.source == "test" else "Cropped, shrunk to 28 × 28 and centered"
    seen = picture(image, WIDE, "The picture as the network saw it")
    left.html(_figure(seen, "What the network saw", how))
    return right


def looked(model: SumNet, card: Card, image: Pixels, addend: int) -> None:
    """What hiding each part of the picture does to both answers, laid over the picture."""
    loss, change = state.looked(model, card, image, addend)
    palette = style.palette()
    heads = {
        "class": (loss, palette.class_head, _of_class(float(loss.max()))),
        "sum": (change / FULL, palette.sum_head, _of_sum(float(change.max()))),
    }
    figures = ""
    for head, (shares, color, words) in heads.items():
        title = f"Where the {head} head looked"
        few = shares[::STRIDE, ::STRIDE]  # between these places nothing changes
        seen = np.sqrt(few)  # so that a tenth is still to be seen
        figures += _figure(veiled(image, seen, color, WIDE, title), title, words)
    st.html(f'<div class="looked">{figures}</div>')


def _of_class(loss: float) -> str:
    if loss < FAINT_LOSS:
        return "No single part matters much"
    return f"Hiding the most colored part costs {100 * loss:.0f} points of certainty"


def _of_sum(change: float) -> str:
    if change < FAINT_CHANGE:
        return "No single part matters much"
    return f"Hiding the most colored part moves the sum by {change:.1f}"


def _figure(image: str, title: str, note: str) -> str:
    return (
        f'<figure class="seen">{image}<figcaption>{title}'
        f'<span class="note">{note}</span></figcaption></figure>'
    )
