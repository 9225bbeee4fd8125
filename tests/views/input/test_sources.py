"""The sources of the picture, and the one picture that all pages get."""

import io

import pytest
import torch
from PIL import Image

from core.data import download
from core.data.drawing import Strokes, rasterize
from core.dataset import Data, Split
from core.specs import SPECS, DatasetSpec
from tests.support.pages import draw_page, keys, opened, session_of, words
from views.input import input_image, photos
from views.input.input_image import InputImage, image_of_drawing
from views.input.sources import EXAMPLES, SOURCES, Source, visitor_image
from views.session import networks
from views.session.canvas_state import CanvasState
from views.session.link import Link, format_strokes
from views.session.session import Session

ELEVEN: Strokes = (((60.0, 60.0), (60.0, 220.0)), ((180.0, 60.0), (200.0, 220.0)))
DOT: Strokes = (((100.0, 100.0), (103.0, 101.0)),)


def test_a_dot_is_nothing_drawn(pen) -> None:
    pen(DOT)
    app = opened(draw_page)
    said = words(app)
    assert "That is only a dot. Draw a digit with a line or two." in said
    assert "sure" not in said
    assert "tell_7" not in keys(app)


def test_an_example_takes_no_drawing_away(pen, monkeypatch) -> None:
    monkeypatch.setattr("views.input.sources.draw_canvas", lambda canvas: canvas)
    app = opened(draw_page, s=format_strokes(EXAMPLES["8"]))
    app.button(key="example_3").click().run()
    assert session_of(app).canvas.strokes == EXAMPLES["3"]
    for _ in EXAMPLES["3"]:
        app.button(key="undo").click().run()
    assert session_of(app).canvas.strokes == ()
    app.button(key="undo").click().run()
    assert session_of(app).canvas.strokes == EXAMPLES["8"]


def test_a_picture_of_too_many_bytes_is_not_kept(pen, monkeypatch):
    monkeypatch.setattr(photos, "MAX_UPLOAD_BYTES", 1000)
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="file").upload("big.png", bytes(1001), "image/png").run()
    assert session_of(app).image_files["upload"] == b""
    assert app.warning[0].value == "A picture may have up to 10 MB. Choose another file."


def test_a_drawing_is_rasterized_once_a_rerun(pen, monkeypatch) -> None:
    made: list[Strokes] = []
    monkeypatch.setattr(input_image, "rasterize", lambda s: made.append(s) or rasterize(s))
    pen(EXAMPLES["3"])
    opened(draw_page)
    assert made == [EXAMPLES["3"]]


@pytest.fixture
def session(data: Data, monkeypatch) -> Session:
    """A visitor with a picture from each source, on the drawn data set."""
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    file = io.BytesIO()
    Image.fromarray(255 - rasterize(ELEVEN)).save(file, "PNG")
    canvas = CanvasState().show(EXAMPLES["3"])
    return Session(Link(), canvas, picture=13, image_files={"upload": file.getvalue()})


@pytest.mark.parametrize(
    ("source", "title", "label", "digit_count", "has_ink"),
    [
        ("draw", "your drawing", None, 1, True),
        ("test", "test image 13 of MNIST", 3, 1, False),
        ("upload", "your picture", None, 2, False),
    ],
)
def test_each_source_gives_one_picture_to_all_pages(
    session, source, title, label, digit_count, has_ink
) -> None:
    session.source = source
    image = visitor_image(session, SPECS["mnist"])
    assert (image.source, image.title, image.label) == (source, title, label)
    assert (image.pixels.shape, image.digit_count) == ((28, 28), digit_count)
    assert (image.ink is not None) == has_ink


def test_garments_may_come_in_pairs(session) -> None:
    session.source = "upload"
    assert visitor_image(session, SPECS["fashion-mnist"]).digit_count == 1


@pytest.mark.parametrize("source", SOURCES)
def test_without_a_picture_an_example_stands_in(source, monkeypatch) -> None:
    monkeypatch.setattr(download, "is_present", lambda *_: False)
    image = visitor_image(Session(Link(), CanvasState(), source=source), SPECS["mnist"])
    assert (image.source, image.title, image.label) == ("", "", None)


def test_another_source_is_a_class_and_its_name(pen, monkeypatch) -> None:
    """A camera: the Draw page offers it, answers it and explains it, and nothing else changes."""

    class Camera(Source):
        title = "Camera"

        def show(self, session: Session, spec: DatasetSpec) -> InputImage | None:
            return self.read(session, spec)

        def read(self, session: Session, spec: DatasetSpec) -> InputImage | None:
            return image_of_drawing(EXAMPLES["8"], spec, "camera", "your photo")

        def invitation(self, session: Session, spec: DatasetSpec) -> str:
            return "Smile"

        def advice(self, spec: DatasetSpec, can_teach: bool) -> str:
            return "More light."

    monkeypatch.setitem(SOURCES, "camera", Camera())
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("camera").run()
    assert not app.exception
    assert ">15</span></div>" in words(app)
    assert "s" not in app.query_params


@pytest.mark.parametrize(
    ("first", "move", "second"), [("9999", "next", 0), ("0", "previous", 9999)]
)
def test_the_last_test_image_is_beside_the_first(
    pen, data: Data, monkeypatch, first, move, second
) -> None:
    split = Split(data.test.images.repeat(100, 1, 1, 1), data.test.labels.repeat(100))
    monkeypatch.setattr(networks, "test_split", lambda name: split)
    app = opened(draw_page, t=first)
    app.button(key=move).click().run()
    assert session_of(app).picture == second


def test_a_test_image_in_two_pieces_is_one_digit(session, monkeypatch) -> None:
    image = image_of_drawing(ELEVEN, SPECS["mnist"], "draw", "your drawing")
    assert image and image.digit_count == 2
    split = Split(torch.from_numpy(image.pixels)[None, None], torch.tensor([1]))
    monkeypatch.setattr(networks, "test_split", lambda name: split)
    session.source, session.picture = "test", 0
    assert visitor_image(session, SPECS["mnist"]).digit_count == 1
