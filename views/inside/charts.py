"""Figures of what is done to a network, from plain numbers. Imports neither streamlit nor torch."""

from collections.abc import Sequence

import plotly.graph_objects as go

from views.ui.theme import Palette, frameless


def damage_curves(
    amounts: Sequence[float],
    scores: Sequence[Sequence[float]],
    chosen: float,
    axis: tuple[str, str],
    palette: Palette,
) -> go.Figure:
    """Shares right over the amount of damage; a line stands at the chosen amount.

    Args:
        scores: for each amount, the share of classes and of both answers right.
        axis: its title, and what stands behind each number.
    """
    title, unit = axis
    figure = go.Figure()
    figure.add_vline(x=chosen, line_color=palette.muted, line_width=1.5, line_dash="dot")
    for column, (name, color) in enumerate(
        (("class", palette.class_head), ("both right", palette.sum_head))
    ):
        figure.add_scatter(
            x=list(amounts),
            y=[100 * row[column] for row in scores],
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": ("solid", "dash")[column]},
            hovertemplate="%{y:.1f} %" + f"<extra>{name}</extra>",
        )
    figure.update_xaxes(title=title, ticksuffix=unit, fixedrange=True, zeroline=False)
    figure.update_yaxes(range=[0, 103], ticksuffix=" %", fixedrange=True, zeroline=False)
    frameless(figure, 240)
    figure.update_layout(
        showlegend=True,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    )
    return figure
