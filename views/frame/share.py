"""Share, on every page: the link to what the page shows, to copy, to scan, or for a whole room.

A link that holds `localhost` leads everybody to their own machine. So from such a page Share gives
the address of this machine in the network, or says why nobody else can open the link.

For a class, the link can hide parts of the pages and fix controls.
"""

import functools
from dataclasses import replace
from typing import Any

import streamlit as st

from core.recipes.settings import SETTINGS
from views.frame.code import code_tag
from views.frame.room import room_link, show_to_room
from views.guide.courses import begin_tour, can_take_tour
from views.server.network import (
    IN_CONTAINER,
    addresses_for_others,
    is_in_container,
    is_local,
    why_nobody_else,
)
from views.session.address import SOURCES_IN_LINK, absolute_link, own_host, publish
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
    with st.container(key="share_place", width="content", horizontal=True, gap="xsmall"):
        _tour_button(link)
        _present_button(link)
        if "share" in link.hidden:
            return
        with st.popover("Share", icon=":material/share:", key="share", on_change="rerun") as panel:
            if panel.open:
                with st.container(key="share_panel", gap="small"):
                    _panel(link)


def _tour_button(link: Link) -> None:
    """Offered in the corner, where it moves nothing; not to a class that came for a lesson."""
    session = get_session()
    if link.tour or link.lesson or not can_take_tour(session):
        return
    words = f"Tour, {session.tour_left}" if session.tour_left else "Tour"
    what = "Go on with the tour" if session.tour_left else "Take the tour: ten steps, 5 minutes"
    if st.button(words, key="tour", icon=":material/explore:", help=what):
        begin_tour(session)


def _present_button(link: Link) -> None:
    """As large as a projector needs it, and back; frame.css shows it where a screen is wide."""
    if "share" in link.hidden and not link.present:
        return
    words, icon, what = (
        ("Usual size", "close_fullscreen", "Stop presenting")
        if link.present
        else ("Present", "present_to_all", "All of the page twice as large, for a projector")
    )
    if st.button(words, key="present", icon=f":material/{icon}:", help=what):
        get_session().choose(present=not link.present)
        st.rerun()


def _panel(link: Link) -> None:
    can_open, site = _reach()
    place = st.container(key="share_link", gap="small")
    with st.expander("For a class", icon=":material/co_present:", key="share_class"):
        hidden = _pick("Hide", HIDEABLE, link.hidden, "hide")
        locked = _pick("Show, but fix", LOCKABLE, link.locked, "lock")
        st.caption("Whoever opens the link gets these pages. Yours stay as they are.")
    given, page = (
        replace(link, hidden=hidden, locked=locked, present=False, tour=0),
        get_session().page,
    )
    shared = absolute_link(given, page, site)
    with place:
        st.code(shared, language=None, wrap_lines=True)
        with st.container(horizontal=True, gap="small"):
            _copy_button()(data=shared, key="copy")
            if can_open:
                show_to_room(absolute_link(room_link(given), page, site))
        st.html(code_tag(shared))
        if missing := _missing(link):
            st.caption(missing)


def site_for_others() -> str:
    """The site that others open the app at; "" where that is this page's own, or nobody can."""
    addresses = addresses_for_others() if is_local(own_host()) else []
    return addresses[0] if addresses else ""


def _reach() -> tuple[bool, str]:
    """Can others open the link, and at which site, "" for this page's own? Tells the visitor.

    Behind a proxy and on a public host, the page's own address is right.
    """
    if not is_local(own_host()):
        return True, ""
    addresses = addresses_for_others()
    with st.container(key="share_reach", gap="xsmall"):
        if not addresses:
            st.warning(f"Others cannot open this address. {why_nobody_else()}")
            return False, ""
        site = addresses[0]
        if len(addresses) > 1:
            site = st.selectbox(
                "This machine's address",
                addresses,
                key="share_address",
                help="It is in several networks. Choose the one that the others are in.",
            )
        where = "Opens on every device in this network, such as phones in the same Wi-Fi."
        st.caption(f"{where} {IN_CONTAINER}" if is_in_container() else where)
    return True, site


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


@functools.cache
def _copy_button() -> Any:
    """Not at import: it can be registered in a running app only."""
    button = '<button type="button">Copy link</button>'
    css, js = ((STATIC / name).read_text("utf-8") for name in ("copy.css", "copy.js"))
    return st.components.v2.component("copy_link", html=button, css=css, js=js)
