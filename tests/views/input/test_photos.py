"""Photos as the picture: what becomes of one when the server has let its file go."""

from types import SimpleNamespace

import pytest
from streamlit.runtime.uploaded_file_manager import DeletedFile

from core.specs import find_spec
from views.input import photos
from views.input.photos import Camera, Upload


@pytest.mark.parametrize("source", [Upload, Camera])
def test_a_picture_stays_when_only_the_server_let_its_file_go(monkeypatch, source) -> None:
    session, one = SimpleNamespace(image_files={}), source()
    session.image_files[one.name] = b"png"
    monkeypatch.setattr(photos, "widget_value", lambda key: DeletedFile("f"))
    monkeypatch.setattr(source, "ask", lambda self, spec, on_change, **_: on_change())
    monkeypatch.setattr(source, "read", lambda self, session, spec: None)
    one.show(session, find_spec("mnist"))
    assert session.image_files[one.name] == b"png"


def test_a_picture_goes_when_the_visitor_takes_it_away(monkeypatch) -> None:
    session = SimpleNamespace(image_files={})
    session.image_files["upload"] = b"png"
    monkeypatch.setattr(photos, "widget_value", lambda key: None)
    monkeypatch.setattr(Upload, "ask", lambda self, spec, on_change, **_: on_change())
    Upload().show(session, find_spec("mnist"))
    assert session.image_files["upload"] == b""
