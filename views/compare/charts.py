"""Figures of the Compare page: data to plotly figures. Imports neither streamlit nor torch.

A head has its own color, as everywhere. Where several networks share a chart, each has a color, a
dash and a marker that no head has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from views.ui.theme import DARK, Palette, Records

MAX_TOLD_APART = 4  # networks that can be told apart in one chart
HUES = {  # by "is the theme dark?"; the first is the palette's ink
    False: ("#1F2430", "#0F766E", "#A21C6B", "#64748B"),
    True: ("#F2F3F7", "#5EEAD4", "#F9A8D4", "#94A3B8"),
}
DASHES = ("solid", "dash", "dot", "dashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up")

FEW = 10  # images
FEW_IMAGES_STYLE = {"mode": "markers", "opacity": 0.35, "showlegend": False}

Table = Sequence[Sequence[float]]
Bin = tuple[float, float, int]  # mean confidence, share right, images


@dataclass(frozen=True)
class Curve:
    """The history of one network."""

    name: str
    history: Records
    epochs: float  # of its whole recipe


def learning_curves(networks: Sequence[Curve], key: str, over: str, palette: Palette) -> go.Figure:
    """The share of validation images got wrong, on a logarithmic scale, over epochs or seconds.

    Between 99.0 and 99.5 % right lies half of all mistakes: a scale of what is wrong shows it.
    """
    figure = go.Figure()
    worst = best = 0.1
    for place, curve in enumerate(networks):
        validated = [record for record in curve.history if key in record]
        wrong = [
            max(1e-4, 1 - record[key]) for record in validated
        ]  # none of 10,000: at the bottom
        worst, best = max([worst, *wrong]), min([best, *wrong])
        figure.add_scatter(
            x=[_position(record, over, curve.epochs) for record in validated],
            y=[100 * share for share in wrong],
            customdata=[100 * record[key] for record in validated],
            name=curve.name,
            mode="lines+markers",
            hovertemplate="%{customdata:.2f} % right<extra>" + curve.name + "</extra>",
            **_line_style(place, palette),
        )
    ticks = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]
    figure.update_xaxes(title=over, rangemode="tozero", fixedrange=True, zeroline=False)
    figure.update_yaxes(
        title="wrong answers",
        type="log",
        range=[_below(100 * best, ticks), _above(100 * worst, ticks)],
        tickvals=ticks,
        ticktext=[f"{tick:g} %" for tick in ticks],
        fixedrange=True,
    )
    return _framed(figure, 400)


def reliability_diagram(
    names: Sequence[str],
    points: Sequence[Sequence[Bin]],
    palette: Palette,
) -> go.Figure:
    """Share right over confidence, a line per network, and the diagonal of perfect calibration.

    The more images a dot stands for, the larger it is; fewer than `FEW` prove nothing, and their
    dots are faint and beside the line.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": palette.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    for place, (name, bins) in enumerate(zip(names, points, strict=True)):
        many = [point for point in bins if point[2] >= FEW]
        few = [point for point in bins if point[2] < FEW]
        figure.add_trace(_dots(name, many, place, palette))
        figure.add_trace(_dots(name, few, place, palette).update(FEW_IMAGES_STYLE))
    figure.update_xaxes(
        title="how sure it is", range=[0, 103], ticksuffix=" %", fixedrange=True, zeroline=False
    )
    figure.update_yaxes(
        title="how often it is right",
        range=[0, 103],
        ticksuffix=" %",
        fixedrange=True,
        zeroline=False,
    )
    return _framed(figure, 400)


def _dots(name: str, bins: Sequence[Bin], place: int, palette: Palette) -> go.Scatter:
    style = _line_style(place, palette)
    style["marker"] |= {"size": [5 + 2 * len(str(count)) for *_, count in bins], "opacity": 1}
    return go.Scatter(
        x=[100 * confidence for confidence, _, _ in bins],
        y=[100 * right for _, right, _ in bins],
        customdata=[count for *_, count in bins],
        name=name,
        mode="lines+markers",
        hovertemplate="%{x:.1f} % sure, %{y:.1f} % right<br>%{customdata:,} images"
        f"<extra>{name}</extra>",
        **style,
    )


def worst_confusion(counts: Table) -> float:
    """The largest share of a class that was read as one other class."""
    return max(
        count / max(1.0, sum(row))
        for true, row in enumerate(counts)
        for said, count in enumerate(row)
        if true != said
    )


def confusion_matrix(
    counts: Table, names: Sequence[str], most: float, palette: Palette
) -> go.Figure:
    """True class by answered class, in images; only mistakes have a color.

    `counts` are images, `most` the share of a class at which the color is full: the same for all
    networks that are compared, so that their shades mean the same.
    """
    shares = [[count / max(1.0, sum(row)) for count in row] for row in counts]
    shades = [
        [None if true == said else share for said, share in enumerate(row)]
        for true, row in enumerate(shares)
    ]
    heat = go.Heatmap(
        z=shades,
        x=list(names),
        y=list(names),
        text=[[_count(count) for count in row] for row in counts],
        texttemplate="%{text}",
        textfont={"color": palette.ink, "size": 11},
        customdata=[[f"{100 * share:.1f}" for share in row] for row in shares],
        hovertemplate="%{y}, read as %{x}: %{text} images, %{customdata} %<extra></extra>",
        hoverongaps=False,
        colorscale=[[0, _clear(palette.class_head, 0)], [1, _clear(palette.class_head, 0.6)]],
        zmin=0,
        zmax=max(most, 1e-9),
        showscale=False,
        xgap=1,
        ygap=1,
    )
    figure = go.Figure(heat)
    for place in range(len(names)):
        figure.add_shape(
            type="rect",
            **{"x0": place - 0.5, "x1": place + 0.5, "y0": place - 0.5, "y1": place + 0.5},
            line_width=0,
            fillcolor=palette.faint,
            layer="below",
        )
    axis = {"type": "category", "fixedrange": True, "showgrid": False, "zeroline": False}
    figure.update_xaxes(title="read as", tickangle=-45 if len(names[0]) > 1 else 0, **axis)
    figure.update_yaxes(title="true class", autorange="reversed", **axis)
    return _framed(figure, 430 if len(names[0]) > 1 else 380, legend=False)


def sum_scatter(table: Table, centers: Sequence[float], palette: Palette) -> go.Figure:
    """Predicted value over the true sum: the more images, the stronger, on a logarithmic scale.

    `table` has a row for each of the values in `centers` and a column for each sum, 0 to 18.
    """
    strength = [[_logarithm(count) for count in row] for row in table]
    highest = max((s for row in strength for s in row if s is not None), default=1.0)
    figure = go.Figure(
        go.Heatmap(
            z=strength,
            x=list(range(len(table[0]))),
            y=list(centers),
            customdata=table,
            hovertemplate="sum %{x}, it says about %{y:.1f}: %{customdata:,} images<extra></extra>",
            hoverongaps=False,
            colorscale=[[0, _clear(palette.sum_head, 0.35)], [1, _clear(palette.sum_head, 1)]],
            zmin=0,
            zmax=highest,
            showscale=False,
        )
    )
    last = len(table[0]) - 1
    figure.add_shape(
        type="line",
        **{"x0": -0.5, "y0": -0.5, "x1": last + 0.5, "y1": last + 0.5},
        line={"color": palette.muted, "width": 1},
        layer="below",
    )
    ticks = list(range(0, last + 1, 3))
    axis = {"tickvals": ticks, "fixedrange": True, "zeroline": False}
    figure.update_xaxes(title="true sum", range=[-0.6, last + 0.6], **axis)
    figure.update_yaxes(title="predicted", range=[centers[0] - 0.2, centers[-1] + 0.2], **axis)
    return _framed(figure, 380, legend=False)


def _line_style(place: int, palette: Palette) -> dict[str, Any]:
    """Color, dash and marker of the network in this place."""
    color = HUES[palette is DARK][place % MAX_TOLD_APART]
    return {
        "line": {"color": color, "width": 2.2, "dash": DASHES[place % MAX_TOLD_APART]},
        "marker": {"color": color, "symbol": MARKERS[place % MAX_TOLD_APART], "size": 7},
    }


def _position(record: Mapping[str, float], over: str, epochs: float) -> float:
    return record["seconds"] if over == "seconds" else epochs * record["step"] / record["steps"]


def _below(value: float, ticks: Sequence[float]) -> float:
    """Exponent of the greatest tick that is no more than `value`."""
    return math.log10(max([tick for tick in ticks if tick <= value], default=ticks[0]))


def _above(value: float, ticks: Sequence[float]) -> float:
    """Exponent of the least tick that is no less than `value`."""
    return math.log10(min([tick for tick in ticks if tick >= value], default=ticks[-1]))


def _logarithm(count: float) -> float | None:
    return math.log10(count) if count > 0 else None


def _count(images: float) -> str:
    """Images, averaged over the ten addends: 978, 3.2, 0.4; nothing for none."""
    if images == 0:
        return ""
    return f"{images:.0f}" if images == round(images) or images >= 10 else f"{images:.1f}"


def _clear(color: str, opacity: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def _framed(figure: go.Figure, height: int, *, legend: bool = True) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28 if legend else 8, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
