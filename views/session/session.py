"""What the pages share: a visitor's session, the address, the caches.

The only file that touches `st.session_state`, `st.query_params` and the caches (but views/canvas.py
reads what its own widget said). What is a visitor's own sits in one `Session`; what all visitors
share (networks, the worker) is cached and never changed.
"""

import functools
import gc
import importlib
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st
import torch

from core.finetune import HandExample
from core.recipes.settings import Value
from core.runs.run import (
    finetune_job_of,
    runs_dir,
)
from views.session.canvas_state import CanvasState
from views.session.link import Link, parse_link

InputSource = Literal["draw", "test", "upload"]


@dataclass
class Session:
    """A visitor's own: what is drawn, told and chosen, and which runs are theirs."""

    canvas: CanvasState
    addend: int
    network: str  # name of the network that answers: a shipped preset, or the id of a run
    run: str  # id of the run that the Train page shows; "" is none
    settings: dict[str, Value]  # of the next run
    bug: str = ""  # that the next run is made with; "" is none
    source: InputSource = "draw"  # of the picture
    picture: int = 0  # which test image of the network's data set
    upload: bytes = b""  # the image file that was chosen last; b"" is none
    compared: tuple[str, ...] = ()  # networks side by side; () leaves it to the Compare page
    view: str = Link.view  # of them
    hidden: tuple[str, ...] = ()  # parts of the pages that a link for a class left out
    locked: tuple[str, ...] = ()  # controls that it keeps as they are
    task: str = ""  # the lesson that it told; "" is none
    gone: str = ""  # the network that it named, where that is no longer kept
    uploads: int = 0  # of networks
    again: bool = False  # does the visitor want to train that one again?
    own_runs: list[str] = field(default_factory=list)
    examples: list[HandExample] = field(default_factory=list)  # of the visitor's hand
    files: int = 0  # of examples that were loaded
    lesson: str = ""  # id of the run that learns the examples, or failed to; "" is none


def get_session() -> Session:
    """This visitor's session; the address that they came with fills it at the start."""
    if "session" not in st.session_state:
        opened = parse_link(st.query_params.to_dict())
        taught = finetune_job_of(runs_dir(), opened.network)
        st.session_state.session = Session(
            canvas=CanvasState().show(opened.strokes) if opened.strokes else CanvasState(),
            addend=opened.addend,
            network=opened.network,
            run=opened.run,
            settings=dict(opened.settings),
            bug=opened.bug,
            source="draw" if opened.picture is None else "test",
            picture=opened.picture or 0,
            compared=opened.compared,
            view=opened.view,
            hidden=opened.hidden,
            locked=opened.locked,
            task=opened.task,
            examples=taught.examples if taught else [],
        )
    found: Session = st.session_state.session
    return found


def widget_value(key: str) -> Any:
    """What the visitor just chose in a widget: for callbacks, which run before the page does."""
    return st.session_state[key]


@functools.cache
def prepare_process() -> None:
    """Before the first page: import what comes late otherwise, and keep it out of the way.

    Streamlit imports pandas when it first shows something. Plotly looks at pandas wherever it is
    being imported, and half of it is an error on the page of another visitor. And Streamlit
    collects garbage after each run of a page, which walks through all of torch unless that is set
    aside: 0.1 s after each answer, while nobody else is answered. One picture is no work for two
    threads of torch, and the worker needs the other core.
    """
    torch.set_num_threads(1)
    importlib.import_module("pandas")
    gc.collect()
    gc.freeze()


# Two networks with the same weights may answer differently: a stranger's file can say that ours are
# of another data set. So the config is part of each key.


def is_dark() -> bool:
    """Does the visitor's browser show the dark theme?"""
    return st.context.theme.type == "dark"
