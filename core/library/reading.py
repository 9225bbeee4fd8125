"""The app's side of reading pictures: processes that read, one at a time, and what comes of them.

One example: a visitor uploads a zip file. It goes to a folder aside; a process reads it while the
page polls; then the album is the visitor's, and the folder is gone. It is gone, too, when the
visitor presses Stop, and when the zip file was none. A reading belongs to a browser, so a reload
finds it again.
"""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from core import PROJECT
from core.collections.album import Album, ReadingProgress
from core.collections.archive import CollectionError
from core.collections.saved import load_album
from core.library.reader import (
    END_SECONDS,
    ERROR_FILE,
    ORDER_FILE,
    PROGRESS_FILE,
    RESULT_FILE,
    UPLOAD_FILE,
    Order,
    file_of,
)
from core.library.store import (
    LibraryError,
    make_picture_room,
    mark_used,
    prune_pictures,
    staging_dir,
)
from core.runs import limits
from core.runs.disk import MEGABYTE
from core.runs.queue import Visitor
from core.specs import Kind

MANY_OTHERS = "Many others bring pictures now. Try again in a minute."
FAILED = "The pictures could not be read. Try again with fewer or smaller ones."


class BroughtFile(NamedTuple):
    """A file that a browser sent."""

    name: str
    size: int  # bytes
    content: BinaryIO


class ReadingState(NamedTuple):
    """Where a reading stands."""

    progress: ReadingProgress | None = None  # None before the first picture
    before: int = 0  # readings that are done first
    is_over: bool = False


class ReadingResult(NamedTuple):
    """What came of a reading."""

    album: Album | None  # None where there is nothing
    error: str  # why, in a sentence
    replaces: bool  # shall it take the place of what was there?


class PictureReading:
    """Something that is read, or waits for that."""

    def __init__(self, folder: Path, replaces: bool) -> None:
        self.folder, self.replaces = folder, replaces
        self.process: subprocess.Popen[bytes] | None = None
        self.asked = time.monotonic()  # when a page last asked for it

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def is_over(self) -> bool:
        return self.process is not None and not self.is_running

    def start(self) -> None:
        """Start its process, which ends with the app."""
        command = [sys.executable, "-m", "core.library.reader", str(self.folder)]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)

    def remove(self) -> None:
        """End it, and leave nothing behind."""
        if self.process:
            with suppress(subprocess.TimeoutExpired):  # it ends its own processes first
                self.process.communicate(timeout=2 * END_SECONDS)  # closes its standard input
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


_readings: dict[str, PictureReading] = {}  # by browser, in the order of their turns
_guard = threading.Lock()


def begin_reading(
    root: Path,
    visitor: Visitor,
    uploads: Sequence[BroughtFile],
    *,
    folder: str = "",
    title: str = "",
    kind: Kind | None = None,
    replaces: bool = False,
) -> None:
    """Read a zip file, or picture files of the class `folder`, for a visitor.

    Raises:
        LibraryError: too many bytes, there is no room, or too many others are waiting.
        OSError: they cannot be written.
    """
    limit = limits.LIMITS
    size = sum(upload.size for upload in uploads)
    if size > limit.collection_megabytes * MEGABYTE:
        raise LibraryError(
            f"That is more than {limit.collection_megabytes:g} MB. Bring fewer or smaller pictures."
        )
    with _guard:
        _start_next()
        if len(_readings) >= limit.waiting:
            raise LibraryError(MANY_OTHERS)
    make_picture_room(root, visitor, size)
    order = Order(
        title=title or Path(uploads[0].name).stem or "My pictures",
        pictures=int(limit.collection_pictures),
        picture_bytes=int(limit.upload_megabytes * MEGABYTE),
        seconds=limit.reading_seconds,
        kind=kind,
        files=tuple(upload.name for upload in uploads) if folder else (),
        folder=folder,
    )
    aside = _write_aside(root, order, uploads)
    with _guard:
        if before := _readings.pop(visitor.session, None):
            before.remove()
        _readings[visitor.session] = PictureReading(aside, replaces)
        _start_next()


def _write_aside(root: Path, order: Order, uploads: Sequence[BroughtFile]) -> Path:
    """A folder with an order and the files that it is about."""
    aside = staging_dir(root)
    try:
        (aside / ORDER_FILE).write_bytes(msgspec.json.encode(order))
        for number, upload in enumerate(uploads):
            place = file_of(aside, number) if order.folder else aside / UPLOAD_FILE
            with place.open("wb") as file:
                shutil.copyfileobj(upload.content, file)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return aside


def poll_reading(browser: str) -> ReadingState | None:
    """How far it is; None where nothing is read for this browser."""
    with _guard:
        reading = _readings.get(browser)
        if reading:
            reading.asked = time.monotonic()
        _start_next()
        if reading is None:
            return None
        waiting = [name for name, each in _readings.items() if not each.is_over]
        before = 0 if reading.process else waiting.index(browser)
        return ReadingState(_progress(reading.folder), before, reading.is_over)


def take_result(browser: str) -> ReadingResult | None:
    """What came of a reading that is over, once; nothing is left of it then."""
    with _guard:
        reading = _readings.get(browser)
        if reading is None or not reading.is_over:
            return None
        del _readings[browser]
        try:
            return ReadingResult(*_result(reading.folder), reading.replaces)
        finally:
            reading.remove()


def stop_reading(browser: str) -> None:
    """End it, and leave nothing behind."""
    with _guard:
        reading = _readings.pop(browser, None)
        if reading:
            reading.remove()
        _start_next()


def tidy_pictures(root: Path) -> None:
    """Remove what nobody needs any more, where no other visitor comes who would do it.

    Raises:
        OSError: the directory cannot be read.
    """
    with _guard:
        _start_next()
        for reading in _readings.values():
            mark_used(reading.folder)  # it may wait for longer than leftovers stay
    prune_pictures(root)


def _start_next() -> None:
    """Drop what no page asks for any more; start what waits longest, while there are places."""
    late = time.monotonic() - limits.LIMITS.unwatched_seconds
    for browser in [name for name, reading in _readings.items() if reading.asked < late]:
        _readings.pop(browser).remove()
    running = sum(reading.is_running for reading in _readings.values())
    for reading in _readings.values():
        if reading.process is None and running < limits.LIMITS.readings:
            reading.start()
            running += 1


def _progress(folder: Path) -> ReadingProgress | None:
    with suppress(OSError, msgspec.MsgspecError):
        content = (folder / PROGRESS_FILE).read_bytes()
        return msgspec.json.decode(content, type=ReadingProgress)
    return None


def _result(folder: Path) -> tuple[Album | None, str]:
    with suppress(OSError):
        return None, (folder / ERROR_FILE).read_text("utf-8")
    with suppress(OSError, CollectionError):
        return load_album((folder / RESULT_FILE).read_bytes()), ""
    return None, FAILED
