"""A data set as tensors in memory, and images paired with a random addend.

One example: an image of a 5 with addend 7 has label 5 and sum 12. Every batch draws new addends, so
the network meets every (image, addend) pair sooner or later and cannot memorize sums. All of MNIST
is 47 MB as uint8: it stays in memory, a batch is one indexing operation, and there is no need for a
DataLoader, which would cost more than the network.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset, random_split

from core.data import download
from core.data.handwriting import handwritten_digits
from core.errors import UserError
from core.specs import (
    ADDENDS,
    CLASSES,
    EPOCH_IMAGES,
    TRAIN_SIZE,
    VAL_SIZE,
    DatasetSpec,
    data_dir,
    find_spec,
)

SUM_CLASSES = CLASSES + ADDENDS - 1  # 0-18

SPLIT_SEED = 0


class OwnDataError(UserError):
    """The pictures are not here: they are somebody's own."""


class Split(NamedTuple):
    """Images and labels of one part of a data set: train, val or test."""

    images: Tensor  # uint8 (N, 1, 28, 28)
    labels: Tensor  # int64 (N,)

    def to(self, device: torch.device) -> "Split":
        """The same in the memory of a device."""
        return Split(self.images.to(device), self.labels.to(device))

    def first(self, count: int) -> "Split":
        """Only the first `count` images."""
        return Split(self.images[:count], self.labels[:count])

    def repeated(self, count: int) -> "Split":
        """All of them as often as fits into `count` images, at least once."""
        times = max(1, count // len(self.labels))
        return Split(self.images.repeat(times, 1, 1, 1), self.labels.repeat(times))

    def join(self, other: "Split") -> "Split":
        """These images, then those of another split."""
        return Split(*map(torch.cat, zip(self, other, strict=True)))


class Data(NamedTuple):
    """A data set, split. `val` is for choices and live curves, `test` for final metrics only."""

    spec: DatasetSpec
    train: Split  # 50,000, or more where less is held out
    val: Split  # 10,000, or less
    test: Split  # 10,000
    written: int = 0  # digits that join the training images, others in each epoch
    hand: int = 0  # the seed that they are written from

    @property
    def splits(self) -> tuple[Split, Split, Split]:
        """The three parts: train, val and test."""
        return self.train, self.val, self.test

    def holding_out(self, count: int) -> "Data":
        """Only the first `count` images stay in `val`; the rest move to `train`.

        For the final training, when everything has been chosen.
        """
        if count >= len(self.val.labels):
            return self
        rest = Split(*(tensor[count:] for tensor in self.val))
        return self._replace(train=self.train.join(rest), val=self.val.first(count))

    def learning(self, count: int) -> "Data":
        """Only the first `count` images stay in `train`; TRAIN_SIZE leaves out none.

        Of somebody's own pictures, which are few, an epoch goes over these several times.
        """
        train = self.train if count >= TRAIN_SIZE else self.train.first(count)
        return self._replace(train=train.repeated(EPOCH_IMAGES) if self.spec.own else train)

    def with_handwriting(self, share: float, seed: int) -> "Data":
        """Let written digits join the training images: `share` times their number."""
        return self._replace(written=round(share * len(self.train.labels)), hand=seed)

    @property
    def epoch_images(self) -> int:
        """How many images an epoch goes through."""
        return len(self.train.labels) + self.written

    def of_epoch(self, epoch: int) -> Split:
        """What an epoch goes through: the training images, and written digits.

        Each epoch has new ones: the same ones in all epochs would be learned by heart.
        """
        if not self.written:
            return self.train
        images, labels = handwritten_digits(self.written, (self.hand, epoch))
        written = Split(torch.from_numpy(images), torch.from_numpy(labels))
        return self.train.join(written.to(self.train.labels.device))

    def to(self, device: torch.device) -> "Data":
        """All of it in the memory of a device."""
        train, val, test = (split.to(device) for split in self.splits)
        return self._replace(train=train, val=val, test=test)


class Batch(NamedTuple):
    """What one optimizer step sees."""

    images: Tensor  # uint8 (B, 1, 28, 28)
    addends: Tensor  # int64 (B,), 0-9
    labels: Tensor  # int64 (B,), 0-9
    sums: Tensor  # int64 (B,), labels + addends


def load_data(name: str, root: Path | None = None) -> Data:
    """Read a data set from disk, and split it 50,000 / 10,000 / 10,000.

    Downloads files that are missing. The split is `random_split` with a fixed seed, the same on
    every machine.

    Raises:
        DownloadError: files are missing and could not be downloaded.
        OwnDataError: it is somebody's own data set.
    """
    spec, raw = find_spec(name), _raw_files(name, root)
    images, labels = _read_idx(raw, "train")
    rest = len(images) - VAL_SIZE
    parts: list[Subset[int]] = random_split(
        range(len(images)),  # type: ignore[arg-type]  # any sized sequence will do
        [rest, VAL_SIZE],
        generator=torch.Generator().manual_seed(SPLIT_SEED),
    )
    train, val = (Split(images[part.indices], labels[part.indices]) for part in parts)
    return Data(spec, train, val, Split(*_read_idx(raw, "t10k")))


def load_test_split(name: str, root: Path | None = None) -> Split:
    """The test images of a data set alone, 8 of its 55 MB; otherwise as `load_data`."""
    return Split(*_read_idx(_raw_files(name, root), "t10k"))


def _raw_files(name: str, root: Path | None) -> Path:
    """The folder of a data set's files; they are downloaded where they are missing."""
    spec = find_spec(name)
    if spec.own:
        raise OwnDataError("The pictures of this data set are its owner's: give them with --data.")
    return download.download(spec.files, root or data_dir())


def _read_idx(raw: Path, part: str) -> tuple[Tensor, Tensor]:
    """Images and labels of one part. The IDX format is a 16 (or 8) byte header, then the bytes."""
    pixels = np.fromfile(raw / f"{part}-images-idx3-ubyte", dtype=np.uint8, offset=16)
    labels = np.fromfile(raw / f"{part}-labels-idx1-ubyte", dtype=np.uint8, offset=8)
    return torch.from_numpy(pixels).view(-1, 1, 28, 28), torch.from_numpy(labels).long()


def pair(split: Split, index: Tensor, rng: torch.Generator) -> Batch:
    """The images at `index`, each with a new random addend."""
    labels = split.labels[index]
    addends = torch.randint(ADDENDS, labels.shape, generator=rng).to(labels.device)
    return Batch(split.images[index], addends, labels, labels + addends)


def batches(split: Split, batch_size: int, rng: torch.Generator) -> Iterator[Batch]:
    """One epoch in random order, each image with a new addend; the last batch may be smaller."""
    for index in torch.randperm(len(split.labels), generator=rng).split(batch_size):
        yield pair(split, index.to(split.labels.device), rng)


class Target(TypedDict):
    """What both heads should answer."""

    label: Tensor
    sum: Tensor


class SumExample(TypedDict):
    """One image with one addend."""

    image: Tensor  # uint8 (1, 28, 28)
    addend: Tensor
    target: Target


class SumDataset(Dataset[SumExample]):
    """The same pairs one at a time, to look at or to use in a loop of your own.

    >>> SumDataset(data.train)[0]
    {'image': <uint8 (1, 28, 28)>, 'addend': 7, 'target': {'label': 5, 'sum': 12}}
    """

    def __init__(self, split: Split, seed: int = 0) -> None:
        self.split = split
        self.rng = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return len(self.split.labels)

    def __getitem__(self, index: int) -> SumExample:
        """A new addend at every call, as in `batches`."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} images")
        batch = pair(self.split, torch.tensor([index]), self.rng)
        target = Target(label=batch.labels[0], sum=batch.sums[0])
        return SumExample(image=batch.images[0], addend=batch.addends[0], target=target)
