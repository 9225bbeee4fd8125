"""How many files, and how large, a zip file or a folder may hold: that much, and no more."""

import pytest

from core.collections.archive import MAX_DEPTH, Bounds, CollectionError, read_folder, read_zip
from tests.support.shapes import zipped


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
