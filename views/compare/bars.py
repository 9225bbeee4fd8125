"""How often both answers are right, network by network: bars of HTML. Knows no streamlit, no torch.

One example: "Digits (our best, 99.6 %)" has a bar of 99.61 % of the width; network B1, published,
has one of 0.975 %. Network A gave no such figure, which stands in the place of a bar.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from views.ui.table import percent

NOT_PUBLISHED = "gave no such figure"


@dataclass(frozen=True)
class Bar:
    """One network in the picture."""

    title: str
    kind: str  # published, shipped, yours, or from a link
    dataset: str  # in words: a heading for those that share it
    share: float | None  # of test cases with both answers right; None is not known
    dataset_name: str = ""  # where two data sets may have one heading


def bars_html(bars: Sequence[Bar], own_color: str) -> str:
    """A list for each data set, in order; the visitor's own networks have a color."""
    parts = []
    for name, dataset in dict.fromkeys((bar.dataset_name, bar.dataset) for bar in bars):
        of_it = [bar for bar in bars if (bar.dataset_name, bar.dataset) == (name, dataset)]
        rows = "".join(map(_row, of_it))
        parts.append(
            f'<div class="head">{html.escape(dataset)}</div>'
            f'<ul class="shares" style="--mine:{own_color}">{rows}</ul>'
        )
    return "".join(parts)


def _row(bar: Bar) -> str:
    name = f'{html.escape(bar.title)} <span class="note">{html.escape(bar.kind)}</span>'
    if bar.share is None:
        return f'<li><span>{name}</span><span class="note">{NOT_PUBLISHED}</span></li>'
    kind = html.escape(bar.kind.split(",")[0].replace(" ", "-"))
    width = f"{100 * min(1.0, max(0.0, bar.share)):.3f}%"
    return (
        f'<li class="{kind}"><span>{name}</span>'
        f'<span class="track"><i style="width:{width}"></i></span><b>{percent(bar.share)}</b></li>'
    )
