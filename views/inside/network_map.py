"""The map of what a network knows, with the visitor's own drawing on it, which moves as they draw.

On the Explain page there is a canvas beside it. The way of a drawing is where its beginnings lie:
the first bit of the first stroke, then more and more of it. So it shows when a 1 becomes a 7.
"""

import functools
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch

from core.data.download import DownloadError
from core.data.drawing import Pixels, Strokes, is_dot, rasterize
from core.evaluation.layers import Floats
from core.evaluation.prediction import AnswerError
from core.inspection.network_map import NetworkMap, encode_images
from core.model import SumNet
from core.specs import DatasetSpec
from core.storage.checkpoint import Card
from views.input.input_image import InputImage
from views.input.sources import SOURCES, Drawing, show_input
from views.inside.cached import SHEET_COLUMNS, cached_map, picture_sheet
from views.inside.map_chart import PlacedPicture, map_figure
from views.session.networks import test_split
from views.session.session import Session, get_session
from views.ui.images import image_tag
from views.ui.style import current_palette
from views.ui.text import plain
from views.ui.theme import SAVABLE_CONFIG

STATIC_DIR = Path(__file__).with_name("static")
INSIDE_SHEET = STATIC_DIR / "inside.css"
WAY_POINTS = 12  # beginnings of a drawing, at most
SHOWN_MISTAKES = 12
HERE = SOURCES | {"draw": Drawing(sends_itself=True)}


def show_network_map(model: SumNet, card: Card) -> None:
    """The canvas and the map beside it. What is drawn runs this part again, not the page."""
    session, spec = get_session(), model.spec
    st.html(INSIDE_SHEET)
    left, right = st.columns([4, 7], gap="large")
    with left:
        image = show_input(session, spec, HERE)
        st.caption(
            f"Draw, and watch your {spec.noun} move. The dotted line is the way it came: where its "
            "beginnings lay."
        )
    with right, st.container(key="map"):
        try:
            found = cached_map(model, card)
            visitor = _visitor(session, model, image, found)
        except (AnswerError, DownloadError) as error:
            st.warning(plain(error))
            return
        figure = map_figure(found, spec.class_names, current_palette(), visitor)
        alt = f"Map of {len(found.labels):,} test images: what the network finds alike lies close"
        st.plotly_chart(figure, key="map_chart", config=SAVABLE_CONFIG, alt=alt)
        show_pictures(spec, ["map"])
    st.markdown(map_words(found, spec))
    show_map_mistakes(found, spec)


def map_words(found: NetworkMap, spec: DatasetSpec) -> str:
    """What the map shows, and how much of the truth that is."""
    first, second = (f"{100 * share:.0f} %" for share in found.variance)
    return (
        f"Each point is one of {len(found.labels):,} test images; point at one, or tap it, to see "
        f"it. The encoder makes {found.axes.shape[1]:,} numbers, its *features*, of a picture. The "
        "map is the plane on which they differ most (principal component analysis): across it lie "
        f"{first} of all differences, and up and down {second}. So two hills may overlap here and "
        f"be far apart in the other directions. Each {spec.noun} that is read wrong is a red cross."
    )


def show_map_mistakes(found: NetworkMap, spec: DatasetSpec) -> None:
    """The pictures of some mistakes, for those who point at nothing."""
    if not len(found.mistakes):
        return
    images = test_split(spec.name).images
    figures = ""
    for place in found.mistakes[:SHOWN_MISTAKES].tolist():
        true, said = (spec.class_names[each[place]] for each in (found.labels, found.answered))
        picture = image_tag(images[place, 0].numpy(), 56, f"{true}, read as {said}")
        words = html.escape(f"{true} → {said}")
        figures += f"<figure>{picture}<figcaption>{words}</figcaption></figure>"
    words = f"{len(found.mistakes):,} of {len(found.labels):,} are read wrong"
    if len(found.mistakes) > SHOWN_MISTAKES:
        words += f", {SHOWN_MISTAKES} of them here"
    st.html(f'<div class="note">{words}:</div><div class="map-mistakes">{figures}</div>')


def _visitor(
    session: Session, model: SumNet, image: InputImage | None, found: NetworkMap
) -> PlacedPicture | None:
    """Where the visitor's picture lies, and how it came there; None where there is none."""
    if image is None:
        return None
    drawn = beginnings(session.canvas.strokes, model.spec) if image.source == "draw" else []
    way = place_on(found, model, [*drawn, image.pixels], session.link.addend)
    return PlacedPicture(image.title or "the example", way)


def place_on(found: NetworkMap, model: SumNet, images: Sequence[Pixels], addend: int) -> Floats:
    """Where pictures, uint8 (28, 28) each, lie on a map: (N, 2).

    Raises:
        AnswerError: a feature is not a number.
    """
    pixels = torch.from_numpy(np.stack(images))[:, None]
    return found.place(encode_images(model, pixels, torch.full((len(images),), addend)).values)


def beginnings(strokes: Strokes, spec: DatasetSpec) -> list[Pixels]:
    """A drawing as it grew: pictures of its first points, of more of them, and so on."""
    count = sum(map(len, strokes))
    pictures = []
    for part in range(1, WAY_POINTS):
        left, begun = round(count * part / WAY_POINTS), []
        for stroke in strokes:
            if left > 0:
                begun.append(stroke[:left])
            left -= len(stroke)
        if begun and not is_dot(tuple(begun)):
            form = spec.form(rasterize(tuple(begun)))
            if form is not None:
                pictures.append(form)
    return pictures


def show_pictures(spec: DatasetSpec, charts: list[str]) -> None:
    """Show the picture of a point under the mouse, on the maps in the containers of these keys."""
    data = {"sheet": picture_sheet(spec.name), "columns": SHEET_COLUMNS, "charts": charts}
    _pictures()(data=data, key=f"map_pictures_{charts[0]}")


@functools.cache
def _pictures() -> Any:
    """Not at import: it can be registered in a running app only."""
    js = (STATIC_DIR / "map.js").read_text("utf-8")
    return st.components.v2.component("map_pictures", js=js, isolate_styles=False)
