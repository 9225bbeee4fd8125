"""What is kept of people's own pictures: their albums, and the data sets that were made of them.

    <runs>/collections/album-<24>/album.msgpack       grows; one for each browser
                       own-<24>/collection.msgpack    a data set; never changes
                       own-<24>/own.json              what there is to know of it: OwnData
                       */who.json                     hashes of who brought it

The name of an album comes from the hash that runs keep of their browser's secret; that of a data
set is random. So nobody guesses either, and whoever has the name of a data set may train on it.
Like runs, they are pruned by age and size; an address that keeps most makes room first.
"""

import hashlib
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.collections.album import Album
from core.collections.archive import CollectionError
from core.collections.collection import Collection
from core.collections.lesson_sets import LESSON_SETS, lesson_set
from core.collections.saved import dump_album, dump_collection, load_album, load_collection
from core.errors import UserError
from core.runs import disk, limits
from core.runs.queue import Visitor
from core.specs import OWN, OwnData, is_known, own_spec
from core.storage.files import age, read_whole, write_atomic

if TYPE_CHECKING:
    from core.dataset import Split

FOLDER = "collections"  # in the runs directory
ALBUM_FILE, SET_FILE, OWN_FILE, WHO_FILE = (
    "album.msgpack",
    "collection.msgpack",
    "own.json",
    "who.json",
)
PICTURES_GONE = "The pictures of this data set are no longer kept here."
NO_ROOM = "There is no room for more pictures now. Try again later."


class LibraryError(UserError):
    """Pictures that are gone or cannot be kept; the message is one sentence for the visitor."""


class Who(msgspec.Struct, frozen=True):
    """Who brought pictures: hashes, as in a run's request."""

    address: str = ""
    session: str = ""


@dataclass
class Holding:
    """Something that is kept."""

    path: Path
    who: Who
    size: int  # bytes
    idle: float  # seconds since it was used


def library_dir(root: Path) -> Path:
    """Where everything of this room is, in the runs directory `root`."""
    return root / FOLDER


# --- albums


def album_dir(root: Path, browser: str) -> Path:
    """Where the album of the browser with this hash is or would be."""
    digest = hashlib.sha256(f"album {browser}".encode()).hexdigest()[:24]
    return library_dir(root) / f"album-{digest}"


def save_album(root: Path, visitor: Visitor, album: Album) -> None:
    """Keep the album of a visitor in place of the one before.

    Raises:
        LibraryError: there is no room.
        OSError: it cannot be written.
    """
    place = album_dir(root, visitor.session)
    content = dump_album(album)
    before = sum(each.size for each in holdings(root) if each.path == place)
    make_picture_room(root, visitor, len(content) - before)
    _write(place, visitor, {ALBUM_FILE: content})


def find_album(root: Path, browser: str) -> Album | None:
    """The album of a browser; None where there is none, or it is damaged.

    Raises:
        OSError: it is there and cannot be read now.
    """
    place = album_dir(root, browser)
    with suppress(FileNotFoundError, CollectionError):
        return load_album(read_whole(place / ALBUM_FILE))
    return None


# --- data sets


def keep_collection(root: Path, visitor: Visitor, collection: Collection) -> str:
    """Keep a data set, so that runs can train on it; its name.

    Raises:
        LibraryError: there is no room.
        OSError: it cannot be written.
    """
    own = collection.spec.own
    assert own
    place = library_dir(root) / own.name
    if not (place / SET_FILE).exists():
        content = dump_collection(collection)
        make_picture_room(root, visitor, len(content))
        _write(place, visitor, {OWN_FILE: msgspec.json.encode(own), SET_FILE: content})
    mark_used(place)
    return own.name


def read_collection(root: Path, name: str) -> bytes:
    """A data set by its name, which may be anything, for `load_collection`.

    Raises:
        LibraryError: it is not kept here.
    """
    if name in LESSON_SETS:
        return dump_collection(lesson_set(name))
    place = _set_dir(root, name)
    try:
        content = read_whole(place / SET_FILE) if place else b""
    except OSError:
        content = b""
    if not place or not content:
        raise LibraryError(PICTURES_GONE)
    mark_used(place)
    return content


def kept_test_split(root: Path, name: str) -> "Split":
    """The test pictures of a data set.

    Raises:
        LibraryError: it is not kept here.
        CollectionError: its file is damaged.
    """
    return load_collection(read_collection(root, name)).data().test


def is_kept(root: Path, name: str) -> bool:
    """Are the pictures of the data set with this name here? Then `find_spec` finds it.

    Who asks uses them: what is looked at every day may have been read long ago.
    """
    if name in LESSON_SETS:
        return own_spec(LESSON_SETS[name][0]).name == name
    place = _set_dir(root, name)
    if place is None or not (place / SET_FILE).exists():
        return False
    mark_used(place)
    if not is_known(name):
        try:
            own_spec(msgspec.json.decode((place / OWN_FILE).read_bytes(), type=OwnData))
        except (OSError, msgspec.MsgspecError):
            return False
    return is_known(name)


def _set_dir(root: Path, name: str) -> Path | None:
    digest = name.removeprefix(OWN)
    is_name = name.startswith(OWN) and len(digest) == 24 and set(digest) <= set("0123456789abcdef")
    return library_dir(root) / name if is_name else None


# --- all of it


def delete_all(root: Path, browser: str) -> int:
    """Delete the album and the data sets of a browser; how many there were."""
    mine = [each for each in holdings(root) if browser and each.who.session == browser]
    return sum(_remove(each.path) for each in mine)


def has_any(root: Path, browser: str) -> bool:
    """Is anything of this browser kept?"""
    return any(browser and each.who.session == browser for each in holdings(root))


def holdings(root: Path) -> Iterator[Holding]:
    """Everything that is kept."""
    with suppress(FileNotFoundError):
        for path in library_dir(root).iterdir():
            if not path.name.startswith("."):
                with suppress(OSError):  # gone meanwhile
                    size = sum(file.stat().st_size for file in path.iterdir())
                    idle = age(path.stat().st_mtime)
                    yield Holding(path, _who(path), size, idle)


def _who(path: Path) -> Who:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((path / WHO_FILE).read_bytes(), type=Who)
    return Who()


def make_picture_room(root: Path, visitor: Visitor, size: int) -> None:
    """Remove what is old, then what those keep who keep most, until `size` more bytes fit.

    The visitor's own album stays: what they bring is added to it, or made of it.

    Raises:
        LibraryError: they would not fit at all, or the disk is nearly full.
        OSError: the directory cannot be written.
    """
    limit = limits.LIMITS
    library_dir(root).mkdir(parents=True, exist_ok=True)
    prune_pictures(root)
    most = limit.collections_megabytes * disk.MEGABYTE
    if size > most or not disk.has_room(root, times=2):
        raise LibraryError(NO_ROOM)
    own = album_dir(root, visitor.session)
    kept = sorted(holdings(root), key=lambda each: -each.idle)
    taken = Counter({visitor.address: size})
    for each in kept:
        taken[each.who.address] += each.size
    kept = [each for each in kept if each.path != own]
    while taken.total() > most and kept:
        ((address, _),) = taken.most_common(1)
        goes = next((each for each in kept if each.who.address == address), kept[0])
        _remove(goes.path)
        kept.remove(goes)
        taken[goes.who.address] -= goes.size


def staging_dir(root: Path) -> Path:
    """A new folder for what is half made; nobody finds it there.

    Raises:
        OSError: it cannot be made.
    """
    place = library_dir(root) / f".{secrets.token_hex(8)}"
    place.mkdir(parents=True)
    return place


def _write(place: Path, visitor: Visitor, files: dict[str, bytes]) -> None:
    """Write files into a folder; one that is new appears whole."""
    files = {WHO_FILE: msgspec.json.encode(Who(*visitor)), **files}
    if place.exists():
        for name, content in files.items():
            write_atomic(place / name, content, durable=False)
        return
    aside = staging_dir(place.parents[1])
    try:
        for name, content in files.items():
            (aside / name).write_bytes(content)
        aside.rename(place)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def mark_used(place: Path) -> None:
    """What is in this folder is kept from now on for as long as anything is."""
    with suppress(OSError):
        os.utime(place)


def _remove(place: Path) -> bool:
    with suppress(OSError):
        aside = place.rename(place.with_name(f".{secrets.token_hex(8)}"))
        shutil.rmtree(aside, ignore_errors=True)
        return True
    return False


def prune_pictures(root: Path) -> None:
    """Remove what nobody used for too long, and what a killed app left half made or removed."""
    for each in list(holdings(root)):
        if each.idle > limits.LIMITS.kept_days * 86_400:
            _remove(each.path)
    for path in library_dir(root).glob(".*"):
        with suppress(OSError):
            if age(path.stat().st_mtime) > disk.LEFTOVER_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
