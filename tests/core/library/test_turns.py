"""Uploads that wait for each other and for their page, and the limits that each is read within."""

import errno
import io
import subprocess
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from core import PROJECT
from core.collections.album import Album
from core.collections.archive import CollectionError
from core.library import reading
from core.library.reader import read_order
from core.library.reading import (
    BroughtFile,
    begin_reading,
    poll_reading,
    stop_reading,
    take_result,
)
from core.library.store import NO_ROOM, LibraryError, library_dir
from core.runs import limits
from core.runs.limits import Limits
from core.runs.queue import Visitor
from tests.conftest import PATIENCE, wait_for
from tests.core.library.test_reading import has_begun, left, upload
from tests.support.shapes import shape_files

ADA, BOB, CARL = (Visitor(sign * 16, sign * 32) for sign in "abc")


@pytest.fixture(autouse=True)
def nobody_reads() -> Iterator[None]:
    yield
    for browser in list(reading._readings):
        stop_reading(browser)


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """limit(readings=0) has uploads wait, and no process start."""

    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", Limits(free_megabytes=0, **values))

    return change


def read_here(visitor: Visitor) -> Album:
    """What comes of an upload that waits, read in this process."""
    return read_order(reading._readings[visitor.session].folder)


def star_files(count: int) -> list[BroughtFile]:
    files = shape_files(count, ["star"])
    return [BroughtFile(name, len(data), io.BytesIO(data)) for name, data in files.items()]


def test_what_a_page_asks_for_is_kept_however_long_it_takes(tmp_path, limit):
    limit(readings=0)
    for visitor in (ADA, BOB):
        begin_reading(tmp_path, visitor, [upload(1)])
    for _ in range(3):
        for visitor in (ADA, BOB):
            reading._readings[visitor.session].asked -= 0.6 * limits.LIMITS.unwatched_seconds
            assert poll_reading(visitor.session)
    assert len(left(tmp_path)) == 2


def test_what_no_page_asks_for_keeps_nobody_else_out(tmp_path, limit):
    limit(readings=0, waiting=1)
    begin_reading(tmp_path, ADA, [upload(1)])
    reading._readings[ADA.session].asked -= limits.LIMITS.unwatched_seconds + 1
    begin_reading(tmp_path, BOB, [upload(1)])
    assert list(reading._readings) == [BOB.session]


def test_a_place_that_gets_free_is_for_one_upload(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    for visitor in (BOB, CARL):
        begin_reading(tmp_path, visitor, [upload(200)])
    stop_reading(ADA.session)
    poll_reading(CARL.session)
    assert [each.is_running for each in reading._readings.values()] == [True, False]


def test_only_who_is_not_done_is_before_you(tmp_path):
    begin_reading(tmp_path, ADA, [upload()])
    wait_for(lambda: reading._readings[ADA.session].is_over, "the end of reading")
    begin_reading(tmp_path, BOB, [upload(100)])
    begin_reading(tmp_path, CARL, [upload()])
    states = [poll_reading(visitor.session) for visitor in (ADA, BOB, CARL)]
    assert [state and state.before for state in states] == [0, 0, 1]
    assert take_result(BOB.session) is None  # it is not over
    assert poll_reading(BOB.session)


# --- limits


def test_more_pictures_than_may_be_are_refused(tmp_path, limit):
    limit(readings=0, collection_pictures=3)
    begin_reading(tmp_path, ADA, [upload(2)])
    with pytest.raises(CollectionError, match="There are 4 pictures; 3 at most"):
        read_here(ADA)


@pytest.mark.parametrize("folder", ["", "star"], ids=["a zip file", "picture files"])
def test_a_picture_that_is_too_large_is_left_out(tmp_path, limit, folder):
    limit(readings=0, upload_megabytes=0.0001)
    begin_reading(tmp_path, ADA, star_files(2) if folder else [upload(1)], folder=folder)
    album = read_here(ADA)
    assert len(album) == 0
    assert {each.why.partition(" has ")[2] for each in album.unread} == {"more than 0.0001 MB."}


@pytest.mark.parametrize("folder", ["", "star"], ids=["a zip file", "picture files"])
@pytest.mark.parametrize("kind", ["ink", "photo"])
def test_pictures_are_of_the_kind_that_the_visitor_chose(tmp_path, limit, folder, kind):
    limit(readings=0)
    files = star_files(2) if folder else [upload(1)]
    begin_reading(tmp_path, ADA, files, folder=folder, kind=kind)
    assert read_here(ADA).kind == kind


def test_an_upload_for_which_there_is_no_room_is_refused(tmp_path, limit):
    limit(collections_megabytes=0.001)
    with pytest.raises(LibraryError, match=NO_ROOM):
        begin_reading(tmp_path, ADA, [upload()])
    assert left(tmp_path) == [] and poll_reading(ADA.session) is None


def test_a_disk_that_fills_up_while_an_upload_is_written_keeps_nothing_of_it(tmp_path):
    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        begin_reading(tmp_path, ADA, [BroughtFile("a.zip", 9, Full())])
    assert list(library_dir(tmp_path).iterdir()) == []
    assert poll_reading(ADA.session) is None


# --- the process


@pytest.mark.skipif(sys.platform == "win32", reason="it has no niceness")
def test_the_process_that_reads_steps_back_for_the_app(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    wait_for(lambda: has_begun(ADA), "the first picture")
    process = reading._readings[ADA.session].process
    assert process
    assert psutil.Process(process.pid).nice() > psutil.Process().nice()


CRASH = """
import os
from core.library import reader
reader.usable_cores, reader.PICTURE_SECONDS = lambda: 2, 0.5
with reader._processes() as spread:
    list(spread(os._exit, [0]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks the readers")
def test_a_picture_that_crashes_its_process_is_not_waited_for():
    command = [sys.executable, "-c", CRASH]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stderr=pipe) as process:
        assert process.wait(PATIENCE) == 1  # its standard input is open
        assert process.stderr and b"TimeoutError" in process.stderr.read()
