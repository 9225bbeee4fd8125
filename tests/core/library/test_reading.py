"""Reading in a process of its own: progress, results, Stop, and nothing left behind."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.collections.album import Album
from core.library import reading
from core.library.reading import (
    BroughtFile,
    ReadingResult,
    begin_reading,
    poll_reading,
    stop_reading,
    take_result,
    tidy_pictures,
)
from core.library.store import LibraryError, library_dir, save_album
from core.runs import limits
from core.runs.limits import Limits
from core.runs.queue import Visitor
from tests.conftest import wait_for
from tests.support.shapes import shape_files, zipped

ADA, BOB = Visitor("a" * 16, "1" * 32), Visitor("b" * 16, "2" * 32)


@pytest.fixture(autouse=True)
def nobody_reads() -> Iterator[None]:
    yield
    for browser in list(reading._readings):
        stop_reading(browser)


def upload(each: int = 4, names: tuple[str, ...] = ("circle", "cross")) -> BroughtFile:
    content = zipped(shape_files(each, names)).getvalue()
    return BroughtFile("my shapes.zip", len(content), io.BytesIO(content))


def result(visitor: Visitor = ADA) -> ReadingResult:
    def is_over() -> bool:
        state = poll_reading(visitor.session)
        return state is not None and state.is_over

    wait_for(is_over, "the end of reading")
    found = take_result(visitor.session)
    assert found
    return found


def has_begun(visitor: Visitor) -> bool:
    state = poll_reading(visitor.session)
    return state is not None and state.progress is not None


def left(root: Path) -> list[Path]:
    return list(library_dir(root).iterdir())


def test_a_zip_file_becomes_an_album_and_nothing_else_is_left(tmp_path):
    begin_reading(tmp_path, ADA, [upload()], replaces=True)
    album, error, replaces = result()
    assert album and (album.title, album.kind) == ("my shapes", "ink")
    assert album.counts() == {"circle": 4, "cross": 4}
    assert (error, replaces) == ("", True)
    assert left(tmp_path) == []
    assert poll_reading(ADA.session) is None and take_result(ADA.session) is None


def test_picture_files_are_of_the_class_that_the_visitor_named(tmp_path):
    files = [
        BroughtFile(Path(name).name, len(content), io.BytesIO(content))
        for name, content in shape_files(3, ["star"]).items()
    ]
    note = BroughtFile("../../notes.txt", 5, io.BytesIO(b"notes"))
    begin_reading(tmp_path, ADA, [*files, note], folder="Big <b>star", title="Stars")
    album = result().album
    assert album and album.counts() == {"Big b star": 3}
    assert [unread.path for unread in album.unread] == ["../../notes.txt"]
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"junk", "This is no zip file: put your folders of pictures into one."),
        *(
            (content, "The zip file is damaged or not complete: make or download it again.")
            for content in (b"PK\3\4", zipped(shape_files(9)).getvalue()[:5_000])
        ),
    ],
)
def test_what_is_no_whole_zip_file_is_said_in_a_sentence(content, said, tmp_path):
    begin_reading(tmp_path, ADA, [BroughtFile("a.zip", len(content), io.BytesIO(content))])
    assert result().error == said
    assert left(tmp_path) == []


def test_stop_ends_the_process_and_leaves_nothing(tmp_path):
    begin_reading(tmp_path, ADA, [upload(400)])
    wait_for(lambda: has_begun(ADA), "the first picture")
    process = reading._readings[ADA.session].process
    assert process and process.poll() is None
    stop_reading(ADA.session)
    assert process.poll() is not None
    assert left(tmp_path) == []
    assert poll_reading(ADA.session) is None


def test_a_process_that_dies_is_said_in_a_sentence(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    process = reading._readings[ADA.session].process
    assert process
    process.kill()
    assert result().error == reading.FAILED
    assert left(tmp_path) == []


def test_others_wait_their_turn_and_are_told(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    begin_reading(tmp_path, BOB, [upload()])
    state = poll_reading(BOB.session)
    assert state and state.before == 1
    stop_reading(ADA.session)
    assert result(BOB).album


def test_a_second_upload_takes_the_place_of_one_that_is_being_read(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    begin_reading(tmp_path, ADA, [upload(3, ("heart", "star"))])
    album = result().album
    assert album and album.classes == ("heart", "star")
    assert left(tmp_path) == []


def test_what_no_page_asks_for_is_dropped(tmp_path, monkeypatch):
    begin_reading(tmp_path, ADA, [upload(200)])
    reading._readings[ADA.session].asked -= limits.LIMITS.unwatched_seconds + 1
    begin_reading(tmp_path, BOB, [upload()])
    assert poll_reading(ADA.session) is None
    assert result(BOB).album
    assert left(tmp_path) == []


def test_what_no_page_asks_for_is_dropped_also_when_nobody_else_comes(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    process = reading._readings[ADA.session].process
    tidy_pictures(tmp_path)
    assert len(left(tmp_path)) == 1
    reading._readings[ADA.session].asked -= limits.LIMITS.unwatched_seconds + 1
    tidy_pictures(tmp_path)
    assert left(tmp_path) == [] and process and process.poll() is not None


def test_an_upload_that_waits_its_turn_for_long_is_no_leftover(tmp_path):
    begin_reading(tmp_path, ADA, [upload(200)])
    begin_reading(tmp_path, BOB, [upload()])
    os.utime(reading._readings[BOB.session].folder, (1e9, 1e9))
    tidy_pictures(tmp_path)
    stop_reading(ADA.session)
    assert result(BOB).album


def test_what_nobody_used_for_a_month_goes_also_when_nobody_comes(tmp_path):
    save_album(tmp_path, ADA, Album("Shapes", "ink"))
    tidy_pictures(tmp_path)
    assert len(left(tmp_path)) == 1
    (place,) = left(tmp_path)
    os.utime(place, (time.time() - 31 * 86_400,) * 2)
    tidy_pictures(tmp_path)
    assert left(tmp_path) == []


def test_too_many_bytes_are_refused_before_they_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", Limits(collection_megabytes=1))
    with pytest.raises(LibraryError, match="more than 1 MB"):
        begin_reading(tmp_path, ADA, [BroughtFile("a.zip", 1_000_001, io.BytesIO())])
    assert not library_dir(tmp_path).exists()


def test_so_many_may_wait_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", Limits(waiting=1))
    begin_reading(tmp_path, ADA, [upload(200)])
    with pytest.raises(LibraryError, match="Many others"):
        begin_reading(tmp_path, BOB, [upload()])


def test_reading_takes_so_long_and_no_longer(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", Limits(reading_seconds=0.001))
    begin_reading(tmp_path, ADA, [upload(20)])
    assert "took longer" in result().error
    assert left(tmp_path) == []
