"""Watch it learn your digit: what a run said about the visitor's picture at each of its moments."""

import streamlit as st

from core.evaluation.prediction import Prediction
from core.runs.run import RunError
from core.specs import SPECS, DatasetSpec
from core.storage import snapshots
from views.session import jobs, networks
from views.session.session import get_session
from views.train import charts
from views.ui.images import image_tag
from views.ui.input_image import input_image
from views.ui.style import current_palette
from views.ui.theme import BARE_CONFIG

REPLAY_SIDE = 112  # screen pixels of the picture


def show_replay() -> None:
    """The picture, the first and the latest answer, and all answers between them."""
    session = get_session()
    run = jobs.current_run(session)
    if run is None:
        return
    steps = snapshots.snapshot_steps(run.snapshots)
    if not steps:
        return
    try:
        recipe = run.recipe()[1]
    except RunError:
        return  # said above
    spec = SPECS[recipe.model.dataset]
    picture = input_image(session, spec)
    answers = {
        step: answer
        for step in steps
        if (
            answer := networks.answer_at_snapshot(
                run.id, step, picture.image, session.addend, run.snapshots, recipe.model
            )
        )
    }
    if not answers:
        return
    st.subheader(f"Watch it learn your {spec.noun}", anchor=False)
    said = list(answers.values())
    first, latest = said[0], said[-1]
    images = [step * recipe.train.batch_size for step in answers]
    seen, left, right = st.columns([4, 5, 5], gap="medium")
    with seen, st.container(key="watched"):
        alt = f"The picture that the network is shown: {picture.origin or 'an example'}"
        st.html(image_tag(picture.image, REPLAY_SIDE, alt) + _first_and_latest(first, latest, spec))
        if not picture.origin:
            st.caption(f"An example. Draw a {spec.noun} on the Draw page to see yours here.")
    palette = current_palette()
    with left, st.container(key="watch_class"):
        figure = charts.classes_while_learning(
            images,
            [answer.class_probs for answer in said],
            spec.class_names,
            palette,
        )
        st.plotly_chart(figure, config=BARE_CONFIG, alt="Class probabilities while it learns")
    with right, st.container(key="watch_sum"):
        expected = (latest.label if picture.known is None else picture.known) + session.addend
        values = [answer.sum_value for answer in said]
        figure = charts.sum_while_learning(images, values, expected, palette)
        st.plotly_chart(figure, config=BARE_CONFIG, alt="Sum while it learns")


def _first_and_latest(first: Prediction, latest: Prediction, spec: DatasetSpec) -> str:
    """The answers before the first step and after the latest."""
    rows = "".join(
        f"<tr><th>{when}</th><td>{spec.class_names[answer.label]} "
        f"({100 * answer.class_probs[answer.label]:.0f} %)</td><td>{answer.sum_value:.1f}</td></tr>"
        for when, answer in (("untrained", first), ("now", latest))
    )
    head = f"<tr><td></td><th>{spec.noun}</th><th>+ {latest.addend}</th></tr>"
    return f'<table class="figures">{head}{rows}</table>'
