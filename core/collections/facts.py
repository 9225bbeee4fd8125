"""What a zip file that we made says of its pictures: they need no more shaping."""

import msgspec

from core.collections.archive import Archive, CollectionError
from core.data.drawing import IMAGE_SIDE, Pixels
from core.specs import Kind, Title


class Facts(msgspec.Struct, forbid_unknown_fields=True):
    """What a zip file of ours says of its pictures: they are in shape already."""

    title: Title
    kind: Kind


def read_facts(archive: Archive) -> Facts | None:
    """The facts of a zip file that `pack_collection` made; None for any other."""
    if archive.note is None:
        return None
    try:
        return msgspec.json.decode(archive.note, type=Facts)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def as_it_is(shades: Pixels) -> Pixels:
    """A picture of a zip file of ours."""
    if shades.shape != (IMAGE_SIDE, IMAGE_SIDE):
        raise CollectionError(f"It is not {IMAGE_SIDE} × {IMAGE_SIDE}.")
    return shades
