"""Which of several digits to answer, and whether a photo is upside down, on the Draw page."""

import zlib
from dataclasses import replace

import numpy as np
import streamlit as st

from core.evaluation.prediction import Prediction, is_upside_down, predict
from core.model import SumNet
from core.specs import DatasetSpec
from core.storage.checkpoint import Card
from views.input.input_image import InputImage

MOST_CHIPS = 9  # digits to choose from; more is a text


def choose_digit(model: SumNet, spec: DatasetSpec, image: InputImage) -> InputImage:
    """The picture; or one digit of it, where several stand apart and the visitor picked one."""
    if not 1 < image.digit_count <= MOST_CHIPS:
        return image
    read = [spec.class_names[predict(model, pixels, 0).label] for pixels in image.digits]
    chips = [
        name if read.count(name) == 1 else f"{name} (no. {place})"
        for place, name in enumerate(read, 1)
    ]
    chosen = st.pills(
        f"{image.digit_count} {spec.noun}s: which one?",
        chips,  # no two alike: the browser says which by its words
        key=f"digit_{zlib.crc32(image.pixels.tobytes())}",  # another picture, another choice
    )
    if chosen is None:
        return image
    return replace(image, pixels=image.digits[chips.index(chosen)], digits=())


def show_turn_hint(
    model: SumNet, card: Card, spec: DatasetSpec, image: InputImage, prediction: Prediction
) -> None:
    """A line below the answers where a photo is read far better the other way up."""
    if not (image.reading and spec.is_digits and image.digit_count == 1):
        return
    turned = predict(model, np.rot90(image.pixels, 2), prediction.addend, card.doubt_level)
    if is_upside_down(prediction, turned):
        name = spec.class_names[turned.label]
        st.html(
            f'<div class="note turn">Is it upside down? Turned around, I read {name}. '
            "Turn the picture and try again.</div>"
        )
