"""Figures of the Train page: records of a run to plotly figures. Imports no streamlit, no torch.

Thin lines are training batches, thick ones with dots the validation images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from views.ui.theme import Palette, Records, frameless

NOTABLE = 20  # percent; a class that was never likelier has no name in the figure
NAME_HEIGHT, LETTER_WIDTH = 12, 0.03  # of a name there: percent, and share of the figure's width
MOST_LETTERS = 16  # of such a name
MAX_TICKS = 7  # powers of ten on an axis


@dataclass(frozen=True)
class GhostCurves:
    """Another run behind a run: its validation curves, dashed."""

    name: str
    history: Records
    epochs: float


def loss_curves(
    history: Records, epochs: float, palette: Palette, ghost: GhostCurves | None = None
) -> go.Figure:
    """The joint loss over the epochs, on a logarithmic scale: training and validation."""
    figure = go.Figure()
    if ghost:
        _add_ghost(figure, ghost, "val_loss", palette.ink)
    _add_curve(figure, history, "loss", "training", palette.muted, epochs, thin=True)
    _add_curve(figure, history, "val_loss", "validation", palette.ink, epochs)
    shown = [*history, *(ghost.history if ghost else ())]
    values = [r[key] for r in shown for key in ("loss", "val_loss") if r.get(key, 0) > 0]
    low = min(-1, math.floor(math.log10(min(values, default=1))))  # whole powers of ten: the axis
    high = max(0.5, math.ceil(2 * math.log10(max(values, default=1))) / 2)  # moves rarely
    steps = (1, 3) if high - low < 4 else (1,)  # a tick or two for each power of ten ...
    apart = math.ceil((high - low) / MAX_TICKS)  # ... or for some, where the loss ran away
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


def accuracy_curves(
    history: Records, epochs: float, palette: Palette, ghost: GhostCurves | None = None
) -> go.Figure:
    """Share right over the epochs: class, rounded sum and both, on training and validation."""
    figure = go.Figure()
    if ghost:
        _add_ghost(figure, ghost, "val_class_acc", palette.class_head, scale=100)
        _add_ghost(figure, ghost, "val_sum_acc", palette.sum_head, scale=100, legend=False)
    for key, name, color in (
        ("class_acc", "class", palette.class_head),
        ("sum_acc", "rounded sum", palette.sum_head),
    ):
        _add_curve(figure, history, key, name, color, epochs, thin=True, scale=100, legend=False)
    for key, name, color in (
        ("val_class_acc", "class", palette.class_head),
        ("val_sum_acc", "rounded sum", palette.sum_head),
        ("val_joint_acc", "both right", palette.ink),
    ):
        _add_curve(figure, history, key, name, color, epochs, scale=100)
    figure.data[-1].line.dash = "dot"  # it covers the line of the rounded sum most of the time
    latest = [r["val_joint_acc"] for r in history if "val_joint_acc" in r][-2:]
    if ghost:
        latest += [r["val_sum_acc"] for r in ghost.history if "val_sum_acc" in r][-2:]
    close = bool(latest) and min(latest) > 0.9  # then only the top is of interest
    figure.update_yaxes(range=[90, 100.2] if close else [0, 102], ticksuffix=" %")
    return _over_epochs(figure, epochs, "answers right")


def classes_while_learning(
    images: Sequence[int],
    probs: Sequence[Sequence[float]],
    names: Sequence[str],
    palette: Palette,
) -> go.Figure:
    """What the class head answered to one picture after learning from so many images.

    The last answer is in full color. Other classes that it ever took seriously have their name at
    their peak, unless the name of a likelier one is there.
    """
    figure = go.Figure()
    last = max(range(len(names)), key=probs[-1].__getitem__)
    places = _on_log(images)
    peaks = []
    for c, name in sorted(enumerate(names), key=lambda item: item[0] == last):
        values = [100 * snapshot[c] for snapshot in probs]
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
    _add_names(figure, peaks, places, palette)
    ticks = [0, 50, 100]
    figure.update_yaxes(range=[0, 118], tickvals=ticks, ticktext=[f"{tick} %" for tick in ticks])
    return _over_images(figure, images, "class head")


def _short(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1].rstrip()}…"


def _add_names(
    figure: go.Figure,
    peaks: Sequence[tuple[bool, float, float, str]],
    places: Sequence[float],
    palette: Palette,
) -> None:
    """Names at the peaks (is it the answer? percent, power of ten, name) where there is room."""
    low, high = math.log10(min(places)), math.log10(max(places))
    named: list[tuple[float, float, float]] = []
    for won, y, x, whole in sorted(peaks, reverse=True):
        name = _short(whole)
        share, wide = (x - low) / max(high - low, 1e-9), LETTER_WIDTH * len(name)
        left, anchor = share - wide / 2, "center"
        if left < 0:  # near an edge it begins or ends at its peak: all of it is in the figure
            left, anchor = share, "left"
        elif left + wide > 1:
            left, anchor = share - wide, "right"
        free = all(
            abs(y - there) > NAME_HEIGHT or left > end or left + wide < start
            for there, start, end in named
        )
        if y > NOTABLE and free:
            named.append((y, left, left + wide))
            color = palette.class_head if won else palette.muted
            note = {"text": name, "showarrow": False, "yshift": 10, "font_color": color}
            figure.add_annotation(x=x, y=y, xanchor=anchor, **note)


def sum_while_learning(
    images: Sequence[int], values: Sequence[float], expected: int, palette: Palette
) -> go.Figure:
    """What the sum head answered to one picture and number; class + number is a dotted line."""
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
    frameless(figure, 220)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8}, uirevision="run")
    return figure


def _add_curve(
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


def _add_ghost(
    figure: go.Figure,
    ghost: GhostCurves,
    key: str,
    color: str,
    *,
    scale: float = 1,
    legend: bool = True,
) -> None:
    """A dashed line with small rings, faint enough to be behind the others."""
    _add_curve(figure, ghost.history, key, ghost.name, color, ghost.epochs, scale=scale)
    line = figure.data[-1]
    line.update(opacity=0.6, showlegend=legend)
    line.line.update(dash="dash", width=1.8)
    line.marker.update(symbol="circle-open", size=5)


def _over_epochs(figure: go.Figure, epochs: float, label: str) -> go.Figure:
    figure.update_xaxes(title="epoch", range=[0, epochs], fixedrange=True, zeroline=False)
    figure.update_yaxes(title=label, fixedrange=True, zeroline=False)
    frameless(figure, 320)
    figure.update_layout(
        showlegend=True,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        uirevision="run",
    )
    return figure
