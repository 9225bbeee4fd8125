"""The page "Your data" without a browser: what it shows, keeps, trains on and deletes."""

import re

import pytest
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.collections.album import Album, ReadingProgress, read_album
from core.collections.archive import read_zip
from core.library import store
from core.library.reading import ReadingState
from core.runs.queue import Visitor
from core.runs.run import runs_dir
from tests.support.pages import data_page, opened, session_of, train_page, words
from tests.support.shapes import png, shape_files, zipped
from views.collections import adding, sheet
from views.collections.keeping import album_of
from views.collections.page import _share
from views.session.visitor import browser_of_session

pytestmark = pytest.mark.usefixtures("one_browser")


def shapes(each: int = 10, names: tuple[str, ...] = ("circle", "cross", "star")) -> Album:
    return read_album(read_zip(zipped(shape_files(each, names))), "Shapes", "ink")


@pytest.fixture
def page() -> AppTest:
    return opened(data_page)


def bring(page: AppTest, album: Album) -> AppTest:
    """Keep an album as the visitor's, and show it."""
    browser = browser_of_session(session_of(page))
    store.save_album(runs_dir(), Visitor(session=browser), album)
    page.run()
    assert not page.exception
    return page


def test_at_first_it_says_what_to_bring(page):
    assert "Nothing here yet" in words(page)
    assert "into a folder named after it" in words(page)


def test_pictures_are_shown_by_class_with_numbers_and_counts(page):
    said = words(bring(page, shapes()))
    assert "circle (0)" in said and "star (2)" in said and "10 pictures" in said
    assert "<b>30 pictures</b>: 21 to learn from, 3 to watch it with, 6 to test it on." in said


def test_a_blank_picture_is_left_out_of_what_is_shown_and_counted(page):
    blank = png(Image.new("L", (50, 50), 255))
    files = shape_files(4, ("circle", "cross")) | {"shapes/circle/blank.png": blank}
    bring(page, read_album(read_zip(zipped(files)), "Shapes", "ink"))
    said = words(page)
    assert "<b>8 pictures</b>" in said and "There is nothing to see on it." in said
    assert re.findall(r"(\w+) \(\d\) <span class=\"note\">(.*?)<", said) == [
        ("circle", "4 pictures"),
        ("cross", "4 pictures"),
    ]
    page.button(key="pick_from_0").click().run()
    assert len(page.pills[0].options) == 4
    page.pills[0].set_value([3]).run()
    page.button(key="drop_picked").click().run()
    assert names_and_counts(page) == {"circle": 3, "cross": 4}


def test_too_few_pictures_cannot_be_trained_on_and_it_says_why(page):
    bring(page, shapes(2, ("circle", "cross")))
    assert page.button(key="train_on_it").disabled
    assert "circle has 2 different pictures" in words(page)


def test_train_on_it_chooses_the_data_set_for_the_train_page(page, left_for):
    bring(page, shapes()).button(key="train_on_it").click().run()
    name = session_of(page).link.settings["dataset"]
    assert left_for == ["train"]
    assert store.is_kept(runs_dir(), str(name))
    assert session_of(page).link.settings["augment"] == 0.5  # there are few
    train = opened(train_page, dataset=str(name), v="1")
    assert train.radio(key="setting_dataset").options[-1] == "Shapes"
    assert train.radio(key="setting_dataset").value == name


def test_a_bug_and_a_run_of_before_are_not_for_the_new_data_set(page, left_for):
    session_of(page).choose(bug="relu", run="0123456789abcdef")
    bring(page, shapes()).button(key="train_on_it").click().run()
    assert (session_of(page).link.bug, session_of(page).link.run) == ("", "")


def test_whoever_comes_with_its_link_is_led_to_train_on_it(page, left_for, monkeypatch):
    bring(page, shapes()).button(key="train_on_it").click().run()
    name = str(session_of(page).link.settings["dataset"])
    monkeypatch.setattr("views.session.visitor.secret_in", lambda cookies: "another browser")
    other = opened(data_page, dataset=name, v="1")
    assert "Your link trains on the pictures of **Shapes**" in words(other)
    other.button(key="train_on_link").click().run()
    assert left_for == ["train", "train"]
    assert session_of(other).link.settings["dataset"] == name


def test_a_link_to_pictures_that_are_gone_says_so():
    page = opened(train_page, dataset="own-" + "0" * 24, v="1")
    assert "no longer kept here" in words(page)
    assert session_of(page).link.settings["dataset"] == "mnist"


def test_a_class_can_be_removed_and_the_kind_changed(page):
    bring(page, shapes()).button(key="drop_class_1").click().run()
    assert "cross" not in words(page)
    page.segmented_control(key="data_kind_ink").set_value("Photos of things").run()
    album = store.find_album(runs_dir(), browser_of_session(session_of(page)))
    assert album and (album.kind, album.classes) == ("photo", ("circle", "star"))


def names_and_counts(page: AppTest) -> dict[str, int]:
    album = store.find_album(runs_dir(), browser_of_session(session_of(page)))
    return album.counts() if album else {}


def test_single_pictures_can_be_removed(page):
    bring(page, shapes(4))
    page.button(key="pick_from_1").click().run()
    assert page.button(key="drop_picked").disabled
    pick = page.pills[0]
    assert len(pick.options) == 4
    pick.set_value([4, 6]).run()
    assert page.button(key="drop_picked").label == "Remove 2 pictures"
    page.button(key="drop_picked").click().run()
    assert names_and_counts(page) == {"circle": 4, "cross": 2, "star": 4}
    assert len(page.pills[0].options) == 2  # more can follow at once
    page.button(key="pick_done").click().run()
    assert not page.exception and not page.pills


def test_a_class_without_pictures_is_none_any_more(page):
    bring(page, shapes(4))
    page.button(key="pick_from_1").click().run()
    page.pills[0].set_value([4, 5, 6, 7]).run()
    page.button(key="drop_picked").click().run()
    assert not page.exception and not page.pills
    assert names_and_counts(page) == {"circle": 4, "star": 4}


def test_pictures_of_many_are_chosen_page_by_page(page):
    bring(page, shapes(50))
    page.button(key="pick_from_0").click().run()
    assert page.selectbox[-1].options == ["1 to 48", "49 to 50"]
    page.selectbox[-1].select(48).run()
    page.pills[0].set_value([49]).run()
    page.button(key="drop_picked").click().run()
    assert not page.exception
    assert names_and_counts(page) == {"circle": 49, "cross": 50, "star": 50}


def test_pictures_of_an_album_that_another_tab_has_changed_stay(page):
    session = session_of(bring(page, shapes(4)))
    seen = album_of(session)
    bring(page, shapes(5))
    sheet._drop(session, seen, [4])
    assert names_and_counts(page) == {"circle": 5, "cross": 5, "star": 5}


def test_another_name_stays_and_is_no_markup(page):
    bring(page, shapes()).text_input[0].set_value("![x](http://e/x.png)").run()
    browser = browser_of_session(session_of(page))
    album = store.find_album(runs_dir(), browser)
    assert album and album.title == "![x](http://e/x.png)"
    page.button(key="train_on_it").click().run()
    assert "http://e" not in " ".join(each.value for each in page.markdown)


def test_what_is_chosen_late_loses_no_picture(page):
    """A browser says a new name after another tab has brought more pictures."""
    bring(page, shapes(3))
    browser = browser_of_session(session_of(page))
    store.save_album(runs_dir(), Visitor(session=browser), shapes(5))
    page.text_input[0].set_value("Leaves").run()
    album = store.find_album(runs_dir(), browser)
    assert album and (album.title, len(album)) == ("Leaves", 15)


def test_a_zip_file_that_is_being_read_takes_no_memory_of_the_page(page, monkeypatch):
    freed: list[str] = []
    read: list[bytes] = []
    monkeypatch.setattr(
        MemoryUploadedFileManager, "remove_file", lambda self, session, file: freed.append(file)
    )
    monkeypatch.setattr(
        adding,
        "begin_reading",
        lambda root, visitor, files, **_: read.extend(file.content.read() for file in files),
    )
    page.file_uploader[0].upload("x.zip", b"a zip file", "").run()
    assert not page.exception
    assert (len(freed), read) == (1, [b"a zip file"])


def test_before_the_first_picture_the_bar_of_a_reading_is_empty():
    assert _share(ReadingState()) == 0
    assert _share(ReadingState(ReadingProgress(3, 12))) == 0.25
