"""The Explain page: how the network works, on the visitor's own drawing.

It has several looks. The first tells an idea at a time; the others are for trying: the forward
pass step by step, the map, fool it, break it. One is shown at a time, so that the page is no wall
and computes only what is seen. All figures are computed now, by the network that answers this
visitor. Only the story of the published networks comes from their own logs.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.evaluation.prediction import AnswerError
from core.storage.checkpoint import CheckpointError
from views.explain.figures import contents
from views.explain.sections import SECTIONS
from views.frame.share import show_share
from views.guide.courses import begin_tour, can_take_tour
from views.inside.break_it import show_break
from views.inside.fool import show_fool
from views.inside.forward_pass import show_forward_pass
from views.inside.network_map import INSIDE_SHEET, show_network_map
from views.inside.subject import Subject, subject_of
from views.session import networks
from views.session.address import shared_link
from views.session.link import EXPLAIN_LOOKS
from views.session.navigation import go_to
from views.session.session import Session, get_session, widget_value
from views.ui.text import plain


def show_explain() -> None:
    """The whole page. On the map, what is drawn runs only its part of the page again."""
    session = get_session()
    st.html(Path(__file__).with_name("explain.css"))
    trouble_place = st.container()  # always here: nothing above a canvas may come and go
    try:
        model, card, trouble = networks.answering_network(session)
    except CheckpointError as error:
        st.error(f"{plain(error)} Make it again with `python -m core train --preset mnist`.")
        return
    if trouble:
        trouble_place.warning(plain(trouble))
    st.title("How it works", anchor=False)
    _ways_to_do_it(session)
    _choose_look(session)
    if session.link.look == MAP_LOOK:
        st.fragment(_show_map)()
        return
    shown = subject_of(session, model, card)
    if shown.prediction.is_finite:
        st.html(INSIDE_SHEET)
        st.markdown(_whose(shown))
        with st.container(key=f"look_{session.link.look}"):
            LOOKS[session.link.look](shown)
    else:
        st.warning(str(AnswerError()))
    _share(session)


def _choose_look(session: Session) -> None:
    def change() -> None:
        session.choose(look=widget_value("look"))

    st.segmented_control(
        "What to look at",
        list(EXPLAIN_LOOKS),
        format_func=LOOK_TITLES.__getitem__,
        default=session.link.look,
        required=True,
        key="look",
        on_change=change,
        label_visibility="collapsed",
    )


def _show_map() -> None:
    """The map has a canvas, so it runs again for each stroke, and the address with it."""
    session = get_session()
    try:
        model, card, _ = networks.answering_network(session)
    except CheckpointError:
        st.rerun()  # it went away meanwhile: the page says so
    show_network_map(model, card)
    _share(session)


def _share(session: Session) -> None:
    show_share(replace(shared_link(session), look=session.link.look))


def _show_ideas(shown: Subject) -> None:
    st.html(contents(list(SECTIONS)))
    for number, (title, tell) in enumerate(SECTIONS.items(), start=1):
        with st.container(key=f"idea_{number}"):
            st.subheader(f"{number}. {title}", anchor=f"idea-{number}")
            try:
                tell(shown)
            except AnswerError as error:  # to another number, or inside the network
                st.warning(plain(error))


def _ways_to_do_it(session: Session) -> None:
    """Who would rather do than read takes the tour or a lesson."""
    if "pages" in session.link.hidden:
        return
    with st.container(horizontal=True, key="explain_ways"):
        if can_take_tour(session):
            takes_tour = st.button("Take the tour", key="explain_tour", icon=":material/explore:")
            if takes_tour and not session.link.tour:
                begin_tour(session)
        if st.button(
            "Guess first: the lessons", key="explain_lessons", icon=":material/lightbulb:"
        ):
            go_to("lessons")


def _whose(shown: Subject) -> str:
    now = "The network that answers you computes this page live"
    if shown.image.title:
        return f"{now}, from {plain(shown.image.title)} and your number, {shown.prediction.addend}."
    return (
        f"{now}. **You have drawn nothing yet, so this is an example**: draw a {shown.spec.noun} "
        "on the Draw page, and this page shows yours."
    )


IDEAS_LOOK, PASS_LOOK, MAP_LOOK, FOOL_LOOK, BREAK_LOOK = EXPLAIN_LOOKS
LOOK_TITLES = {
    IDEAS_LOOK: "Ideas",
    PASS_LOOK: "Steps",
    MAP_LOOK: "Map",
    FOOL_LOOK: "Fool it",
    BREAK_LOOK: "Break it",
}
LOOKS: dict[str, Callable[[Subject], None]] = {
    IDEAS_LOOK: _show_ideas,
    PASS_LOOK: show_forward_pass,
    FOOL_LOOK: show_fool,
    BREAK_LOOK: show_break,
}
