"""The ways to bring pictures: what is read of what a visitor chose, and where it goes."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.collections.album import Album
from core.data.drawing import Strokes
from core.finetune import HandExample
from core.library.reading import ReadingState
from core.library.store import LibraryError
from core.specs import MAX_CLASS_NAME
from tests.support.pages import data_page, opened, session_of, words
from views.collections import adding
from views.collections.adding import BY_DRAWING, FROM_FILES, FROM_HANDWRITING, REPLACE
from views.collections.keeping import album_of, bring
from views.input.sources import EXAMPLES
from views.session.visitor import browser_of_session

pytestmark = pytest.mark.usefixtures("one_browser")

A_DOT: Strokes = (((140.0, 140.0),),)


@dataclass
class Asked:
    """What is to be read, instead of a process that reads it."""

    trouble: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, root: object, visitor: object, files: list[Any], **order: Any) -> None:
        if self.trouble:
            raise LibraryError(self.trouble)
        self.orders.append({"files": [file.name for file in files]} | order)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(adding, "begin_reading", made.begin)
    return made


@pytest.fixture
def page() -> AppTest:
    return opened(data_page)


def by(page: AppTest, way: str) -> AppTest:
    """Choose a way."""
    page.segmented_control(key="bring_how").set_value(way).run()
    assert not page.exception
    return page


def album(page: AppTest) -> Album:
    found = album_of(session_of(page))
    assert found
    return found


def drawings(*names: str) -> Album:
    return adding.album_of_drawings("Leaves", [(name, EXAMPLES["3"]) for name in names])


def test_a_zip_file_names_its_classes_and_itself(page, asked):
    page.file_uploader[0].upload("leaves.zip", b"a zip file", "").run()
    assert asked.orders == [{"files": ["leaves.zip"], "folder": "", "title": "", "replaces": False}]


@pytest.mark.parametrize("replaces", [False, True])
def test_a_zip_file_replaces_only_where_that_was_chosen(page, asked, replaces):
    bring(session_of(page), drawings("oak"))
    page.run()
    if replaces:
        page.radio(key="bring_mode").set_value(REPLACE)
    page.file_uploader[0].upload("leaves.zip", b"a zip file", "").run()
    assert [order["replaces"] for order in asked.orders] == [replaces]


def test_picture_files_are_of_the_class_that_is_named_above(page, asked):
    bring(session_of(page), drawings("elm", "oak"))
    by(page, FROM_FILES).selectbox(key="class_files").set_value("oak").run()
    page.file_uploader[0].set_value([("a.png", b"a", ""), ("b.png", b"b", "")]).run()
    assert asked.orders == [
        {
            "files": ["a.png", "b.png"],
            "folder": "oak",
            "title": adding.USUAL_TITLE,
            "replaces": False,
        }
    ]
    assert not page.file_uploader[0].value  # ready for more


@pytest.mark.parametrize(
    ("typed", "name"), [(None, ""), (" ", ""), (" oak ", "oak"), ("o" * 500, "o" * MAX_CLASS_NAME)]
)
def test_a_typed_name_of_a_class_is_short_and_has_no_blanks_around_it(monkeypatch, typed, name):
    monkeypatch.setattr(adding.st, "selectbox", lambda *_, **__: typed)
    assert adding._class_choice(None, "files") == name


def test_picture_files_without_a_class_wait_for_its_name(page, asked):
    bring(session_of(page), drawings("oak"))
    by(page, FROM_FILES).file_uploader[0].set_value([("a.png", b"a", "")]).run()
    assert "Say which class these pictures are of" in words(page) and not asked.orders
    page.selectbox(key="class_files").set_value("oak").run()
    assert [order["folder"] for order in asked.orders] == ["oak"]


@pytest.mark.parametrize(("count", "are_read"), [(2, True), (3, False)])
def test_more_files_at_once_than_can_be_read_are_one_sentence(
    page, asked, monkeypatch, count, are_read
):
    monkeypatch.setattr(adding, "MOST_CHOSEN", 2)
    bring(session_of(page), drawings("oak"))
    by(page, FROM_FILES).selectbox(key="class_files").set_value("oak").run()
    page.file_uploader[0].set_value([(f"{n}.png", b"a", "") for n in range(count)]).run()
    assert bool(asked.orders) == are_read
    assert ("Choose at most 2 files at once" in words(page)) == (not are_read)


def test_why_nothing_can_be_read_now_is_said(page, asked):
    asked.trouble = "There is no room."
    page.file_uploader[0].upload("leaves.zip", b"a zip file", "").run()
    assert "There is no room." in words(page)
    asked.trouble = ""
    page.file_uploader[0].upload("leaves.zip", b"a zip file", "").run()
    assert "There is no room." not in words(page)


def put_on_the_sheet(monkeypatch: pytest.MonkeyPatch, strokes: Strokes) -> None:
    """As if the browser had sent them once."""
    waiting = [strokes]

    def draw(canvas, **_):
        return replace(canvas, strokes=waiting.pop()) if waiting else canvas

    monkeypatch.setattr(adding, "draw_canvas", draw)


def test_a_drawing_is_kept_in_its_class_and_the_next_sheet_is_empty(page, monkeypatch):
    bring(session_of(page), drawings("elm", "oak", "oak"))
    by(page, BY_DRAWING).selectbox(key="class_drawing").set_value("elm").run()
    assert page.button(key="keep_drawing").disabled
    assert "elm: 1 picture so far." in words(page)
    put_on_the_sheet(monkeypatch, EXAMPLES["8"])
    page.run().button(key="keep_drawing").click().run()
    assert (album(page).title, album(page).counts()) == ("Leaves", {"elm": 2, "oak": 2})
    assert session_of(page).sheet.strokes == ()
    assert "elm: 2 pictures so far." in words(page)


def test_a_dot_on_the_sheet_is_no_drawing(page, monkeypatch):
    bring(session_of(page), drawings("elm"))
    by(page, BY_DRAWING).selectbox(key="class_drawing").set_value("elm").run()
    for strokes, is_drawn in ((A_DOT, False), (EXAMPLES["8"], True)):
        put_on_the_sheet(monkeypatch, strokes)
        assert page.run().button(key="keep_drawing").disabled != is_drawn


@pytest.mark.parametrize(("tool", "left"), [("undo", 1), ("clear", 0)])
def test_the_sheet_has_its_own_undo_and_clear(page, monkeypatch, tool, left):
    put_on_the_sheet(monkeypatch, (*EXAMPLES["3"], *EXAMPLES["7"])[:2])
    by(page, BY_DRAWING)
    assert len(session_of(page).sheet.strokes) == 2
    page.button(key=f"sheet_{tool}").click().run()
    assert len(session_of(page).sheet.strokes) == left


def test_undo_takes_back_what_the_browser_has_only_just_drawn(page, monkeypatch):
    strokes = (*EXAMPLES["3"], *EXAMPLES["7"])[:2]
    put_on_the_sheet(monkeypatch, strokes[:1])
    by(page, BY_DRAWING)
    monkeypatch.setattr(
        adding, "latest_canvas", lambda canvas, *, key: replace(canvas, strokes=strokes)
    )
    page.button(key="sheet_undo").click().run()
    assert session_of(page).sheet.strokes == strokes[:1]


def test_handwriting_goes_into_the_classes_of_its_labels(page):
    assert FROM_HANDWRITING not in page.segmented_control(key="bring_how").options
    bring(session_of(page), drawings("7"))
    session_of(page).examples = [HandExample(int(n), EXAMPLES[n]) for n in "37"]
    by(page.run(), FROM_HANDWRITING).button(key="bring_examples").click().run()
    assert (album(page).title, album(page).counts()) == ("Leaves", {"3": 1, "7": 2})


def test_while_pictures_are_read_no_more_files_are_taken(page, monkeypatch):
    browser = browser_of_session(session_of(page))
    monkeypatch.setattr(
        "views.collections.page.poll_reading",
        lambda asking: ReadingState() if asking == browser else None,
    )
    page.run()
    assert not page.file_uploader
    assert "More can come after that." in words(page)
