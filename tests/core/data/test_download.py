"""Downloading raw files: small fake data sets from folders and file:// addresses."""

import gzip
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import pytest

from core.data import mirrors as mirrors_module
from core.data.download import (
    SCRATCH_PREFIX,
    DownloadError,
    DownloadProgress,
    RawFile,
    RawFiles,
    download,
    is_present,
)
from core.data.mirrors import FileSource, SourceError, ready_at
from tests.conftest import PATIENCE

CONTENT = {"train-images": b"images" * 1000, "train-labels": b"labels"}
FILES = tuple(RawFile(name, len(data), sha256(data).hexdigest()) for name, data in CONTENT.items())


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder that holds the .gz files of the fake data set."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def raw_folder(root: Path) -> Path:
    folder = root / "FAKE" / "raw"
    folder.mkdir(parents=True)
    return folder


def offered(*sources: FileSource) -> RawFiles:
    """A data set that these sources offer."""
    return RawFiles("Fake-MNIST", "FAKE", FILES, lambda: iter(sources))


def refuse(scratch: Path) -> Path:
    raise SourceError("closed today")


def never(scratch: Path) -> Path:
    raise AssertionError("this source was not needed")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_come_uncompressed_and_nothing_else_stays(served, root):
    raw = offered(FileSource("mirror", ready_at(f"{served.as_uri()}/")))
    assert not is_present(raw, root)
    folder = download(raw, root)
    assert folder == root / "FAKE" / "raw"
    assert contents(folder) == CONTENT
    assert is_present(raw, root)


def test_half_a_data_set_is_not_there(served, root, raw_folder):
    raw = offered(FileSource("folder", ready_at(served)))
    (raw_folder / "train-images").write_bytes(CONTENT["train-images"])
    assert not is_present(raw, root)
    assert contents(download(raw, root)) == CONTENT


def test_a_second_download_asks_nobody(served, root):
    raw = offered(FileSource("folder", ready_at(served)))
    download(raw, root)
    raw = offered(FileSource("folder", never))
    assert contents(download(raw, root)) == CONTENT


def test_the_next_source_is_asked_where_one_fails(served, root):
    raw = offered(
        FileSource("closed", refuse),
        FileSource("gone", ready_at("file:///nowhere/at/all/")),
        FileSource("open", ready_at(served)),
        FileSource("spare", never),
    )
    assert contents(download(raw, root)) == CONTENT


@pytest.mark.parametrize("damage", [b"", b"labelz", b"labels and more"])
def test_a_damaged_file_is_repaired(served, root, damage):
    raw = offered(FileSource("folder", ready_at(served)))
    folder = download(raw, root)
    (folder / "train-labels").write_bytes(damage)
    download(raw, root)
    assert contents(folder) == CONTENT


def test_only_what_is_missing_is_downloaded(served, root):
    raw = offered(FileSource("folder", ready_at(served)))
    folder = download(raw, root)
    (folder / "train-labels").unlink()
    (served / "train-images.gz").unlink()
    download(raw, root)
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
def test_what_is_not_the_published_file_is_not_kept(served, root, packed):
    (served / "train-labels.gz").write_bytes(packed)
    raw = offered(FileSource("forger", ready_at(f"{served.as_uri()}/")))
    with pytest.raises(DownloadError, match=r"forger \(.+\)"):
        download(raw, root)
    assert contents(root / "FAKE" / "raw") == {"train-images": CONTENT["train-images"]}


def test_no_source_gives_one_sentence_that_says_what_to_do(root):
    raw = offered(FileSource("near", refuse), FileSource("far", refuse))
    with pytest.raises(DownloadError) as caught:
        download(raw, root)
    assert str(caught.value) == (
        "Could not download Fake-MNIST from near (closed today); far (closed today): try again "
        "later, or put train-images, train-labels (as they are, or as .gz) into "
        f"{root}/FAKE/raw yourself."
    )


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_put_there_by_hand_are_taken(root, raw_folder, ending):
    raw = offered(FileSource("network", never))
    for name, content in CONTENT.items():
        (raw_folder / f"{name}{ending}").write_bytes(gzip.compress(content) if ending else content)
    download(raw, root)
    assert {name: (raw_folder / name).read_bytes() for name in CONTENT} == CONTENT


def test_one_gz_put_there_by_hand_is_taken_and_the_rest_downloaded(served, root, raw_folder):
    (served / "train-labels.gz").rename(raw_folder / "train-labels.gz")
    raw = offered(FileSource("folder", ready_at(served)))
    download(raw, root)
    assert {name: (raw_folder / name).read_bytes() for name in CONTENT} == CONTENT


def test_a_broken_gz_put_there_by_hand_is_named(root, raw_folder):
    raw = offered(FileSource("network", refuse))
    (raw_folder / "train-labels.gz").write_bytes(b"junk")
    with pytest.raises(DownloadError, match=r"the train-labels\.gz in its folder \("):
        download(raw, root)


def test_leftovers_of_a_killed_download_are_cleared(served, root, raw_folder):
    leftover = raw_folder / ".fetch-killed"
    leftover.mkdir()
    (leftover / "train-images.part").write_bytes(b"imag")
    raw = offered(FileSource("folder", ready_at(served)))
    download(raw, root)
    assert contents(raw_folder) == CONTENT


def test_an_interrupted_download_leaves_whole_files_only(served, root):
    def interrupt(progress: DownloadProgress) -> None:
        if progress.done > len(CONTENT["train-images"]):
            raise KeyboardInterrupt

    raw = offered(FileSource("folder", ready_at(served)))
    with pytest.raises(KeyboardInterrupt):
        download(raw, root, interrupt)
    assert contents(root / "FAKE" / "raw") == {"train-images": CONTENT["train-images"]}


def test_a_file_keeps_its_old_bytes_until_the_new_ones_are_complete(
    served, root, raw_folder, monkeypatch
):
    old = b"damaged!"
    (raw_folder / "train-images").write_bytes(old)
    monkeypatch.setattr(mirrors_module, "CHUNK_BYTES", 100)
    seen = []

    def watch(progress: DownloadProgress) -> None:
        if 0 < progress.done < len(CONTENT["train-images"]):
            seen.append((raw_folder / "train-images").read_bytes())

    raw = offered(FileSource("folder", ready_at(served)))
    download(raw, root, watch)
    assert seen == [old] * 59  # 6,000 bytes in chunks of 100, all but the last
    assert contents(raw_folder) == CONTENT


def test_of_two_downloads_at_once_the_second_waits_and_finds_the_files(served, root):
    first_works, second_waits = Event(), Event()
    prepared = []

    def prepare(scratch: Path) -> Path:
        prepared.append(scratch)
        first_works.set()
        assert second_waits.wait(PATIENCE)
        return served

    def notice(progress: DownloadProgress) -> None:
        if progress.source == "another download":
            second_waits.set()

    raw = offered(FileSource("folder", prepare))
    first = Thread(target=download, args=(raw, root))
    first.start()
    assert first_works.wait(PATIENCE)
    folder = download(raw, root, notice)
    assert contents(folder) == CONTENT
    first.join(PATIENCE)
    assert len(prepared) == 1


def test_progress_grows_to_the_size_of_the_data_set(served, root):
    reports: list[DownloadProgress] = []
    raw = offered(FileSource("closed", refuse), FileSource("folder", ready_at(served)))
    download(raw, root, reports.append)
    total = sum(map(len, CONTENT.values()))
    assert reports[0] == DownloadProgress("Fake-MNIST", "closed", 0, None)
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[-1] == DownloadProgress("Fake-MNIST", "folder", total, total)


def test_a_folder_that_cannot_be_written_is_named(served, tmp_path):
    raw = offered(FileSource("folder", ready_at(served)))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=r"Cannot write to .*file/FAKE/raw \(Not a directory\)"):
        download(raw, tmp_path / "file")


def test_of_a_gzip_bomb_no_more_is_written_than_was_published(served, root, raw_folder):
    (served / "train-images.gz").write_bytes(gzip.compress(bytes(8 * mirrors_module.CHUNK_BYTES)))
    written = [0]

    def look(progress: DownloadProgress) -> None:
        parts = raw_folder.glob(f"{SCRATCH_PREFIX}*/train-images.part")
        written.extend(part.stat().st_size for part in parts)

    with pytest.raises(DownloadError):
        download(offered(FileSource("bomb", ready_at(served))), root, look)
    assert max(written) <= len(CONTENT["train-images"])
