"""A data set of somebody's own pictures, ready to train on.

One example: 200 pictures in the folders circle, cross and star. Each becomes 28 x 28; 140 are for
training, 20 for validation and 40 for the test, as many of each class as there are of its share.
Of circle (0) and the addend 7 the network learns that the class is 0 and the sum 7.
"""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.collections.album import Album, ReadingProgress, Unread, read_album
from core.collections.archive import Archive, CollectionError
from core.data.drawing import Pixels
from core.specs import DatasetSpec, Kind, OwnData, own_spec

if TYPE_CHECKING:
    from core.dataset import Data, Split

PART_SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}

LEAST = 3  # pictures of a class: one for each part
FEW_PICTURES = 10  # pictures of a class; fewer are a warning
UNEVEN = 5  # times as many pictures of one class as of another are a warning
NAMES_SAID = 3  # files in a warning


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
    more_unread: int = 0  # beyond `unread`

    @property
    def counts(self) -> list[int]:
        """The pictures of each class."""
        counts = np.bincount(self.labels, minlength=len(self.spec.class_names))
        return [int(count) for count in counts]

    @property
    def train_count(self) -> int:
        """The pictures to train on."""
        return int((self.parts == "train").sum())

    def data(self) -> "Data":
        """The tensors, each picture once."""
        from core.dataset import Data

        train, val, test = (self._split(part) for part in PART_SHARES)
        return Data(self.spec, train, val, test)

    def _split(self, part: str) -> "Split":
        import torch

        from core.dataset import Split

        chosen = np.flatnonzero(self.parts == part)
        chosen = np.random.default_rng(0).permutation(chosen)  # the first ones are of all classes
        images = torch.from_numpy(self.images[chosen])[:, None]
        return Split(images, torch.from_numpy(self.labels[chosen]))


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
    return make_collection(read_album(archive, title, kind, seed, report), seed, key)


def make_collection(album: Album, seed: int = 0, key: str = "") -> Collection:
    """The data set of an album's pictures; `key` as in `collect`.

    Raises:
        CollectionError: too few pictures can be used.
    """
    images, numbers, is_shown = album.images(), album.numbers(), album.visible()
    blank = [album.paths[index] for index in np.flatnonzero(~is_shown)]
    unread = [Unread(path, "There is nothing to see on it.") for path in blank]
    images, numbers = images[is_shown], numbers[is_shown]
    paths = tuple(album.paths[index] for index in np.flatnonzero(is_shown))
    digests = [hashlib.sha256(image.tobytes()).digest() for image in images]
    _check_enough(album.classes, numbers, digests)
    names, labels = _numbered(album.classes, numbers)
    parts = split_parts(labels, digests, seed)
    shades = images[parts == "train"] / 255
    own = OwnData(
        title=album.title,
        classes=names,
        kind=album.kind,
        mean=round(float(np.clip(shades.mean(), 0.001, 1)), 4),
        std=round(float(np.clip(shades.std(), 0.01, 1)), 4),
        key=key or hashlib.sha256(b"".join(digests)).hexdigest()[:32],
    )
    counts = np.bincount(numbers, minlength=len(album.classes)).tolist()
    warnings = (
        *_about_counts(dict(zip(album.classes, counts, strict=True))),
        *_about_copies(labels, digests),
    )
    found = (*album.unread, *unread)
    return Collection(
        own_spec(own), images, labels, paths, parts, found, warnings, album.more_unread
    )


def _check_enough(
    classes: Sequence[str], numbers: npt.NDArray[np.int64], digests: Sequence[bytes]
) -> None:
    if len(classes) < 2:
        raise CollectionError("A data set needs at least two classes.")
    counts = Counter(number for number, _ in {*zip(numbers.tolist(), digests, strict=True)})
    for number, name in enumerate(classes):
        if counts[number] < LEAST:
            few = f"{counts[number]} different picture{'' if counts[number] == 1 else 's'}"
            raise CollectionError(f"{name} has {few} that I can use; each class needs {LEAST}.")


def _numbered(
    classes: tuple[str, ...], numbers: npt.NDArray[np.int64]
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """The names by label, and the labels: classes that are digits keep their own number."""
    if all(len(name) == 1 and name in "0123456789" for name in classes):
        return tuple("0123456789"[: int(max(classes)) + 1]), np.array(list(map(int, classes)))[
            numbers
        ]
    return classes, numbers


def split_parts(
    labels: npt.NDArray[np.int64], digests: Sequence[bytes], seed: int
) -> npt.NDArray[np.str_]:
    """ "train", "val" or "test" for each picture, (N,), by `PART_SHARES` of each class.

    Copies of a picture, which have the same digest, are in the same part: a network that has seen
    a picture has learned its answer. Each class has some in each part, however many the copies are,
    unless classes share their pictures.
    """
    part_of: dict[bytes, str] = {}
    for label in np.unique(labels):
        copies = Counter(digests[index] for index in np.flatnonzero(labels == label).tolist())
        order = sorted(copies)
        random.Random(f"{seed} {label}").shuffle(order)
        total = sum(copies.values())
        wanted = {part: max(1, round(PART_SHARES[part] * total)) for part in ("test", "val")}
        order.sort(key=lambda digest: digest not in part_of)  # first those of an earlier class
        missing = ["test", "val", "train"]
        for place, digest in enumerate(order):
            part = next((part for part, left in wanted.items() if left > 0), "train")
            if len(order) - place <= len(missing):
                part = missing[0]
            part = part_of.setdefault(digest, part)
            if part in missing:
                missing.remove(part)
            if part in wanted:
                wanted[part] -= copies[digest]
    return np.array([part_of[digest] for digest in digests])


def _about_counts(counts: dict[str, int]) -> Iterator[str]:
    few = [name for name, count in counts.items() if count < FEW_PICTURES]
    if few:
        has = "has" if len(few) == 1 else "have"
        yield f"{listed(few)} {has} fewer than {FEW_PICTURES} pictures."
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[most] >= UNEVEN * counts[least]:
        yield (
            f"{most} has {counts[most]} pictures and {least} only {counts[least]}: in doubt it "
            f"will say {most}. Bring about as many of each."
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
