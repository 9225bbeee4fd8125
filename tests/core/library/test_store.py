"""What is kept of people's own pictures: found again, bounded, pruned, deleted, told to nobody."""

import errno
import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core.collections.album import (
    Album,
    Unread,
    change_album,
    join_albums,
    read_album,
    without_class,
)
from core.collections.archive import CollectionError, read_zip
from core.collections.collection import Collection, make_collection
from core.collections.lesson_sets import LESSON_SETS, lesson_set
from core.collections.packing import pack_collection
from core.collections.saved import (
    dump_album,
    dump_collection,
    load_album,
    load_collection,
)
from core.library import store
from core.runs import limits
from core.runs.limits import Limits
from core.runs.queue import NOBODY, Visitor
from core.specs import find_spec
from tests.support.shapes import shape_files, zipped

ADA, BOB = Visitor("a" * 16, "1" * 32), Visitor("b" * 16, "2" * 32)


def shapes(each: int = 4, names: tuple[str, ...] = ("circle", "cross"), seed: int = 0) -> Album:
    return read_album(read_zip(zipped(shape_files(each, names, seed))), "Shapes", "ink")


@pytest.fixture(scope="module")
def album() -> Album:
    return shapes()


def test_an_album_is_its_browsers_alone(tmp_path, album):
    store.save_album(tmp_path, ADA, album)
    assert store.find_album(tmp_path, ADA.session) == album
    assert store.find_album(tmp_path, BOB.session) is None


def test_no_name_on_the_disk_holds_who_it_is_of(tmp_path, album):
    store.save_album(tmp_path, ADA, album)
    store.keep_collection(tmp_path, ADA, make_collection(album, key=album.key))
    names = " ".join(path.name for path in tmp_path.rglob("*"))
    assert ADA.session not in names and ADA.address not in names


def test_a_data_set_is_found_by_its_name_in_another_process(tmp_path, album, monkeypatch):
    collection = make_collection(album, key=album.key)
    name = store.keep_collection(tmp_path, ADA, collection)
    monkeypatch.setattr("core.specs._known_own", {})
    assert store.is_kept(tmp_path, name)
    assert find_spec(name).class_names == ("circle", "cross")
    found = load_collection(store.read_collection(tmp_path, name))
    assert (found.images == collection.images).all()
    assert (found.parts == collection.parts).all()
    assert len(store.kept_test_split(tmp_path, name).labels) == (found.parts == "test").sum()


def test_nobody_can_guess_the_name_of_a_data_set(album):
    """The same pictures, brought twice, are two data sets."""
    again = change_album(album)
    assert len({make_collection(each, key=each.key).spec.name for each in (album, again)}) == 2


@pytest.mark.parametrize("name", ["", "own-", "own-../../x", "own-" + "0" * 24, "../x", "mnist"])
def test_any_other_name_is_none(tmp_path, name):
    assert not store.is_kept(tmp_path, name)
    with pytest.raises(store.LibraryError, match="no longer kept here"):
        store.read_collection(tmp_path, name)


def test_delete_my_data_deletes_mine_and_nobody_elses(tmp_path, album):
    store.save_album(tmp_path, ADA, album)
    name = store.keep_collection(tmp_path, ADA, make_collection(album, key=album.key))
    store.save_album(tmp_path, BOB, album)
    assert store.delete_all(tmp_path, ADA.session) == 2
    assert not store.is_kept(tmp_path, name)
    assert store.find_album(tmp_path, BOB.session)
    assert [path.name for path in store.library_dir(tmp_path).iterdir()] == [
        store.album_dir(tmp_path, BOB.session).name
    ]


def test_a_browser_has_something_only_if_it_brought_something_itself(tmp_path, album):
    assert not store.has_any(tmp_path, ADA.session)  # nobody brought anything yet
    assert store.delete_all(tmp_path, ADA.session) == 0
    store.save_album(tmp_path, ADA, album)
    neighbor = Visitor(ADA.address, BOB.session)
    assert store.has_any(tmp_path, ADA.session)
    assert not store.has_any(tmp_path, neighbor.session)


def test_a_browser_without_a_secret_owns_nothing(tmp_path, album):
    name = store.keep_collection(tmp_path, NOBODY, make_collection(album, key=album.key))
    assert not store.has_any(tmp_path, NOBODY.session)
    assert store.delete_all(tmp_path, NOBODY.session) == 0
    assert store.is_kept(tmp_path, name)


@pytest.mark.parametrize("name", LESSON_SETS)
def test_a_data_set_of_the_lesson_is_always_kept(tmp_path, name, monkeypatch):
    monkeypatch.setattr("core.specs._known_own", {})
    assert store.is_kept(tmp_path, name)
    assert find_spec(name).title == LESSON_SETS[name][0].title
    kept = load_collection(store.read_collection(tmp_path, name))
    assert (kept.images == lesson_set(name).images).all()


def test_an_album_that_cannot_be_read_now_is_not_said_to_be_none(tmp_path, album):
    (store.album_dir(tmp_path, ADA.session) / store.ALBUM_FILE).mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):  # as good as any other trouble
        store.find_album(tmp_path, ADA.session)


def test_the_address_that_keeps_most_makes_room(tmp_path, album, monkeypatch):
    size = len(dump_album(album))
    monkeypatch.setattr(
        limits, "LIMITS", Limits(collections_megabytes=3.5 * size / 1e6, free_megabytes=0)
    )
    mine = [ADA._replace(session=sign * 32) for sign in "345"]
    for age, visitor in enumerate([BOB, *mine]):
        store.save_album(tmp_path, visitor, album)
        place = store.album_dir(tmp_path, visitor.session)
        os.utime(place, (place.stat().st_mtime - 100 + age,) * 2)
    kept = [v.session[0] for v in (BOB, *mine) if store.find_album(tmp_path, v.session)]
    assert kept == ["2", "4", "5"]  # the oldest of the three, not the one of another address


def test_what_fits_in_no_case_is_refused(tmp_path, album, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", Limits(collections_megabytes=0.001, free_megabytes=0))
    with pytest.raises(store.LibraryError, match="no room"):
        store.save_album(tmp_path, ADA, album)
    assert not list(store.library_dir(tmp_path).iterdir())


def test_what_nobody_used_for_a_month_goes(tmp_path, album):
    store.save_album(tmp_path, ADA, album)
    os.utime(store.album_dir(tmp_path, ADA.session), (1e9, 1e9))
    store.save_album(tmp_path, BOB, album)
    assert store.find_album(tmp_path, ADA.session) is None


def test_what_was_used_29_days_ago_stays(tmp_path, album):
    store.save_album(tmp_path, ADA, album)
    used = time.time() - 29 * 86_400
    os.utime(store.album_dir(tmp_path, ADA.session), (used, used))
    store.save_album(tmp_path, BOB, album)
    assert store.find_album(tmp_path, ADA.session)


USES: list[Callable[[Path, Collection], object]] = [
    lambda root, made: store.keep_collection(root, ADA, made),
    lambda root, made: store.read_collection(root, made.spec.name),
    lambda root, made: store.is_kept(root, made.spec.name),
]


@pytest.mark.parametrize("use", USES, ids=["kept again", "trained on", "looked at"])
def test_a_data_set_that_is_used_stays(tmp_path, album, use):
    made = make_collection(album, key=album.key)
    name = store.keep_collection(tmp_path, ADA, made)
    os.utime(store.library_dir(tmp_path) / name, (1e9, 1e9))
    use(tmp_path, made)
    store.prune_pictures(tmp_path)
    assert store.is_kept(tmp_path, name)


def test_what_a_killed_app_left_half_made_goes_after_a_while(tmp_path):
    old, new = (store.staging_dir(tmp_path) for _ in range(2))
    os.utime(old, (1e9, 1e9))
    assert list(store.holdings(tmp_path)) == []
    store.prune_pictures(tmp_path)
    assert list(store.library_dir(tmp_path).iterdir()) == [new]


def test_an_album_that_is_saved_again_needs_no_room_twice(tmp_path, album, monkeypatch):
    name = store.keep_collection(tmp_path, ADA, make_collection(album, key=album.key))
    store.save_album(tmp_path, ADA, album)
    kept = sum(each.size for each in store.holdings(tmp_path))
    full = Limits(collections_megabytes=1.1 * kept / 1e6, free_megabytes=0)
    monkeypatch.setattr(limits, "LIMITS", full)
    store.save_album(tmp_path, ADA, album)
    assert store.is_kept(tmp_path, name)
    assert store.find_album(tmp_path, ADA.session)
    store.make_picture_room(tmp_path, ADA, kept // 2)  # for what is added to the album
    assert not store.is_kept(tmp_path, name)
    assert store.find_album(tmp_path, ADA.session)


def test_a_disk_that_is_nearly_full_takes_no_more_pictures(tmp_path, album, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", Limits(free_megabytes=1e9))
    with pytest.raises(store.LibraryError, match="no room"):
        store.save_album(tmp_path, ADA, album)


def test_a_write_that_fails_leaves_nothing_half_made(tmp_path, album, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space left"):
        store.save_album(tmp_path, ADA, album)
    assert list(store.library_dir(tmp_path).iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"\x81", b"\x80" * 1000, b"\xdd\xff\xff\xff\xff"])
def test_a_damaged_file_is_no_album_and_no_data_set(tmp_path, album, damage):
    store.save_album(tmp_path, ADA, album)
    file = store.album_dir(tmp_path, ADA.session) / store.ALBUM_FILE
    file.write_bytes(damage)
    assert store.find_album(tmp_path, ADA.session) is None
    with pytest.raises(CollectionError, match="damaged"):
        load_collection(damage)


def test_a_collection_with_a_label_too_many_is_refused(album):
    content = dump_collection(make_collection(album))
    labels = bytes([0, 0, 0, 0, 1, 1, 1, 1])
    assert content.count(labels) == 1
    with pytest.raises(CollectionError, match="damaged"):
        load_collection(content.replace(labels, bytes([0, 0, 0, 0, 1, 1, 1, 2])))


# --- an album that grows


def test_a_second_upload_adds_to_the_first(album):
    more = join_albums(album, shapes(3, ("cross", "star"), seed=1), most=100)
    assert more.counts() == {"circle": 4, "cross": 7, "star": 3}
    assert more.key not in (album.key, "")
    assert load_album(dump_album(more)) == more


def test_too_many_pictures_or_classes_are_refused_and_nothing_is_lost(album):
    with pytest.raises(CollectionError, match="16 pictures; 10 at most"):
        join_albums(album, shapes(), most=10)
    ten = shapes(1, ("A", "E", "H", "W", "heart", "square", "star", "triangle", "cross"))
    full = join_albums(ten, album, most=100)
    assert len(full.classes) == 10
    with pytest.raises(CollectionError, match="11 classes; 10 at most"):
        join_albums(full, _renamed(album, "Z"), most=100)


def _renamed(album: Album, name: str) -> Album:
    files = {f"{name}/{n}.png": data for n, data in enumerate(shape_files(3, ["star"]).values())}
    return read_album(read_zip(zipped({**files, "circle/x.png": b""})), "x", "ink")


def test_a_class_is_removed_with_its_pictures(album):
    assert without_class(album, "circle").counts() == {"cross": 4}


def test_the_kind_is_changed_without_the_files(album):
    photos = change_album(album, kind="photo")
    assert make_collection(photos).spec.own.kind == "photo"  # type: ignore[union-attr]
    assert (photos.images() != album.images()).any()


def test_a_download_opens_again_as_the_same_pictures(album):
    collection = make_collection(album)
    again = read_album(read_zip(io.BytesIO(pack_collection(collection))), "another title")
    assert (again.title, again.kind, again.counts()) == ("Shapes", "ink", album.counts())
    assert sorted(image.tobytes() for image in again.images()) == sorted(
        image.tobytes() for image in collection.images
    )


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path, album):
    (tmp_path / store.FOLDER).write_text("a file in the way")
    with pytest.raises(OSError, match=r"exists|Not a directory"):
        store.save_album(tmp_path, ADA, album)


def test_what_could_not_be_read_of_both_albums_is_said_of_the_joined_one():
    album, more = (
        msgspec.structs.replace(shapes(), unread=(Unread(path, "It lies in no folder."),))
        for path in ("a.txt", "b.txt")
    )
    joined = join_albums(album, more, most=100)
    assert [each.path for each in joined.unread] == ["a.txt", "b.txt"]
