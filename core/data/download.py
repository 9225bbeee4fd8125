"""The raw files of MNIST and Fashion-MNIST, from wherever the network allows.

One example: `fetch("mnist")` leaves four uncompressed files in `data/MNIST/raw/`, the layout of
torchvision, so that `torchvision.datasets.MNIST("data")` reads them too. Sources are asked one
after the other and none is trusted: a file is kept only if it has the size and SHA-256 of the
table below.

A call when all is well hashes 55 MB (0.1 s), so a damaged file is repaired by the next call. Files
are written aside and renamed when complete: nobody ever reads half a file.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path

from filelock import FileLock, Timeout

from core import PROJECT
from core.data.mirrors import (
    Location,
    Source,
    SourceError,
    error_reason,
    fashion_mnist_sources,
    mnist_sources,
    read_chunks,
    ready_at,
)
from core.errors import UserError

LEFTOVERS = ".fetch-"  # prefix of the folders that a fetch writes aside in


class DownloadError(UserError):
    """The data set is not there and could not be had; the message is one sentence for the user."""


@dataclass(frozen=True)
class DownloadProgress:
    dataset: str
    source: str  # who is being asked, in words for the user
    done: int  # bytes of raw files so far, those of the file being written included
    total: int | None  # bytes of all raw files; None while waiting for the source


@dataclass(frozen=True)
class RawFile:
    name: str
    size: int  # bytes
    sha256: str  # of the uncompressed file


@dataclass(frozen=True)
class RawFiles:
    """What a data set is made of on disk, and who may be asked for it."""

    title: str
    folder: str  # torchvision's name for the data set
    files: tuple[RawFile, ...]
    sources: Callable[[], Iterator[Source]]  # in the order to ask them

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


SIZES = {  # of both data sets
    "train-images-idx3-ubyte": 16 + 60_000 * 28 * 28,
    "train-labels-idx1-ubyte": 8 + 60_000,
    "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28,
    "t10k-labels-idx1-ubyte": 8 + 10_000,
}


def _files(*digests: str) -> tuple[RawFile, ...]:
    pairs = zip(SIZES.items(), digests, strict=True)
    return tuple(RawFile(name, size, digest) for (name, size), digest in pairs)


RAW_FILES = {
    "mnist": RawFiles(
        "MNIST",
        "MNIST",
        _files(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        mnist_sources,
    ),
    "fashion-mnist": RawFiles(
        "Fashion-MNIST",
        "FashionMNIST",
        _files(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        fashion_mnist_sources,
    ),
}


def data_dir() -> Path:
    """`$SKETCH_SUM_DATA`, or `data` beside the code."""
    chosen = os.environ.get("SKETCH_SUM_DATA")
    return Path(chosen).expanduser() if chosen else PROJECT / "data"


def is_present(name: str, root: Path | None = None) -> bool:
    """Are all files there in their full size? Takes microseconds: only `fetch` reads them."""
    raw = _raw_files(name)
    folder = _folder(raw, root)
    return all(_has_size(folder / file.name, file) for file in raw.files)


def download(
    name: str,
    root: Path | None = None,
    report: Callable[[DownloadProgress], None] = lambda progress: None,
) -> Path:
    """The folder with the raw files of "mnist" or "fashion-mnist"; gets those lacking or damaged.

    Files put into that folder by hand are taken too, as they are or as .gz. Two processes may
    fetch at once: the second waits, then finds everything in place.

    Raises:
        FetchError: no source has the files, or the folder cannot be written.
    """
    raw = _raw_files(name)
    folder = _folder(raw, root)
    if not _missing(raw, folder):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            _exclusive(folder, lambda: report(DownloadProgress(name, "another fetch", 0, None))),
            tempfile.TemporaryDirectory(prefix=LEFTOVERS, dir=folder) as aside,
        ):
            work = _Download(name, raw, folder, Path(aside), report)
            work.ask_everyone()
    except OSError as error:
        raise DownloadError(
            f"{folder} cannot be written ({error_reason(error)}): make room there, or set "
            "SKETCH_SUM_DATA to another folder."
        ) from error
    if work.lacking:
        raise DownloadError(
            f"{raw.title} could not be fetched from {'; '.join(work.in_vain)}: try again later, or "
            f"put {', '.join(file.name for file in work.lacking)} (as they are, or as .gz) into "
            f"{folder} by hand."
        )
    return folder


def _raw_files(name: str) -> RawFiles:
    if name not in RAW_FILES:
        raise DownloadError(f"There is no data set {name!r}: choose {' or '.join(RAW_FILES)}.")
    return RAW_FILES[name]


def _folder(raw: RawFiles, root: Path | None) -> Path:
    return (root or data_dir()) / raw.folder / "raw"


def _missing(raw: RawFiles, folder: Path) -> list[RawFile]:
    """The files that are not there, or not what they should be."""
    return [file for file in raw.files if not _is_sound(folder / file.name, file)]


def _is_sound(path: Path, file: RawFile) -> bool:
    if not _has_size(path, file):
        return False
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest() == file.sha256


def _has_size(path: Path, file: RawFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size


@contextmanager
def _exclusive(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the folder's lock and clear what killed downloads left; calls `wait` if it is taken.

    The system frees the lock when its holder ends, however that happens.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        wait()
        lock.acquire()
    try:
        for leftover in folder.glob(f"{LEFTOVERS}*"):
            shutil.rmtree(leftover)
        yield
    finally:
        lock.release()


@dataclass
class _Download:
    """One fetch under way: what is still lacking, and who was asked in vain."""

    name: str
    raw: RawFiles
    folder: Path
    aside: Path
    report: Callable[[DownloadProgress], None]
    lacking: list[RawFile] = field(init=False)
    in_vain: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lacking = _missing(self.raw, self.folder)

    def ask_everyone(self) -> None:
        for file in tuple(self.lacking):
            if (self.folder / f"{file.name}.gz").is_file():
                name = f"{file.name}.gz put there by hand"
                self.ask(Source(name, ready_at(self.folder)), (file,))
        if not self.lacking:
            return  # before the first source is named: that may import torchvision
        for source in self.raw.sources():
            self.ask(source, tuple(self.lacking))
            if not self.lacking:
                return

    def ask(self, source: Source, files: tuple[RawFile, ...]) -> None:
        """Take files from a source, up to the first that it cannot give."""
        self.tell(source, 0, None)
        try:
            base = source.prepare(self.aside)
            for file in files:
                self.take(source, base, file)
        except SourceError as error:
            self.in_vain.append(f"{source.name} ({error})")

    def take(self, source: Source, base: Location, file: RawFile) -> None:
        """Write a file aside, then rename it into place if it is the one in the table."""
        part = self.aside / f"{file.name}.part"
        digest, size = sha256(), 0
        with part.open("wb") as out:
            for chunk in read_chunks(base, file.name):
                size += len(chunk)
                if size > file.size:
                    break  # never write more than the table says: a gzip bomb stops here
                digest.update(chunk)
                out.write(chunk)
                self.tell(source, size, self.raw.size)
        if size != file.size or digest.hexdigest() != file.sha256:
            raise SourceError(f"its {file.name} is not the published one")
        part.replace(self.folder / file.name)
        self.lacking.remove(file)

    def tell(self, source: Source, size: int, total: int | None) -> None:
        """Report `size` bytes of the current file on top of those in place."""
        done = self.raw.size - sum(file.size for file in self.lacking) + size
        self.report(DownloadProgress(self.name, source.name, done, total))
