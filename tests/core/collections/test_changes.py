"""What becomes of pictures and labels when an album is changed, drawn, packed or stored."""

import io
from collections import Counter

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageOps

from core.collections.album import (
    Album,
    album_of_drawings,
    change_album,
    join_albums,
    read_album,
    without_class,
    without_pictures,
)
from core.collections.archive import CollectionError, read_zip
from core.collections.collection import make_collection
from core.collections.packing import pack_collection
from core.collections.saved import dump_album, dump_collection, load_album, load_collection
from core.data.drawing import fashion_form, mnist_form, rasterize
from core.specs import MAX_TITLE, Kind
from tests.support.shapes import png, shape_files, zipped

LINE = (((60.0, 50.0), (200.0, 50.0), (130.0, 236.0)),)


def shapes(each: int = 4, names: tuple[str, ...] = ("circle", "cross", "star")) -> Album:
    return read_album(read_zip(zipped(shape_files(each, names))), "Shapes", "ink")


@pytest.fixture(scope="module")
def album() -> Album:
    return shapes()


def pictures_of(album: Album) -> set[tuple[str, bytes, bytes]]:
    """Every picture in both forms, with the name of its class."""
    names = [album.classes[number] for number in album.numbers()]
    inks, photos = ([image.tobytes() for image in album.images(k)] for k in ("ink", "photo"))
    return set(zip(names, inks, photos, strict=True))


# --- changes


def test_what_is_left_keeps_its_class_and_its_picture(album):
    left = without_pictures(album, [0, 5])
    assert left.counts() == {"circle": 3, "cross": 3, "star": 4}
    assert left.paths == tuple(path for at, path in enumerate(album.paths) if at not in (0, 5))
    assert pictures_of(left) < pictures_of(album)
    assert pictures_of(without_class(album, "circle")) == {
        each for each in pictures_of(album) if each[0] != "circle"
    }


def test_joined_albums_keep_each_picture_in_its_class(album):
    other = shapes(2, ("A", "heart"))
    joined = join_albums(album, other, most=100)
    assert joined.classes == ("A", "circle", "cross", "heart", "star")
    assert pictures_of(joined) == pictures_of(album) | pictures_of(other)
    assert joined.paths == album.paths + other.paths


def test_a_class_that_never_had_pictures_outlives_one_that_lost_its_own(album):
    empty = msgspec.structs.replace(album, classes=(*album.classes, "triangle"))
    left = without_pictures(empty, range(4))
    assert left.classes == ("cross", "star", "triangle")


def test_what_is_left_of_photos_are_photos(album):
    photos = change_album(album, kind="photo")
    assert without_pictures(photos, [0]).kind == "photo"
    assert without_class(photos, "star").kind == "photo"


def test_another_title_is_cut_to_what_a_title_may_have(album):
    changed = change_album(album, title="  My <b>shapes\n" + "x" * 200)
    assert changed.title.startswith("My b shapes x") and len(changed.title) <= MAX_TITLE
    assert load_album(dump_album(changed)) == changed
    assert change_album(album, title="").title == "Shapes"


def test_a_title_may_be_as_long_as_is_offered(album):
    title = ("leaf " * 12).strip()
    assert change_album(album, title=title).title == title and len(title) == MAX_TITLE - 1
    files = zipped(shape_files(1, ("circle", "cross")))
    assert read_album(read_zip(files), title, "ink").title == title


def test_each_change_makes_another_data_set(album):
    changed = [change_album(album, title="Other"), without_pictures(album, []), album]
    assert len({each.key for each in changed}) == 3


# --- read


def test_a_file_with_a_long_name_makes_an_album_that_can_be_kept():
    files = zipped(shape_files(1, ("circle", "cross")))
    album = read_album(read_zip(files), "holiday " * 40, "ink")
    assert len(album.title) <= MAX_TITLE
    assert load_album(dump_album(album)) == album


def test_a_file_is_named_without_signs_that_change_how_text_runs():
    files = {**shape_files(1, ("circle", "cross")), "shapes/cross/\u202egnp.1\x1b.txt": b"x"}
    album = read_album(read_zip(zipped(files)), "Shapes", "ink")
    assert [each.path for each in album.unread] == ["cross/gnp.1.txt"]


def test_the_kind_is_guessed_from_all_classes_and_not_from_the_first():
    files = shape_files(30, ["circle"], filled=True) | shape_files(60, ["cross", "star"])
    assert read_album(read_zip(zipped(files)), "Shapes").kind == "ink"


# --- drawings


def test_a_drawing_is_kept_as_ink_and_as_a_photo_would_show_it():
    dot = (((60.0, 50.0), (60.0, 50.0)),)
    drawn = album_of_drawings("Mine", [("seven", LINE), ("dot", dot), ("", LINE), ("none", ())])
    assert drawn.counts() == {"seven": 1, "unnamed": 1}
    ink = rasterize(LINE)
    assert np.array_equal(drawn.images("ink")[0], mnist_form(ink))
    assert np.array_equal(drawn.images("photo")[0], fashion_form(ink))
    assert drawn.kind == "ink" and len(set(drawn.paths)) == 2


# --- made into a data set


def test_a_blank_picture_shifts_no_label():
    files = shape_files(6, ("circle", "cross"))
    files["shapes/circle/001.png"] = png(Image.new("L", (50, 50), 255))
    album = read_album(read_zip(zipped(files)), "Shapes", "ink")
    made = make_collection(album)
    assert made.counts == [5, 6]
    assert [each.path for each in made.unread] == ["circle/001.png"]
    assert [path.split("/")[0] for path in made.paths] == ["circle"] * 5 + ["cross"] * 6
    images, numbers = album.images(), album.numbers()
    known = {image.tobytes(): number for image, number in zip(images, numbers, strict=True)}
    assert [known[image.tobytes()] for image in made.images] == made.labels.tolist()


@pytest.mark.parametrize(("circles", "is_said"), [(49, False), (50, True)])
def test_five_times_as_many_pictures_of_one_class_are_said(circles, is_said):
    files = shape_files(circles, ["circle"]) | shape_files(10, ["cross"])
    made = make_collection(read_album(read_zip(zipped(files)), "Shapes", "ink"))
    assert any("Bring about as many of each" in said for said in made.warnings) is is_said


def test_light_lines_on_dark_ground_are_drawings_too():
    files = {
        path: png(ImageOps.invert(Image.open(io.BytesIO(content))))
        for path, content in shape_files(5, ["circle", "cross", "heart"]).items()
    }
    assert read_album(read_zip(zipped(files)), "Shapes").kind == "ink"


# --- the way out and back


@pytest.mark.parametrize("kind", ["ink", "photo"])
def test_a_packed_data_set_is_of_the_kind_that_its_owner_chose(album, kind: Kind):
    made = make_collection(change_album(album, kind=kind))
    again = read_album(read_zip(io.BytesIO(pack_collection(made))), "again")
    assert again.kind == kind
    for form in ("ink", "photo"):  # they are in shape, whatever their kind is said to be
        assert np.array_equal(again.images(form), made.images)


def test_what_was_noticed_of_a_data_set_is_kept_with_it(album):
    made = make_collection(album)
    assert made.warnings == ("circle, cross and star have fewer than 10 pictures.",)
    kept = load_collection(dump_collection(made))
    assert kept.warnings == made.warnings
    assert Counter(kept.parts.tolist()) == Counter(made.parts.tolist())
    assert kept.labels.tolist() == made.labels.tolist()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("images", bytes(28 * 28)),
        ("parts", b"\0\1\2"),
        ("parts", bytes(12)),  # nothing to test it with
        ("labels", bytes(11) + b"\3"),
        ("labels", bytes(13)),
    ],
)
def test_a_data_set_with_something_missing_is_refused(album, key, value):
    content = msgspec.msgpack.decode(dump_collection(make_collection(album)))
    load_collection(msgspec.msgpack.encode(content))
    with pytest.raises(CollectionError, match="damaged"):
        load_collection(msgspec.msgpack.encode(content | {key: value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [("paths", ["a.png"]), ("labels", bytes(11) + b"\3"), ("inks", b""), ("photos", b"")],
)
def test_an_album_with_something_missing_is_refused(album, key, value):
    content = msgspec.msgpack.decode(dump_album(album))
    with pytest.raises(CollectionError, match="damaged"):
        load_album(msgspec.msgpack.encode(content | {key: value}))
