"""What the network saw of the picture, and where its heads looked, on the Draw page."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.drawing import Pixels
from core.evaluation.saliency import STRIDE
from core.model import SumNet
from core.storage.checkpoint import Card
from views.session import networks
from views.session.session import Session
from views.ui.images import image_tag, veiled_image
from views.ui.style import current_palette

FIGURE_SIDE = 104  # CSS pixels: three side by side on a phone
FULL_CHANGE = 3.0  # change of the sum that is shown in full color; of a probability it is 1
FAINT_LOSS, FAINT_CHANGE = 0.05, 0.25  # less is not worth a number


def show_seen(session: Session, image: Pixels) -> DeltaGenerator:
    """The picture as the network was given it; returns the place for where its heads looked."""
    left, right = st.columns([1, 2], gap="small")
    how = "As it is" if session.source == "test" else "Cropped, shrunk to 28 × 28 and centered"
    seen = image_tag(image, FIGURE_SIDE, "The picture as the network saw it")
    left.html(_seen_figure(seen, "What the network saw", how))
    return right


def show_saliency(model: SumNet, card: Card, image: Pixels, addend: int) -> None:
    """What hiding each part of the picture does to both answers, laid over the picture."""
    loss, change = networks.cached_saliency(model, card, image, addend)
    palette = current_palette()
    heads = {
        "class": (loss, palette.class_head, _of_class(float(loss.max()))),
        "sum": (change / FULL_CHANGE, palette.sum_head, _of_sum(float(change.max()))),
    }
    figures = ""
    for head, (shares, color, words) in heads.items():
        title = f"Where the {head} head looked"
        few = shares[::STRIDE, ::STRIDE]  # between these places nothing changes
        seen = np.sqrt(few)  # so that a tenth is still to be seen
        figures += _seen_figure(veiled_image(image, seen, color, FIGURE_SIDE, title), title, words)
    st.html(f'<div class="looked">{figures}</div>')


def _of_class(loss: float) -> str:
    if loss < FAINT_LOSS:
        return "No single part matters much"
    return f"Hiding the most colored part costs {100 * loss:.0f} points of certainty"


def _of_sum(change: float) -> str:
    if change < FAINT_CHANGE:
        return "No single part matters much"
    return f"Hiding the most colored part moves the sum by {change:.1f}"


def _seen_figure(image: str, title: str, note: str) -> str:
    return (
        f'<figure class="seen">{image}<figcaption>{title}'
        f'<span class="note">{note}</span></figcaption></figure>'
    )
