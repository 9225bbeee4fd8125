"""The Draw page: a picture, a number, what both heads say, and the visitor's hand."""

import random
from functools import partial

import streamlit as st

from core.evaluation.prediction import predict
from core.finetune import can_finetune
from core.specs import ADDENDS, SPECS
from core.storage.checkpoint import CheckpointError
from views.draw.answers import show_answers, show_invitation
from views.draw.finetune import ask_label, show_handwriting
from views.draw.inputs import digit_count, show_input
from views.draw.saliency import show_saliency, show_seen
from views.session import jobs, networks
from views.session.address import shared_choices
from views.session.session import Session, get_session
from views.ui.files import network_files
from views.ui.share import show_share


def show_draw() -> bool:
    """The whole page; after a stroke or a number only `_board` runs again.

    True when the visitor wants to train a network again that is gone.
    """
    session = get_session()
    lesson = jobs.current_finetune(session)
    _board()
    if "teach" not in session.hidden:
        show_handwriting(session, lesson)
    again, session.again = session.again, False
    return again


@st.fragment
def _board() -> None:
    session = get_session()
    try:
        model, card, trouble = networks.answering_network(session)
    except CheckpointError as error:
        st.error(f"{error} Make it again with `python -m core train --preset mnist`.")
        return
    spec = SPECS[model.config.dataset]
    left, right = st.columns([4, 7], gap="large")
    with left:
        image = show_input(session, spec)
        _numbers(session)
    where_looked = None
    with right, st.container(key="answers"):
        if trouble:
            st.warning(trouble)
            if session.gone and st.button("Train it again", key="again"):
                session.again = True
                st.rerun()  # the whole app: it leads to another page
        if image is None:
            show_invitation(session, spec)
        else:
            figures = digit_count(session, spec, image)
            learns = session.source == "draw" and figures == 1 and can_finetune(model)
            learns &= "teach" not in session.hidden
            prediction = predict(model, image, session.addend, card.doubt_level)
            show_answers(session, spec, prediction, figures, learns)
            if "seen" not in session.hidden:
                where_looked = show_seen(session, image)
            if learns:
                ask_label(session)
        with st.container(horizontal=True, vertical_alignment="bottom", key="networks"):
            if "network" not in session.hidden:
                _network_choice(session)
            network_files(session)
    show_share(shared_choices(session))
    if image is not None and where_looked is not None:
        with where_looked:  # last: answers do not wait for it
            show_saliency(model, card, image, session.addend)


def _numbers(session: Session) -> None:
    def choose(number: int) -> None:
        session.addend = number

    if "number" in session.hidden:
        return
    locked = "number" in session.locked
    with st.container(key="numbers", gap="xsmall"):
        with st.container(
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
            key="number_title",
        ):
            keys = "" if locked else '<span class="keys">keys 0 to 9</span>'
            st.html(f'<div class="head">Number to add{keys}</div>', width="content")
            others = [number for number in range(ADDENDS) if number != session.addend]
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
                    type="primary" if number == session.addend else "secondary",
                    width="stretch",
                    shortcut=str(number),
                    disabled=locked,
                    on_click=partial(choose, number),
                )


def _network_choice(session: Session) -> None:
    """Which network answers: a shipped one, one's own, or the one that a link brought."""
    titles = networks.network_titles(session)
    with st.container(key="network_choice", width=328):
        chosen = st.selectbox(
            "Network that answers",
            list(titles),
            list(titles).index(session.network),
            format_func=titles.__getitem__,
            key=f"network_{session.network}",  # a new widget for a new choice, whoever made it
            disabled="network" in session.locked,
        )
    if chosen != session.network:
        networks.use_network(session, chosen)
        st.rerun()
