"""Pictures in named folders, from a zip file or a folder; a stranger's, too.

One example: a zip file with

    leaves/oak/1.jpg
    leaves/oak/2.jpg
    leaves/Birch/scan.png
    leaves/notes.txt

has two classes, Birch and oak, and three pictures; notes.txt is passed over, and that is said.

Nothing is unpacked: each picture is read into memory when its turn comes, so no name in a zip file
can reach a place on the disk. The directory of the file is bounded before Python's zipfile reads
it, and each picture while it is unpacked.
"""

import re
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.collections.budget import Budget
from core.errors import UserError
from core.specs import CLASSES, MAX_CLASS_NAME

MAX_DEPTH = 10  # folders in folders

NOTE = "sketch-sum.json"  # in a data set of ours: what it is

# What systems leave in folders without being asked.
LITTER = re.compile(r"__MACOSX|Thumbs\.db|desktop\.ini|\..*", re.IGNORECASE)
PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}  # of a data set

END = struct.Struct("<4s4xHHIIH")  # of a zip file's directory; 0 files in parts
FILE_MARK, END_MARK, LARGE_MARK = b"PK\3\4", b"PK\5\6", b"PK\6\7"

NO_ZIP = "This is no zip file: put your folders of pictures into one."
CUT_SHORT = "The zip file is damaged or not complete: make or download it again."


class CollectionError(UserError):
    """Pictures that make no data set; the message is one sentence for the user."""


@dataclass(frozen=True)
class Bounds:
    """How much a stranger's pictures may ask for."""

    pictures: int = 10_000
    files: int = 20_000  # of any kind
    picture_bytes: int = 10_000_000
    bytes: int = 200_000_000  # of all pictures, unpacked
    directory_bytes: int = 5_000_000  # of a zip file's list of files


@dataclass(frozen=True)
class Picture:
    """A file that may be a picture, not yet read."""

    folder: str  # the name of its class
    path: str  # to name it by
    read: Callable[[], bytes]  # raises CollectionError


@dataclass(frozen=True)
class Archive:
    """What a zip file or a folder holds."""

    classes: tuple[str, ...]  # numbered in this order
    pictures: tuple[Picture, ...]
    passed_over: tuple[str, ...] = ()  # paths of files that are in no class
    note: bytes | None = None  # the content of a file called `NOTE`

    def __post_init__(self) -> None:
        assert {picture.folder for picture in self.pictures} <= set(self.classes)


def read_folder(folder: Path, bounds: Bounds = Bounds()) -> Archive:
    """The pictures in the folders of a folder; links are not followed.

    Raises:
        CollectionError: it is no folder, or its folders make no classes.
    """
    if not folder.is_dir():
        raise CollectionError(f"There is no folder {folder}.")
    budget = Budget(bounds.bytes)
    files = []
    for file in _walk(folder):
        read = partial(_read_within, file, bounds, budget)
        files.append((file.relative_to(folder).parts, read))
        _check_count(len(files), bounds)
    return _sort(files, bounds)


def read_zip(file: BinaryIO, bounds: Bounds = Bounds()) -> Archive:
    """The pictures in the folders of a zip file, which must stay open while they are read.

    Raises:
        CollectionError: it is no zip file, too large, or its folders make no classes.
    """
    _check_directory(file, bounds)
    try:
        archive = zipfile.ZipFile(file)
        entries = archive.infolist()
    except Exception as error:  # of zipfile on damaged bytes: it can be any
        raise CollectionError(CUT_SHORT) from error
    _check_count(len(entries), bounds)
    budget = Budget(bounds.bytes)
    files = []
    for entry in entries:
        if entry.filename.endswith("/") or _is_link(entry):  # a name can be empty
            continue
        if entry.flag_bits & 1:
            raise CollectionError("The zip file has a password: make it again without one.")
        parts = tuple(part for part in re.split(r"[/\\]+", _name(entry)) if part not in ("", "."))
        files.append((parts, partial(_unpack, archive, entry, bounds, budget)))
    return _sort(files, bounds)


# --- folders


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder, sorted; links are left out."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path


def read_picture_file(file: Path, bounds: Bounds) -> bytes:
    try:
        with file.open("rb") as stream:
            return _bounded(stream.read(bounds.picture_bytes + 1), file.name, bounds)
    except OSError as error:
        raise CollectionError(f"{file.name} cannot be read ({error.strerror}).") from error


def _read_within(file: Path, bounds: Bounds, budget: Budget) -> bytes:
    content = read_picture_file(file, bounds)
    if not budget.take(file, len(content)):
        raise _no_space(file.name)
    return content


# --- zip files


def _check_directory(file: BinaryIO, bounds: Bounds) -> None:
    """Refuse a zip file with a directory so long that reading it would take the memory.

    Raises:
        CollectionError: so, or it is no zip file.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - END.size - 2**16))
    tail = file.read()
    start = tail.rfind(END_MARK)
    if start < 0 or len(tail) - start < END.size:
        file.seek(0)
        is_cut = file.read(len(FILE_MARK)) == FILE_MARK
        raise CollectionError(CUT_SHORT if is_cut else NO_ZIP)
    _, _, count, length, _, _ = END.unpack_from(tail, start)
    is_large = LARGE_MARK in tail[max(0, start - 20) : start]
    if is_large or count > bounds.files or length > bounds.directory_bytes:
        raise CollectionError(f"The zip file has more than {bounds.files:,} files: take fewer.")


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return (entry.external_attr >> 28) == 0o12


def _name(entry: zipfile.ZipInfo) -> str:
    """The path of an entry; some programs write UTF-8 and do not say so."""
    if not entry.flag_bits & 0x800:
        try:
            return entry.orig_filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return entry.orig_filename


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, bounds: Bounds, budget: Budget
) -> bytes:
    name, place = _name(entry), entry.header_offset  # which is another for each; names may not be
    try:
        with archive.open(entry) as stream:
            content = stream.read(min(bounds.picture_bytes, budget.room(place)) + 1)
    except Exception as error:  # of zlib, lzma and bz2 on damaged bytes: it can be any
        raise CollectionError(f"{shown(name)} is damaged.") from error
    if not budget.take(place, len(content)):
        raise _no_space(name)
    return _bounded(content, name, bounds)


# --- both


def _check_count(count: int, bounds: Bounds) -> None:
    if count > bounds.files:
        raise CollectionError(f"There are more than {bounds.files:,} files: take fewer.")


def _no_space(name: str) -> CollectionError:
    return CollectionError(f"{shown(name)} was left out: the pictures before it fill the space.")


def _bounded(content: bytes, name: str, bounds: Bounds) -> bytes:
    if len(content) > bounds.picture_bytes:
        most = bounds.picture_bytes / 1e6
        raise CollectionError(f"{shown(name)} has more than {most:g} MB.")
    return content


def shown(name: str) -> str:
    """A stranger's file name, short and without signs that change how text runs."""
    kept = "".join(sign for sign in name if unicodedata.category(sign)[0] not in "C")
    return kept if len(kept) <= 2 * MAX_CLASS_NAME else f"…{kept[-2 * MAX_CLASS_NAME :]}"


def _sort(files: Sequence[tuple[tuple[str, ...], Callable[[], bytes]]], bounds: Bounds) -> Archive:
    """Files by their folders.

    Raises:
        CollectionError: there are too few folders or too many, or names that are no names.
    """
    kept = [(path, read) for path, read in files if not any(map(LITTER.fullmatch, path))]
    if any(len(path) > MAX_DEPTH for path, _ in kept):
        raise CollectionError("The folders lie too deep in each other: one level is enough.")
    common = _common_folders([path for path, _ in kept])
    pictures, passed_over, note = [], [], None
    for path, read in kept:
        inner = path[common:]
        if len(inner) > 1:
            pictures.append(Picture(class_name(inner[0]), "/".join(inner), read))
        elif inner == (NOTE,):
            note = read()
        else:
            passed_over.append("/".join(path))
    classes = sorted({picture.folder for picture in pictures}, key=natural_order)
    if len(classes) < 2:
        raise CollectionError(
            "I need at least two folders with pictures: one for each class, named after it."
        )
    if len(classes) > CLASSES:
        raise CollectionError(f"There are {len(classes)} folders; {CLASSES} classes at most.")
    if len(pictures) > bounds.pictures:
        raise CollectionError(f"There are {len(pictures):,} pictures; {bounds.pictures:,} at most.")
    return Archive(tuple(classes), tuple(pictures), tuple(map(shown, passed_over)), note)


def _common_folders(paths: Iterable[tuple[str, ...]]) -> int:
    """How many folders lie around those of the classes.

    A folder around all others is none of the classes; nor are train, val and test.
    """
    folders = {path[:-1] for path in paths}
    depth = 0
    while folders := {folder for folder in folders if len(folder) > depth}:
        names = {folder[depth].lower() for folder in folders}
        deeper = any(len(folder) > depth + 1 for folder in folders)
        if not deeper or (len(names) > 1 and not names <= PARTS):
            break
        depth += 1
    return depth


def class_name(folder: str, most: int = MAX_CLASS_NAME) -> str:
    """The name of a class, from that of its folder: one line, NFC, at most `most` characters."""
    text = unicodedata.normalize("NFC", folder)
    text = "".join(" " if is_unfit(sign) else sign for sign in text)
    return " ".join(text.split())[:most].strip() or "unnamed"


def is_unfit(sign: str) -> bool:
    """May a name not have this character? One that changes how text runs, and those of HTML."""
    return sign in "<>" or unicodedata.category(sign)[0] == "C"


def natural_order(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """A key to sort names by, as people do: case does not count, and 2 comes before 10."""
    runs = re.findall(r"[0-9]+|[^0-9]+", name)
    return [
        (0, int(run)) if run[0] in "0123456789" and len(run) < 18 else (1, run.casefold())
        for run in runs
    ], name
