"""A part of a page that polls what goes on elsewhere, as long as there is more to come."""

from collections.abc import Callable
from itertools import count
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")


def poll(show: Callable[P, object], every: float | None, *args: P.args, **kwargs: P.kwargs) -> None:
    """Show a part of the page, again after `every` seconds; with None never again.

    If the browser polls even then, it has missed the page that told it to stop: Streamlit drops
    what it has not sent yet of a run that is over when the next request comes. So the whole page
    runs once more. `show` must hold no controls then, or using them would do the same.
    """
    times = count()

    @st.fragment(run_every=every)
    def shown() -> None:
        if next(times) and every is None:
            st.rerun()
        show(*args, **kwargs)

    shown()
