"""Share, on every page: the link to what the page shows, to copy or to scan.

For a class, the link can hide parts of the pages and fix controls.
"""

import functools
import html
from dataclasses import replace
from typing import Any

import segno
import streamlit as st

from core.recipes.settings import SETTINGS
from views.session.address import SOURCES_IN_LINK, absolute_link, publish
from views.session.link import HIDEABLE, LOCKABLE, Link, link_query, strokes_in_link
from views.session.session import get_session
from views.ui.style import STATIC

PART_LABELS = {  # of what a link for a class can hide or fix; the settings have labels of their own
    "pages": "Links to other pages",
    "sources": "Test images and uploads",
    "examples": "Example digits",
    "number": "Number to add",
    "network": "Choice of network",
    "seen": "What the network saw",
    "teach": "Teach it",
    "bug": "Published bugs",
    "files": "Files of networks",
    "share": "Share",
} | {name: setting.label for name, setting in SETTINGS.items()}


def show_share(link: Link) -> None:
    """Keep the address of the page in step with what it shows, and give out its link."""
    publish(link)
    if "share" in link.hidden:
        return
    with (
        st.container(key="share_place", width="content"),
        st.popover("Share", icon=":material/share:", key="share", on_change="rerun") as panel,
    ):
        if panel.open:
            with st.container(key="share_panel", gap="small"):
                _panel(link)


def _panel(link: Link) -> None:
    place = st.container(key="share_link", gap="small")
    with st.expander("For a class", icon=":material/co_present:", key="share_class"):
        hidden = _pick("Hide", HIDEABLE, link.hidden, "hide")
        locked = _pick("Show, but fix", LOCKABLE, link.locked, "lock")
        st.caption("Whoever opens the link gets these pages. Yours stay as they are.")
    shared = absolute_link(replace(link, hidden=hidden, locked=locked), get_session().page)
    with place:
        st.code(shared, language=None, wrap_lines=True)
        _copy_button()(data=shared, key="copy")
        st.html(qr(shared))
        if missing := _missing(link):
            st.caption(missing)


def _missing(link: Link) -> str:
    """What the link cannot carry of the picture, in a sentence; "" if it carries everything."""
    if get_session().source not in SOURCES_IN_LINK:
        return "A link cannot carry a picture file. The link opens an empty canvas."
    if "s" not in link_query(link) and link.strokes:
        return "This drawing has too many strokes for a link. The link opens an empty canvas."
    if strokes_in_link(link.strokes) != link.strokes:
        return "This drawing is too long for a link. The link carries a rougher one."
    return ""


def _pick(label: str, names: tuple[str, ...], chosen: tuple[str, ...], key: str) -> tuple[str, ...]:
    """Some of the names, in their order."""
    picked = st.multiselect(
        label,
        names,
        list(chosen),
        format_func=PART_LABELS.__getitem__,
        key=f"share_{key}",
        placeholder="Nothing",
    )
    return tuple(name for name in names if name in picked)


@functools.lru_cache(maxsize=64)
def qr(address: str) -> str:
    """The address for the camera of a phone: an SVG, dark on light in both themes."""
    code = segno.make(address, error="l", micro=False)
    drawn = code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True)
    return f'<img class="qr" alt="QR code of the link" src="{html.escape(drawn)}">'


@functools.cache
def _copy_button() -> Any:
    """Not at import: it can be registered in a running app only."""
    button = '<button type="button">Copy link</button>'
    css, js = ((STATIC / name).read_text("utf-8") for name in ("copy.css", "copy.js"))
    return st.components.v2.component("copy_link", html=button, css=css, js=js)
