"""What is kept of a visitor's pictures, also where the disk fails for a moment."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.collections.album import Album, album_of_drawings, read_album
from core.collections.archive import read_zip
from core.collections.collection import make_collection
from core.data.drawing import Strokes
from core.library import store
from core.library.reading import ReadingResult
from core.runs.queue import NOBODY
from core.runs.run import runs_dir
from tests.support.pages import data_page, opened, session_of, words
from tests.support.shapes import shape_files, zipped
from views.collections import keeping
from views.collections.keeping import album_of, bring, take_what_was_read
from views.session import networks
from views.session.session import Session
from views.session.visitor import browser_of_session

pytestmark = pytest.mark.usefixtures("one_browser")

A_CROSS: Strokes = (((80.0, 80.0), (200.0, 200.0)), ((200.0, 80.0), (80.0, 200.0)))


@pytest.fixture
def session() -> Session:
    return session_of(opened(data_page))


def drawings(count: int) -> Album:
    return album_of_drawings("Mine", [("cross", A_CROSS)] * count)


@contextmanager
def no_file_opens() -> Iterator[None]:
    """Meanwhile the album cannot be read, as where too many files are open."""

    def fail(_path: object) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    keeping._album.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "read_whole", fail)
        yield


def test_an_album_that_cannot_be_read_for_a_moment_is_not_overwritten(session):
    bring(session, drawings(5))
    with no_file_opens():
        assert not bring(session, drawings(1))
    assert session.data_trouble == keeping.NOT_SAVED
    album = album_of(session)
    assert album and len(album) == 5
    assert bring(session, drawings(1)) and session.data_trouble == ""
    album = album_of(session)
    assert album and len(album) == 6


def test_a_page_says_that_the_album_cannot_be_read_until_it_can():
    page = opened(data_page)
    bring(session_of(page), drawings(5))
    with no_file_opens():
        page.run()
    assert not page.exception and keeping.NOT_READ in words(page)
    assert keeping.NOT_READ not in words(page.run())


@pytest.mark.parametrize(("replaces", "count"), [(False, 7), (True, 2)])
def test_what_was_read_is_added_or_takes_the_place_of_the_rest(
    session, monkeypatch, replaces, count
):
    bring(session, drawings(5))
    result = ReadingResult(drawings(2), "", replaces)
    monkeypatch.setattr(keeping, "take_result", lambda browser: result)
    assert take_what_was_read(session)
    album = album_of(session)
    assert album and len(album) == count


def put_back(place: Path) -> None:
    """As if it had not been used for a long time."""
    os.utime(place, (1e9, 1e9))


def test_an_album_that_is_looked_at_is_in_use_also_when_it_is_in_memory(session):
    bring(session, drawings(5))
    place = store.album_dir(runs_dir(), browser_of_session(session))
    for _ in range(2):
        put_back(place)
        assert album_of(session)
        assert place.stat().st_mtime > 1e9


def test_a_data_set_that_is_looked_at_is_in_use_also_when_it_is_in_memory():
    album = read_album(read_zip(zipped(shape_files(4, ("circle", "cross")))), "Shapes", "ink")
    name = store.keep_collection(runs_dir(), NOBODY, make_collection(album, key=album.key))
    for _ in range(2):
        put_back(store.library_dir(runs_dir()) / name)
        networks.test_split(name)
        assert (store.library_dir(runs_dir()) / name).stat().st_mtime > 1e9
