"""What Share offers, to whom, and that copy, code and room have the same link."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.pages import TIMEOUT, draw_page, keys, opened, session_of, words
from tests.views.frame.test_share import shared
from views.frame import room as room_module
from views.frame import share as share_module
from views.frame.code import code_tag, code_uri
from views.frame.share import PART_LABELS
from views.input.sources import EXAMPLES
from views.session.link import HIDEABLE


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_a_link_that_hides_share_has_none(pen, panel) -> None:
    app = AppTest.from_function(draw_page, default_timeout=TIMEOUT)
    app.query_params["hide"] = "share"
    app.session_state["share"] = True
    assert not app.run().code and not app.exception
    assert "present" not in keys(app)
    assert opened(draw_page, hide="share", present="1").button(key="present")  # the way back


def test_presenting_begins_and_ends(pen) -> None:
    app = opened(draw_page)
    for words_then, present in (("Usual size", True), ("Present", False)):
        app.button(key="present").click().run()
        assert app.button(key="present").label == words_then
        assert session_of(app).link.present == present
        assert ("present" in app.query_params) == present


@pytest.mark.parametrize("query", [{"tour": "2"}, {"task": "misread"}, {"hide": "teach"}])
def test_the_tour_is_offered_to_who_can_take_it_and_is_not_on_it(pen, query) -> None:
    assert "tour" in keys(opened(draw_page))
    assert "tour" not in keys(opened(draw_page, **query))


def test_copy_code_and_room_have_the_link_for_a_class(pen, monkeypatch) -> None:
    given: dict[str, Any] = {}

    def remember(*, data: Any, key: str) -> None:
        given[key] = data

    monkeypatch.setattr(share_module, "_copy_button", lambda: remember)
    monkeypatch.setattr(room_module, "_button", lambda: remember)
    monkeypatch.setattr(share_module, "_reach", lambda: (True, "http://192.168.1.23:8501"))
    pen(EXAMPLES["3"])
    app, _ = shared("draw", n="3")
    app.multiselect(key="share_hide").set_value(["files", "pages"]).run()
    link = app.code[0].value
    assert link.startswith("http://192.168.1.23:8501/?n=3&s=")
    assert link.endswith("&hide=pages.files&v=1")
    assert given["copy"] == link and code_tag(link) in words(app)
    room = "http://192.168.1.23:8501/?n=3&hide=pages.files&v=1"  # it draws for itself
    assert (given["room"]["code"], given["room"]["typed"]) == (code_uri(room), "192.168.1.23:8501")


@pytest.mark.parametrize("source", ["upload", "camera"])
def test_a_picture_file_is_said_to_be_left_out(pen, panel, source) -> None:
    app, _ = shared("draw")
    assert "cannot carry" not in captions(app)
    session_of(app).source = source
    assert "A link cannot carry a picture file." in captions(app.run())


def test_a_drawing_of_too_many_strokes_is_said_to_be_left_out(pen, panel) -> None:
    pen(tuple(((float(n % 280), 10.0), (float(n % 280), 90.0)) for n in range(400)))
    app, address = shared("draw")
    assert "s=" not in address
    assert "too many strokes for a link" in captions(app)


def test_every_part_that_can_be_hidden_is_offered_by_its_name(pen, panel) -> None:
    app, _ = shared("draw")
    assert app.multiselect(key="share_hide").options == [PART_LABELS[name] for name in HIDEABLE]


@pytest.mark.parametrize("is_in", [False, True])
def test_from_a_container_it_is_said_what_must_be_published(pen, panel, monkeypatch, is_in) -> None:
    monkeypatch.setattr(share_module, "is_local", lambda host: True)
    monkeypatch.setattr(share_module, "addresses_for_others", lambda: ["http://10.0.0.7:8501"])
    monkeypatch.setattr(share_module, "is_in_container", lambda: is_in)
    app, _ = shared("draw")
    assert (share_module.IN_CONTAINER in captions(app)) == is_in
