"""Share, on every page: the link to what is shown, to copy or to scan; for a class, with parts of
the pages left out and controls kept as they are."""

import functools
import html
from dataclasses import replace
from typing import Any

import segno
import streamlit as st

from core.recipes.settings import SETTINGS
from views.session.address import absolute_link, publish, with_class_choices
from views.session.link import HIDEABLE, LOCKABLE, Link, link_query, strokes_in_link
from views.session.session import get_session

PART_LABELS = (
    {  # for what a link for a class may hide or lock; the settings have words of their own
        "pages": "The way to the other pages",
        "sources": "Test images and uploads",
        "examples": "Example digits",
        "number": "Number to add",
        "network": "Choice of network",
        "seen": "What the network saw",
        "teach": "Teaching a hand",
        "bug": "Published bugs",
        "files": "Files of networks",
        "share": "Share",
    }
    | {name: setting.label for name, setting in SETTINGS.items()}
)

# Browsers give the clipboard to secure pages only; a laptop on a school's network is not one.
#
# The list of a multiselect is not inside the panel. A press in it that chooses nothing (it slipped
# off, or the list scrolled under it) is one outside to Streamlit, and closes the panel. It does not
# if the list has the mark of Streamlit's own overlays.
COPY = """
const mark = ({ target }) =>
    target.closest("[data-testid=stMultiSelectDropdown]")
        ?.setAttribute("data-st-overlay-root", "true");

export default function ({ parentElement, data }) {
    document.addEventListener("pointerdown", mark, true);
    const button = parentElement.querySelector("button");
    button.onclick = async () => {
        try {
            await navigator.clipboard.writeText(data);
        } catch {
            const text = document.createElement("textarea");
            text.value = data;
            parentElement.append(text);
            text.select();
            document.execCommand("copy");
            text.remove();
        }
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy link"; }, 2000);
    };
    return () => document.removeEventListener("pointerdown", mark, true);
}
"""
COPY_CSS = """
button { font: inherit; font-weight: 500; cursor: pointer; padding: 0.4rem 0.9rem; border: 0;
  border-radius: 8px; background: var(--st-primary-color); color: #fff; }
button:focus-visible { outline: 2px solid var(--st-text-color); outline-offset: 2px; }
textarea { position: fixed; opacity: 0; }
"""


def show_share(choices: Link, page: str = "") -> None:
    """Keep the address in step with the choices, and give the link to them on request.

    `page` is the page's name in the address.
    """
    session = get_session()
    choices = with_class_choices(session, choices)
    publish(choices)
    if "share" in session.hidden:
        return
    with (
        st.container(key="share_place", width="content"),
        st.popover("Share", icon=":material/share:", key="share", on_change="rerun") as panel,
    ):
        if panel.open:
            with st.container(key="share_panel", gap="small"):
                _panel(choices, page)


def _panel(choices: Link, page: str) -> None:
    place = st.container(key="share_link", gap="small")
    with st.expander("For a class", icon=":material/co_present:", key="share_class"):
        hidden = _pick("Leave out", HIDEABLE, choices.hidden, "hide")
        locked = _pick("Show, but lock", LOCKABLE, choices.locked, "lock")
        st.caption("Whoever opens the link gets the pages like this. Yours stay as they are.")
    shared = absolute_link(replace(choices, hidden=hidden, locked=locked), page)
    with place:
        st.code(shared, language=None, wrap_lines=True)
        _copy_button()(data=shared, key="copy")
        st.html(qr(shared))
        if lacks := _lacks(choices):
            st.caption(lacks)


def _lacks(choices: Link) -> str:
    """What the link cannot carry of the picture, in a sentence; "" if it carries all."""
    if get_session().source == "upload":
        return "An uploaded picture stays here: the link opens an empty canvas."
    if "s" not in link_query(choices) and choices.strokes:
        return "A drawing of so many strokes fits into no link: it opens an empty canvas."
    if strokes_in_link(choices.strokes) != choices.strokes:
        return "So long a drawing fits into no link: what it carries is rougher."
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
    """The address for a phone's camera: an SVG, dark on light in both themes."""
    code = segno.make(address, error="l", micro=False)
    drawn = code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True)
    return f'<img class="qr" alt="QR code of the link" src="{html.escape(drawn)}">'


@functools.cache
def _copy_button() -> Any:
    """Not at import: it can be registered in a running app only."""
    button = '<button type="button">Copy link</button>'
    return st.components.v2.component("copy_link", html=button, css=COPY_CSS, js=COPY)
