"""What the network saw of the picture, and what its parts say for and against the answers."""

import html
import math
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.data.drawing import Pixels
from core.data.photo import PhotoReading
from core.evaluation.prediction import AnswerError
from core.evaluation.saliency import PATCH, STRIDE, over_pixels
from core.model import SumNet
from core.storage.checkpoint import Card
from views.input.input_image import InputImage
from views.input.sources import SOURCES
from views.session import networks
from views.ui.images import image_tag, picture_tag, signed_veil
from views.ui.style import current_palette
from views.ui.text import plain

FIGURE_SIDE = 104  # CSS pixels: three side by side on a phone
FRAME = 6  # pixels around the ink of a photo, where the photo is twice as large as it is shown
LEAST_SCALE = {"class": 0.5, "sum": 0.25}  # what is at least in full color: noise is not
FAINT = {"class": 0.1, "sum": 0.05}  # less is not worth a number
MOST_TIMES = 1_000


class Spot(NamedTuple):
    """The square that changes an answer most when it is covered, in one direction."""

    effect: float  # above 0
    top: int  # pixels of the picture
    left: int


Spots = dict[str, Spot]  # "+" is what speaks for the answer, "−" what speaks against it


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
    """What each part of the picture says for both answers, in color on the picture."""
    try:
        found = networks.cached_saliency(model, card, pixels, addend)
    except AnswerError as error:
        st.caption(f"With a part covered: {plain(error)}")
        return
    names = model.spec.class_names
    figures = ""
    for head, title, evidence, words in (
        (
            "class",
            f"For {names[found.label]}, against {names[found.runner_up]}",
            found.class_evidence,
            _of_class,
        ),
        ("sum", "What the sum hangs on", found.sum_evidence, partial(_of_sum, model)),
    ):
        most = max(LEAST_SCALE[head], float(np.abs(evidence).max()))
        palette = current_palette()
        colors = (palette.class_head if head == "class" else palette.sum_head, palette.against)
        spots = _strongest(evidence, FAINT[head])
        squares = {sign: (spot.top, spot.left, PATCH) for sign, spot in spots.items()}
        shares = over_pixels(evidence / np.float32(most))
        veil = signed_veil(pixels, shares, colors, squares, FIGURE_SIDE, title)
        figures += _seen_figure(veil + scale_html(most, colors), title, words(spots))
    st.html(f'<div class="looked">{figures}</div>')


def _strongest(evidence: NDArray[np.float32], least: float) -> Spots:
    spots = {}
    for sign, effects in (("+", evidence), ("−", -evidence)):
        row, column = np.unravel_index(effects.argmax(), effects.shape)
        if effects[row, column] > least:
            spots[sign] = Spot(float(effects[row, column]), STRIDE * int(row), STRIDE * int(column))
    return spots


def scale_html(most: float, colors: tuple[str, str]) -> str:
    """The legend of a signed veil: from -`most`, in the second color, through 0 to `most`."""
    return (
        f'<span class="scale" style="--above:{colors[0]};--below:{colors[1]}" role="img" '
        f'aria-label="Scale from −{most:.1f} to +{most:.1f}"><i></i>'
        f"<b>−{most:.1f}</b><b>0</b><b>+{most:.1f}</b></span>"
    )


def _of_class(spots: Spots) -> str:
    said = []
    if "+" in spots:
        said.append(f"Cover the +, and its odds fall {_times(spots['+'].effect)}.")
    if "−" in spots:
        said.append(f"Cover the −, and they rise {_times(spots['−'].effect)}.")
    return " ".join(said) or "No single part matters much."


def _times(nats: float) -> str:
    """A factor of odds: "1.4-fold", "12-fold"."""
    factor = math.exp(min(nats, 50.0))
    if factor > MOST_TIMES:
        return f"over {MOST_TIMES:,}-fold"
    return f"{factor:.0f}-fold" if factor >= 10 else f"{factor:.1f}-fold"


def _of_sum(model: SumNet, spots: Spots) -> str:
    said = []
    if "+" in spots:
        said.append(f"Cover the +, and the sum falls by {spots['+'].effect:.1f}.")
    if "−" in spots:
        said.append(f"Cover the −, and it rises by {spots['−'].effect:.1f}.")
    if not said and not model.fusion.marks_images:
        return "It follows the class, which no single part changes."
    return " ".join(said) or "No single part changes it."


def _seen_figure(image: str, title: str, note: str) -> str:
    return (
        f'<figure class="seen">{image}<figcaption>{html.escape(title)}'
        f'<span class="note">{html.escape(note)}</span></figcaption></figure>'
    )
