"""Fool it: the least change of the visitor's picture that flips the class, by a slider."""

import html

import streamlit as st

from core.evaluation.prediction import AnswerError, Prediction, predict
from core.inspection.flip import Flip
from views.inside.cached import cached_flip
from views.inside.subject import Subject
from views.ui.answer_charts import class_bars, sum_line, sum_note
from views.ui.images import image_tag, shades
from views.ui.table import certainty
from views.ui.text import plain

FOOLED_SIDE = 132  # CSS pixels
FLIPS_AT = 100  # percent: the change that just flips the answer
MOST_PERCENT = 200


def show_fool(shown: Subject) -> None:
    """The slider, the picture with so much of the change, and both answers to it."""
    try:
        flip = cached_flip(shown.model, shown.card, shown.pixels, shown.prediction.addend)
    except AnswerError as error:
        st.warning(plain(error))
        return
    if flip is None:
        st.info(
            f"No small change of this {shown.spec.noun} flips the answer of this network. "
            "Draw another one on the Draw page, or choose another network."
        )
        return
    names = shown.spec.class_names
    st.markdown(
        f"What is the least that has to change until this **{plain(names[flip.label])}** is read "
        "as something else? The class head's own gradient leads there: the direction in which the "
        "answer falls fastest. You still see what you drew; the network does not. Only the "
        "picture is changed, the network stays as it is."
    )
    st.fragment(_show_strength)(shown, flip)


def _show_strength(shown: Subject, flip: Flip) -> None:
    percent = st.slider(
        "How much of the change",
        0,
        MOST_PERCENT,
        FLIPS_AT,
        step=5,
        format="%d %%",
        key="fool_strength",
        help="0 % is your picture. At 100 % the answer has just flipped. More goes beyond.",
    )
    strength = percent / FLIPS_AT
    changed = flip.at(strength)
    threshold = shown.card.doubt_level
    prediction = predict(shown.model, changed, shown.prediction.addend, threshold)
    extent = max(1.0, float(abs(flip.difference(MOST_PERCENT / FLIPS_AT)).max()))
    left, right = st.columns(2, gap="large")
    with left, st.container(key="fool_pictures"):
        difference = shades(flip.difference(strength), -extent, extent)
        st.html(
            '<div class="fooled">'
            + _figure(image_tag(flip.image, FOOLED_SIDE, "The picture"), "yours")
            + '<span class="sign">+</span>'
            + _figure(image_tag(difference, FOOLED_SIDE, "The change"), "change")
            + '<span class="sign">=</span>'
            + _figure(image_tag(changed, FOOLED_SIDE, "The changed picture"), "shown to it")
            + "</div>"
        )
        st.html(f'<p class="note">{_size_words(flip, strength)}</p>')
    with right, st.container(key="fool_answers"):
        st.html(answers_to(shown, prediction, flip.label))


def _figure(picture: str, words: str) -> str:
    return f"<figure>{picture}<figcaption>{words}</figcaption></figure>"


def _size_words(flip: Flip, strength: float) -> str:
    """How large a change is."""
    return (
        f"Size of the change: {flip.size(strength):.2f} (L2, black to white is 1), or "
        f"{100 * flip.share_of_ink(strength):.0f} % of the ink. In the picture of the change grey "
        "is no change, white more ink, black less."
    )


def answers_to(shown: Subject, prediction: Prediction, before: int) -> str:
    """Both answers as HTML, and whether the class is still the one from before."""
    spec = shown.spec
    if not prediction.is_finite:
        return f'<p class="verdict wrong">{html.escape(str(AnswerError()))}</p>'
    name, old = (html.escape(spec.class_names[label]) for label in (prediction.label, before))
    if prediction.label == before:
        verdict = f'<p class="verdict">Still read as {name}</p>'
    else:
        verdict = f'<p class="verdict wrong">✗ Read as {name}, no longer as {old}</p>'
    sure = certainty(prediction.class_probs[prediction.label])
    refused = f"Too unlike a {spec.noun}: the Draw page would not answer."
    said = "" if prediction.is_readable else refused
    expected = prediction.label + prediction.addend
    note = sum_note(prediction.sum_value, prediction.total, prediction.sum_probs)
    return (
        f"{verdict}"
        f'<div class="heads"><div class="class-head"><b>Class head: {name}</b>'
        f'<div class="note">{sure} sure. {said}</div>'
        f"{class_bars(prediction.class_probs, spec.class_names)}</div>"
        f'<div class="sum-head"><b>Sum head: {prediction.total}</b>'
        f'<div class="note">{note}</div>'
        f"{sum_line(prediction.sum_value, expected)}</div></div>"
    )
