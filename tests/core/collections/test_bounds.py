"""How many files, and how large, a zip file or a folder may hold: that much, and no more."""

import zipfile

import pytest

from core.collections.album import read_album
from core.collections.archive import MAX_DEPTH, Bounds, CollectionError, read_folder, read_zip
from tests.support.shapes import shape_files, zipped


def test_as_much_as_may_be_is_taken():
    files = {f"{number % 2}/{number}.png": b"12345" for number in range(6)}
    just = Bounds(pictures=6, files=6, picture_bytes=5, bytes=30)
    assert [picture.read() for picture in read_zip(zipped(files), just).pictures] == [b"12345"] * 6


def test_names_so_long_that_they_would_take_the_memory_are_refused():
    files = {f"{number % 2}/{'x' * 200}{number}.png": b"" for number in range(30)}
    assert len(read_zip(zipped(files)).pictures) == 30
    with pytest.raises(CollectionError, match="more than 20,000 files"):
        read_zip(zipped(files), Bounds(directory_bytes=5_000))


def test_a_folder_with_too_many_files_is_refused(tmp_path):
    for number in range(6):
        (tmp_path / f"{number % 2}").mkdir(exist_ok=True)
        (tmp_path / f"{number % 2}" / f"{number}.png").write_bytes(b"")
    assert len(read_folder(tmp_path, Bounds(files=6)).pictures) == 6
    with pytest.raises(CollectionError, match="more than 5 files"):
        read_folder(tmp_path, Bounds(files=5))


def test_folders_may_lie_in_as_many_as_may_be():
    files = {f"{'a/' * (MAX_DEPTH - 2)}{name}/1.png": b"" for name in ("oak", "elm")}
    assert read_zip(zipped(files)).classes == ("elm", "oak")


@pytest.mark.parametrize("pack", ["folder", "zip"])
def test_a_picture_that_is_read_twice_takes_its_room_once(tmp_path, pack):
    """As it is where its kind is guessed: before, most of a large folder was left out."""
    files = shape_files(5, ("circle", "cross"))
    bounds = Bounds(bytes=sum(map(len, files.values())))
    if pack == "zip":
        archive = read_zip(zipped(files), bounds)
    else:
        with zipfile.ZipFile(zipped(files)) as packed:
            packed.extractall(tmp_path)
        archive = read_folder(tmp_path / "shapes", bounds)
    album = read_album(archive, "Shapes")
    assert (len(album), album.unread) == (10, ())
