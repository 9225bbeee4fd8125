"""How far a reading is, what came of it, and that deleting deletes, on the page "Your data"."""

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from core.collections.album import Album, ReadingProgress, Unread, read_album
from core.collections.archive import read_zip
from core.collections.collection import make_collection
from core.library import store
from core.library.reading import ReadingResult, ReadingState
from core.runs.queue import Visitor
from core.runs.run import runs_dir
from tests.support.pages import data_page, opened, session_of, words
from tests.support.shapes import shape_files, zipped
from views.collections import keeping, sheet
from views.collections import page as page_module
from views.collections.keeping import album_of, bring, choose_for_training
from views.collections.page import plain_file_name
from views.session.link import DEFAULT_SETTINGS
from views.session.visitor import browser_of_session

pytestmark = pytest.mark.usefixtures("one_browser")


def shapes(each: int = 10, names: tuple[str, ...] = ("circle", "cross")) -> Album:
    return read_album(read_zip(zipped(shape_files(each, names))), "Shapes", "ink")


@pytest.fixture
def page() -> AppTest:
    return opened(data_page)


def showing(page: AppTest, album: Album) -> AppTest:
    assert bring(session_of(page), album)
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    ("state", "said", "percent"),
    [
        (ReadingState(), "Reading your pictures.", 0),
        (ReadingState(ReadingProgress(250, 1_000)), "Reading picture 250 of 1,000.", 25),
        (ReadingState(before=1), "Waiting: another upload is read first.", 0),
        (ReadingState(before=2), "Waiting: 2 other uploads are read first.", 0),
    ],
)
def test_a_reading_says_how_far_it_is_and_can_be_stopped(page, monkeypatch, state, said, percent):
    stopped: list[str] = []
    monkeypatch.setattr(page_module, "poll_reading", lambda browser: state)
    monkeypatch.setattr(page_module, "stop_reading", stopped.append)
    (bar,) = page.run().get("progress")
    assert (bar.proto.text, bar.proto.value) == (said, percent)
    assert page_module.NOTHING_YET not in words(page)
    assert "2 min after you leave it, this ends" in words(page)
    page.button(key="stop_reading").click().run()
    assert stopped == [browser_of_session(session_of(page))]


@pytest.mark.parametrize(
    ("state", "every"),
    [
        (ReadingState(), page_module.READING_POLL),
        (ReadingState(is_over=True), page_module.READING_POLL),
        (None, None),
    ],
)
def test_the_page_polls_while_something_is_read(page, monkeypatch, state, every):
    polls: list[float | None] = []
    monkeypatch.setattr(page_module, "poll_reading", lambda browser: state)
    monkeypatch.setattr(page_module, "poll", lambda show, every, *_: polls.append(every))
    page.run()
    assert polls == [every]


@pytest.mark.parametrize("state", [None, ReadingState(is_over=True)])
def test_when_a_reading_is_over_the_whole_page_runs_again(monkeypatch, state):
    pages: list[str] = []
    monkeypatch.setattr(page_module, "poll_reading", lambda browser: state)
    monkeypatch.setattr(page_module.st, "rerun", lambda: pages.append("whole"))
    page_module._progress(True)
    assert pages == ["whole"]


def test_why_nothing_could_be_read_is_said(page, monkeypatch):
    results = [ReadingResult(None, "This is no zip file.", False)]
    monkeypatch.setattr(keeping, "take_result", lambda _: results.pop() if results else None)
    assert "This is no zip file." in words(page.run())
    assert not album_of(session_of(page))


def test_deleting_leaves_nothing_of_the_visitor_s(page, monkeypatch):
    session, stopped = session_of(showing(page, shapes())), []
    monkeypatch.setattr(keeping, "stop_reading", stopped.append)
    collection = make_collection(shapes(), key=shapes().key)
    assert choose_for_training(session, collection)
    name, generation = session.own_dataset, session.settings_generation
    page.session_state["delete"] = True
    page.run().button(key="delete_all").click().run()
    assert not page.exception
    assert stopped == [browser_of_session(session)]
    assert not store.has_any(runs_dir(), browser_of_session(session))
    assert not store.is_kept(runs_dir(), name)
    assert session.link.settings == DEFAULT_SETTINGS and session.own_dataset == ""
    assert session.settings_generation > generation  # the widgets show it
    assert page_module.NOTHING_YET in words(page)


def test_deleting_leaves_the_pictures_that_a_link_brought(page):
    session, theirs = session_of(showing(page, shapes())), shapes(names=("star", "heart"))
    teacher = Visitor("t" * 16, "9" * 32)
    collection = make_collection(theirs, key=theirs.key)
    session.own_dataset = store.keep_collection(runs_dir(), teacher, collection)
    session.choose(settings={**session.link.settings, "dataset": session.own_dataset, "epochs": 4})
    keeping.delete_data(session)
    assert not store.has_any(runs_dir(), browser_of_session(session))
    assert session.link.settings["dataset"] == session.own_dataset != ""
    assert session.link.settings["epochs"] == 4


def test_deleting_changes_no_settings_for_another_data_set(page):
    session = session_of(showing(page, shapes()))
    session.choose(settings={**DEFAULT_SETTINGS, "dataset": "fashion-mnist", "epochs": 4})
    session.picked_class = "star"
    keeping.delete_data(session)
    assert session.link.settings["epochs"] == 4
    assert session.picked_class == ""  # pictures that come later are another choice


def test_what_was_noticed_in_the_pictures_is_said(page):
    files = shape_files(30, ("circle",)) | shape_files(5, ("star",))
    album = read_album(read_zip(zipped(files)), "Shapes", "ink")
    collection = make_collection(album, key=album.key)
    said = words(showing(page, album))
    assert collection.warnings and all(warning in said for warning in collection.warnings)


@pytest.mark.parametrize(
    ("unread", "more", "count", "rest"),
    [
        (1, 0, "1 file was left out", ""),
        (3, 0, "3 files were left out", ""),
        (4, 1_000, "1,004 files were left out", "And 1,001 more."),
    ],
)
def test_files_that_were_left_out_are_named_and_counted(
    page, monkeypatch, unread, more, count, rest
):
    monkeypatch.setattr(sheet, "MOST_NAMED_FILES", 3)
    left_out = tuple(Unread(f"*{n}*.png", "It is damaged.") for n in range(unread))
    showing(page, msgspec.structs.replace(shapes(), unread=left_out, more_unread=more))
    assert [each.label for each in page.expander] == [count]
    said = words(page)
    assert said.count("It is damaged.") == min(unread, 3)
    assert r"**\*0\*.png**: It is damaged." in said
    assert rest in said and ("And " in said) == bool(rest)


def test_digits_are_their_own_numbers_and_other_classes_get_them():
    assert sheet._numbered(("1", "3")) == ["1", "3"]
    assert sheet._numbered(("1", "x")) == ["1 (0)", "x (1)"]
    assert sheet._numbered(("10", "11")) == ["10 (0)", "11 (1)"]


@pytest.mark.parametrize(
    ("title", "name"),
    [("Oak leaves", "Oak leaves"), ("a/b: c", "a_b_ c"), (" é ", "é"), ("", "pictures")],
)
def test_a_download_has_a_name_that_every_system_takes(title, name):
    assert plain_file_name(title) == name
