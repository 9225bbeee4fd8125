"""The maps of the networks that are compared, side by side, with the visitor's picture on each."""

from collections.abc import Sequence

import streamlit as st

from core.data.download import DownloadError
from core.evaluation.prediction import NOT_A_NUMBER, AnswerError
from core.specs import DatasetSpec
from views.compare.network import Network, cells_for, show_title
from views.input.sources import visitor_image
from views.inside.cached import cached_map
from views.inside.map_chart import PlacedPicture, map_figure
from views.inside.network_map import INSIDE_SHEET, place_on, show_pictures
from views.session import networks
from views.session.session import get_session
from views.ui.style import current_palette
from views.ui.table import percent
from views.ui.text import plain
from views.ui.theme import SAVABLE_CONFIG

MAP_HEIGHT = 400
LOST_MAP = f"{NOT_A_NUMBER[:-1]} for some test images, so it has no map."


def show_maps(compared: Sequence[Network]) -> None:
    """A map for each. Its axes are its own: only what lies close together can be compared."""
    st.html(INSIDE_SHEET)
    charts: dict[str, tuple[DatasetSpec, list[str]]] = {}
    for cell, network in zip(cells_for(compared), compared, strict=False):
        with cell:
            try:
                spec = _show_map(network)
            except AnswerError:
                st.warning(f"{plain(network.title)}: {LOST_MAP}")
            except DownloadError as error:
                st.warning(f"{plain(network.title)}: {plain(error)}")
            else:
                charts.setdefault(spec.name, (spec, []))[1].append(f"map_{network.name}")
    for spec, keys in charts.values():
        show_pictures(spec, keys)
    if charts:
        st.caption(
            "Each point is a test image; point at one, or tap it, to see it. Red crosses are read "
            "wrong. Each network has a map of its own: compare how far its hills lie apart, not "
            "where they lie."
        )


def _show_map(network: Network) -> DatasetSpec:
    model, card = networks.load_network(network.name)
    found, session = cached_map(model, card), get_session()
    image = visitor_image(session, model.spec)
    way = place_on(found, model, [image.pixels], session.link.addend)
    wrong = len(found.mistakes)
    count = len(found.labels)
    show_title(network, f"{percent(wrong / count)} of these {count:,} read wrong")
    visitor = PlacedPicture(image.title or "an example", way)
    figure = map_figure(found, model.spec.class_names, current_palette(), visitor, MAP_HEIGHT)
    with st.container(key=f"map_{network.name}"):
        st.plotly_chart(
            figure,
            key=f"map_chart_{network.name}",
            config=SAVABLE_CONFIG,
            alt=f"Map of the features of {network.title}",
        )
    return model.spec
