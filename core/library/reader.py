"""The process that reads pictures: `python -m core.library.reader FOLDER`, started by reading.py.

    FOLDER/order.json        what to read: Order
           upload            the zip file, or
           upload-0, ...     the picture files
           progress.json     how far it is
           album.msgpack     the album, at the end; or
           error.txt         why there is none, in a sentence

It has a lower priority than the app. Where there are two cores, two processes of its own look at
the pictures. All end when its standard input closes.
"""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from core.collections.album import Album, ReadingProgress, Spread, read_album
from core.collections.archive import (
    Archive,
    Bounds,
    CollectionError,
    Picture,
    class_name,
    read_picture_file,
    read_zip,
    shown,
)
from core.collections.saved import dump_album
from core.specs import Kind
from core.storage.files import write_atomic
from core.systems.cores import step_back, usable_cores

UPLOAD_FILE, ORDER_FILE, PROGRESS_FILE, RESULT_FILE, ERROR_FILE = (
    "upload",
    "order.json",
    "progress.json",
    "album.msgpack",
    "error.txt",
)
REPORT_SECONDS = 0.2  # between two reports
PROCESSES = 2  # at most
END_SECONDS = 3.0  # far more than the end of the processes takes
PICTURE_SECONDS = 30.0  # far more than any picture takes


class Order(msgspec.Struct, frozen=True):
    """What to read."""

    title: str  # of the album, unless the file says it
    pictures: int  # at most
    picture_bytes: int  # at most
    seconds: float  # at most
    kind: Kind | None = None  # None guesses it
    files: tuple[str, ...] = ()  # names of picture files; () is a zip file
    folder: str = ""  # the class of the picture files


def read_order(folder: Path, spread: Spread = map) -> Album:
    """Read what the order in a folder asks for.

    Raises:
        CollectionError: it cannot be read, or not in time.
        TimeoutError: a process that looks at pictures gives no answer.
    """
    order = msgspec.json.decode((folder / ORDER_FILE).read_bytes(), type=Order)
    bounds = Bounds(pictures=order.pictures, picture_bytes=order.picture_bytes)
    start = said = time.monotonic()

    def report(reading: ReadingProgress) -> None:
        nonlocal said
        now = time.monotonic()
        if now - start > order.seconds:
            raise CollectionError(
                f"Reading took longer than {order.seconds:.0f} seconds. Bring fewer pictures, or "
                "smaller ones."
            )
        if now - said > REPORT_SECONDS or reading.done == reading.total:
            said = now
            content = msgspec.json.encode(reading)
            write_atomic(folder / PROGRESS_FILE, content, durable=False)

    if order.files:
        archive = _files(folder, order, bounds)
        return read_album(archive, order.title, order.kind, report=report, spread=spread)
    with (folder / UPLOAD_FILE).open("rb") as file:
        archive = read_zip(file, bounds)
        return read_album(archive, order.title, order.kind, report=report, spread=spread)


def file_of(folder: Path, number: int) -> Path:
    """Where the picture file of that number is."""
    return folder / f"{UPLOAD_FILE}-{number}"


def _files(folder: Path, order: Order, bounds: Bounds) -> Archive:
    """Picture files of one class."""
    name = class_name(order.folder)
    return Archive(
        (name,),
        tuple(
            Picture(
                name,
                shown(path),
                partial(read_picture_file, file_of(folder, number), bounds),
            )
            for number, path in enumerate(order.files)
        ),
    )


def read_and_leave(folder: Path) -> None:
    """Read, and leave either an album or an error."""
    step_back()
    with _processes() as spread:
        try:
            content = dump_album(read_order(folder, spread))
            write_atomic(folder / RESULT_FILE, content, durable=False)
        except CollectionError as error:
            write_atomic(folder / ERROR_FILE, str(error).encode(), durable=False)


@contextmanager
def _processes() -> Iterator[Spread]:
    """What spreads work over processes, where the system can fork them."""
    closes = os.dup(sys.stdin.fileno())  # a forked process closes its own standard input
    if sys.platform != "linux" or usable_cores() < PROCESSES:
        _end_with(closes)
        yield map
        return
    fork = multiprocessing.get_context("fork")
    with fork.Pool(PROCESSES, _end_with, (closes, _await_parent)) as pool:
        _end_with(closes, pool.terminate)

        def spread(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
            found = pool.imap(function, items)
            while True:
                try:
                    yield found.next(PICTURE_SECONDS)  # a process that crashed gives none
                except StopIteration:
                    return

        yield spread


def _await_parent() -> None:
    """The parent ends its processes itself, then nobody else has to reap them; unless it died."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()


def _end_with(pipe: int, before: Callable[[], object] = lambda: None) -> None:
    """End this process when the other end of a pipe closes, and do something before."""

    def wait() -> None:
        os.read(pipe, 1)
        last = threading.Thread(target=before, daemon=True)
        last.start()
        last.join(END_SECONDS)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    read_and_leave(Path(sys.argv[1]))
