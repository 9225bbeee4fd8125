"""Networks and their metrics as a table: HTML from numbers. Imports neither streamlit nor torch.

Each row says its data set, and the best of a column is the best of one data set: 95 % of garments
is not less than 99 % of digits.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

STAR = '<span class="star" role="img" aria-label="best" title="Best of its data set">★</span>'
UNKNOWN = '<span class="note">not given</span>'


@dataclass(frozen=True)
class Column:
    """A metric: its heading, how it is written, and whether less is better."""

    title: str
    write: Callable[[float], str]
    less_is_better: bool = False


@dataclass(frozen=True)
class Row:
    """A network, here or only published."""

    title: str
    kind: str  # published, shipped, or whose and what is special about it
    dataset: str  # its title
    metrics: Mapping[str, float]  # by the names of COLUMNS, those that are known
    dataset_name: str = ""  # where two data sets may have one title

    @property
    def group(self) -> str:
        """What is one data set for all rows of it."""
        return self.dataset_name or self.dataset


def percent(share: float) -> str:
    """99.63 %, but 0.975 %: small shares keep three digits."""
    return f"{100 * share:.2f} %" if share >= 0.1 else f"{100 * share:.3g} %"


def certainty(prob: float) -> str:
    """A probability in percent; never 100 %, as a softmax is never certain."""
    return "over 99.9 %" if prob > 0.999 else f"{100 * prob:.1f} %"


def seconds(count: float) -> str:
    return f"{count:,.0f} s" if count >= 100 else f"{count:.1f} s"


COLUMNS = {
    "class_acc": Column("Class", percent),
    "sum_acc": Column("Rounded sum", percent),
    "joint_acc": Column("Both right", percent),
    "sum_r2": Column("R² of the sum", lambda r2: f"{r2:.4f}"),
    "sum_mae": Column("Mean error", lambda mae: f"{mae:.3f}", less_is_better=True),
    "parameters": Column("Parameters", lambda count: f"{count:,.0f}", less_is_better=True),
    "train_seconds": Column("Training", seconds, less_is_better=True),
}


def best_rows(rows: Sequence[Row], name: str) -> set[int]:
    """Indices of the rows with the best metric of a column within their data set.

    All that share it. None where a data set has only one row, or only published ones: those beat
    nobody.
    """
    found = set()
    for group in {row.group for row in rows}:
        known = {
            place: row.metrics[name]
            for place, row in enumerate(rows)
            if row.group == group and name in row.metrics
        }
        if len(known) > 1 and any(rows[place].kind != "published" for place in known):
            top = min(known.values()) if COLUMNS[name].less_is_better else max(known.values())
            found |= {place for place, value in known.items() if value == top}
    return found


def networks_table(rows: Sequence[Row], caption: str) -> str:
    """All rows, in order; a line above the first of each data set.

    The caption stands above it. On a phone each row is a card, so each cell has its heading.
    """
    winners = {name: best_rows(rows, name) for name in COLUMNS}
    head = "".join(
        f'<th scope="col" role="columnheader">{column.title}</th>' for column in COLUMNS.values()
    )
    body = ""
    for place, row in enumerate(rows):
        new = place == 0 or rows[place - 1].group != row.group
        cells = "".join(_cell(row, name, place in winners[name]) for name in COLUMNS)
        kind = ' class="first"' if new else ""
        body += f'<tr role="row"{kind}>{_heading(row)}{cells}</tr>'
    return (
        f'<div class="note">{html.escape(caption)}</div><div class="wide" tabindex="0" '
        'role="region" aria-label="Metrics, a row for each network">'
        '<table class="figures" role="table">'
        f'<tr role="row"><td role="cell"></td>{head}</tr>{body}</table></div>'
    )


def _heading(row: Row) -> str:
    title, note = html.escape(row.title), html.escape(f"{row.dataset}, {row.kind}")
    return f'<th scope="row" role="rowheader">{title}<span class="note">{note}</span></th>'


def _cell(row: Row, name: str, is_best: bool) -> str:
    column = COLUMNS[name]
    heading = f'role="cell" data-heading="{html.escape(column.title)}"'
    if name not in row.metrics:
        return f'<td class="unknown" {heading}>{UNKNOWN}</td>'
    text = column.write(row.metrics[name])
    return f"<td {heading}><b>{text}</b>{STAR}</td>" if is_best else f"<td {heading}>{text}</td>"
