"""Albums and collections as bytes: what is kept on disk, and what travels to another machine.

Both are MessagePack of checked structs. The bytes may come from anywhere: what does not fit is
refused, and nothing in them runs.
"""

from typing import TypeVar

import msgspec
import numpy as np

from core.collections.album import PIXELS, Album
from core.collections.archive import CollectionError
from core.collections.collection import PART_SHARES, Collection
from core.data.drawing import IMAGE_SIDE
from core.specs import OwnData, own_spec

PART_ORDER = list(PART_SHARES)  # in the order of their numbers


class SavedCollection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A collection without its names of files: N pictures."""

    own: OwnData
    images: bytes  # (N, 28, 28)
    labels: bytes  # (N,)
    parts: bytes  # (N,), indices into `PART_ORDER`
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.labels)
        if len(self.images) != count * PIXELS or len(self.parts) != count:
            raise ValueError("pictures are missing")
        if set(self.parts) != set(range(len(PART_ORDER))):
            raise ValueError("a part is missing")
        if max(self.labels) >= len(self.own.classes):
            raise ValueError("a class is missing")


Decoded = TypeVar("Decoded")


def dump_album(album: Album) -> bytes:
    """An album as bytes."""
    return msgspec.msgpack.encode(album)


def load_album(content: bytes) -> Album:
    """The inverse of `dump_album`.

    Raises:
        CollectionError: it is no album.
    """
    return _decode(content, Album)


def dump_collection(collection: Collection) -> bytes:
    """A collection as bytes."""
    assert collection.spec.own
    return msgspec.msgpack.encode(
        SavedCollection(
            collection.spec.own,
            collection.images.tobytes(),
            bytes(collection.labels.tolist()),
            bytes(PART_ORDER.index(part) for part in collection.parts.tolist()),
            collection.warnings,
        )
    )


def load_collection(content: bytes) -> Collection:
    """The inverse of `dump_collection`; `find_spec` finds its data set from now on.

    Raises:
        CollectionError: it is no collection.
    """
    saved = _decode(content, SavedCollection)
    images = np.frombuffer(saved.images, np.uint8).reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    labels = np.frombuffer(saved.labels, np.uint8).astype(np.int64)
    parts = np.array(PART_ORDER)[np.frombuffer(saved.parts, np.uint8)]
    paths = ("",) * len(labels)
    return Collection(own_spec(saved.own), images, labels, paths, parts, (), saved.warnings)


def _decode(content: bytes, kind: type[Decoded]) -> Decoded:
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise CollectionError("The pictures of this data set are damaged.") from error
