"""Show to the room: a code and a short address that fill the screen, for a projector."""

import functools
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from views.frame.code import code_uri
from views.session.link import Link
from views.ui.style import STATIC

HOW = "Point the camera of your phone at the code, or type the address."


def room_link(link: Link) -> Link:
    """What a room opens: the page and its choices. A drawing only where a lesson is about it: a
    long link makes a code too fine to be read from the last row."""
    return replace(link, strokes=link.strokes if link.lesson else (), present=False, tour=0)


def typed_address(address: str) -> str:
    """An address as people type it: no scheme where browsers add it, and no choices."""
    parts = urlsplit(address)
    scheme = "" if parts.scheme == "http" else f"{parts.scheme}://"
    return f"{scheme}{parts.netloc}{parts.path.rstrip('/')}"


def show_to_room(address: str) -> None:
    """A button that fills the screen with the code of an address, until it is closed."""
    _button()(
        data={"code": code_uri(address), "typed": typed_address(address), "how": HOW},
        key="room",
    )


@functools.cache
def _button() -> Any:
    """Not at import: it can be registered in a running app only."""
    css, js = ((STATIC / name).read_text() for name in ("copy.css", "room.js"))
    return st.components.v2.component(
        "show_to_room", html='<button type="button">Show to the room</button>', css=css, js=js
    )
