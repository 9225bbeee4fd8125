"""What the network saw of the picture, and which parts its answers hang on, on the Draw page."""

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from core.data.drawing import Pixels
from core.data.photo import PhotoReading
from core.evaluation.prediction import AnswerError
from core.evaluation.saliency import STRIDE
from core.model import SumNet
from core.storage.checkpoint import Card
from views.input.input_image import InputImage
from views.input.sources import SOURCES
from views.session import networks
from views.ui.images import image_tag, picture_tag, veiled_image
from views.ui.style import current_palette
from views.ui.text import plain

FIGURE_SIDE = 104  # CSS pixels: three side by side on a phone
FRAME = 6  # pixels around the ink of a photo, where the photo is twice as large as it is shown
FULL_CHANGE = 3.0  # change of the sum that is shown in full color; of a probability it is 1
FAINT_LOSS, FAINT_CHANGE = 0.05, 0.25  # less is not worth a number


def seen_html(image: InputImage) -> str:
    """The picture as the network gets it."""
    seen = image_tag(image.pixels, FIGURE_SIDE, "The picture as the network saw it")
    return _seen_figure(seen, "What the network saw", SOURCES[image.source].form_note)


def show_steps(reading: PhotoReading) -> None:
    """The way from a photo to its ink, so that who is misread sees why."""
    steps = {
        "Photo": (reading.photo, "In shades of grey; the frame is what is read"),
        "Evened": (reading.evened, "Without light and shadow"),
        "Ink": (reading.ink, "Without lines, frames and specks"),
    }
    figures = ""
    for title, (picture, note) in steps.items():
        small = Image.fromarray(picture)
        small.thumbnail((2 * FIGURE_SIDE, 2 * FIGURE_SIDE), Image.Resampling.BOX)
        if title == "Photo":
            small = _framed(small, reading.ink)
        shown = picture_tag(np.asarray(small), FIGURE_SIDE, f"{title}, on the way to the network")
        figures += _seen_figure(shown, title, note)
    st.html(f'<div class="looked steps">{figures}</div>')


def _framed(photo: Image.Image, ink: Pixels) -> Image.Image:
    """A photo of any size, with a frame around the part of it that holds the ink."""
    framed = photo.convert("RGB")
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if rows.size:
        across, down = framed.width / ink.shape[1], framed.height / ink.shape[0]
        box = (
            max(0, round(columns[0] * across) - FRAME),
            max(0, round(rows[0] * down) - FRAME),
            min(framed.width - 1, round(columns[-1] * across) + FRAME),
            min(framed.height - 1, round(rows[-1] * down) + FRAME),
        )
        ImageDraw.Draw(framed).rectangle(box, outline=current_palette().sum_head, width=FRAME // 2)
    return framed


def show_saliency(model: SumNet, card: Card, pixels: Pixels, addend: int) -> None:
    """How much hiding each part of the picture changes both answers, in color on the picture."""
    try:
        loss, change = networks.cached_saliency(model, card, pixels, addend)
    except AnswerError as error:
        st.caption(f"With a part covered: {plain(error)}")
        return
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
        figures += _seen_figure(veiled_image(pixels, seen, color, FIGURE_SIDE, title), title, words)
    st.html(f'<div class="looked">{figures}</div>')


def _of_class(loss: float) -> str:
    if loss < FAINT_LOSS:
        return "No single part matters much"
    return f"Cover the most colored spot: certainty falls by {100 * loss:.0f} points"


def _of_sum(change: float) -> str:
    if change < FAINT_CHANGE:
        return "No single part matters much"
    return f"Cover the most colored spot: the sum moves by {change:.1f}"


def _seen_figure(image: str, title: str, note: str) -> str:
    return (
        f'<figure class="seen">{image}<figcaption>{title}'
        f'<span class="note">{note}</span></figcaption></figure>'
    )
