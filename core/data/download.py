"""The raw files of a data set, from wherever the network allows.

One example: `download(MNIST.files, Path("data"))` leaves four uncompressed files in
`data/MNIST/raw/`, the layout of torchvision, so that `torchvision.datasets.MNIST("data")` reads
them too. It tries one source after the other and trusts none of them: a file is kept only if it
has the published size and SHA-256.

A call when all is well hashes 55 MB (0.1 s), so the next call repairs a damaged file. Files are
written to a scratch folder and renamed when complete: nobody ever reads half a file.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path

from core.data.mirrors import FileSource, Location, SourceError, error_reason, read_chunks, ready_at
from core.errors import UserError
from core.systems.locks import try_lock

LOCK_POLL_SECONDS = 0.1  # between tries while another process downloads
SCRATCH_PREFIX = ".fetch-"  # of the folders that incomplete files are written to


class DownloadError(UserError):
    """The data set is not there and cannot be downloaded."""


@dataclass(frozen=True)
class DownloadProgress:
    """How far a download is."""

    title: str  # of the data set
    source: str  # where from, in words for the user
    done: int  # bytes of raw files so far, including those of the file being written
    total: int | None  # bytes of all raw files; None while waiting for the source


@dataclass(frozen=True)
class RawFile:
    """One file as it was published, uncompressed."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class RawFiles:
    """What a data set is made of on disk, and where it can be downloaded from."""

    title: str  # of the data set, in errors
    folder: str  # torchvision's name for the data set
    files: tuple[RawFile, ...]
    sources: Callable[[], Iterator[FileSource]]  # in the order to try them

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def is_present(raw: RawFiles, root: Path) -> bool:
    """Is every file there in its full size? Takes microseconds: only `download` reads them."""
    folder = raw_folder(raw, root)
    return all(_has_size(folder / file.name, file) for file in raw.files)


def download(
    raw: RawFiles,
    root: Path,
    report: Callable[[DownloadProgress], None] = lambda progress: None,
) -> Path:
    """The folder with the raw files of a data set; downloads those that are missing or damaged.

    It also takes files that somebody put into that folder, as they are or as .gz. Two processes
    may download at once: the second one waits, then finds everything in place.

    Raises:
        DownloadError: no source has the files, or the folder cannot be written.
    """
    folder = raw_folder(raw, root)
    if not _missing(raw, folder):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wait = DownloadProgress(raw.title, "another download", 0, None)
        with (
            _exclusive(folder, lambda: report(wait)),
            tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=folder) as scratch,
        ):
            work = _Download(raw, folder, Path(scratch), report)
            work.run()
    except OSError as error:
        raise DownloadError(
            f"Cannot write to {folder} ({error_reason(error)}): make room there, or set "
            "SKETCH_SUM_DATA to another folder."
        ) from error
    if work.missing:
        raise DownloadError(
            f"Could not download {raw.title} from {'; '.join(work.failures)}: try again later, or "
            f"put {', '.join(file.name for file in work.missing)} (as they are, or as .gz) into "
            f"{folder} yourself."
        )
    return folder


def raw_folder(raw: RawFiles, root: Path) -> Path:
    """Where the files of a data set lie below `root`: where torchvision looks for them."""
    return root / raw.folder / "raw"


def _missing(raw: RawFiles, folder: Path) -> list[RawFile]:
    """The files that are not there, or damaged."""
    return [file for file in raw.files if not _is_intact(folder / file.name, file)]


def _is_intact(path: Path, file: RawFile) -> bool:
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
    while (lock := try_lock(folder.with_name(f".{folder.name}.lock"))) is None:
        wait()
        time.sleep(LOCK_POLL_SECONDS)
    try:
        for leftover in folder.glob(f"{SCRATCH_PREFIX}*"):
            shutil.rmtree(leftover)
        yield
    finally:
        lock.release()


@dataclass
class _Download:
    """A download under way: what is still missing, and which sources failed."""

    raw: RawFiles
    folder: Path
    scratch: Path
    report: Callable[[DownloadProgress], None]
    missing: list[RawFile] = field(init=False)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.missing = _missing(self.raw, self.folder)

    def run(self) -> None:
        """Try one source after the other until nothing is missing."""
        for file in tuple(self.missing):
            if (self.folder / f"{file.name}.gz").is_file():
                name = f"the {file.name}.gz in its folder"
                self._try(FileSource(name, ready_at(self.folder)), (file,))
        if not self.missing:
            return  # before the first source is named: that may import torchvision
        for source in self.raw.sources():
            self._try(source, tuple(self.missing))
            if not self.missing:
                return

    def _try(self, source: FileSource, files: tuple[RawFile, ...]) -> None:
        """Take files from a source, up to the first one that it cannot give."""
        self._tell(source, 0, None)
        try:
            base = source.prepare(self.scratch)
            for file in files:
                self._take(source, base, file)
        except SourceError as error:
            self.failures.append(f"{source.name} ({error})")

    def _take(self, source: FileSource, base: Location, file: RawFile) -> None:
        """Write a file to the scratch folder; rename it into place if it is the published one."""
        part = self.scratch / f"{file.name}.part"
        digest, size = sha256(), 0
        with part.open("wb") as out:
            for chunk in read_chunks(base, file.name):
                size += len(chunk)
                if size > file.size:
                    break  # never write more than was published: a gzip bomb stops here
                digest.update(chunk)
                out.write(chunk)
                self._tell(source, size, self.raw.size)
        if size != file.size or digest.hexdigest() != file.sha256:
            raise SourceError(f"its {file.name} is not the published one")
        part.replace(self.folder / file.name)
        self.missing.remove(file)

    def _tell(self, source: FileSource, size: int, total: int | None) -> None:
        """Report `size` bytes of the current file on top of those in place."""
        done = self.raw.size - sum(file.size for file in self.missing) + size
        self.report(DownloadProgress(self.raw.title, source.name, done, total))
