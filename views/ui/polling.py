"""A part of a page that looks by itself at what goes on elsewhere, while there is more to see."""

from collections.abc import Callable
from itertools import count
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")


def poll(show: Callable[P, object], every: float | None, *args: P.args, **kwargs: P.kwargs) -> None:
    """Show a part of the page, again after `every` seconds; with None never again.

    Where the browser asks even then, the page that told it not to was lost: Streamlit throws away
    what it has not sent yet of a run that is over when the next question comes. So the whole page
    runs once more. `show` holds no controls then: only a browser that missed something asks.
    """
    times = count()

    @st.fragment(run_every=every)
    def shown() -> None:
        if next(times) and every is None:
            st.rerun()
        show(*args, **kwargs)

    shown()
