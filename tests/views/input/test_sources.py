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
    monkeypatch.setattr("views.input.sources.draw_canvas", lambda canvas, **_: canvas)
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
    assert (image.source, image.title, image.label) == ("", "", 5)


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


def test_garments_and_links_that_hide_them_have_no_example_digits(pen, data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    examples = {"example_3", "example_7", "example_8"}
    assert examples <= keys(opened(draw_page))
    assert not examples & keys(opened(draw_page, hide="examples"))
    assert not examples & keys(opened(draw_page, net="fashion-late"))


def test_a_link_can_leave_the_choice_of_a_source_out(pen) -> None:
    assert [group.key for group in opened(draw_page).segmented_control] == ["source"]
    assert not opened(draw_page, hide="sources").segmented_control


def test_a_test_image_is_said_by_its_number_and_chosen_by_it(pen, data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(draw_page, t="7")
    assert 'alt="Test image 7 of MNIST"' in words(app)
    assert app.number_input[0].label == "Test image, 0 to 99"
    app.number_input[0].set_value(12).run()
    assert session_of(app).picture == 12 and app.query_params["t"] == "12"


def test_any_other_test_image_is_one_of_all(pen, data: Data, monkeypatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    monkeypatch.setattr("random.randrange", lambda count: asked.append(count) or 33)
    app = opened(draw_page, t="7")
    app.button(key="random").click().run()
    assert session_of(app).picture == 33
    assert set(asked) == {100}


def test_a_photo_outlives_its_widget_and_that_is_said(pen, session) -> None:
    app = opened(draw_page)
    mine = session_of(app)
    mine.source, mine.image_files["upload"] = "upload", session.image_files["upload"]
    app.run()
    assert "Using the picture that you chose before." in [c.value for c in app.caption]
    assert "I see two digits" in words(app)


def test_a_picture_of_just_enough_bytes_is_kept(pen, monkeypatch) -> None:
    monkeypatch.setattr(photos, "MAX_UPLOAD_BYTES", 1000)
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="file").upload("big.png", bytes(1000), "image/png").run()
    assert session_of(app).image_files["upload"] == bytes(1000)
    assert app.warning[0].value == "The file is not an image. Choose another file."


def test_each_source_has_its_own_words() -> None:
    spec = SPECS["mnist"]
    canvas = Session(Link(), CanvasState())
    assert {name: source.title for name, source in SOURCES.items()} == {
        "draw": "Draw",
        "test": "Test image",
        "upload": "Upload",
        "camera": "Camera",
    }
    assert {name: source.invitation(canvas, spec) for name, source in SOURCES.items()} == {
        "draw": "Draw a digit",
        "test": "No test images",
        "upload": "Choose a picture",
        "camera": "Take a photo",
    }
    assert SOURCES["draw"].advice(spec, can_teach=False) == "Draw it larger and simpler."
    assert SOURCES["draw"].advice(spec, can_teach=True).endswith(", or label it below.")
    assert SOURCES["upload"].advice(spec, False) == (
        "Choose a picture of one digit, large and sharp."
    )
    assert SOURCES["camera"].advice(spec, False) == "Take a photo of one digit, close and sharp."


def test_photos_come_with_the_way_from_photo_to_ink(session) -> None:
    session.source = "upload"
    image = visitor_image(session, SPECS["mnist"])
    assert image.reading and image.reading.photo.shape == (280, 280)
    session.source = "draw"
    assert visitor_image(session, SPECS["mnist"]).reading is None


def test_the_choice_shows_what_the_page_itself_chose(pen):
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("test").run()
    app.button(key="teaching_begins").click().run()
    assert app.segmented_control(key="source").value == session_of(app).source == "draw"
    app.segmented_control(key="source").set_value("test").run()
    assert session_of(app).source == "test"


def test_a_number_beyond_the_last_test_image_begins_again_at_the_first(session) -> None:
    """As of who takes a network of a smaller data set."""
    session.source, session.picture = "test", 5_013
    image = visitor_image(session, SPECS["mnist"])
    assert (image.title, image.label) == ("test image 13 of MNIST", 3)  # of 100
