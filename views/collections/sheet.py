"""What a visitor's pictures are: title, kind, a contact sheet by class, what was noticed."""

import html
import zlib

import numpy as np
import streamlit as st

from core.collections.album import Album, change_album, without_class, without_pictures
from core.collections.collection import Collection
from core.specs import MAX_TITLE, Kind
from views.collections.keeping import album_of, keep
from views.session.session import Session, widget_value
from views.ui.images import data_uri, picture_flow
from views.ui.text import plain

KIND_WORDS: dict[Kind, str] = {"ink": "Drawings and writing", "photo": "Photos of things"}
KIND_HELP = (
    "Drawings are read as ink on paper, cropped and centered as in MNIST. Photos of things keep "
    "their shades of gray, as in Fashion-MNIST. It was guessed from your pictures."
)
MOST_SHOWN = 48  # pictures of a class
MOST_NAMED_FILES = 100  # that are named
SPLIT_WORDS = {"train": "to learn from", "val": "to watch it with", "test": "to test it on"}


def show_album(session: Session, album: Album, collection: Collection | str) -> None:
    """All of it."""
    _choices(session, album)
    if isinstance(collection, Collection):
        st.html(f'<div class="parts">{_parts(collection)}</div>')
        for warning in collection.warnings:
            st.caption(f":material/warning: {plain(warning)}")
    found = collection if isinstance(collection, Collection) else album
    unread, total = found.unread, len(found.unread) + found.more_unread
    if unread:
        count = f"{total:,} file{' was' if total == 1 else 's were'} left out"
        with st.expander(count, icon=":material/block:", key="unread"):
            for path, why in unread[:MOST_NAMED_FILES]:
                st.caption(f"**{plain(path)}**: {plain(why)}")
            if total > MOST_NAMED_FILES:
                st.caption(f"And {total - MOST_NAMED_FILES:,} more.")
    _classes(session, album)


def _choices(session: Session, album: Album) -> None:
    """The name and the kind. A new widget for a new value, whoever chose it."""
    title_key = f"data_title_{zlib.crc32(album.title.encode())}"
    kind_key = f"data_kind_{album.kind}"

    def rename() -> None:
        _change(session, title=str(widget_value(title_key)).strip())

    def choose() -> None:
        words = widget_value(kind_key)
        _change(session, kind=next((k for k, said in KIND_WORDS.items() if said == words), None))

    with st.container(horizontal=True, vertical_alignment="bottom", key="data_choices"):
        st.text_input(
            "Name of the data set",
            album.title,
            max_chars=MAX_TITLE,
            key=title_key,
            on_change=rename,
        )
        st.segmented_control(
            "What the pictures are",
            list(KIND_WORDS.values()),
            default=KIND_WORDS[album.kind],
            required=True,
            key=kind_key,
            on_change=choose,
            help=KIND_HELP,
        )


def _change(session: Session, title: str = "", kind: Kind | None = None) -> None:
    """Change what is kept now: a browser may say late what was chosen, after more pictures."""
    album = album_of(session)
    if album and (title or album.title, kind or album.kind) != (album.title, album.kind):
        keep(session, change_album(album, title=title, kind=kind))


def _parts(collection: Collection) -> str:
    """How it is split, in words."""
    total = len(collection.labels)
    counts = {part: int((collection.parts == part).sum()) for part in SPLIT_WORDS}
    said = ", ".join(f"{count:,} {SPLIT_WORDS[part]}" for part, count in counts.items())
    return f"<b>{total:,} pictures</b>: {said}."


def _classes(session: Session, album: Album) -> None:
    """Each class with its number, its count and its first pictures; blank ones were left out."""
    images, numbers = album.images(), np.where(album.visible(), album.numbers(), -1)
    names = _numbered(album.classes)
    for index, name in enumerate(album.classes):
        mine = images[numbers == index]
        with st.container(key=f"album_class_{index}", gap="xsmall"):
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"album_head_{index}"
            ):
                more = f", the first {MOST_SHOWN} shown" if len(mine) > MOST_SHOWN else ""
                count = f"{len(mine):,} picture{'' if len(mine) == 1 else 's'}{more}"
                st.html(
                    f'<div class="head">{html.escape(names[index])} '
                    f'<span class="note">{count}</span></div>'
                )
                is_picked = session.picked_class == name
                if len(mine) and not is_picked:
                    st.button(
                        f"Choose pictures of {plain(name)}",
                        key=f"pick_from_{index}",
                        icon=":material/checklist:",
                        type="tertiary",
                        help=f"Choose single pictures of {plain(name)}, to remove them",
                        on_click=_pick_from,
                        args=(session, name),
                    )
                if st.button(
                    f"Remove {plain(name)}",
                    key=f"drop_class_{index}",
                    icon=":material/delete:",
                    type="tertiary",
                    help=f"Remove the pictures of {plain(name)}",
                ):
                    if now := album_of(session):
                        keep(session, without_class(now, name))
                    st.rerun()
            if is_picked:
                with st.container(key="picking", gap="xsmall"):
                    _pick(session, album, name)
            elif len(mine):
                st.html(picture_flow(mine[:MOST_SHOWN], f"Pictures of {name}"))


def _pick_from(session: Session, name: str) -> None:
    session.picked_class = name


@st.fragment
def _pick(session: Session, album: Album, name: str) -> None:
    """The pictures of a class, 48 at a time, to choose some and remove them."""
    is_mine = album.numbers() == album.classes.index(name)
    places = np.flatnonzero(is_mine & album.visible()).tolist()
    starts = range(0, len(places), MOST_SHOWN)
    start = 0
    if len(starts) > 1:
        start = st.selectbox(
            "Pictures",
            starts,
            format_func=lambda at: f"{at + 1} to {min(at + MOST_SHOWN, len(places))}",
            key=f"pick_page_{album.key}",
            label_visibility="collapsed",
            width=200,
        )
    shown, images = places[start : start + MOST_SHOWN], album.images()
    words = {place: f"picture {start + nth}" for nth, place in enumerate(shown, start=1)}
    chosen = st.pills(
        f"Tap the pictures of {plain(name)} that you want to remove",
        shown,
        selection_mode="multi",
        format_func=lambda place: f"![{words[place]}]({data_uri(images[place])})",
        key=f"pick_{album.key}_{start}",
    )
    with st.container(horizontal=True, key="pick_actions"):
        count = f"{len(chosen)} picture{'' if len(chosen) == 1 else 's'}"
        if st.button(
            f"Remove {count}" if chosen else "Remove pictures",
            key="drop_picked",
            icon=":material/delete:",
            type="primary",
            disabled=not chosen,
        ):
            _drop(session, album, chosen)
            st.rerun()
        if st.button("Done", key="pick_done"):
            session.picked_class = ""
            st.rerun()


def _drop(session: Session, album: Album, places: list[int]) -> None:
    """Remove pictures, unless another tab has changed the album: they have other places now."""
    now = album_of(session)
    if now and now.key == album.key:
        keep(session, without_pictures(now, places))


def _numbered(classes: tuple[str, ...]) -> list[str]:
    """The classes with the numbers that the sum head adds: digits are their own."""
    if all(len(name) == 1 and name in "0123456789" for name in classes):
        return list(classes)
    return [f"{name} ({number})" for number, name in enumerate(classes)]
