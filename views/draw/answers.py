"""What both heads answer to the picture, as HTML; or that it cannot be read.

The page and the live channel show the same: what the channel wrote while the pen moved does not
change when the page's own answer to the same drawing comes.
"""

import html
from typing import NamedTuple

from core.evaluation.prediction import NOT_A_NUMBER, Prediction
from core.specs import DatasetSpec
from views.draw.charts import class_bars, sum_line
from views.draw.digits import MOST_CHIPS
from views.input.input_image import InputImage
from views.input.sources import SOURCES
from views.ui.table import certainty

COUNT_WORDS = {2: "two", 3: "three", 4: "four"}


class Doubt(NamedTuple):
    """Why a picture is not answered."""

    words: str  # where the answer would be
    advice: str  # where the equation would be
    has_guess: bool = True  # is there an answer all the same?


def doubt_about(
    spec: DatasetSpec,
    image: InputImage,
    prediction: Prediction,
    *,
    can_teach: bool = False,
    is_drawing: bool = False,
) -> Doubt | None:
    """Why the picture gets no answer; None where it gets one.

    `can_teach` says whether the visitor can tell the network what the picture was. While they are
    still drawing it, there is nothing to advise.
    """
    if not prediction.is_finite:
        advice = "Choose another network or another picture."
        return Doubt(NOT_A_NUMBER, advice, has_guess=False)
    is_one = image.digit_count == 1
    if is_one and prediction.is_readable:
        return None
    if is_drawing:
        return Doubt(f"{spec.class_names[prediction.label]}?", "")
    if is_one and prediction.is_several:
        return Doubt(f"I see more than one {spec.noun}", f"Show only one {spec.noun}.")
    if is_one:
        advice = SOURCES[image.source].advice(spec, can_teach)
        return Doubt(f"I can't read this as a {spec.noun}", advice)
    count = COUNT_WORDS.get(image.digit_count, "many")
    can_pick = image.digit_count <= MOST_CHIPS
    advice = "Pick one above." if can_pick else f"Show only one {spec.noun}."
    return Doubt(f"I see {count} {spec.noun}s", advice)


def answers_html(
    spec: DatasetSpec, image: InputImage, prediction: Prediction, doubt: Doubt | None
) -> str:
    """Both answers, their charts and the equation. What is doubted gets no answer,
    nor do several digits until one is picked."""
    if doubt:
        below = f'<div class="equation"><span class="note">{doubt.advice}</span></div>'
    else:
        below = _equation(spec, prediction)
    if image.label is not None and prediction.is_finite:
        below += _verdict(spec, prediction, image.label)
    heads = _class_head(spec, prediction, doubt) + _sum_head(prediction, doubt)
    return _answers(heads, below, is_guess=doubt is not None)


def invitation_html(spec: DatasetSpec, invitation: str, addend: int) -> str:
    """Before there is a picture: what to do, what this is, and no answer about nothing.

    The charts are there already, so nothing jumps at the first stroke.
    """
    heads = _head("class", "", invitation, "", class_bars((), spec.class_names))
    heads += _head("sum", "", f"I add {addend}", "", sum_line())
    others = "examples" if spec.is_digits else "test images"
    return _answers(
        heads,
        '<p class="welcome">One network with two inputs and two outputs. It gets a picture and a '
        f"number, and answers which {spec.noun} it sees and what the {spec.noun} plus the number "
        f"is. Draw with the mouse or a finger, or try one of the {others}.</p>",
    )


def spoken_words(spec: DatasetSpec, prediction: Prediction, doubt: Doubt | None) -> str:
    """Both answers in one sentence each, for those who hear the page."""
    name = spec.class_names[prediction.label]
    sure = certainty(prediction.class_probs[prediction.label])
    if doubt and not doubt.has_guess:
        return f"{doubt.words} {doubt.advice}"
    if doubt:
        return f"{doubt.words}. Closest guess: {name}, sum {prediction.total}."
    agree = "Both agree." if prediction.agree else "They contradict each other."
    return (
        f"The class head reads {name}, {sure} sure. The sum head says {prediction.total} for "
        f"{name} plus {prediction.addend}. {agree}"
    )


def _answers(heads: str, below: str, is_guess: bool = False) -> str:
    kind = "answers guess" if is_guess else "answers"
    below = f'<div class="below">{below}</div>'
    return f'<div class="{kind}"><div class="heads">{heads}</div>{below}</div>'


def _class_head(spec: DatasetSpec, prediction: Prediction, doubt: Doubt | None) -> str:
    if doubt and not doubt.has_guess:
        return _head("class", "", doubt.words, "", class_bars((), spec.class_names))
    name = spec.class_names[prediction.label]
    bars = class_bars(prediction.class_probs, spec.class_names)
    if doubt:
        return _head("class", "", doubt.words, f"Closest guess: {html.escape(name)}?", bars)
    sure = f"{certainty(prediction.class_probs[prediction.label])} sure"
    return _head("class", name, "", sure, bars)


def _sum_head(prediction: Prediction, doubt: Doubt | None) -> str:
    if doubt and not doubt.has_guess:
        return _head("sum", "", "–", "", sum_line())
    total = str(prediction.total)
    line = sum_line(prediction.sum_value, prediction.label + prediction.addend)
    if doubt:
        return _head("sum", "", f"{total}?", "Only a guess", line)
    return _head("sum", total, "", _before(prediction), line)


def _head(head: str, answer: str, instead: str, note: str, chart: str) -> str:
    """One head's answer, alone in `st-key-class_answer`: tests and screen readers read it there.

    Without an answer it shows `instead`; without a note the line keeps its space.
    """
    kind = "invitation" if not answer else "big" if len(answer) < 4 else "word"
    return (
        f'<div class="{head}-head"><div class="head">{head.title()} head</div>'
        f'<div class="st-key-{head}_answer"><div class="answer"><span class="{kind}">'
        f"{html.escape(answer or instead)}</span></div></div>"
        f'<div class="note">{note or "&nbsp;"}</div>{chart}</div>'
    )


def _before(prediction: Prediction) -> str:
    """What is behind the whole number: a probability, or a value before rounding."""
    if prediction.sum_probs:
        return f"{certainty(prediction.sum_probs[prediction.total])} sure"
    return f"{prediction.sum_value:.2f} before rounding"


def _equation(spec: DatasetSpec, prediction: Prediction) -> str:
    name = spec.class_names[prediction.label]
    expected = prediction.label + prediction.addend
    verdict = (
        "✓ the heads agree"
        if prediction.agree
        else f"✗ the heads disagree: {name} + {prediction.addend} is {expected}"
    )
    if not name.isdigit():
        verdict += f" ({name} is class {prediction.label})"
    return (
        f'<div class="equation"><span class="class-head">{html.escape(name)}</span>'
        f' + {prediction.addend} = <span class="sum-head">{prediction.total}</span>'
        f'<span class="note">{html.escape(verdict)}</span></div>'
    )


def _verdict(spec: DatasetSpec, prediction: Prediction, truth: int) -> str:
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
    return (
        f'<div class="note" data-truth="{truth}">Really: {name} + '
        f"{prediction.addend} = {total}. {', '.join(marks)}.</div>"
    )
