"""Somebody's own pictures on the command line: from a folder or a zip file to a data set."""

import sys
from pathlib import Path

import torch

from core.cli.commands import UsageError
from core.cli.progress import ProgressBar
from core.collections.archive import Archive, CollectionError, read_folder, read_zip
from core.collections.collection import Collection, collect
from core.dataset import Split
from core.specs import DatasetSpec, Kind

MOST_UNREAD = 10  # pictures that could not be read


def read_own(path: str, kind: Kind | None = None) -> Collection:
    """The data set in a folder or a zip file; what was noticed about it goes to stderr.

    The same pictures give the same data set. `kind` None guesses it from the pictures.

    Raises:
        CollectionError: there is no such file, or it makes no data set.
    """
    place = Path(path)
    if place.is_dir():
        return _collect(place, read_folder(place), kind)
    try:
        with place.open("rb") as file:
            return _collect(place, read_zip(file), kind)
    except OSError as error:
        raise CollectionError(f"{path} cannot be read ({error.strerror}).") from error


def own_test_split(found: Collection, learned: DatasetSpec) -> Split:
    """The test pictures, with the labels of a network that `learned` a data set.

    Where these are other pictures than those of its training, stderr says what that means.

    Raises:
        UsageError: they are of classes that it did not learn.
    """
    names, known = found.spec.class_names, learned.class_names
    if not set(names) <= set(known):
        raise UsageError(
            f"These pictures are of {', '.join(names)}, but the network learned "
            f"{', '.join(known)}: give pictures in folders of these names."
        )
    if learned.own and found.spec.own and learned.own.key != found.spec.own.key:
        print(
            "These are other pictures than those of its training: it may have learned some of "
            "them, and then its figures are too good.",
            file=sys.stderr,
        )
    images, labels = found.data().test
    return Split(images, torch.tensor([known.index(name) for name in names])[labels])


def _collect(place: Path, archive: Archive, kind: Kind | None) -> Collection:
    title = place.resolve().name if place.is_dir() else place.stem
    with ProgressBar("picture") as bar:
        found = collect(archive, title, kind, report=lambda r: bar.show("reading", r.done, r.total))
    assert found.spec.own
    classes = ", ".join(
        f"{found.spec.numbered(label)}: {count}" for label, count in enumerate(found.counts)
    )
    words = {"ink": "drawings", "photo": "photos of things"}[found.spec.own.kind]
    said = [f"{len(found.labels)} pictures, read as {words} ({classes})", *found.warnings]
    said += [f"{unread.path}: {unread.why}" for unread in found.unread[:MOST_UNREAD]]
    if (more := len(found.unread) + found.more_unread - MOST_UNREAD) > 0:
        said.append(f"... and {more} more that could not be read")
    print("\n".join(said), file=sys.stderr)
    return found
