"""What both heads answer to the picture, as HTML; or that it cannot be read.

Where the truth is known, the first thing said is whether they are right. That both heads agree is
no such thing: they agree on most mistakes, too.

The page and the live channel show the same: what the channel wrote while the pen moved does not
change when the page's own answer to the same drawing comes.
"""

import html
from typing import NamedTuple

from core.evaluation.prediction import NOT_A_NUMBER, Prediction
from core.specs import DatasetSpec
from views.draw.digits import MOST_CHIPS
from views.draw.ghost import ghost_style
from views.input.input_image import InputImage
from views.input.sources import SOURCES
from views.ui.answer_charts import class_bars, sum_line, sum_note
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
    if is_one and prediction.is_several and image.label is None:  # what is labeled is one
        return Doubt(f"I see more than one {spec.noun}", f"Show only one {spec.noun}.")
    if is_one:
        advice = SOURCES[image.source].advice(spec, can_teach)
        return Doubt(f"I can't read this as a {spec.noun}", advice)
    count = COUNT_WORDS.get(image.digit_count, "many")
    advice = SOURCES[image.source].one_only(spec)
    if image.digit_count <= MOST_CHIPS:
        advice = f"Pick one above, or {advice[0].lower()}{advice[1:]}"
    return Doubt(f"I see {count} {spec.noun}s", advice)


def answers_html(
    spec: DatasetSpec, image: InputImage, prediction: Prediction, doubt: Doubt | None
) -> str:
    """The verdict where there is one, both answers, their charts and the equation. What is doubted
    gets no answer, nor do several digits until one is picked."""
    if doubt:
        below = f'<div class="equation"><span class="note">{doubt.advice}</span></div>'
    else:
        below = _equation(spec, prediction)
        if caveat := SOURCES[image.source].caveat(spec):
            below += f'<div class="note">{caveat}</div>'
    verdict = verdict_on(spec, image, prediction, doubt)
    above = ""
    if verdict:
        above = (
            f'<div class="verdict {verdict.kind}" data-truth="{image.label}">'
            f"{html.escape(verdict.words)}</div>"
        )
    heads = _class_head(spec, prediction, doubt) + _sum_head(spec, prediction, doubt)
    return _answers(heads, below, above, is_guess=doubt is not None)


class Verdict(NamedTuple):
    """Whether an answer is right, in words and in a color."""

    kind: str  # of style.css: right, wrong, or unread
    words: str


def verdict_on(
    spec: DatasetSpec, image: InputImage, prediction: Prediction, doubt: Doubt | None
) -> Verdict | None:
    """Is the answer right? None where nobody knows, or where the answer is not a number.

    A browser may send any label: one beyond the classes is no truth either.
    """
    truth = image.label
    if truth is None or truth >= len(spec.class_names) or not prediction.is_finite:
        return None
    what, total = _with_article(spec, truth), truth + prediction.addend
    equation = f"{truth} + {prediction.addend} = {total}"
    if doubt:
        return Verdict("unread", f"Not read: this is {what}, and {equation}.")
    match prediction.label == truth, prediction.total == total:
        case True, True:
            return Verdict("right", f"✓ Right: this is {what}, and {equation}.")
        case True, False:
            return Verdict("wrong", f"✗ Wrong sum: this is {what}, but {equation}.")
        case False, True:
            return Verdict("wrong", f"✗ Wrong {spec.class_word}: this is {what}. The sum is right.")
    return Verdict("wrong", f"✗ Wrong: this is {what}, and {equation}.")


def known_classes(spec: DatasetSpec) -> str:
    """What a network can read, in a sentence."""
    if not spec.own:
        return f"This network knows {spec.noun}s, numbered from 0 to 9."
    names = [spec.numbered(label) for label in range(len(spec.class_names))]
    return f"This network knows {', '.join(names[:-1])} and {names[-1]}."


def _with_article(spec: DatasetSpec, label: int) -> str:
    """A class in a sentence: "a 6", "an 8", "an Ankle boot (9)"."""
    name = spec.numbered(label)
    return f"{'an' if name[0] in '8AEIOaeio' else 'a'} {name}"


def invitation_html(spec: DatasetSpec, invitation: str, addend: int, *, on_canvas: bool) -> str:
    """Before there is a picture: what to do, what this is, and no answer about nothing.

    The charts are there already, so nothing jumps at the first stroke. `on_canvas` says whether it
    is the canvas that waits for a picture. An invitation of two sentences is said in two places.
    """
    first, _, then = invitation.partition(". ")
    heads = _head("class", _class_question(spec), "", first, "", class_bars((), spec.class_names))
    heads += _head("sum", _sum_question(spec, addend), "", f"I add {addend}", "", sum_line())
    kinds = "" if spec.is_digits else f" {html.escape(known_classes(spec))}"
    number = "it" if spec.is_digits else "its number"
    welcome = (
        f"{(then or first).rstrip('.')}. "
        f"One network reads it, and adds {addend} to {number}.{kinds}"
    )
    below = (
        f'<div class="equation"><span class="class-head">?</span> + {addend} = '
        f'<span class="sum-head">?</span></div><p class="welcome">{welcome}</p>'
    )
    return _answers(
        heads, below + (ghost_style(spec.example) if on_canvas and not spec.own else "")
    )


def spoken_words(
    spec: DatasetSpec, image: InputImage, prediction: Prediction, doubt: Doubt | None
) -> str:
    """The verdict and both answers in one sentence each, for those who hear the page."""
    name = spec.class_names[prediction.label]
    sure = certainty(prediction.class_probs[prediction.label])
    verdict = verdict_on(spec, image, prediction, doubt)
    first = f"{verdict.words.lstrip('✓✗ ')} " if verdict else ""
    if doubt and not doubt.has_guess:
        return f"{first}{doubt.words} {doubt.advice}"
    if doubt:
        return f"{first}{doubt.words}. Closest guess: {name}, sum {prediction.total}."
    return (
        f"{first}The class head reads {name}, {sure} sure. The sum head says {prediction.total} "
        f"for {name} plus {prediction.addend}. {_fit(spec, prediction).capitalize()}."
    )


def _answers(heads: str, below: str, above: str = "", is_guess: bool = False) -> str:
    kind = "answers guess" if is_guess else "answers"
    below = f'<div class="below">{below}</div>'
    return f'<div class="{kind}">{above}<div class="heads">{heads}</div>{below}</div>'


def _class_head(spec: DatasetSpec, prediction: Prediction, doubt: Doubt | None) -> str:
    question = _class_question(spec)
    if doubt and not doubt.has_guess:
        return _head("class", question, "", doubt.words, "", class_bars((), spec.class_names))
    name = spec.class_names[prediction.label]
    bars = class_bars(prediction.class_probs, spec.class_names)
    if doubt:
        guess = f"Closest guess: {html.escape(name)}?"
        return _head("class", question, "", doubt.words, guess, bars)
    sure = f"{certainty(prediction.class_probs[prediction.label])} sure"
    return _head("class", question, name, "", sure, bars)


def _sum_head(spec: DatasetSpec, prediction: Prediction, doubt: Doubt | None) -> str:
    question = _sum_question(spec, prediction.addend)
    if doubt and not doubt.has_guess:
        return _head("sum", question, "", "–", "", sum_line())
    total = str(prediction.total)
    line = sum_line(prediction.sum_value, prediction.label + prediction.addend)
    if doubt:
        return _head("sum", question, "", f"{total}?", "Only a guess", line)
    note = sum_note(prediction.sum_value, prediction.total, prediction.sum_probs)
    return _head("sum", question, total, "", note, line)


def _class_question(spec: DatasetSpec) -> str:
    return f"which {spec.class_word}?"


def _sum_question(spec: DatasetSpec, addend: int) -> str:
    return f"{spec.class_word} + {addend} = ?"


def _head(head: str, question: str, answer: str, instead: str, note: str, chart: str) -> str:
    """One head's answer, alone in `st-key-class_answer`: tests and screen readers read it there.

    Without an answer it shows `instead`; without a note the line keeps its space.
    """
    kind = "invitation" if not answer else "big" if len(answer) < 4 else "word"
    return (
        f'<div class="{head}-head"><div class="head">{head.title()} head</div>'
        f'<div class="note">{html.escape(question)}</div>'
        f'<div class="st-key-{head}_answer"><div class="answer"><span class="{kind}">'
        f"{html.escape(answer or instead)}</span></div></div>"
        f'<div class="note">{note or "&nbsp;"}</div>{chart}</div>'
    )


def _equation(spec: DatasetSpec, prediction: Prediction) -> str:
    """What both heads say as one equation. A garment stands there with its number."""
    name = html.escape(spec.numbered(prediction.label))
    return (
        f'<div class="equation"><span class="class-head">{name}</span>'
        f' + {prediction.addend} = <span class="sum-head">{prediction.total}</span>'
        f'<span class="note">{html.escape(_fit(spec, prediction))}</span></div>'
    )


def _fit(spec: DatasetSpec, prediction: Prediction) -> str:
    """Do the heads agree? Right or wrong, both may be."""
    if prediction.agree:
        return f"the sum fits the {spec.class_word}"
    label, addend = prediction.label, prediction.addend
    return f"the sum does not fit: {label} + {addend} is {label + addend}"
