"""The Draw page: a picture, a number, what both heads say, and the visitor's hand."""

import random
from functools import partial

import streamlit as st

from core.checkpoint import CheckpointError
from core.dataset import ADDENDS, SPECS
from core.prediction import predict
from core.teach import can_learn
from views import answers, export, seen, share, sources, state, teach
from views.state import Session


def show() -> bool:
    """The whole page; after a stroke or a number only `_board` runs again.

    True when the visitor wants to train a network again that is gone.
    """
    session = state.session()
    lesson = state.current_lesson(session)
    _board()
    if "teach" not in session.hidden:
        teach.hand(session, lesson)
    again, session.again = session.again, False
    return again


@st.fragment
def _board() -> None:
    session = state.session()
    try:
        model, card, trouble = state.network(session)
    except CheckpointError as error:
        st.error(f"{error} Make it again with `python -m core train --preset mnist`.")
        return
    spec = SPECS[model.config.dataset]
    left, right = st.columns([4, 7], gap="large")
    with left:
        image = sources.show(session, spec)
        _numbers(session)
    where_looked = None
    with right, st.container(key="answers"):
        if trouble:
            st.warning(trouble)
            if session.gone and st.button("Train it again", key="again"):
                session.again = True
                st.rerun()  # the whole app: it leads to another page
        if image is None:
            answers.invite(session, spec)
        else:
            figures = sources.figures(session, spec, image)
            learns = session.source == "draw" and figures == 1 and can_learn(model)
            learns &= "teach" not in session.hidden
            prediction = predict(model, image, session.addend, card.doubt_level)
            answers.show(session, spec, prediction, figures, learns)
            if "seen" not in session.hidden:
                where_looked = seen.show(session, image)
            if learns:
                teach.tell(session)
        with st.container(horizontal=True, vertical_alignment="bottom", key="networks"):
            if "network" not in session.hidden:
                _network_choice(session)
            export.files(session)
    share.show(state.choices(session))
    if image is not None and where_looked is not None:
        with where_looked:  # last: answers do not wait for it
            seen.looked(model, card, image, session.addend)


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
    titles = state.networks(session)
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
        state.use(session, chosen)
        st.rerun()
