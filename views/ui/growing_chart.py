"""A plotly chart that grows while somebody looks at it.

`st.plotly_chart` takes the figure into the identity of its element, so each new point would mount
the chart anew: a curve that was hidden comes back, and the label under the pointer is gone. Here
the element stays, and plotly.js is handed the new data.
"""

import functools
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from views.document.compressed import PLOTLY
from views.ui.theme import SAVABLE_CONFIG, Palette, themed

SCRIPT = Path(__file__).parent / "static" / "chart.js"


def growing_chart(
    figure: go.Figure,
    palette: Palette,
    *,
    key: str,
    alt: str,
    config: dict[str, Any] = SAVABLE_CONFIG,
) -> None:
    """Show a figure of a fixed height, or the next one in its place.

    What visitors change (hidden curves) stays as long as `layout.uirevision` does.
    """
    drawn = themed(figure, palette).to_json()  # which also knows the arrays of numpy
    data = {"figure": drawn, "config": config, "alt": alt, "library": f"static/{PLOTLY}"}
    _component()(data=data, key=key)


@functools.cache
def _component() -> Any:
    """Not at import: it can be registered in a running app only."""
    return st.components.v2.component(
        "growing_chart",
        # what is still as wide as a wider window was does not make the page wider
        html='<div class="chart" role="figure" style="overflow: hidden"></div>',
        js=SCRIPT.read_text("utf-8"),
        isolate_styles=False,
    )
