"""The Draw page: a picture, a number, what both heads answer, and the visitor's handwriting."""

import random
from dataclasses import replace
from functools import partial

import streamlit as st

from core.engines.tracing import traced
from core.evaluation.prediction import Prediction, predict
from core.finetune import can_finetune
from core.model import SumNet
from core.specs import ADDENDS, DatasetSpec, find_spec
from core.storage.checkpoint import CheckpointError
from views.draw.digits import choose_digit, show_turn_hint
from views.draw.finetune import show_handwriting
from views.draw.live import (
    can_label,
    invitation,
    listen_to_pen,
    live_answer,
    show_answers,
    show_seen,
)
from views.draw.saliency import show_saliency
from views.draw.teaching import ask_label, show_learning, show_teaching
from views.frame.share import show_share
from views.guide.panel import sees
from views.input.input_image import InputImage
from views.input.question import question_of
from views.input.sources import show_input
from views.server.live_route import is_live_on, live_path
from views.session import jobs, networks
from views.session.address import shared_link
from views.session.lessons import BY_TEACHER
from views.session.navigation import go_to
from views.session.session import Answered, Session, get_session
from views.ui.files import network_files
from views.ui.text import plain

KEYS_HELP = "After a click on the canvas or on a number"


def show_draw() -> None:
    """The whole page; after a stroke or a number only `_board` runs again."""
    session = get_session()
    finetune_run = jobs.current_finetune(session)
    listen_to_pen(live_path() if is_live_on() else None)
    _board(session.source)
    if "teach" not in session.link.hidden:
        show_handwriting(session, finetune_run)


@st.fragment
def _board(source: str) -> None:  # which the rest of the page was shown for
    session = get_session()
    if session.is_teaching and session.source != source:
        st.rerun()  # *Teach it* is under the canvas, or below the examples
    try:
        model, card, trouble = networks.answering_network(session)
    except CheckpointError as error:
        st.error(f"{plain(error)} Make it again with `python -m core train --preset mnist`.")
        return
    spec, hidden = find_spec(model.config.dataset), session.link.hidden
    left, right = st.columns([4, 7], gap="large")
    with left:
        image = show_input(session, spec)
        may_teach = "teach" not in hidden
        _under_canvas(session, model, image, may_teach)
    saliency_place = None
    with right, st.container(key="answers"):
        if trouble:
            _tell(session, trouble)
        can_teach, session.answered = False, None
        if image is None:
            question = question_of(session, None, can_teach=may_teach)
            show_answers(invitation(session, spec), question, session.canvas)
        else:
            can_teach = can_label(image, model, is_allowed=may_teach)
            image = with_told_label(session, spec, choose_digit(model, spec, image))
            may_become_one = may_teach and image.digit_count > 1  # by the next stroke
            question = question_of(session, image, can_teach=can_teach or may_become_one)
            prediction = predict(traced(model), image.pixels, session.link.addend, card.doubt_level)
            can_teach &= prediction.is_finite
            session.answered = _answered(session, spec, image, prediction)
            answer = live_answer(spec, image, prediction, can_teach=can_teach)
            show_answers(answer, question, session.canvas)
            show_turn_hint(model, card, spec, image, prediction)
            if "seen" not in hidden and prediction.is_finite:
                saliency_place = show_seen(image, answer)
            if can_teach and not session.is_teaching:
                ask_label(session)
        with st.container(horizontal=True, vertical_alignment="bottom", key="networks"):
            if "network" not in hidden:
                _network_choice(session)
            network_files(session)
            if image is not None and "pages" not in hidden:
                _lead_to_train()
    show_share(shared_link(session))
    if sees(session):
        st.rerun()
    if image is not None and saliency_place is not None:
        with saliency_place:  # last: answers do not wait for it
            show_saliency(model, card, image.pixels, session.link.addend)


def _tell(session: Session, trouble: str) -> None:
    """What is wrong with the network that was chosen, and how to get it back."""
    st.warning(plain(trouble))
    if session.gone_network and st.button("Train it again", key="again"):
        go_to("train")


def _answered(
    session: Session, spec: DatasetSpec, image: InputImage, prediction: Prediction
) -> Answered | None:
    """What is answered, for the tour and the lessons; None where that is no number."""
    if not prediction.is_finite:
        return None
    return Answered(
        image.source,
        session.canvas.strokes if image.source == "draw" else (),
        prediction.addend,
        prediction.label,
        spec.class_names[prediction.label],
        max(prediction.class_probs),
        prediction.sum_value,
        session.link.network,
        prediction.is_readable,
    )


def _under_canvas(
    session: Session, model: SumNet, image: InputImage | None, may_teach: bool
) -> None:
    """The number to add, or in its place labels; below, how far the learning of them is."""
    is_drawing = session.source == "draw"  # nothing else can be labeled
    if session.is_teaching and is_drawing and may_teach and can_finetune(model):
        show_teaching(session, image.digit_count if image else 0)
    else:
        _numbers(session)
    if may_teach and (finetune_run := jobs.pending_finetune(session)):
        show_learning(session, finetune_run)


def _numbers(session: Session) -> None:
    def choose(number: int) -> None:
        session.choose(addend=number)

    if "number" in session.link.hidden:
        return
    locked = "number" in session.link.locked
    with st.container(key="numbers", gap="xsmall"):
        with st.container(
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
            key="number_title",
        ):
            keys = "" if locked else f'<span class="keys" title="{KEYS_HELP}">keys 0 to 9</span>'
            st.html(f'<div class="head">Number to add{keys}</div>', width="content")
            others = [number for number in range(ADDENDS) if number != session.link.addend]
            if locked:
                st.html(f'<div class="note">{BY_TEACHER}</div>', width="content")
            st.button(
                "Roll the dice",
                key="roll",
                icon=":material/casino:",
                help="Roll the dice",
                disabled=locked,
                on_click=lambda: choose(random.choice(others)),
            )
        with st.container(horizontal=True, key="addend"):
            for number in range(ADDENDS):
                st.button(
                    str(number),
                    key=f"addend_{number}",
                    type="primary" if number == session.link.addend else "secondary",
                    width="stretch",
                    disabled=locked,
                    on_click=partial(choose, number),
                )


def with_told_label(session: Session, spec: DatasetSpec, image: InputImage) -> InputImage:
    """The picture, with its label where it is a drawing that the visitor told the network.

    Such a label is a digit: to a network that reads other things it says nothing.
    """
    if image.source != "draw" or not spec.is_digits:
        return image
    strokes = session.canvas.strokes
    told = (example.label for example in session.examples if example.strokes == strokes)
    return replace(image, label=next(told, None))


def _lead_to_train() -> None:
    """The next thing to do, for who has seen an answer."""
    if st.button("Train your own", key="train_your_own", icon=":material/model_training:"):
        go_to("train")


def _network_choice(session: Session) -> None:
    """Which network answers: a shipped one, one's own, or the one that a link brought."""
    titles = networks.network_titles(session)
    with st.container(key="network_choice", width=328):
        chosen = st.selectbox(
            "Network that answers",
            list(titles),
            list(titles).index(session.link.network),
            format_func=titles.__getitem__,
            key=f"network_{session.link.network}",  # a new widget for a new choice, whoever made it
            disabled="network" in session.link.locked,
            help=BY_TEACHER if "network" in session.link.locked else None,
        )
    if chosen != session.link.network:
        networks.use_network(session, chosen)
        st.rerun()
