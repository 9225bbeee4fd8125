"""Zip files and folders of pictures: what is a class, and everything a stranger may send."""

import io
import os
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.collections.archive import (
    Archive,
    Bounds,
    CollectionError,
    class_name,
    natural_order,
    read_folder,
    read_zip,
    shown,
)
from tests.support.shapes import zipped


def classes_of(*paths: str) -> dict[str, int]:
    """The classes of a zip file with these files, in order, with how many pictures each has."""
    archive = read_zip(zipped(dict.fromkeys(paths, b"picture")))
    folders = [picture.folder for picture in archive.pictures]
    return {name: folders.count(name) for name in archive.classes}


def refusal(file: io.BytesIO, bounds: Bounds | None = None) -> str:
    with pytest.raises(CollectionError) as error:
        for picture in read_zip(file, bounds or Bounds()).pictures:
            picture.read()
    said = str(error.value)
    assert said.endswith(".") and "\n" not in said and len(said) < 200
    return said


# --- which folders are classes


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["oak/1.png", "Birch/1.png", "oak/2.png"], {"Birch": 1, "oak": 2}),
        (["leaves/oak/1.png", "leaves/Birch/1.png"], {"Birch": 1, "oak": 1}),
        (["leaves/oak/1.png", "leaves/Birch/1.png", "leaves/notes.txt"], {"Birch": 1, "oak": 1}),
        (["a/b/oak/1.png", "a/b/Birch/1.png", "readme.txt"], {"Birch": 1, "oak": 1}),
        (["x/train/oak/1.png", "x/train/elm/1.png", "x/Test/oak/1.png"], {"elm": 1, "oak": 2}),
        (["oak/1.png", "elm/1.png", "__macosx/oak/1.png", "ash/thumbs.DB"], {"elm": 1, "oak": 1}),
        (["train/oak/1.png", "val/elm/1.png", "Valid/elm/2.png"], {"elm": 2, "oak": 1}),
        (["oak/wet/1.png", "oak/dry/1.png", "elm/1.png"], {"elm": 1, "oak": 2}),
        (["10/a.png", "9/a.png", "2/a.png"], {"2": 1, "9": 1, "10": 1}),
        (["oak\\1.png", "elm\\1.png"], {"elm": 1, "oak": 1}),
        (["./oak/1.png", "elm//1.png"], {"elm": 1, "oak": 1}),
        (["Ель/1.png", "Дуб/1.png", "ドングリ/1.png"], {"Дуб": 1, "Ель": 1, "ドングリ": 1}),
    ],
)
def test_folders_are_classes(paths, classes):
    assert classes_of(*paths) == classes
    assert list(classes_of(*paths)) == list(classes)


def test_what_systems_leave_behind_is_no_picture():
    litter = ["__MACOSX/oak/._1.png", "oak/.DS_Store", "elm/Thumbs.db", ".git/x.png", "elm/._2.png"]
    assert classes_of("oak/1.png", "elm/1.png", *litter) == {"elm": 1, "oak": 1}


def test_files_in_no_folder_are_passed_over_and_named():
    archive = read_zip(
        zipped({"oak/1.png": b"", "elm/1.png": b"", "readme.txt": b"", "x.png": b""})
    )
    assert archive.passed_over == ("readme.txt", "x.png")


def test_a_name_that_begins_with_a_zero_is_passed_over():
    """Python's zipfile takes it for a file without a name."""
    content = zipped({"oak/1.png": b"", "elm/1.png": b"", "x.png": b""}).getvalue()
    archive = read_zip(io.BytesIO(content.replace(b"x.png", b"\0.png")))
    assert archive.passed_over == (".png",)
    assert archive.classes == ("elm", "oak")


def test_the_content_is_read_when_its_turn_comes():
    archive = read_zip(zipped({"oak/1.png": b"one", "elm/1.png": b"two"}))
    assert {picture.path: picture.read() for picture in archive.pictures} == {
        "oak/1.png": b"one",
        "elm/1.png": b"two",
    }


def test_utf_8_that_does_not_say_so_is_read_as_utf_8():
    content = zipped({"Eiche ü/1.png": b"", "elm/1.png": b""}).getvalue()
    silent = content.replace(struct.pack("<H", 0x800), struct.pack("<H", 0))
    assert silent != content
    assert read_zip(io.BytesIO(silent)).classes == ("Eiche ü", "elm")


def test_a_folder_is_read_as_a_zip_file_is(tmp_path):
    for path in ("leaves/oak/1.png", "leaves/elm/1.png", "leaves/notes.txt", "leaves/oak/.hidden"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(path.encode())
    archive = read_folder(tmp_path)
    assert archive.classes == ("elm", "oak")
    assert [picture.read() for picture in archive.pictures] == [
        b"leaves/elm/1.png",
        b"leaves/oak/1.png",
    ]


def test_links_in_a_folder_are_not_followed(tmp_path):
    for name in ("oak", "elm"):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "1.png").write_bytes(b"")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"secret")
    (tmp_path / "all" / "ash").symlink_to(secret)
    (tmp_path / "all" / "oak" / "2.png").symlink_to(secret / "key")
    archive = read_folder(tmp_path / "all")
    assert archive.classes == ("elm", "oak")
    assert len(archive.pictures) == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("  oak   tree ", "oak tree"),
        ("oak\ntree\x00\u202e", "oak tree"),
        ("e\u0301", "é"),
        ("x" * 100, "x" * 40),
        ("\u200b", "unnamed"),
    ],
)
def test_a_class_has_a_short_plain_name(name, said):
    assert class_name(name) == said


def test_numbers_in_names_are_ordered_as_numbers():
    names = ["leaf 10", "Leaf 2", "leaf 1", "ash", "9" * 30, "²"]
    ordered = sorted(names, key=natural_order)  # anything can be compared
    kept = [name for name in ordered if name.lower().startswith(("leaf", "ash"))]
    assert kept == ["ash", "leaf 1", "Leaf 2", "leaf 10"]


def test_a_long_file_name_keeps_its_end():
    assert shown("a" * 200 + ".png").endswith("a.png")
    assert len(shown("a" * 200 + ".png")) <= 81
    assert shown("\u202egnp.1\x07") == "gnp.1"


# --- what is refused


def test_no_zip_file():
    assert refusal(io.BytesIO(b"")) == refusal(io.BytesIO(b"\x89PNG" + b"0" * 99))
    assert "no zip file" in refusal(io.BytesIO(b"junk" * 100_000))


def test_one_folder_is_too_few():
    assert "at least two folders" in refusal(zipped({"oak/1.png": b"", "x.png": b""}))


def test_eleven_folders_are_too_many():
    files = {f"{number}/1.png": b"" for number in range(11)}
    assert refusal(zipped(files)) == "There are 11 folders; 10 classes at most."


def test_too_many_pictures():
    files = {f"{number % 2}/{number}.png": b"" for number in range(6)}
    assert refusal(zipped(files), Bounds(pictures=5)) == "There are 6 pictures; 5 at most."


def test_too_many_files_are_refused_before_they_are_listed():
    content = zipped({f"{number % 2}/{number}": b"" for number in range(100_000)})
    tracemalloc.start()
    try:
        assert refusal(content) == "The zip file has more than 20,000 files: take fewer."
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_directory_that_lies_about_its_length_is_refused_or_bounded():
    content = bytearray(zipped({f"{n % 2}/{n}": b"" for n in range(300)}).getvalue())
    end = content.rfind(b"PK\5\6")
    content[end + 8 : end + 12] = struct.pack("<HH", 1, 1)  # one file, it says
    archive = read_zip(io.BytesIO(bytes(content)))
    assert len(archive.pictures) == 300
    assert "more than 299 files" in refusal(io.BytesIO(bytes(content)), Bounds(files=299))


def test_a_picture_that_swells_is_cut_short():
    bomb = zipped({"oak/1.png": b"\0" * 50_000_000, "elm/1.png": b""})
    tracemalloc.start()
    try:
        assert refusal(bomb) == "oak/1.png has more than 10 MB."
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_all_pictures_of_a_folder_together_are_bounded(tmp_path):
    for number in range(4):
        (tmp_path / f"{number % 2}").mkdir(exist_ok=True)
        (tmp_path / f"{number % 2}" / f"{number}.png").write_bytes(b"\0" * 600)
    *fit, last = read_folder(tmp_path, Bounds(bytes=2_000)).pictures
    assert [len(picture.read()) for picture in fit] == [600] * 3
    with pytest.raises(CollectionError, match=r"^3\.png was left out: the pictures before it"):
        last.read()


def test_all_pictures_together_are_bounded():
    files = {f"{number % 2}/{number}.png": b"\0" * 600 for number in range(4)}
    bounds = Bounds(bytes=2_000)
    assert refusal(zipped(files), bounds) == (
        "1/3.png was left out: the pictures before it fill the space."
    )


def test_a_password():
    content = zipped({"oak/1.png": b"x", "elm/1.png": b"x"}).getvalue()
    locked = bytearray(content)
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            locked[start + place] |= 1
    assert refusal(io.BytesIO(bytes(locked))) == (
        "The zip file has a password: make it again without one."
    )


def test_folders_that_lie_too_deep():
    assert "too deep" in refusal(zipped({"a/" * 50 + "1.png": b"", "b/1.png": b""}))


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "C:\\x\\1.png", "oak/../../x.png", "//host/x.png"]
)
def test_a_path_reaches_nothing(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive = read_zip(zipped({path: b"evil", "oak/1.png": b"", "elm/1.png": b""}))
    for picture in archive.pictures:
        picture.read()
    assert list(tmp_path.iterdir()) == []
    assert ".." not in archive.classes


def test_links_in_a_zip_file_are_left_out():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in ("oak/1.png", "elm/1.png"):
            archive.writestr(path, b"x")
        link = zipfile.ZipInfo("oak/2.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert len(read_zip(content).pictures) == 2


def test_there_is_no_such_folder(tmp_path):
    with pytest.raises(CollectionError, match=r"There is no folder .*nothing\."):
        read_folder(tmp_path / "nothing")


NAMES = some.text("ab/.\\é ", min_size=1, max_size=12)


@settings(max_examples=500)
@given(some.data())
def test_a_hostile_zip_is_one_sentence_or_an_archive(data):
    """Real zip files with odd names and contents, then bytes changed, cut or added."""
    files = data.draw(some.dictionaries(NAMES, some.binary(max_size=40), max_size=14))
    method = data.draw(
        some.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
    )
    content = bytearray(zipped(files, method).getvalue())
    rng = random.Random(data.draw(some.integers(0, 2**32)))
    for _ in range(data.draw(some.integers(0, 6))):
        content[rng.randrange(len(content))] = rng.choice([0, 1, 0xFF, rng.randrange(256)])
    cut = data.draw(some.integers(0, 30))
    content = content[: len(content) - cut] + data.draw(some.binary(max_size=20))
    before = set(os.listdir(Path.cwd()))
    try:
        archive = read_zip(io.BytesIO(bytes(content)))
    except CollectionError as error:
        assert "\n" not in str(error) and str(error).endswith(".")
        return
    assert isinstance(archive, Archive)
    for picture in archive.pictures:
        try:
            picture.read()
        except CollectionError as error:
            assert "\n" not in str(error) and str(error).endswith(".")
    assert set(os.listdir(Path.cwd())) == before
