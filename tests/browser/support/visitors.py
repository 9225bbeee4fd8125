"""Visitors of the app: each has a tab in a browser context alone. When one leaves, the tab is swept
clean and kept for the next.

A context of its own keeps cookies, storage and permissions apart. But in a new tab nothing is
compiled yet, and compiling Streamlit's scripts is most of what opening a page costs: 3.7 s in a new
tab, 1.4 s in a swept one (medians on a busy machine; a new tab in a used context takes 3.8 s).
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page


class Visitors:
    """Tabs of one browser, used again by visitors with the same options."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: defaultdict[tuple[tuple[str, Any], ...], list[Page]] = defaultdict(list)

    @contextmanager
    def arrive(self, *, alone: bool = False, **options: Any) -> Iterator[Page]:
        """An empty tab that nobody else has.

        `options` are those of a browser context: has_touch, is_mobile, ... With `alone` the tab is
        new, and nobody gets it later: for what cannot be swept, such as a routed websocket.
        """
        free = self._free[tuple(sorted(options.items()))]
        page = free.pop() if free and not alone else self._browser.new_context(**options).new_page()
        yield page
        if alone or page.is_closed():
            page.context.close()
        else:
            _sweep(page)
            free.append(page)


def _sweep(page: Page) -> None:
    """Take away all that a visitor left, but for what the browser has loaded and compiled."""
    if page.url.startswith("http"):
        page.evaluate("sessionStorage.clear()")
    page.goto("about:blank")
    page.context.clear_permissions()
    page.context.set_storage_state({"cookies": [], "origins": []})  # clears all that was there
