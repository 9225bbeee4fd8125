"""The parts of the Draw page that change while the pen moves.

Each is a piece of HTML in a place of its own. The page's run fills it, and so does the live channel
in between: from the same function, so a drawing looks the same whoever answered it. The script
that listens to the pen and asks the channel is static/pen.js; that of a place is static/part.js.
"""

import functools
from typing import Any

import msgspec
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.evaluation.prediction import Prediction
from core.finetune import can_finetune
from core.model import SumNet
from core.specs import DatasetSpec
from views.draw.answers import answers_html, doubt_about, invitation_html, spoken_words
from views.draw.saliency import seen_html, show_steps
from views.input.input_image import InputImage
from views.input.question import Question
from views.input.sources import SOURCES
from views.session.canvas_state import CanvasState
from views.session.session import Session
from views.ui.style import STATIC

PLACE = '<div class="place"></div>'


class LiveAnswer(msgspec.Struct):
    """What the places show; None leaves a place as it is."""

    answers: str | None = None
    seen: str | None = None
    spoken: str | None = None  # plain text, for those who hear the page
    id: int = 0  # of the question


def live_answer(
    spec: DatasetSpec,
    image: InputImage,
    prediction: Prediction,
    *,
    can_teach: bool = False,
    is_drawing: bool = False,
) -> LiveAnswer:
    """All that the page says of a picture the moment that it is answered."""
    doubt = doubt_about(spec, image, prediction, can_teach=can_teach, is_drawing=is_drawing)
    return LiveAnswer(
        answers_html(spec, image, prediction, doubt),
        seen_html(image),
        spoken_words(spec, image, prediction, doubt),
    )


def invitation(session: Session, spec: DatasetSpec) -> LiveAnswer:
    """Before there is a picture."""
    words, addend = SOURCES[session.source].invitation(session, spec), session.link.addend
    spoken = f"{words.rstrip('.')}. The number to add is {addend}."
    on_canvas = session.source == "draw" and not session.canvas.strokes
    return LiveAnswer(invitation_html(spec, words, addend, on_canvas=on_canvas), "", spoken)


def can_label(image: InputImage, model: SumNet, *, is_allowed: bool) -> bool:
    """Can the visitor tell the network what the picture was, where that is allowed?"""
    one_drawing = image.source == "draw" and image.digit_count == 1
    return is_allowed and one_drawing and can_finetune(model)


def show_answers(answer: LiveAnswer, question: Question | None, canvas: CanvasState) -> None:
    """The place of the answers; tells the browser which question the page has answered."""
    _answers()(
        data={
            "name": "answers",
            "content": answer.answers,
            "spoken": answer.spoken,
            "question": None if question is None else msgspec.to_builtins(question),
            "generation": canvas.generation,
            "paths": canvas.paths,
            "heard": canvas.heard,
        },
        key="live_answers",
    )


def show_seen(image: InputImage, answer: LiveAnswer) -> DeltaGenerator:
    """What the network saw, and the way from a photo to it; returns the place for the saliency."""
    if image.reading:
        show_steps(image.reading)
    left, right = st.columns([1, 2], gap="small")
    with left:
        _seen()(data={"name": "seen", "content": answer.seen}, key="live_seen")
    return right


def listen_to_pen(address: str | None) -> None:
    """Let the browser ask the live channel at this address; None where it is switched off."""
    _pen()(data={"address": address}, key="live_pen")


@functools.cache
def _answers() -> Any:
    """Not at import: it can be registered in a running app only."""
    return _component("live_answers", "part.js", f'{PLACE}<div class="spoken" role="status"></div>')


@functools.cache
def _seen() -> Any:
    return _component("live_seen", "part.js", PLACE)


@functools.cache
def _pen() -> Any:
    return _component("live_pen", "pen.js", PLACE)


def _component(name: str, script: str, content: str) -> Any:
    js = (STATIC / script).read_text("utf-8")
    return st.components.v2.component(name, html=content, js=js, isolate_styles=False)
