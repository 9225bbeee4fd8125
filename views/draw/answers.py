"""What both heads answer to the picture, on the Draw page; or that it cannot be read."""

import html
from dataclasses import replace
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from core.evaluation.prediction import Prediction
from core.specs import DatasetSpec
from views.draw import charts
from views.draw.digits import MOST_CHIPS
from views.input.input_image import InputImage
from views.input.sources import SOURCES
from views.session.session import Session
from views.ui.style import current_palette
from views.ui.table import certainty
from views.ui.theme import BARE_CONFIG, Palette

GUESS_GREY = "rgba(128, 128, 128, 0.5)"
COUNT_WORDS = {2: "two", 3: "three", 4: "four"}


class Doubt(NamedTuple):
    """Why a picture is not answered."""

    words: str  # where the answer would be
    advice: str  # where the equation would be


def show_answers(
    spec: DatasetSpec, image: InputImage, prediction: Prediction, can_teach: bool
) -> None:
    """Both answers, their charts and the equation. Several digits get none until one is picked.

    `can_teach` says whether the visitor can tell the network what the picture was.
    """
    doubt = _doubt(spec, image, prediction, can_teach)
    palette = current_palette()
    left, right = st.columns(2)
    with left, st.container(gap=None):
        _class_head(prediction, spec, palette, doubt)
    with right, st.container(gap=None):
        _sum_head(prediction, palette, doubt)
    if doubt:
        st.html(f'<div class="equation"><span class="note">{doubt.advice}</span></div>')
    else:
        _equation(prediction, spec, palette)
    _speak(spec, prediction, doubt)
    if image.label is not None:
        _verdict(prediction, spec, image.label)


def show_invitation(session: Session, spec: DatasetSpec) -> None:
    """Before there is a picture: what this is, and no answer about nothing.

    The charts are there already, so nothing jumps at the first stroke, and plotly is loaded.
    """
    palette, addend = current_palette(), session.link.addend
    left, right = st.columns(2)
    with left, st.container(gap=None):
        invitation = SOURCES[session.source].invitation(session, spec)
        _head("Class head", "class_answer", "", palette.class_head, invitation)
        _note()
        _bars(charts.no_bars(spec.class_names, palette))
    with right, st.container(gap=None):
        _head("Sum head", "sum_answer", "", palette.sum_head, f"I add {addend}")
        _note()
        _line(charts.empty_line(palette))
    _say(f"{invitation}. The number to add is {addend}.")
    others = "examples" if spec.is_digits else "test images"
    st.write(
        "One network with two inputs and two outputs. It gets a picture and a number, and answers "
        f"which {spec.noun} it sees and what the {spec.noun} plus the number is. Draw with the "
        f"mouse or a finger, or try one of the {others}."
    )


def _doubt(
    spec: DatasetSpec, image: InputImage, prediction: Prediction, can_teach: bool
) -> Doubt | None:
    if image.digit_count > 1:
        count = COUNT_WORDS.get(image.digit_count, "many")
        can_pick = image.digit_count <= MOST_CHIPS
        advice = "Pick one above." if can_pick else f"Show only one {spec.noun}."
        return Doubt(f"I see {count} {spec.noun}s", advice)
    if prediction.is_readable:
        return None
    advice = SOURCES[image.source].advice(spec, can_teach)
    return Doubt(f"I can't read this as a {spec.noun}", advice)


def _class_head(
    prediction: Prediction, spec: DatasetSpec, palette: Palette, doubt: Doubt | None
) -> None:
    name = spec.class_names[prediction.label]
    if doubt:
        _head("Class head", "class_answer", "", palette.class_head, doubt.words)
        note = f"Closest guess: {html.escape(name)}?"
    else:
        _head("Class head", "class_answer", name, palette.class_head)
        note = f"{certainty(prediction.class_probs[prediction.label])} sure"
    _note(note)
    shades = _greyed(palette) if doubt else palette
    _bars(charts.class_bars(prediction.class_probs, spec.class_names, shades))


def _sum_head(prediction: Prediction, palette: Palette, doubt: Doubt | None) -> None:
    total = str(prediction.total)
    if doubt:
        _head("Sum head", "sum_answer", "", palette.sum_head, f"{total}?")
    else:
        _head("Sum head", "sum_answer", total, palette.sum_head)
    _note("Only a guess" if doubt else _before(prediction))
    shades = _greyed(palette) if doubt else palette
    expected = prediction.label + prediction.addend
    _line(charts.sum_line(prediction.sum_value, expected, shades))


def _note(words: str = "&nbsp;") -> None:
    """A line under an answer; without words it keeps its space."""
    st.html(f'<div class="note">{words}</div>')


def _bars(figure: go.Figure) -> None:
    st.plotly_chart(figure, key="class_bars", config=BARE_CONFIG, alt="Class probabilities")


def _line(figure: go.Figure) -> None:
    st.plotly_chart(figure, key="sum_line", config=BARE_CONFIG, alt="Sum from 0 to 18")


def _greyed(palette: Palette) -> Palette:
    return replace(palette, class_head=GUESS_GREY, sum_head=GUESS_GREY)


def _head(title: str, key: str, answer: str, color: str, instead: str = "") -> None:
    """One head's answer, alone in the container `key`: tests and screen readers read it there.

    Without an answer it shows `instead`.
    """
    kind = "invitation" if not answer else "big" if len(answer) < 4 else "word"
    shade = f' style="color:{color}"' if answer else ""
    st.html(f'<div class="head" style="color:{color}">{title}</div>')
    with st.container(key=key):
        st.html(
            f'<div class="answer"><span class="{kind}"{shade}>'
            f"{html.escape(answer or instead)}</span></div>"
        )


def _speak(spec: DatasetSpec, prediction: Prediction, doubt: Doubt | None) -> None:
    """Both answers in one sentence each, for those who hear the page."""
    name = spec.class_names[prediction.label]
    sure = certainty(prediction.class_probs[prediction.label])
    if doubt:
        words = f"{doubt.words}. Closest guess: {name}, sum {prediction.total}."
    else:
        agree = "Both agree." if prediction.agree else "They contradict each other."
        words = (
            f"The class head reads {name}, {sure} sure. The sum head says {prediction.total} for "
            f"{name} plus {prediction.addend}. {agree}"
        )
    _say(words)


def _say(words: str) -> None:
    """Screen readers read it whenever it changes; nobody sees it."""
    with st.container(key="spoken"):
        st.html(f'<div class="spoken" role="status">{html.escape(words)}</div>')


def _before(prediction: Prediction) -> str:
    """What is behind the whole number: a probability, or a value before rounding."""
    if prediction.sum_probs:
        return f"{certainty(prediction.sum_probs[prediction.total])} sure"
    return f"{prediction.sum_value:.2f} before rounding"


def _equation(prediction: Prediction, spec: DatasetSpec, palette: Palette) -> None:
    name = spec.class_names[prediction.label]
    expected = prediction.label + prediction.addend
    verdict = (
        "✓ the heads agree"
        if prediction.agree
        else f"✗ the heads disagree: {name} + {prediction.addend} is {expected}"
    )
    if not name.isdigit():
        verdict += f" ({name} is class {prediction.label})"
    st.html(
        f'<div class="equation"><span style="color:{palette.class_head}">{html.escape(name)}</span>'
        f' + {prediction.addend} = <span style="color:{palette.sum_head}">{prediction.total}</span>'
        f'<span class="note">{html.escape(verdict)}</span></div>'
    )


def _verdict(prediction: Prediction, spec: DatasetSpec, truth: int) -> None:
    """What the test image really is, and which head got it."""
    marks = [
        f"{'✓' if right else '✗'} {head} {'right' if right else 'wrong'}"
        for head, right in (
            ("class", prediction.label == truth),
            ("sum", prediction.total == truth + prediction.addend),
        )
    ]
    name = html.escape(spec.numbered(truth))
    total = truth + prediction.addend
    st.html(
        f'<div class="note" data-truth="{truth}">Really: {name} + '
        f"{prediction.addend} = {total}. {', '.join(marks)}.</div>"
    )
