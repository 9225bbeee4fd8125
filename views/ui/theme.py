"""The colors of both themes, and what all plotly figures share. Imports no streamlit and no torch.

One color per head everywhere: the class head is indigo, the sum head orange, the rest ink.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True)
class Palette:
    """Colors of a theme; those of words are at least 4.5 : 1 on its background."""

    class_head: str
    sum_head: str
    ink: str
    muted: str
    faint: str
    paper: str  # the background of the page, as in .streamlit/config.toml
    right: str  # with a mark or a word, never alone
    wrong: str
    against: str  # the other end of a scale that begins with the color of a head
    classes: tuple[str, ...]  # a color for each class, never alone: their names stand there, too


LIGHT = Palette(
    *("#4F5BD5", "#B45309", "#1F2430", "#5F6673", "#E3E5EA", "#FFFFFF", "#15803D", "#C81E1E"),
    against="#A21C6B",
    classes=(
        *("#3B6EA8", "#D9730D", "#C43D4B", "#2A9187", "#4B8B3B"),
        *("#A8820A", "#8F5596", "#D0607E", "#7A5A45", "#6B7280"),
    ),
)
DARK = Palette(
    *("#9AA5FF", "#FFB066", "#F2F3F7", "#A3A9B6", "#343844", "#14161B", "#4ADE80", "#FF8A80"),
    against="#F9A8D4",
    classes=(
        *("#6BA3E0", "#F79545", "#F0717C", "#5CC4B8", "#83C270"),
        *("#E3C04A", "#C394CB", "#FFA7BC", "#BE9A83", "#B6BCC7"),
    ),
)

CAMERA_GREY = "#80868F"  # of the camera, on light and dark
BARE_CONFIG = {"displayModeBar": False}
SAVABLE_CONFIG = {  # where a figure is worth keeping: a camera on it saves it, sharp at any size
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg", "filename": "sketch-and-sum"},
}
FONT = '"Source Sans", sans-serif'  # of the page
Records = Sequence[Mapping[str, Any]]  # lines of a run's progress.jsonl


def frameless(figure: go.Figure, height: int) -> go.Figure:
    """No frame, no paper, no margins: the figure stands on the page."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 4, "b": 0},
        showlegend=False,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        bargap=0.25,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": CAMERA_GREY, "activecolor": CAMERA_GREY},
    )
    return figure


def themed(figure: go.Figure, palette: Palette) -> go.Figure:
    """A figure in the page's colors and letters, where Streamlit does not see to that."""
    quiet = {"color": palette.muted, "size": 12}
    axis = {"automargin": True, "tickfont": quiet, "title": {"font": quiet, "standoff": 12}}
    figure.update_layout(
        template="none",
        font={"family": FONT, "size": 12, "color": palette.ink},
        hoverlabel={
            "bgcolor": palette.paper,
            "bordercolor": palette.muted,
            "font": {"size": 13, "color": palette.ink},
        },
    )
    figure.update_xaxes(showgrid=False, **axis)
    figure.update_yaxes(gridcolor=palette.faint, **axis)
    return figure
