"""Data to plotly figures. Imports neither streamlit nor torch.

One color per head everywhere: the class head is indigo, the sum head orange, the rest ink.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True)
class Palette:
    """Colors of a theme; both heads' are at least 4.5 : 1 on its background."""

    class_head: str
    sum_head: str
    ink: str
    muted: str
    faint: str


LIGHT = Palette("#4F5BD5", "#B45309", "#1F2430", "#5F6673", "#E3E5EA")
DARK = Palette("#9AA5FF", "#FFB066", "#F2F3F7", "#A3A9B6", "#343844")

GREY = "#80868F"  # of the camera, on light and dark
CONFIG = {"displayModeBar": False}
NOTABLE = 20  # percent; a class that was never likelier has no name in the picture
NAME_HEIGHT, NAME_WIDTH = 12, 0.4  # of a name there: percent, and of the width of the picture
MOST_TICKS = 7  # powers of ten on an axis
SAVED = {  # where a figure is worth keeping: a camera on it saves it, sharp at any size
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg", "filename": "sketch-and-sum"},
}
Records = Sequence[dict[str, float]]  # lines of a run's progress.jsonl


def class_bars(probs: Sequence[float], names: Sequence[str], palette: Palette) -> go.Figure:
    """The class head's probabilities: a bar per class, the winner in full color."""
    best = max(range(len(probs)), key=probs.__getitem__)
    opacity = [1.0 if i == best else 0.45 for i in range(len(probs))]
    marker = {"color": palette.class_head, "opacity": opacity}
    return _filled(_bars(tuple(names), palette), {"y": [100 * p for p in probs], "marker": marker})


def no_bars(names: Sequence[str], palette: Palette) -> go.Figure:
    """Where the class head's probabilities will be."""
    return _filled(_bars(tuple(names), palette), {"y": [0] * len(names)})


@functools.lru_cache(maxsize=16)
def _bars(names: tuple[str, ...], palette: Palette) -> dict[str, Any]:
    figure = go.Figure(go.Bar(x=list(names), hovertemplate="%{x}: %{y:.1f} %<extra></extra>"))
    words = max(map(len, names)) > 1  # slanted, and room for them also where a phone is narrow
    figure.update_xaxes(type="category", fixedrange=True, tickangle=-45 if words else 0)
    figure.update_yaxes(range=[0, 104], visible=False, fixedrange=True)
    prepared: dict[str, Any] = bare(figure, 165 if words else 120).to_dict()
    return prepared


def sum_line(sum_value: float, expected: int, palette: Palette) -> go.Figure:
    """The sum head's value on a line from 0 to 18, over a ring at class + number."""
    return _filled(_line(palette), {"x": [expected]}, {"x": [sum_value]})


def empty_line(palette: Palette) -> go.Figure:
    """Where the sum head's value will be."""
    return _filled(_line(palette), {"x": [None]}, {"x": [None]})


@functools.lru_cache(maxsize=16)
def _line(palette: Palette) -> dict[str, Any]:
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
    prepared: dict[str, Any] = bare(figure, 120).to_dict()
    return prepared


def _filled(prepared: dict[str, Any], *traces: dict[str, Any]) -> go.Figure:
    """A prepared figure with data: for charts that are drawn at each stroke of each visitor.

    Plotly checks every property that it is given, which takes ten times as long as all the rest;
    what is prepared was checked once.
    """
    data = [old | new for old, new in zip(prepared["data"], traces, strict=True)]
    return go.Figure({"data": data, "layout": prepared["layout"]}, _validate=False)


def loss_curves(history: Records, epochs: float, palette: Palette) -> go.Figure:
    """The joint loss over the epochs, on a logarithmic scale: training and validation."""
    figure = go.Figure()
    _curve(figure, history, "loss", "training", palette.muted, epochs, thin=True)
    _curve(figure, history, "val_loss", "validation", palette.ink, epochs)
    values = [r[key] for r in history for key in ("loss", "val_loss") if r.get(key, 0) > 0]
    low = min(-1, math.floor(math.log10(min(values, default=1))))  # whole powers of ten: the axis
    high = max(0.5, math.ceil(2 * math.log10(max(values, default=1))) / 2)  # moves rarely
    steps = (1, 3) if high - low < 4 else (1,)  # a tick or two for each power of ten ...
    apart = math.ceil((high - low) / MOST_TICKS)  # ... or for some, where the loss ran away
    ticks = {
        step * 10.0**power: _power(step, power)
        for power in range(low, math.ceil(high) + 1)
        for step in steps
        if power % apart == 0
    }
    figure.update_yaxes(
        type="log", range=[low, high], tickvals=list(ticks), ticktext=list(ticks.values())
    )
    return _over_epochs(figure, epochs, "loss (both heads)")


def _power(step: int, power: int) -> str:
    """`step` times that power of ten as a plain number, 0.003 or 30, as long as it is short."""
    if -6 <= power <= 4:
        return f"{step * 10.0**power:.{max(0, -power)}f}"
    return f"10<sup>{power}</sup>".replace("-", "−")


def accuracy_curves(history: Records, epochs: float, palette: Palette) -> go.Figure:
    """Share right over the epochs: class, rounded sum and both, on training and validation."""
    figure = go.Figure()
    for key, name, color in (
        ("class_acc", "class", palette.class_head),
        ("sum_acc", "rounded sum", palette.sum_head),
    ):
        _curve(figure, history, key, name, color, epochs, thin=True, scale=100, legend=False)
    for key, name, color in (
        ("val_class_acc", "class", palette.class_head),
        ("val_sum_acc", "rounded sum", palette.sum_head),
        ("val_joint_acc", "both right", palette.ink),
    ):
        _curve(figure, history, key, name, color, epochs, scale=100)
    figure.data[-1].line.dash = "dot"  # it lies on the rounded sum's line most of the time
    latest = [r["val_joint_acc"] for r in history if "val_joint_acc" in r][-2:]
    close = bool(latest) and min(latest) > 0.9  # then only the top is of interest
    figure.update_yaxes(range=[90, 100.2] if close else [0, 102], ticksuffix=" %")
    return _over_epochs(figure, epochs, "answers right")


def classes_while_learning(
    images: Sequence[int],
    probs: Sequence[Sequence[float]],
    names: Sequence[str],
    palette: Palette,
) -> go.Figure:
    """What the class head said about one picture after it had learned from so many images.

    The class that it says last is in full color; others that it ever took seriously have a name at
    their peak, where no likelier one's name stands.
    """
    figure = go.Figure()
    last = max(range(len(names)), key=probs[-1].__getitem__)
    places = _on_log(images)
    peaks = []
    for c, name in sorted(enumerate(names), key=lambda item: item[0] == last):
        values = [100 * moment[c] for moment in probs]
        top = max(range(len(values)), key=values.__getitem__)
        peaks.append((c == last, values[top], math.log10(places[top]), name))
        won = c == last
        figure.add_scatter(
            x=places,
            y=values,
            name=name,
            mode="lines",
            line={"color": palette.class_head if won else palette.muted, "width": 3 if won else 1},
            hovertemplate="%{y:.1f} %<extra>" + name + "</extra>",
        )
    wide = NAME_WIDTH * math.log10(max(places) / min(places))
    named: list[tuple[float, float]] = []
    for won, y, x, name in sorted(peaks, reverse=True):
        free = all(abs(y - there) > NAME_HEIGHT or abs(x - at) > wide for there, at in named)
        if y > NOTABLE and free:
            named.append((y, x))
            color = palette.class_head if won else palette.muted
            figure.add_annotation(x=x, y=y, text=name, showarrow=False, yshift=10, font_color=color)
    ticks = [0, 50, 100]
    figure.update_yaxes(range=[0, 118], tickvals=ticks, ticktext=[f"{tick} %" for tick in ticks])
    return _over_images(figure, images, "class head")


def sum_while_learning(
    images: Sequence[int], values: Sequence[float], expected: int, palette: Palette
) -> go.Figure:
    """What the sum head said about one picture and number, and class + number as a dotted line."""
    figure = go.Figure()
    figure.add_hline(y=expected, line_color=palette.class_head, line_width=1.5, line_dash="dot")
    figure.add_scatter(
        x=_on_log(images),
        y=values,
        mode="lines",
        line={"color": palette.sum_head, "width": 3},
        hovertemplate="%{y:.2f}<extra>sum head</extra>",
    )
    low, high = min(0, *values), max(18, *values)
    figure.update_yaxes(range=[low - 0.9, high + 0.9], dtick=3)
    return _over_images(figure, images, "sum head")


def _on_log(images: Sequence[int]) -> list[float]:
    """Places on a logarithmic axis; that of no images at all is half of the first number."""
    least = min(filter(None, images), default=2)
    return [count or least / 2 for count in images]


def _over_images(figure: go.Figure, images: Sequence[int], label: str) -> go.Figure:
    places = _on_log(images)
    powers = [10**power for power in range(1, 8) if 3 * places[0] < 10**power < 1.5 * places[-1]]
    figure.update_xaxes(
        type="log",
        title="training images seen",
        range=[math.log10(places[0]), math.log10(places[-1]) + 0.05],
        tickvals=[places[0], *powers],
        ticktext=["0", *(f"{power:,}" for power in powers)],
        tickangle=0,
        fixedrange=True,
        zeroline=False,
    )
    figure.update_yaxes(title=label, fixedrange=True, zeroline=False)
    bare(figure, 220)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8}, uirevision="run")
    return figure


def _curve(
    figure: go.Figure,
    history: Records,
    key: str,
    name: str,
    color: str,
    epochs: float,
    *,
    thin: bool = False,
    scale: float = 1,
    legend: bool = True,
) -> None:
    """One line: thin for training batches, thick with dots for the validation images."""
    points = [(epochs * r["step"] / r["steps"], scale * r[key]) for r in history if key in r]
    xs, ys = zip(*points, strict=True) if points else ((None,), (None,))  # keeps its legend entry
    figure.add_scatter(
        x=xs,
        y=ys,
        name=name,
        mode="lines" if thin else "lines+markers",
        line={"color": color, "width": 1.2 if thin else 2.5},
        marker_size=6,
        opacity=0.45 if thin else 1,
        showlegend=legend,
        hovertemplate="%{y:.3g}" + f"<extra>{name}</extra>",
    )


def _over_epochs(figure: go.Figure, epochs: float, label: str) -> go.Figure:
    figure.update_xaxes(title="epoch", range=[0, epochs], fixedrange=True, zeroline=False)
    figure.update_yaxes(title=label, fixedrange=True, zeroline=False)
    bare(figure, 320)
    figure.update_layout(
        showlegend=True,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        uirevision="run",
    )
    return figure


def bare(figure: go.Figure, height: int) -> go.Figure:
    """No frame, no paper, no margins: the figure stands on the page."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 4, "b": 0},
        showlegend=False,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        bargap=0.25,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": GREY},
    )
    return figure
