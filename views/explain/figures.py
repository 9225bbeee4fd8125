"""What the Explain page shows, from plain numbers: HTML strings and plotly figures.

Imports neither streamlit nor torch. Indigo is the class head and orange the sum head, as on every
page; the colors of the HTML come from the page's CSS, those of the figures from the palette.
"""

import html
import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.data.drawing import Pixels
from core.evaluation.layers import Floats
from core.evaluation.loss_breakdown import BroadcastTable, LossBreakdown
from core.heads import SumHead
from core.recipes.published import LATE_LOG, LOG_CASES, PIXELS_LOG
from views.ui.images import image_tag
from views.ui.theme import Palette, frameless

SPACE = "\N{NO-BREAK SPACE}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def short_number(value: float) -> str:
    """Three digits that say something: 144, 12.3, 0.123; below 0.001 two: 4.5 × 10⁻⁸."""
    if value and abs(value) < 0.001:
        mantissa, exponent = f"{value:.1e}".split("e")
        said = f"{mantissa}{SPACE}×{SPACE}10{str(int(exponent)).translate(SUPERSCRIPT)}"
    else:
        said = f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")
    return said.replace("-", "−")


def share(probability: float) -> str:
    """A probability with two digits of what it lacks to 1: 0.9962, 0.999999955."""
    missing = 1 - probability
    if probability < 0.01 or missing <= 0:
        return short_number(probability) if missing > 0 else "1"
    return f"{probability:.{min(10, max(4, 1 - math.floor(math.log10(missing))))}f}"


def contents(titles: Sequence[str]) -> str:
    """A link to each idea."""
    links = (f'<a href="#idea-{n}">{title}</a>' for n, title in enumerate(titles, start=1))
    return f'<nav class="contents">{"".join(links)}</nav>'


def example(image: Pixels, addend: int, label: str, total: int) -> str:
    """One example of the data, in large: picture + number -> label, sum."""
    size = "word" if len(label) > 3 else "digit"
    return (
        '<div class="example"><figure>'
        f"{image_tag(image, 112, 'The picture')}<figcaption>picture</figcaption></figure>"
        f'<figure><span class="value">{addend}</span><figcaption>number</figcaption></figure>'
        '<div class="example"><span class="arrow">→</span>'
        f'<figure><span class="value {size} class-ink">{html.escape(label)}</span>'
        "<figcaption>label</figcaption></figure>"
        f'<figure><span class="value sum-ink">{total}</span><figcaption>sum</figcaption></figure>'
        "</div></div>"
    )


def more_examples(image: Pixels, label: str, pairs: Sequence[tuple[int, int]]) -> str:
    """The same picture with other numbers, as (addend, sum): a row each."""
    rows = "".join(
        f'<tr><td>{image_tag(image, 42, "The same picture")}<td>{addend}<td class="class-ink">'
        f'{html.escape(label)}<td class="sum-ink">{total}'
        for addend, total in pairs
    )
    return (
        '<table class="figures again"><tr><th>picture<th>number<th>label<th>sum' + rows + "</table>"
    )


def two_inputs(drawn: Pixels | None, image: Pixels, addend: int) -> str:
    """The drawing, if it is one, the picture as given, and the number as a one-hot vector."""
    before = (
        ""
        if drawn is None
        else f"<figure>{image_tag(drawn, 112, 'The drawing')}<figcaption>drawn: 280 × 280"
        '</figcaption></figure><span class="arrow">→</span>'
    )
    return (
        f'<div class="example">{before}'
        f"<figure>{image_tag(image, 168, 'The picture as the network gets it')}"
        "<figcaption>given: 28 × 28</figcaption></figure></div>"
        f'<p class="note">number {addend}, given as ten values:</p>'
        + strip([float(n == addend) for n in range(10)], range(10), "plain")
    )


_INK = ("dark", "light")  # of the number in a cell that is empty, or full


def strip(values: Sequence[float], names: Sequence[object], kind: str) -> str:
    """Ten cells, the fuller the nearer to 1, each with its name below."""
    cells = "".join(
        f'<span><i class="{_INK[value > 0.5]}" style="--fill:{100 * value:.0f}%">'
        f"<b>{_strip_cell(value)}</b></i>"
        f"<small>{html.escape(str(name))}</small></span>"
        for value, name in zip(values, names, strict=True)
    )
    return f'<div class="strip {kind}">{cells}</div>'


def _strip_cell(value: float) -> str:
    return f"{value:.0f}" if min(value, 1 - value) < 0.005 else f"{value:.2f}".removeprefix("0")


def marked(image: Pixels) -> str:
    """The picture with the number in it; its last ten pixels are framed and shown again below."""
    size = 196
    ten = [float(value) / 255 for value in image[-1, -10:]]
    return (
        f'<div class="marked">{image_tag(image, size, "The picture with the number in it")}'
        "<i></i></div>"
        '<p class="note">its last ten pixels:</p>' + strip(ten, range(10), "plain")
    )


def worked(losses: LossBreakdown, head: SumHead, name: str, parameters: int) -> str:
    """Both losses of one example, worked out line by line."""
    prob = "" if losses.sum_prob is None else share(losses.sum_prob)
    numbers = head.loss_numbers.format(value=losses.sum_value, total=losses.total, prob=prob)
    a, b, joint = map(short_number, (losses.class_loss, losses.sum_loss, losses.joint_loss))
    lines = (
        ("class", "class_loss", "−ln(probability of the label)", f"−ln {share(losses.class_prob)}"),
        ("sum", "sum_loss", head.loss_rule, numbers),
        (
            "plain",
            "joint_loss",
            "class_loss + sum_weight × sum_loss",
            f"{a} + {losses.sum_weight:g} × {b}",
        ),
    )
    body = "".join(
        f'<dt class="{kind}-ink">{title}</dt><dd>{rule}</dd><dd>= {numbers}</dd>'
        f"<dd>= <b>{result}</b></dd>"
        for (kind, title, rule, numbers), result in zip(lines, (a, b, joint), strict=True)
    )
    return (
        f'<dl class="worked">{body}</dl><p class="note">For label {html.escape(name)} and sum '
        f"{losses.total}. One optimizer step then moves {parameters:,} parameters a little, "
        "each in the direction in which joint_loss falls.</p>"
    )


def if_it_were(values: Sequence[float], names: Sequence[str], answer: int, color: str) -> go.Figure:
    """A loss for each label (or sum) that there could be; the answer's bar in full color."""
    figure = go.Figure(
        go.Bar(
            x=list(names),
            y=list(values),
            marker_color=color,
            marker_opacity=[1.0 if i == answer else 0.45 for i in range(len(values))],
            text=[f"{value:.2f}" if i == answer else "" for i, value in enumerate(values)],
            textposition="outside",
            textangle=0,
            textfont_size=12,
            constraintext="none",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:.3g}<extra></extra>",
        )
    )
    figure.update_xaxes(type="category", fixedrange=True)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, nticks=4)
    return frameless(figure, 170)


def softmax_twice_figure(
    losses: LossBreakdown, names: Sequence[str], palette: Palette
) -> go.Figure:
    """The class probabilities after one softmax and after a second one on top."""
    figure = go.Figure()
    for probs, title, color in (
        (losses.class_probs, "one softmax", palette.class_head),
        (losses.squashed, "two", palette.muted),
    ):
        figure.add_bar(
            x=list(names),
            y=[100 * p for p in probs],
            name=title,
            marker_color=color,
            hovertemplate="%{x}: %{y:.1f} %" + f"<extra>{title}</extra>",
        )
    figure.update_xaxes(type="category", fixedrange=True)
    figure.update_yaxes(range=[0, 104], ticksuffix=" %", fixedrange=True, nticks=3)
    return _legend(frameless(figure, 230))


def published_logs(palette: Palette) -> go.Figure:
    """Both right, in percent, over the epochs of the two published Fashion-MNIST networks."""
    figure = go.Figure()
    epochs = list(range(1, len(LATE_LOG) + 1))
    for log, title, color, dash in (
        (PIXELS_LOG, "B2, pixel fusion", palette.ink, "solid"),
        (LATE_LOG, "B1, late fusion", palette.muted, "solid"),
        ([LOG_CASES / 100] * len(epochs), "chance", palette.muted, "dot"),
    ):
        figure.add_scatter(
            x=epochs,
            y=[100 * right / LOG_CASES for right in log],
            name=title,
            mode="lines" if dash == "dot" else "lines+markers",
            line={"color": color, "width": 2, "dash": dash},
            hovertemplate="epoch %{x}: %{y:.2f} %" + f"<extra>{title}</extra>",
        )
    figure.update_xaxes(title="epoch", dtick=1, fixedrange=True, zeroline=False)
    figure.update_yaxes(range=[0, 10], title="both right", ticksuffix=" %", fixedrange=True)
    return _legend(frameless(figure, 260))


def pairs(case: BroadcastTable) -> str:
    """[4] against [4]: four differences."""
    cells = "".join(_difference(value, True) for value in case.pairs)
    return (
        '<table class="pairs"><tr><th>answers'
        + "".join(f'<td class="sum-ink">{value:.2f}' for value in case.answers)
        + "<tr><th>targets"
        + "".join(f"<td>{value:.0f}" for value in case.targets)
        + f"<tr><th>differences{cells}</table>{_mean(case.pairs)}"
    )


def all_pairs(answers: Floats, targets: Floats, table: Floats) -> str:
    """[4, 1] against [4]: a table of sixteen differences, of which only four are meant."""
    rows = "".join(
        f'<tr><th class="sum-ink">{answer:.2f}'
        + "".join(_difference(value, i == j) for j, value in enumerate(row))
        for i, (answer, row) in enumerate(zip(answers, table, strict=True))
    )
    head = "".join(f"<td>{value:.0f}" for value in targets)
    return f'<table class="pairs"><tr><th>{head}{rows}</table>{_mean(table)}'


def _difference(value: float, meant: bool) -> str:
    """The larger the darker; the four that are meant have a frame."""
    depth = min(abs(float(value)), 9.0) / 9
    said = f"{value:.1f}".replace("-", "−")
    said = "0.0" if said == "−0.0" else said
    return f'<td class="{"meant" if meant else "stray"}" style="--depth:{50 * depth:.0f}%">{said}'


def _mean(differences: Floats) -> str:
    square = float(np.square(differences).mean())
    mean = f"{square:.2f}" if square >= 0.1 else short_number(square)
    return f'<p class="note">mean of the {differences.size} squares: <b>{mean}</b></p>'


def _legend(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        showlegend=True,
        margin_t=28,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    )
    return figure
