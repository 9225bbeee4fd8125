"""Charts of what was measured, as SVG: drawn by plotly in the Chromium of the browser tests."""

import urllib.parse
from collections.abc import Mapping, Sequence

from plotly.graph_objects import Figure
from plotly.subplots import make_subplots

from tests.browser.support import driver

SIZE = {"width": 900, "height": 260}
INK, LINE = "#5F6673", "#4F5BD5"  # as on the pages
TO_SVG = """size => Plotly.toImage(
    document.querySelector('.js-plotly-plot'), {format: 'svg', ...size})"""


def costs(found: Mapping[str, Mapping[int, float]]) -> str:
    """An SVG with a small chart for each table of seconds by value."""
    figure = make_subplots(1, len(found), subplot_titles=[f"by {name}" for name in found])
    for column, values in enumerate(found.values(), start=1):
        names = [f"{value:,}" for value in values]
        figure.add_bar(x=names, y=list(values.values()), marker_color=LINE, row=1, col=column)
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero", gridcolor="#C9CDD6")
    figure.update_yaxes(title="seconds an epoch", col=1)
    return _svg(figure)


def cluster(rows: Sequence[Mapping[str, float]]) -> str:
    """An SVG: how much of the ideal so many trainers reach, and how late a record comes."""
    names = [f"{row['trainers']:.0f}" for row in rows]
    charts = {
        "percent of the ideal": [100 * row["efficiency"] for row in rows],
        "ms until a record is written, 95 % under": [row["delay_p95_ms"] for row in rows],
    }
    figure = make_subplots(1, len(charts), subplot_titles=list(charts))
    for column, values in enumerate(charts.values(), start=1):
        figure.add_bar(x=names, y=values, marker_color=LINE, row=1, col=column)
    figure.update_xaxes(type="category", title="trainers")
    figure.update_yaxes(rangemode="tozero", gridcolor="#C9CDD6")
    return _svg(figure)


def _svg(figure: Figure) -> str:
    figure.update_layout(
        showlegend=False,
        font_color=INK,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 50, "r": 10, "t": 30, "b": 30},
        **SIZE,
    )
    with driver.chromium() as browser:
        page = browser.new_page()
        page.set_content(figure.to_html(include_plotlyjs=True, full_html=True))
        page.wait_for_selector(".js-plotly-plot .main-svg")
        address: str = page.evaluate(TO_SVG, SIZE)
    return urllib.parse.unquote(address.partition(",")[2])
