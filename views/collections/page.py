"""The page "Your data": bring pictures, see how they are read, train on them, delete them."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from core.collections.album import Album
from core.collections.collection import Collection
from core.collections.packing import pack_collection
from core.forecast.wait import about
from core.library import store
from core.library.reading import ReadingState, poll_reading, stop_reading
from core.runs.limits import LIMITS
from core.runs.run import runs_dir
from core.specs import find_spec
from views.collections.adding import show_adding
from views.collections.keeping import (
    album_of,
    choose_for_training,
    collection_of,
    delete_data,
    take_what_was_read,
)
from views.collections.sheet import show_album
from views.frame.share import show_share
from views.session.address import shared_link
from views.session.navigation import go_to
from views.session.session import Session, get_session
from views.session.visitor import browser_of_session
from views.ui.polling import poll
from views.ui.text import plain

READING_POLL = 0.4  # seconds
WHAT = (
    "Bring pictures of your own in up to ten classes: leaves, letters, the digits of your class. "
    "Each class has a number, so the network can add to it: oak (3) + 4 = 7."
)
NOTHING_YET = (
    "Nothing here yet. Twenty pictures of each class are enough to begin with; ten times as many "
    "are better. Here you will see how they are read before you train on them."
)
WHOSE_THEY_ARE = (
    "Only this browser can change these pictures. Whoever has the link of a network that you train "
    "on them can see its test pictures, and can train on them too. They are kept for "
    f"{LIMITS.kept_days:g} days after their last use."
)


def show_data() -> None:
    """The whole page."""
    st.html(Path(__file__).with_name("sheet.css"))
    session = get_session()
    take_what_was_read(session)
    state, album = poll_reading(browser_of_session(session)), album_of(session)
    is_reading = state is not None  # one that is over by now is taken when the page runs again
    st.title("Your data", anchor=False)
    st.write(WHAT)
    left, right = st.columns([4, 7], gap="large")
    with left, st.container(key="bring"):
        show_adding(album, is_reading)
    with right, st.container(key="brought"):
        st.container(key="data_status")
        _show_reading(session, is_reading)
        if session.data_trouble:
            st.warning(plain(session.data_trouble))
        if album and album.classes:
            _show(session, album)
        elif not is_reading:
            _from_link(session)
            st.write(NOTHING_YET)
            _delete(session)
    show_share(replace(shared_link(session), settings=session.link.settings))


def _show(session: Session, album: Album) -> None:
    """The pictures, and the next step above them."""
    collection = collection_of(album)
    is_ready = isinstance(collection, Collection)
    with st.container(horizontal=True, vertical_alignment="center", key="data_actions"):
        trains = st.button(
            "Train on it",
            key="train_on_it",
            type="primary",
            icon=":material/model_training:",
            disabled=not is_ready,
        )
        if isinstance(collection, Collection):
            st.download_button(
                "Download",
                partial(pack_collection, collection),
                f"{plain_file_name(album.title)}.zip",
                "application/zip",
                key="download_data",
                icon=":material/download:",
                help="All pictures as one zip file, which opens here again.",
                on_click="ignore",
            )
        _delete(session)
    if isinstance(collection, str):
        st.info(plain(collection))
    show_album(session, album, collection)
    st.caption(WHOSE_THEY_ARE)
    if trains and isinstance(collection, Collection):
        if choose_for_training(session, collection):
            go_to("train", f"{album.title} is chosen. Press Train.")
        st.rerun()


def _from_link(session: Session) -> None:
    """The data set that a link brought, for a visitor who has no pictures here."""
    name = session.own_dataset
    if not store.is_kept(runs_dir(), name):
        return
    title = plain(find_spec(name).title)
    st.write(f"Your link trains on the pictures of **{title}**. Use them, or bring your own.")
    if st.button(
        f"Train on {title}", key="train_on_link", type="primary", icon=":material/model_training:"
    ):
        session.choose(settings={**session.link.settings, "dataset": name})
        go_to("train")


def plain_file_name(title: str) -> str:
    """A title as the name of a file on any system."""
    kept = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in title).strip()
    return kept or "pictures"


def _delete(session: Session) -> None:
    """Delete my data, where there is any."""
    if not store.has_any(runs_dir(), browser_of_session(session)):
        return
    with (
        st.popover(
            "Delete my data", icon=":material/delete_forever:", key="delete", on_change="rerun"
        ) as panel,
        st.container(key="delete_panel", gap="small"),
    ):
        if not panel.open:
            return
        st.write(
            "All pictures that this browser brought are deleted here, for you and for everybody "
            "with a link to them. Networks that learned from them stay; they hold no picture."
        )
        if st.button("Delete all of them", key="delete_all", type="primary"):
            delete_data(session)
            session.arrive("Your pictures are deleted.")
            st.rerun()


def _show_reading(session: Session, is_reading: bool) -> None:
    """How far reading is, with a Stop."""
    with st.container(key="reading"):
        poll(_progress, READING_POLL if is_reading else None, is_reading)
        if is_reading and st.button("Stop", key="stop_reading", icon=":material/stop:"):
            stop_reading(browser_of_session(session))
            st.rerun()
        if is_reading:
            left = about(LIMITS.unwatched_seconds)
            st.caption(f"Stay on this page: {left} after you leave it, this ends.")


def _progress(was_reading: bool) -> None:
    state = poll_reading(browser_of_session(get_session()))
    if was_reading and (state is None or state.is_over):
        st.rerun()
    if state and not state.is_over:
        st.progress(_share(state), text=_words(state))


def _share(state: ReadingState) -> float:
    done = state.progress
    return done.done / max(done.total, 1) if done else 0.0


def _words(state: ReadingState) -> str:
    if state.before:
        others = "another upload is" if state.before == 1 else f"{state.before} other uploads are"
        return f"Waiting: {others} read first."
    if state.progress is None:
        return "Reading your pictures."
    return f"Reading picture {state.progress.done:,} of {state.progress.total:,}."
