"""The two charts of the answers, as HTML: where each head stands between its possible answers.

They are drawn many times a second for every pen that moves, so they are plain boxes whose places
are percentages; style.css gives them their looks in both themes. Imports neither streamlit nor
torch.
"""

import html
import math
from collections.abc import Sequence

from views.ui.table import certainty

LOW, HIGH = -0.9, 18.9  # ends of the line of sums; both end sums have room for their mark
TICKS = range(0, 19, 2)


def class_bars(probs: Sequence[float], names: Sequence[str]) -> str:
    """The class head's probabilities: a bar per class, the likeliest in full color.

    Bars of classes with names lie on their side, each behind its name. Without probabilities,
    where they will be.
    """
    best = max(range(len(probs)), key=probs.__getitem__) if probs else None
    bars = ""
    for index, name in enumerate(names):
        shown, title = html.escape(name), ""
        share = 0.0
        if probs:
            share = probs[index]
            title = f' title="{shown}: {100 * share:.1f} %"'
        kind = "bar best" if index == best else "bar"
        bar = f'<i style="--share:{share:.4f}"></i><b>{shown}</b>'
        bars += f'<div class="{kind}"{title}>{bar}</div>'
    words = " words" if max(map(len, names)) > 1 else ""
    return f'<div class="bars{words}" role="img" aria-label="Class probabilities">{bars}</div>'


def sum_line(sum_value: float = math.nan, expected: int | None = None) -> str:
    """The sum head's value on a line from 0 to 18, in a ring at class + number.

    Without a number, the empty line.
    """
    marks = ""
    if expected is not None:
        marks += _mark("ring", expected, f"class + number: {expected}")
    if math.isfinite(sum_value):
        marks += _mark("dot", sum_value, f"sum head: {sum_value:.2f}")
    ticks = "".join(f'<b style="left:{_place(tick):.2f}%">{tick}</b>' for tick in TICKS)
    return f'<div class="sum-line" role="img" aria-label="Sum from 0 to 18">{marks}{ticks}</div>'


def sum_note(sum_value: float, total: int, sum_probs: Sequence[float] | None) -> str:
    """What is behind a sum: the probability of `total`, or the value before rounding.

    `sum_probs` are those of the 19 sums, None for a regressed one. With them, nothing is rounded:
    `sum_value` is their mean, and `total` the likeliest.
    """
    if sum_probs is not None:
        return f"{certainty(sum_probs[total])} sure"
    return f"{sum_value:.2f} before rounding"


def _mark(kind: str, value: float, title: str) -> str:
    return f'<i class="{kind}" style="left:{_place(value):.2f}%" title="{title}"></i>'


def _place(value: float) -> float:
    """Where a sum stands on the line, in percent; what lies beyond an end stands there."""
    return 100 * (min(max(value, LOW), HIGH) - LOW) / (HIGH - LOW)
