"""Watch it learn your digit: what a run answers to the visitor's picture at each snapshot."""

import html
from collections.abc import Mapping

import streamlit as st

from core.evaluation.prediction import NOT_A_NUMBER, Prediction
from core.recipes.recipe import Recipe
from core.runs.run import Run
from core.specs import DatasetSpec, find_spec
from core.storage import snapshots
from views.input.input_image import InputImage
from views.input.sources import visitor_image
from views.session import jobs, networks
from views.session.session import get_session
from views.train import charts
from views.ui.growing_chart import growing_chart
from views.ui.images import image_tag
from views.ui.style import current_palette
from views.ui.theme import BARE_CONFIG

REPLAY_SIDE = 112  # CSS pixels of the picture


def show_replay(read: jobs.ReadRun) -> None:
    """The picture, the first and the latest answer, and all answers between them."""
    session, snapshot = get_session(), read()
    if snapshot is None or snapshot.recipe is None:
        return  # said above
    run, recipe = snapshot.run, snapshot.recipe
    spec = find_spec(recipe.model.dataset)
    image = visitor_image(session, spec)
    every = _answers(run, recipe, image, session.link.addend)
    if not every:
        return
    answers = {step: answer for step, answer in every.items() if answer.is_finite}
    st.subheader(f"Watch it learn your {spec.noun}", anchor=False)
    if len(answers) < len(every):
        st.caption(_lost_words(list(every), list(answers)))
    if not answers:
        return
    said = list(answers.values())
    seen, left, right = st.columns([4, 5, 5], gap="medium")
    with seen, st.container(key="watched"):
        first, latest = said[0], said[-1]
        alt = f"The picture that the network is shown: {image.title or 'an example'}"
        table = _first_and_latest(first, latest, spec)
        st.html(image_tag(image.pixels, REPLAY_SIDE, alt) + table)
        if not image.title:
            st.caption(f"An example. Draw a {spec.noun} on the Draw page to see yours here.")
    label = said[-1].label if image.label is None else image.label
    images_seen = [snapshot.images_after(step) for step in answers]
    palette = current_palette()
    with left, st.container(key="watch_class"):
        probs = [answer.class_probs for answer in said]
        figure = charts.classes_while_learning(images_seen, probs, spec.class_names, palette)
        alt = "Class probabilities while it learns"
        growing_chart(figure, palette, key="watched_class", alt=alt, config=BARE_CONFIG)
    with right, st.container(key="watch_sum"):
        values = [answer.sum_value for answer in said]
        expected = label + session.link.addend
        figure = charts.sum_while_learning(images_seen, values, expected, palette)
        alt = "Sum while it learns"
        growing_chart(figure, palette, key="watched_sum", alt=alt, config=BARE_CONFIG)
        st.caption(_dotted_words(label, session.link.addend, is_known=image.label is not None))


def _answers(run: Run, recipe: Recipe, image: InputImage, addend: int) -> Mapping[int, Prediction]:
    """The answer at each snapshot that can be read, by its step."""
    found = {
        step: networks.answer_at_snapshot(
            run.id, step, image.pixels, addend, run.snapshots, recipe.model
        )
        for step in snapshots.snapshot_steps(run.snapshots)
    }
    return {step: answer for step, answer in found.items() if answer}


def _dotted_words(label: int, addend: int, *, is_known: bool) -> str:
    """What the dotted line of the sum is: nobody knows the class of a drawing."""
    which = "class" if is_known else "the class it reads now"
    return f"Dotted: {which} + number, {label} + {addend} = {label + addend}."


def _lost_words(steps: list[int], answered: list[int]) -> str:
    """That some answers are no numbers, from which step on if that holds for all after it."""
    first = next(step for step in steps if step not in answered)
    until = all(step < first for step in answered)
    when = f"from step {first:,} on" if until else f"at {len(steps) - len(answered)} of these steps"
    return f"{NOT_A_NUMBER[:-1]} {when}."


def _first_and_latest(first: Prediction, latest: Prediction, spec: DatasetSpec) -> str:
    """The answers before the first step and after the latest."""
    rows = ""
    for when, answer in (("untrained", first), ("now", latest)):
        name = html.escape(spec.class_names[answer.label])
        sure = f"({100 * answer.class_probs[answer.label]:.0f}&nbsp;%)"
        rows += f"<tr><th>{when}</th><td>{name} {sure}</td><td>{answer.sum_value:.1f}</td></tr>"
    head = f"<tr><td></td><th>{spec.noun}</th><th>+ {latest.addend}</th></tr>"
    return f'<table class="figures">{head}{rows}</table>'
