"""What an album says of the files that it could not use, however many they are."""

import msgspec

from core.collections.album import (
    UNREAD_KEPT,
    Album,
    album_of_drawings,
    join_albums,
    read_album,
    without_class,
)
from core.collections.archive import read_zip
from core.collections.collection import make_collection
from core.collections.saved import dump_album, load_album
from tests.support.shapes import shape_files, zipped

EMPTY = 150  # files


def with_empty_files() -> Album:
    empty = {f"shapes/cross/empty {number}.png": b"" for number in range(EMPTY)}
    files = {**shape_files(4, ("circle", "cross")), **empty}
    return read_album(read_zip(zipped(files)), "Shapes", "ink")


def test_files_that_cannot_be_read_again_and_again_are_counted_and_not_all_kept():
    more = with_empty_files()
    assert (len(more.unread), more.more_unread) == (UNREAD_KEPT, EMPTY - UNREAD_KEPT)
    album = more
    for _ in range(20):
        album = join_albums(album, more, most=1000)
    pictures = msgspec.structs.replace(album, unread=(), more_unread=0)
    assert album.unread == more.unread
    assert len(album.unread) + album.more_unread == 21 * EMPTY
    assert len(dump_album(album)) - len(dump_album(pictures)) < 200 * UNREAD_KEPT
    assert make_collection(album).more_unread == album.more_unread
    assert load_album(dump_album(album)) == album


def test_an_album_that_was_kept_with_too_many_is_cut_as_it_is_read():
    many = [(f"{number}.png", "It lies in no folder.") for number in range(EMPTY)]
    content = msgspec.msgpack.encode({"title": "Old", "kind": "ink", "unread": many})
    album = load_album(content)
    assert (len(album.unread), album.more_unread) == (UNREAD_KEPT, EMPTY - UNREAD_KEPT)


def test_nothing_is_said_of_files_once_their_album_is_emptied():
    album = without_class(without_class(with_empty_files(), "cross"), "circle")
    assert (len(album.unread), album.more_unread) == (0, 0)
    joined = join_albums(album, album_of_drawings("Mine", []), most=10)
    assert (len(joined.unread), joined.more_unread) == (0, 0)


def test_more_pictures_take_the_form_of_those_that_are_there():
    """And of an album that is empty, the form of what comes."""
    files = zipped(shape_files(4, ("circle", "cross")))
    photos, drawings = (read_album(read_zip(files), "Shapes", kind) for kind in ("photo", "ink"))
    assert join_albums(photos, drawings, most=100).kind == "photo"
    assert join_albums(drawings, photos, most=100).kind == "ink"
    assert join_albums(Album("Mine", "ink"), photos, most=100).kind == "photo"
