"""The Explain page: how the network works, an idea at a time, on the visitor's own drawing.

All its figures are computed now, by the network that answers this visitor. Only the story of the
published networks comes from their own logs.
"""

from pathlib import Path

import streamlit as st

from core.evaluation.prediction import AnswerError, predict
from core.model import SumNet
from core.specs import find_spec
from core.storage.checkpoint import Card, CheckpointError
from views.explain.figures import contents
from views.explain.section import Subject
from views.explain.sections import SECTIONS
from views.frame.share import show_share
from views.input.sources import visitor_image
from views.session import networks
from views.session.address import shared_link
from views.session.navigation import Page
from views.session.session import Session, get_session
from views.ui.style import current_palette
from views.ui.text import plain


def show_explain() -> None:
    """The whole page."""
    session = get_session()
    st.html(Path(__file__).with_name("explain.css"))
    try:
        model, card, trouble = networks.answering_network(session)
    except CheckpointError as error:
        st.error(f"{plain(error)} Make it again with `python -m core train --preset mnist`.")
        return
    if trouble:
        st.warning(plain(trouble))
    shown = _subject(session, model, card)
    st.title("How it works", anchor=False)
    if not shown.prediction.is_finite:
        st.warning(str(AnswerError()))
        return show_share(shared_link(session))
    st.markdown(_whose(shown))
    st.html(contents(list(SECTIONS)))
    for number, (title, tell) in enumerate(SECTIONS.items(), start=1):
        with st.container(key=f"idea_{number}"):
            st.subheader(f"{number}. {title}", anchor=f"idea-{number}")
            try:
                tell(shown)
            except AnswerError as error:  # to another number, or inside the network
                st.warning(plain(error))
    show_share(shared_link(session))


def _subject(session: Session, model: SumNet, card: Card) -> Subject:
    """The picture of the Draw page or, where there is none, an example."""
    spec = find_spec(model.config.dataset)
    image = visitor_image(session, spec)
    prediction = predict(model, image.pixels, session.link.addend)
    return Subject(model, card, spec, image, prediction, current_palette())


def _whose(shown: Subject) -> str:
    now = "The network that answers you computes this page live"
    if shown.image.title:
        return f"{now}, from {plain(shown.image.title)} and your number, {shown.prediction.addend}."
    return (
        f"{now}. **You have drawn nothing yet, so this is an example**: draw a {shown.spec.noun} "
        "on the Draw page, and this page shows yours."
    )


EXPLAIN = Page("explain", "Explain", ":material/school:", show_explain)
