"""A visitor's session: what is theirs alone, for as long as their browser shows the app.

One example: a visitor opens /?v=1&n=4, draws a 3 and trains a network. Then `link.addend` is 4,
`canvas` holds the strokes, and `own_runs` the id of the run. What all visitors share (networks, the
worker) is cached in networks.py and jobs.py and never changed.
"""

import functools
import gc
import importlib
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
import torch

from core.finetune import HandExample
from core.runs.run import finetune_job_of, runs_dir
from views.session.canvas_state import CanvasState
from views.session.link import Link, parse_link


@dataclass
class Session:
    """What one visitor has drawn, chosen and trained."""

    link: Link  # what a link can carry; `choose` replaces it
    canvas: CanvasState  # the drawing, ahead of `link.strokes`
    source: str = "draw"  # of the picture, one of `SOURCES`
    picture: int = 0  # which test image, also while another source is chosen
    image_files: dict[str, bytes] = field(default_factory=dict)  # chosen last, by source
    page: str = ""  # name of the page that is shown; "" is the first
    gone_network: str = ""  # the network that the link named, where that is no longer kept
    uploaded_networks: int = 0
    own_runs: list[str] = field(default_factory=list)  # ids
    examples: list[HandExample] = field(default_factory=list)  # of the visitor's handwriting
    loaded_example_files: int = 0
    finetune_run: str = ""  # id of the run that learns the examples, or failed to; "" is none

    def choose(self, **choices: Any) -> None:
        """Replace choices of the link by new ones, by the names of `Link`."""
        self.link = replace(self.link, **choices)


def get_session() -> Session:
    """This visitor's session; the address that they came with fills it at the start."""
    if "session" not in st.session_state:
        link = parse_link(st.query_params.to_dict())
        job = finetune_job_of(runs_dir(), link.network)
        st.session_state.session = Session(
            link,
            canvas=CanvasState().show(link.strokes) if link.strokes else CanvasState(),
            source="draw" if link.picture is None else "test",
            picture=link.picture or 0,
            examples=job.examples if job else [],
        )
    found: Session = st.session_state.session
    return found


def widget_value(key: str) -> Any:
    """What the visitor just chose in a widget: for callbacks, which run before the page does."""
    return st.session_state[key]


@functools.cache
def prepare_process() -> None:
    """Before the first page: import what would be imported late, and spare it the garbage search.

    Streamlit imports pandas when it first shows something. Meanwhile plotly, on the page of another
    visitor, would find half of pandas and fail. And Streamlit collects garbage after each run of a
    page, which walks through all of torch unless that is set aside: 0.1 s after each answer, while
    nobody else is answered. One picture is no work for two threads of torch, and the worker needs
    the other core.
    """
    torch.set_num_threads(1)
    importlib.import_module("pandas")
    importlib.import_module("scipy.ndimage")  # cuts a drawing into digits
    gc.collect()
    gc.freeze()


def is_dark() -> bool:
    """Does the visitor's browser show the dark theme?"""
    return st.context.theme.type == "dark"
