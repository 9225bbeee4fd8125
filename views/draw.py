"""The Draw page: a picture, a number, what both heads say, and the visitor's hand."""

import random
from functools import partial

import streamlit as st

from core.checkpoint import CheckpointError
from core.dataset import ADDENDS, SPECS
from core.link import Link
from core.prediction import predict
from core.teach import can_learn
from views import answers, seen, sources, state, teach
from views.state import Session


def show() -> None:
    """The whole page; after a stroke or a number only `_board` runs again."""
    session = state.session()
    lesson = state.current_lesson(session)
    _board()
    teach.hand(session, lesson)


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
    with right, st.container(key="answers"):
        if trouble:
            st.warning(trouble)
        if image is None:
            answers.invite(session, spec)
        else:
            figures = sources.figures(session, spec, image)
            learns = session.source == "draw" and figures == 1 and can_learn(model)
            prediction = predict(model, image, session.addend, card.doubt_level)
            answers.show(session, spec, prediction, figures, learns)
            where_looked = seen.show(session, image)
            if learns:
                teach.tell(session)
        _network_choice(session)
        _share(session)
    if image is not None:
        with where_looked:  # last: answers do not wait for it
            seen.looked(model, card, image, session.addend)


def _numbers(session: Session) -> None:
    def choose(number: int) -> None:
        session.addend = number

    with st.container(key="numbers", gap="xsmall"):
        with st.container(
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
            key="number_title",
        ):
            st.html('<div class="head">Number to add</div>', width="content")
            others = [number for number in range(ADDENDS) if number != session.addend]
            st.button(
                "",
                key="roll",
                icon=":material/casino:",
                help="Roll the dice",
                on_click=lambda: choose(random.choice(others)),
            )
        with st.container(horizontal=True, key="addend"):
            for number in range(ADDENDS):
                st.button(
                    str(number),
                    key=f"addend_{number}",
                    type="primary" if number == session.addend else "secondary",
                    width="stretch",
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
        )
    if chosen != session.network:
        session.network = chosen
        st.rerun()


def _share(session: Session) -> None:
    """Keep the address in step with the choices, and show it on request."""

    def toggle() -> None:
        session.sharing = not session.sharing

    choices = Link(
        session.addend,
        session.canvas.strokes if session.source == "draw" else (),
        session.network,
        session.picture if session.source == "test" else None,
    )
    state.publish(choices)
    with st.container(key="share_link"):
        st.button("Share", key="share", icon=":material/share:", on_click=toggle)
        if session.sharing:
            st.code(state.address(choices), language=None, wrap_lines=True)
            if session.source == "upload":
                st.caption("An uploaded picture stays here: the link opens an empty canvas.")
