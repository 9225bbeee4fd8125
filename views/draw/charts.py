"""Figures of the Draw page: plain numbers to plotly figures. Imports neither streamlit nor torch.

They are drawn at every stroke of every visitor, so what never changes in them is made once.
"""

import functools
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from views.ui.theme import Palette, frameless


def class_bars(probs: Sequence[float], names: Sequence[str], palette: Palette) -> go.Figure:
    """The class head's probabilities: a bar per class, the winner in full color."""
    best = max(range(len(probs)), key=probs.__getitem__)
    opacity = [1.0 if i == best else 0.45 for i in range(len(probs))]
    marker = {"color": palette.class_head, "opacity": opacity}
    return _filled(
        _empty_bars(tuple(names), palette), {"y": [100 * p for p in probs], "marker": marker}
    )


def no_bars(names: Sequence[str], palette: Palette) -> go.Figure:
    """Where the class head's probabilities will be."""
    return _filled(_empty_bars(tuple(names), palette), {"y": [0] * len(names)})


@functools.lru_cache(maxsize=16)
def _empty_bars(names: tuple[str, ...], palette: Palette) -> dict[str, Any]:
    figure = go.Figure(go.Bar(x=list(names), hovertemplate="%{x}: %{y:.1f} %<extra></extra>"))
    words = max(map(len, names)) > 1  # slanted, and room for them also where a phone is narrow
    figure.update_xaxes(type="category", fixedrange=True, tickangle=-45 if words else 0)
    figure.update_yaxes(range=[0, 104], visible=False, fixedrange=True)
    prepared: dict[str, Any] = frameless(figure, 165 if words else 120).to_dict()
    return prepared


def sum_line(sum_value: float, expected: int, palette: Palette) -> go.Figure:
    """The sum head's value on a line from 0 to 18, over a ring at class + number."""
    return _filled(_empty_line(palette), {"x": [expected]}, {"x": [sum_value]})


def empty_line(palette: Palette) -> go.Figure:
    """Where the sum head's value will be."""
    return _filled(_empty_line(palette), {"x": [None]}, {"x": [None]})


@functools.lru_cache(maxsize=16)
def _empty_line(palette: Palette) -> dict[str, Any]:
    figure = go.Figure()
    figure.add_scatter(
        y=[0],
        mode="markers",
        marker={"size": 24, "color": "rgba(0,0,0,0)"},
        marker_line={"width": 2.5, "color": palette.class_head},
        hovertemplate="class + number: %{x}<extra></extra>",
    )
    figure.add_scatter(
        y=[0],
        mode="markers",
        marker={"size": 13, "color": palette.sum_head},
        hovertemplate="sum head: %{x:.2f}<extra></extra>",
    )
    figure.update_xaxes(
        range=[-0.9, 18.9],
        tickvals=list(range(0, 19, 2)),
        showgrid=False,
        fixedrange=True,
        tickangle=0,
    )
    figure.update_yaxes(
        range=[-1, 1], visible=False, fixedrange=True, zeroline=True, zerolinecolor=palette.faint
    )
    figure.add_hline(y=0, line_color=palette.muted, line_width=1, layer="below")
    prepared: dict[str, Any] = frameless(figure, 120).to_dict()
    return prepared


def _filled(prepared: dict[str, Any], *traces: dict[str, Any]) -> go.Figure:
    """A prepared figure with data.

    Plotly checks every property that it gets, which takes ten times as long as all the rest. The
    prepared part was checked once.
    """
    data = [old | new for old, new in zip(prepared["data"], traces, strict=True)]
    return go.Figure({"data": data, "layout": prepared["layout"]}, _validate=False)
