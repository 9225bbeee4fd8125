"""The map of what a network knows, as a plotly figure. Imports neither streamlit nor torch.

Each class has a color, and its name in the middle of its hill; a mistake is a cross.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.evaluation.layers import Floats
from core.inspection.network_map import NetworkMap
from views.ui.theme import Palette, frameless

MAP_MARGIN = 0.06  # beside the outermost points, as a share of the map
FEW_MISTAKES = 40  # may be large
NAME_WIDE, NAME_STEP = 0.16, 20  # of a name: share of the map, and pixels down


@dataclass(frozen=True)
class PlacedPicture:
    """The visitor's picture on a map."""

    name: str  # "your drawing"
    way: Floats  # (N, 2): where it came from; the last point is where it is


def map_figure(
    found: NetworkMap,
    names: Sequence[str],
    palette: Palette,
    visitor: PlacedPicture | None = None,
    height: int = 460,
) -> go.Figure:
    """All points of a map, and the visitor's picture among them.

    The `customdata` of a point is its place in the split and what to say about it; the script
    static/map.js shows its picture.
    """
    figure = go.Figure()
    right = found.answered == found.labels
    for label in np.unique(found.labels).tolist():
        own = np.flatnonzero(right & (found.labels == label))
        color = palette.classes[label % len(palette.classes)]
        marker = {"color": color, "size": 5, "opacity": 0.6}
        _add_points(figure, found, own, [names[label]] * len(own), names[label], marker)
    wrong = found.mistakes
    said = [f"{names[found.labels[n]]}, read as {names[found.answered[n]]}" for n in wrong]
    size = 9 if len(wrong) < FEW_MISTAKES else 6
    marker = {"color": palette.wrong, "size": size, "symbol": "x", "line": {"width": 0}}
    _add_points(figure, found, wrong, said, "mistakes", marker)
    _add_names(figure, found, names, palette, height)
    if visitor:
        _add_visitor(figure, visitor, palette, float(found.points[:, 0].mean()))
    _set_ranges(figure, found.points if visitor is None else _joined(found.points, visitor.way))
    frameless(figure, height)
    figure.update_layout(hovermode="closest", hoverdistance=12, uirevision="map")
    return figure


def _add_points(
    figure: go.Figure,
    found: NetworkMap,
    places: np.ndarray,
    said: Sequence[str],
    name: str,
    marker: dict[str, object],
) -> None:
    figure.add_scatter(
        x=found.points[places, 0].round(3),
        y=found.points[places, 1].round(3),
        customdata=list(zip(places.tolist(), said, strict=True)),
        name=name,
        mode="markers",
        marker=marker,
        hoverinfo="none",
    )


def _add_names(
    figure: go.Figure, found: NetworkMap, names: Sequence[str], palette: Palette, height: int
) -> None:
    """The name of each class in the middle of its hill, or below the names that are there."""
    wide, high = np.ptp(found.points, axis=0)
    pixels = height / (high * (1 + 3 * MAP_MARGIN))  # of the chart, for a step down the map
    taken: list[tuple[float, float]] = []  # across the map, and pixels down
    for label, (x, y) in sorted(found.centers().items(), key=lambda item: -item[1][1]):
        place = -y * pixels
        for at, down in sorted(taken, key=lambda other: other[1]):
            if abs(at - x) < NAME_WIDE * wide and abs(down - place) < NAME_STEP:
                place = down + NAME_STEP
        taken.append((x, place))
        figure.add_annotation(
            x=float(x),
            y=float(y),
            yshift=-float(place + y * pixels),
            text=f"<b>{html.escape(names[label])}</b>",
            showarrow=False,
            font={"size": 15 if len(names[label]) < 3 else 12, "color": palette.ink},
            bgcolor=palette.paper,
            opacity=0.85,
            borderpad=1,
        )


def _add_visitor(
    figure: go.Figure, visitor: PlacedPicture, palette: Palette, middle: float
) -> None:
    """The way as a line, and a ring where it ends; its name is on the side of the middle."""
    xs, ys = visitor.way.T.round(3).tolist()
    figure.add_scatter(
        x=xs,
        y=ys,
        name="way",
        mode="lines",
        line={"color": palette.ink, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=xs[-1:],
        y=ys[-1:],
        name=visitor.name,
        mode="markers",
        marker={
            "color": palette.paper,
            "size": 17,
            "line": {"color": palette.ink, "width": 4},
        },
        hoverinfo="skip",
    )
    figure.add_annotation(
        x=xs[-1],
        y=ys[-1],
        text=f"<b>{html.escape(visitor.name)}</b>",
        ax=46 if xs[-1] < middle else -46,
        ay=-40,
        arrowcolor=palette.ink,
        arrowwidth=1.5,
        arrowhead=0,
        standoff=9,
        font={"color": palette.ink, "size": 13},
        bgcolor=palette.paper,
        opacity=0.9,
    )


def _joined(points: Floats, way: Floats) -> Floats:
    return np.concatenate([points, way])


def _set_ranges(figure: go.Figure, points: Floats) -> None:
    low, high = points.min(0), points.max(0)
    room = MAP_MARGIN * np.maximum(high - low, 1e-3)
    axis = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=[float(low[0] - room[0]), float(high[0] + room[0])], **axis)
    figure.update_yaxes(range=[float(low[1] - room[1]), float(high[1] + 2 * room[1])], **axis)
