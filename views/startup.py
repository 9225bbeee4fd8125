"""What a server imports before its first visitor needs it, in a thread beside the server.

torch and pandas take longer to import than Streamlit takes to listen, and a browser takes as long
to load Streamlit's scripts. So both go on at the same time.

The first page waits and imports nothing itself: of two threads that import the same package, one
may fail or find half of it. The other pages are imported after it.

Meanwhile Python does not search for garbage. It would walk through all that is being imported, time
and again, which takes a third of the time. Afterwards all that is set aside, as it stays: later
searches do not walk through it, which takes 0.1 s, while nobody is answered.
"""

import functools
import gc
import importlib
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from core.systems.libraries import load_ahead
from views.server.network import announce

PAGES_MODULE = "views.app"
# Streamlit needs pandas as soon as it shows anything, and a drawing is cut into digits by scipy.
WANTED = (
    *("torch", "pandas", "scipy.ndimage"),
    *(PAGES_MODULE, "views.draw.page", "views.live.channel"),
)
PAUSE = 10.0  # seconds that a first page has before the other pages are imported
SWITCH_SECONDS = 0.001  # a fifth of the usual: moving pens wait for the thread that answers them

_is_app_there = threading.Event()


@asynccontextmanager
async def start_app(app: st.App) -> AsyncIterator[None]:
    """While the server runs; it listens as soon as this has begun."""
    import_app()
    async with announce(app):
        yield


@functools.cache
def import_app() -> threading.Thread:
    """Begin, once in a process; the thread ends when all is imported."""
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    thread = threading.Thread(target=_import_all, name="startup", daemon=True)
    thread.start()
    return thread


def run_page() -> None:
    """What the visitor's page shows, as soon as the app is imported."""
    import_app()
    _is_app_there.wait()
    importlib.import_module(PAGES_MODULE).show_page()


def _import_all() -> None:
    try:
        load_ahead("torch", "lib/libtorch_cpu.so")
        for name in WANTED:
            importlib.import_module(name)
    finally:  # whatever failed: the page fails likewise, and tells
        gc.freeze()
        gc.enable()
        _is_app_there.set()
    _prepare_answers()
    time.sleep(PAUSE)
    for page in importlib.import_module(PAGES_MODULE).PAGES:
        importlib.import_module(page.module)


def _prepare_answers() -> None:
    """One picture is no work for two threads of torch, and the worker needs the other core."""
    import torch

    from core.engines.tracing import traced
    from core.storage.checkpoint import CheckpointError
    from views.session.networks import DEFAULT_NETWORK, load_network

    torch.set_num_threads(1)
    with suppress(CheckpointError):  # the page says what to do about it
        traced(load_network(DEFAULT_NETWORK)[0])
