"""A scrubber through a finished run: its filters, its answers and its map at any moment.

The axes of the map are those of the finished network and stay, so the points move and nothing else
does: at first they are one heap, and the hills of the classes come out of it.
"""

import html
from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from core.data.download import DownloadError
from core.evaluation.layers import Floats, first_filters
from core.evaluation.prediction import AnswerError, Prediction, predict
from core.inspection.network_map import NetworkMap
from core.recipes.recipe import Recipe
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot
from core.specs import DatasetSpec, find_spec
from core.storage import snapshots
from core.storage.checkpoint import CheckpointError
from views.input.sources import visitor_image
from views.inside.cached import cached_map, map_at_snapshot, snapshot_network
from views.inside.map_chart import PlacedPicture, map_figure
from views.inside.network_map import INSIDE_SHEET, place_on
from views.session import jobs, networks
from views.session.session import get_session
from views.ui.answer_charts import class_bars, sum_line, sum_note
from views.ui.growing_chart import growing_chart
from views.ui.images import montage, shades
from views.ui.style import current_palette
from views.ui.table import certainty
from views.ui.text import plain
from views.ui.theme import BARE_CONFIG

FILTER_COLUMNS = 8


class Moment(NamedTuple):
    """A network of a run after some step."""

    prediction: Prediction  # of the visitor's picture
    filters: Floats  # (C, K, K)
    found: NetworkMap  # its points on the axes of the finished network
    placed: PlacedPicture


def show_scrubber(read: jobs.ReadRun) -> None:
    """A slider over the snapshots of a finished run, folded: only who opens it has it computed."""
    snapshot = read()
    if snapshot is None or snapshot.recipe is None or not snapshot.state.is_usable:
        return
    steps = snapshots.snapshot_steps(snapshot.run.snapshots)
    if len(steps) < 2:
        return
    past = st.expander("Go back in time", icon=":material/history:", key="past", on_change="rerun")
    if past.open:
        with past:
            _show_past(snapshot, snapshot.recipe, steps)


def _show_past(snapshot: RunSnapshot, recipe: Recipe, steps: list[int]) -> None:
    """The slider, and what the network was like there."""
    run = snapshot.run
    st.html(INSIDE_SHEET)
    step = st.select_slider(
        "Images that it had learned from",
        steps,
        steps[-1],
        format_func=lambda each: f"{snapshot.images_after(each):,}",
        key=f"moment_{run.id}",
        help="Drag to the left: the network forgets. Its first filters, its answers and its map "
        "are as they were then.",
    )
    try:
        moment = _moment(run, recipe, step)
    except (AnswerError, CheckpointError, DownloadError) as error:
        st.caption(plain(error))
        return
    if moment is None:
        st.caption("This moment is damaged. Choose another one.")
        return
    _show(moment, find_spec(recipe.model.dataset))


def _moment(run: Run, recipe: Recipe, step: int) -> Moment | None:
    """None where the snapshot cannot be read.

    Raises:
        AnswerError: an answer is not a number.
        CheckpointError: the finished network is gone.
        DownloadError: the test images are not on this machine.
    """
    model, card = networks.load_network(run.id)
    then = snapshot_network(run.id, step, run.snapshots, recipe.model)
    if then is None:
        return None
    session = get_session()
    image, addend = visitor_image(session, model.spec), session.link.addend
    prediction = predict(then, image.pixels, addend)
    if not prediction.is_finite:
        raise AnswerError
    found = cached_map(model, card)
    points, answered = map_at_snapshot(run.id, step, then, found)
    shown = len(points)
    now = replace(found, points=points, labels=found.labels[:shown], answered=answered)
    way = place_on(found, then, [image.pixels], addend)
    placed = PlacedPicture(image.title or "the example", way)
    return Moment(prediction, first_filters(then), now, placed)


def _show(moment: Moment, spec: DatasetSpec) -> None:
    prediction = moment.prediction
    left, right = st.columns([5, 6], gap="large")
    with left, st.container(key="moment_answers"):
        sure = certainty(prediction.class_probs[prediction.label])
        note = sum_note(prediction.sum_value, prediction.total, prediction.sum_probs)
        st.html(
            '<div class="heads"><div class="class-head">'
            f"<b>Class head: {html.escape(spec.class_names[prediction.label])}</b>"
            f'<div class="note">{sure} sure</div>'
            f"{class_bars(prediction.class_probs, spec.class_names)}</div>"
            f'<div class="sum-head"><b>Sum head: {prediction.total}</b>'
            f'<div class="note">{note}</div>'
            f"{sum_line(prediction.sum_value, prediction.label + prediction.addend)}</div></div>"
        )
        extent = float(abs(moment.filters).max())
        st.html(
            montage(shades(moment.filters, -extent, extent), "Filters", FILTER_COLUMNS)
            + '<p class="note">Filters of the first convolution</p>'
        )
    with right, st.container(key="moment_map"):
        palette, alt = current_palette(), "Map of the features"
        figure = map_figure(moment.found, spec.class_names, palette, moment.placed, 360)
        wrong = len(moment.found.mistakes)
        count = len(moment.found.labels)
        growing_chart(figure, palette, key="moment_chart", alt=alt, config=BARE_CONFIG)
        st.caption(f"{count:,} test images, {wrong:,} of them read wrong (red crosses)")
