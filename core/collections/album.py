"""An album: somebody's pictures by class, as they grow, not yet split.

One example: 20 files of oak leaves, then a zip file with the folders oak and birch, then three
drawings of oaks: an album of two classes. Each picture is kept in both forms, as ink and as a photo
of a thing, so that the kind of an album can be changed without the files.
"""

import random
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from core.collections.archive import (
    Archive,
    CollectionError,
    Picture,
    class_name,
    natural_order,
    shown,
)
from core.collections.facts import as_it_is, read_facts
from core.collections.shaping import SHAPES, guess_kind, picture_shades
from core.data.drawing import (
    IMAGE_SIDE,
    Pixels,
    Strokes,
    fashion_form,
    is_dot,
    mnist_form,
    rasterize,
)
from core.data.image_files import ImageFileError
from core.specs import CLASSES, MAX_TITLE, ClassName, Kind, Title

GUESSED_FROM = 30  # pictures
UNREAD_KEPT = 100  # files that could not be used; the others are counted
PIXELS = IMAGE_SIDE**2
FORM_KINDS: tuple[Kind, Kind] = ("ink", "photo")  # as in `Forms`
BLANK = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)  # where nothing is to be seen

Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]  # as `map`
Key = Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")]


class Unread(NamedTuple):
    """A picture that could not be used."""

    path: str
    why: str  # a sentence


class ReadingProgress(NamedTuple):
    """How far pictures have been read."""

    done: int
    total: int


class Forms(NamedTuple):
    """A picture in both forms, uint8 (28, 28); `BLANK` where nothing is to be seen."""

    ink: Pixels
    photo: Pixels


class Album(Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures by class. N pictures of C classes; nothing in it is changed."""

    title: Title
    kind: Kind
    classes: Annotated[tuple[ClassName, ...], Meta(max_length=CLASSES)] = ()  # (C,), in order
    labels: bytes = b""  # (N,), a byte each, below C
    inks: bytes = b""  # (N, 28, 28)
    photos: bytes = b""  # (N, 28, 28)
    paths: tuple[str, ...] = ()  # (N,)
    unread: tuple[Unread, ...] = ()  # the first `UNREAD_KEPT`
    key: Key = ""  # random, another one after each change
    more_unread: Annotated[int, Meta(ge=0)] = 0  # beyond these

    def __post_init__(self) -> None:
        if (beyond := len(self.unread) - UNREAD_KEPT) > 0:
            msgspec.structs.force_setattr(self, "unread", self.unread[:UNREAD_KEPT])
            msgspec.structs.force_setattr(self, "more_unread", self.more_unread + beyond)
        count = len(self.labels)
        pixels = {len(self.inks), len(self.photos)}
        if pixels != {count * PIXELS} or len(self.paths) != count:
            raise ValueError("pictures are missing")
        if max(self.labels, default=-1) >= len(self.classes):
            raise ValueError("a class is missing")

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, kind: Kind | None = None) -> npt.NDArray[np.uint8]:
        """Every picture in the form of a kind, by default the album's: (N, 28, 28)."""
        pixels = {"ink": self.inks, "photo": self.photos}[kind or self.kind]
        return np.frombuffer(pixels, np.uint8).reshape(-1, IMAGE_SIDE, IMAGE_SIDE)

    def numbers(self) -> npt.NDArray[np.int64]:
        """The index of each picture's class, (N,)."""
        return np.frombuffer(self.labels, np.uint8).astype(np.int64)

    def visible(self) -> npt.NDArray[np.bool_]:
        """Is anything to be seen on a picture, in the form of the album's kind? (N,)."""
        return np.asarray(self.images().any(axis=(1, 2)))

    def counts(self) -> dict[str, int]:
        """The pictures of each class on which something is to be seen: the others are no use."""
        numbers = self.numbers()[self.visible()]
        counts = np.bincount(numbers, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))


# --- making one


def read_album(
    archive: Archive,
    title: str,
    kind: Kind | None = None,
    seed: int = 0,
    report: Callable[[ReadingProgress], None] = lambda reading: None,
    spread: Spread = map,
) -> Album:
    """Read the pictures of an archive.

    `kind` None guesses it from some of them. `report` is called after each picture; it may raise to
    stop. `spread` maps the pictures, in their order; it may use several processes.
    """
    facts = read_facts(archive)
    if facts:
        kind, title = facts.kind, facts.title
    kind = kind or _guess(archive.pictures, seed)
    unread = [Unread(path, "It lies in no folder.") for path in archive.passed_over]
    found: list[tuple[str, str, Forms]] = []
    shape = partial(_shape, is_in_shape=facts is not None)
    shaped = spread(shape, map(_content, archive.pictures))
    for number, (picture, forms) in enumerate(zip(archive.pictures, shaped, strict=True), start=1):
        if isinstance(forms, str):
            unread.append(Unread(shown(picture.path), forms))
        else:
            found.append((picture.folder, shown(picture.path), forms))
        report(ReadingProgress(number, len(archive.pictures)))
    return _album(title, kind, archive.classes, found, tuple(unread))


def album_of_drawings(title: str, drawings: Iterable[tuple[str, Strokes]]) -> Album:
    """An album of drawings with the names of their classes; a dot is none."""
    found = []
    for number, (name, strokes) in enumerate(drawings, start=1):
        if strokes and not is_dot(strokes):
            ink = rasterize(strokes)
            forms = Forms(_shown(mnist_form(ink)), _shown(fashion_form(ink)))
            found.append((class_name(name), f"drawing {number}", forms))
    return _album(title, "ink", {name for name, _, _ in found}, found)


def _guess(pictures: Sequence[Picture], seed: int) -> Kind:
    """What kind of pictures these are, from some of them."""
    some = []
    for picture in random.Random(seed).sample(pictures, min(GUESSED_FROM, len(pictures))):
        with suppress(CollectionError, ImageFileError):  # said when its turn comes
            some.append(picture_shades(picture.read()))
    return guess_kind(some)


def _content(picture: Picture) -> bytes | str:
    """The content of a file, or why there is none."""
    try:
        return picture.read()
    except CollectionError as error:
        return str(error)


def _shape(content: bytes | str, is_in_shape: bool) -> Forms | str:
    """Both forms of a picture, or why there are none."""
    if isinstance(content, str):
        return content
    try:
        shades = picture_shades(content)
        if is_in_shape:
            return Forms(as_it_is(shades), shades)
        return Forms(*(_shown(SHAPES[kind](shades)) for kind in FORM_KINDS))
    except (CollectionError, ImageFileError) as error:
        return str(error)


def _shown(image: Pixels | None) -> Pixels:
    return BLANK if image is None else image


def _album(
    title: str,
    kind: Kind,
    classes: Iterable[str],
    found: Sequence[tuple[str, str, Forms]],
    unread: tuple[Unread, ...] = (),
    more_unread: int = 0,
) -> Album:
    """An album of pictures: each with the name of its class, its path, and its forms."""
    names = tuple(sorted(classes, key=natural_order))
    if len(names) > CLASSES:
        raise CollectionError(f"There would be {len(names)} classes; {CLASSES} at most.")
    number = {name: index for index, name in enumerate(names)}
    return Album(
        title=class_name(title, MAX_TITLE),
        kind=kind,
        classes=names,
        labels=bytes(number[name] for name, _, _ in found),
        inks=b"".join(forms.ink.tobytes() for _, _, forms in found),
        photos=b"".join(forms.photo.tobytes() for _, _, forms in found),
        paths=tuple(path for _, path, _ in found),
        unread=unread,
        more_unread=more_unread,
        key=secrets.token_hex(16),
    )


# --- changing one


def join_albums(album: Album, other: Album, most: int) -> Album:
    """The pictures of both, in the form of the first that has any.

    Raises:
        CollectionError: that would be more than `most` pictures, or too many classes.
    """
    if len(album) + len(other) > most:
        raise CollectionError(
            f"That would be {len(album) + len(other):,} pictures; {most:,} at most."
        )
    kind = album.kind if len(album) else other.kind
    classes = {*album.classes, *other.classes}
    found = [*_pictures(album), *_pictures(other)]
    more_unread = album.more_unread + other.more_unread
    return _album(album.title, kind, classes, found, album.unread + other.unread, more_unread)


def without_class(album: Album, name: str) -> Album:
    """The album without the pictures of a class."""
    kept = [each for each in _pictures(album) if each[0] != name]
    classes = [each for each in album.classes if each != name]
    return _left_of(album, classes, kept)


def without_pictures(album: Album, places: Iterable[int]) -> Album:
    """The album without the pictures at these places, and without a class of which none is left."""
    gone, numbers = {*places}, album.numbers().tolist()
    kept = [each for place, each in enumerate(_pictures(album)) if place not in gone]
    left = {name for name, _, _ in kept}
    emptied = {album.classes[number] for number in numbers} - left
    classes = [name for name in album.classes if name not in emptied]
    return _left_of(album, classes, kept)


def _left_of(album: Album, classes: Sequence[str], kept: Sequence[tuple[str, str, Forms]]) -> Album:
    """What is left of an album; of one that is empty now, files need no more be told."""
    told = (album.unread, album.more_unread) if classes else ()
    return _album(album.title, album.kind, classes, kept, *told)


def change_album(album: Album, title: str | None = None, kind: Kind | None = None) -> Album:
    """The album with another title or of another kind."""
    return msgspec.structs.replace(
        album,
        title=class_name(title, MAX_TITLE) if title else album.title,
        kind=kind or album.kind,
        key=secrets.token_hex(16),
    )


def _pictures(album: Album) -> list[tuple[str, str, Forms]]:
    inks, photos, numbers = album.images("ink"), album.images("photo"), album.numbers()
    return [
        (album.classes[number], path, Forms(ink, photo))
        for number, path, ink, photo in zip(numbers, album.paths, inks, photos, strict=True)
    ]
