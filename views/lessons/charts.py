"""Figures of the sabotage quiz: records of a run to plotly figures. No streamlit, no torch.

Each loss has a line of its own here, because some bugs show in one of them alone. Thin lines are
training batches, thick ones with dots what the run calls its validation images.
"""

import plotly.graph_objects as go

from views.ui.theme import Palette, Records, frameless


def losses_apart(history: Records, palette: Palette) -> go.Figure:
    """The loss of each head over the epochs, on a logarithmic scale."""
    figure = go.Figure()
    for key, name, color in (
        ("class_loss", "class loss", palette.class_head),
        ("sum_loss", "sum loss", palette.sum_head),
    ):
        _curves(figure, history, key, name, color)
    figure.update_yaxes(type="log", title="loss, each head", dtick=1)
    return _over_epochs(figure)


def accuracies_apart(history: Records, palette: Palette) -> go.Figure:
    """The share of right answers of each head over the epochs, in percent."""
    figure = go.Figure()
    for key, name, color in (
        ("class_acc", "class", palette.class_head),
        ("sum_acc", "rounded sum", palette.sum_head),
    ):
        _curves(figure, history, key, name, color, scale=100)
    figure.update_yaxes(range=[0, 102], ticksuffix=" %", title="answers right")
    return _over_epochs(figure)


def _curves(
    figure: go.Figure, history: Records, key: str, name: str, color: str, scale: float = 1
) -> None:
    for source, is_thin in ((key, True), (f"val_{key}", False)):
        points = [(r["epochs_done"], scale * r[source]) for r in history if source in r]
        xs, ys = zip(*points, strict=True) if points else ((None,), (None,))
        figure.add_scatter(
            x=xs,
            y=ys,
            name=name,
            mode="lines" if is_thin else "lines+markers",
            line={"color": color, "width": 1.2 if is_thin else 2.5},
            opacity=0.45 if is_thin else 1,
            showlegend=not is_thin,
            hovertemplate="%{y:.3g}" + f"<extra>{name}</extra>",
        )


def _over_epochs(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(title="epoch", fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, zeroline=False)
    frameless(figure, 280)
    figure.update_layout(
        showlegend=True,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        uirevision="quiz",
    )
    return figure
