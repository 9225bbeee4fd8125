"""A data set of somebody's own pictures, ready to train on.

One example: 200 pictures in the folders circle, cross and star. Each becomes 28 x 28; 140 are for
training, 20 for validation and 40 for the test, as many of each class as there are of its share.
Of circle (0) and the addend 7 the network learns that the class is 0 and the sum 7.
"""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from core.collections.archive import Archive, CollectionError, Picture, class_name, shown
from core.collections.facts import as_it_is, read_facts
from core.collections.shaping import SHAPES, guess_kind, picture_shades
from core.data.drawing import Pixels
from core.data.image_files import ImageFileError
from core.dataset import Data, Split
from core.specs import MAX_TITLE, DatasetSpec, Kind, OwnData, own_spec

PART_SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}
GUESSED_FROM = 30  # pictures
SMALL_EPOCH = 6_000  # images; an epoch of a smaller data set goes over it several times

LEAST = 3  # pictures of a class: one for each part
FEW_PICTURES = 10  # pictures of a class; fewer are a warning
UNEVEN = 5  # times as many pictures of one class as of another are a warning
NAMES_SAID = 3  # files in a warning


class Unread(NamedTuple):
    """A picture that could not be used."""

    path: str
    why: str  # a sentence


@dataclass(frozen=True)
class Collection:
    """Pictures in shape, split, and what was noticed about them."""

    spec: DatasetSpec
    images: Pixels  # (N, 28, 28)
    labels: npt.NDArray[np.int64]  # (N,)
    paths: tuple[str, ...]  # N
    parts: npt.NDArray[np.str_]  # (N,): "train", "val" or "test"
    unread: tuple[Unread, ...]
    warnings: tuple[str, ...]  # a sentence each

    @property
    def counts(self) -> list[int]:
        """The pictures of each class."""
        counts = np.bincount(self.labels, minlength=len(self.spec.class_names))
        return [int(count) for count in counts]

    @property
    def train_count(self) -> int:
        """The pictures to train on."""
        return int((self.parts == "train").sum())

    def data(self) -> Data:
        """The tensors to train on; few training images are repeated in each epoch."""
        train, val, test = (self._split(part) for part in PART_SHARES)
        times = max(1, SMALL_EPOCH // len(train.labels))
        repeated = Split(train.images.repeat(times, 1, 1, 1), train.labels.repeat(times))
        return Data(self.spec, repeated, val, test)

    def _split(self, part: str) -> Split:
        chosen = self.parts == part
        images = torch.from_numpy(self.images[chosen])[:, None]
        return Split(images, torch.from_numpy(self.labels[chosen]))


class ReadingProgress(NamedTuple):
    """How far a collection has been read."""

    done: int
    total: int


def collect(
    archive: Archive,
    title: str,
    kind: Kind | None = None,
    seed: int = 0,
    key: str = "",
    report: Callable[[ReadingProgress], None] = lambda reading: None,
) -> Collection:
    """Read the pictures of an archive and make a data set of them.

    `kind` None guesses it from the pictures. A random `key`, 32 hexadecimal digits, makes a data
    set that nobody else can name; without one, the same pictures are the same data set. `report` is
    called after each picture; it may raise to stop.

    Raises:
        CollectionError: too few pictures can be used.
    """
    facts = read_facts(archive)
    if facts:
        kind, title = facts.kind, facts.title
    kind = kind or _guess(archive, seed)
    shape = as_it_is if facts else SHAPES[kind]
    unread = [Unread(path, "It lies in no folder.") for path in archive.passed_over]
    found: list[tuple[Picture, Pixels]] = []
    for number, picture in enumerate(archive.pictures, start=1):
        try:
            image = shape(picture_shades(picture.read()))
        except (CollectionError, ImageFileError) as error:
            unread.append(Unread(shown(picture.path), str(error)))
        else:
            if image is None:
                unread.append(Unread(shown(picture.path), "There is nothing to see on it."))
            else:
                found.append((picture, image))
        report(ReadingProgress(number, len(archive.pictures)))
    _check_enough(archive.classes, found)
    return _assemble(archive.classes, found, tuple(unread), title, kind, seed, key)


def _guess(archive: Archive, seed: int) -> Kind:
    """What kind of pictures these are, from some of them."""
    count = min(GUESSED_FROM, len(archive.pictures))
    some = []
    for picture in random.Random(seed).sample(archive.pictures, count):
        with suppress(CollectionError, ImageFileError):  # said when its turn comes
            some.append(picture_shades(picture.read()))
    return guess_kind(some)


def _check_enough(classes: Sequence[str], found: Sequence[tuple[Picture, Pixels]]) -> None:
    counts = Counter(name for name, _ in {(p.folder, image.tobytes()) for p, image in found})
    for name in classes:
        if counts[name] < LEAST:
            few = f"{counts[name]} different picture{'' if counts[name] == 1 else 's'}"
            raise CollectionError(f"{name} has {few} that I can use; each class needs {LEAST}.")


def _assemble(
    classes: Sequence[str],
    found: Sequence[tuple[Picture, Pixels]],
    unread: tuple[Unread, ...],
    title: str,
    kind: Kind,
    seed: int,
    key: str,
) -> Collection:
    """The collection of pictures in shape."""
    names, number = _numbered(classes)
    images = np.stack([image for _, image in found])
    labels = np.array([number[picture.folder] for picture, _ in found])
    digests = [hashlib.sha256(image.tobytes()).digest() for image in images]
    parts = split_parts(labels, digests, seed)
    shades = images[parts == "train"] / 255
    own = OwnData(
        title=class_name(title)[:MAX_TITLE],
        classes=names,
        kind=kind,
        mean=round(float(np.clip(shades.mean(), 0.001, 1)), 4),
        std=round(float(np.clip(shades.std(), 0.01, 1)), 4),
        key=key or hashlib.sha256(b"".join(digests)).hexdigest()[:32],
    )
    warnings = (*_about_counts(classes, found), *_about_copies(labels, digests))
    paths = tuple(shown(picture.path) for picture, _ in found)
    return Collection(own_spec(own), images, labels, paths, parts, unread, warnings)


def _numbered(classes: Sequence[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """The names by label, and the label of each class: digits keep their own number."""
    if all(len(name) == 1 and name in "0123456789" for name in classes):
        return tuple("0123456789"[: int(max(classes)) + 1]), {name: int(name) for name in classes}
    return tuple(classes), {name: label for label, name in enumerate(classes)}


def split_parts(
    labels: npt.NDArray[np.int64], digests: Sequence[bytes], seed: int
) -> npt.NDArray[np.str_]:
    """ "train", "val" or "test" for each picture, (N,), by `PART_SHARES` of each class.

    Copies of a picture, which have the same digest, are in the same part: a network that has seen
    a picture has learned its answer.
    """
    part_of: dict[bytes, str] = {}
    for label in np.unique(labels):
        copies = Counter(digests[index] for index in np.flatnonzero(labels == label).tolist())
        order = sorted(copies)
        random.Random(f"{seed} {label}").shuffle(order)
        total = sum(copies.values())
        wanted = {part: max(1, round(PART_SHARES[part] * total)) for part in ("test", "val")}
        for digest in order:
            part = next((part for part, left in wanted.items() if left > 0), "train")
            if part_of.setdefault(digest, part) in wanted:
                wanted[part_of[digest]] -= copies[digest]
    return np.array([part_of[digest] for digest in digests])


def _about_counts(classes: Sequence[str], found: Sequence[tuple[Picture, Pixels]]) -> Iterator[str]:
    counts = Counter(picture.folder for picture, _ in found)
    few = [name for name in classes if counts[name] < FEW_PICTURES]
    if few:
        has = "has" if len(few) == 1 else "have"
        yield f"{listed(few)} {has} fewer than {FEW_PICTURES} pictures."
    (most, many), (least, rare) = counts.most_common()[0], counts.most_common()[-1]
    if many >= UNEVEN * rare:
        yield (
            f"{most} has {many} pictures and {least} only {rare}: in doubt it will say {most}. "
            "Bring about as many of each."
        )


def _about_copies(labels: npt.NDArray[np.int64], digests: Sequence[bytes]) -> Iterator[str]:
    known: dict[bytes, set[int]] = defaultdict(set)
    for digest, label in zip(digests, labels.tolist(), strict=True):
        known[digest].add(label)
    copies = len(digests) - len(known)
    if copies:
        yield f"{_pictures(copies)} a copy of another; copies stay in the same part."
    if both := sum(len(classes) > 1 for classes in known.values()):
        yield f"{_pictures(both)} in two classes: nobody can learn which is right."


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count:,} pictures are"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "oak, Birch and 3 more"."""
    if len(names) > NAMES_SAID:
        return f"{', '.join(names[:NAMES_SAID])} and {len(names) - NAMES_SAID} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
