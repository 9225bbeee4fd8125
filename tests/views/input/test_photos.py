"""Photos as the picture: how they are read, and what becomes of one whose file is let go."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.runtime.uploaded_file_manager import DeletedFile

from core.data.drawing import photo_form
from core.data.photo import read_photo
from core.specs import DatasetSpec, Kind, OwnData, find_spec, own_spec
from views.input import photos
from views.input.input_image import image_of_photo
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


def spec_of(kind: Kind) -> DatasetSpec:
    return own_spec(OwnData("Leaves", ("oak", "fir"), kind, 0.3, 0.3, "0" * 32))


def test_a_photo_for_a_network_of_photos_is_no_ink():
    photo = np.full((200, 150), 235, np.uint8)
    photo[40:160, 30:120] = np.linspace(60, 180, 90).astype(np.uint8)
    image = image_of_photo(read_photo(photo), spec_of("photo"), "upload", "your picture")
    assert image and np.array_equal(image.pixels, photo_form(photo))
    assert image.reading is None  # there are no steps to its ink to show
    blank = read_photo(np.full((200, 150), 235, np.uint8))
    assert image_of_photo(blank, spec_of("photo"), "upload", "your picture") is None


@pytest.mark.parametrize("spec", [spec_of("ink"), find_spec("mnist"), find_spec("fashion-mnist")])
def test_a_photo_for_any_other_network_is_its_ink(spec):
    photo = np.full((200, 150), 235, np.uint8)
    photo[40:160, 70:80] = 60
    reading = read_photo(photo)
    image = image_of_photo(reading, spec, "upload", "your picture")
    assert image and np.array_equal(image.pixels, spec.form(reading.ink))
    assert image.reading is reading
