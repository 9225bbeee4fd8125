"""A stranger's zip file: whatever it holds, an album or one sentence, and nothing but that."""

import io
import itertools
import os
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.collections.album import Album
from core.collections.archive import CollectionError
from core.library import reader
from core.library.reader import ORDER_FILE, PROGRESS_FILE, UPLOAD_FILE, Order, read_order
from tests.support.shapes import shape_files, zipped

GOOD = {
    path.removeprefix("shapes/"): data for path, data in shape_files(3, ["circle", "cross"]).items()
}
PICTURE = next(iter(GOOD.values()))
ODD_NAMES = (
    *("../../up.png", "/etc/cron.d/x", "C:\\x\\y.png", "\\\\host\\share\\z.png", "a/../../b.png"),
    *("circle/\0x.png", "circle/\x1b[2J.png", "circle/" + "x" * 300, "/".join("deep" * 9), "", "/"),
    *("\u202egnp.exe/1.png", "con/1.png", "<b>x</b>/1.png", "Ель/1.png", "😀/1.png", " /1.png"),
)


def bomb() -> bytes:
    """A picture of 30,000 × 30,000 pixels in a few kilobytes."""
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(
        ">I4sIIBBBBB", 13, b"IHDR", 30_000, 30_000, 8, 0, 0, 0, 0
    )
    return header + b"\0" * 20_000


CONTENTS = (PICTURE, b"", b"\0" * 1000, b"GIF89a", bomb(), zipped(GOOD).getvalue(), PICTURE[:100])


@some.composite
def hostile(draw: some.DrawFn) -> bytes:
    """A zip file that may be good, with entries that are not, then damaged somewhere."""
    content = io.BytesIO()
    method = draw(some.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]))
    with zipfile.ZipFile(content, "w", method) as archive:
        for path, data in GOOD.items() if draw(some.booleans()) else ():
            archive.writestr(path, data)
        names = some.sampled_from(ODD_NAMES) | some.text(max_size=30)
        for name in draw(some.lists(names, max_size=4, unique=True)):
            entry = zipfile.ZipInfo()
            entry.filename = entry.orig_filename = name
            entry.external_attr = draw(some.sampled_from([0, 0o120777 << 16, 0o100644 << 16]))
            archive.writestr(entry, draw(some.sampled_from(CONTENTS)))
    damaged = bytearray(content.getvalue())
    for place, value in draw(
        some.lists(
            some.tuples(some.integers(0, len(damaged) - 1), some.integers(0, 255)), max_size=4
        )
    ):
        damaged[place] = value
    end = draw(some.sampled_from([len(damaged), len(damaged), len(damaged) // 2, 10]))
    return bytes(damaged[:end])


def read(content: bytes) -> Album | str:
    """The album or the sentence; there must be nothing new but the report of progress."""
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "aside"
        folder.mkdir()
        order = Order("Title", pictures=10_000, picture_bytes=10_000_000, seconds=60)
        (folder / ORDER_FILE).write_bytes(msgspec.json.encode(order))
        (folder / UPLOAD_FILE).write_bytes(content)
        try:
            return read_order(folder)
        except CollectionError as error:
            return str(error)
        finally:
            assert os.listdir(above) == ["aside"]
            assert set(os.listdir(folder)) <= {ORDER_FILE, UPLOAD_FILE, PROGRESS_FILE}


def check(found: Album | str) -> None:
    if isinstance(found, str):
        assert found.endswith(".") and "\n" not in found and len(found) < 200, found
        return
    assert 2 <= len(found.classes) <= 10
    for text in (*found.classes, *found.paths, *(unread.why for unread in found.unread)):
        assert text.isprintable() or all(not sign.isspace() or sign == " " for sign in text)
        assert len(text) < 300


@given(hostile())
def test_any_zip_file_gives_an_album_or_a_sentence(content):
    check(read(content))


@given(some.binary(max_size=2_000))
def test_any_bytes_give_a_sentence(content):
    assert isinstance(read(content), str)


def test_a_picture_that_would_fill_the_memory_is_left_out_and_named():
    found = read(zipped({**GOOD, "cross/huge.png": bomb()}).getvalue())
    assert isinstance(found, Album)
    assert [unread.path for unread in found.unread] == ["cross/huge.png"]


def test_a_hundred_thousand_files_are_refused_before_they_are_listed():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"oak/{number}", b"")
    tracemalloc.start()
    try:
        said = read(content.getvalue())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said == "The zip file has more than 20,000 files: take fewer."
    assert peak < 60e6


def test_an_encrypted_zip_file_is_told_what_to_do():
    content = bytearray(zipped(GOOD).getvalue())
    for mark, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        place = content.find(mark)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(mark, place + 4)
    assert read(bytes(content)) == "The zip file has a password: make it again without one."


def test_a_zip_file_in_a_zip_file_is_no_picture():
    found = read(zipped({**GOOD, "cross/inner.zip": zipped(GOOD).getvalue()}).getvalue())
    assert isinstance(found, Album) and len(found) == 6
    assert found.unread[0].path == "cross/inner.zip"


@pytest.mark.parametrize("name", ["../../../tmp/x.png", "/tmp/x.png", "..\\x.png"])
def test_a_name_that_climbs_reaches_nothing(name):
    check(read(zipped({**GOOD, name: PICTURE}).getvalue()))


def test_the_time_counts_from_the_start_and_not_from_the_last_report(tmp_path, monkeypatch):
    ticks = itertools.count(0, 0.3)  # seconds, at each look at the clock
    monkeypatch.setattr(reader, "time", SimpleNamespace(monotonic=ticks.__next__))
    order = Order("Title", pictures=10, picture_bytes=10_000_000, seconds=1)
    (tmp_path / ORDER_FILE).write_bytes(msgspec.json.encode(order))
    (tmp_path / UPLOAD_FILE).write_bytes(zipped(GOOD).getvalue())
    with pytest.raises(CollectionError, match="took longer than 1 seconds"):
        read_order(tmp_path)
