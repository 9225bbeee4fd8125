"""Several digits on one picture, photos upside down, and the way from a photo to the network."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.drawing import Strokes, rasterize
from core.data.photo import PhotoReading
from core.evaluation.prediction import Prediction
from core.specs import SPECS
from tests.support.pages import draw_page, keys, opened, session_of, words
from tests.support.scenes import digit_ink, pair, photograph
from tests.views.draw.test_live import sent
from views.draw import digits
from views.input.input_image import InputImage
from views.input.sources import EXAMPLES, SOURCES

ELEVEN: Strokes = (((60.0, 60.0), (60.0, 220.0)), ((180.0, 60.0), (200.0, 220.0)))


def beside(*digits: str) -> Strokes:
    """Examples side by side, each half as large."""
    return tuple(
        tuple((x / 2 + 140 * index, y / 2 + 70) for x, y in stroke)
        for index, digit in enumerate(digits)
        for stroke in EXAMPLES[digit]
    )


def with_photo(photo: np.ndarray, source: str = "upload") -> AppTest:
    """The Draw page with a photo from a source."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    app = opened(draw_page)
    session = session_of(app)
    session.source, session.image_files[source] = source, file.getvalue()
    app.run()
    assert not app.exception
    return app


def test_the_digit_that_is_picked_is_added_to(pen) -> None:
    pen(beside("3", "8"))
    app = opened(draw_page, n="4")
    assert "I see two digits" in words(app) and "Pick one above, or" in words(app)
    chips = app.button_group[1]
    assert list(chips.options) == ["3", "8"]
    chips.set_value("8").run()
    assert ">12</span></div>" in words(app)
    assert "tell_8" not in keys(app)  # the drawing is of both: it teaches nothing


def test_the_live_channel_offers_no_label_for_a_digit_that_is_picked(pen) -> None:
    pen(beside("3", "8"))
    app = opened(draw_page)
    (place,) = sent(app, "question")
    assert place["question"]["can_teach"]  # the next stroke may make one digit of them
    app.button_group[1].set_value("8").run()
    (place,) = sent(app, "question")
    assert not place["question"].get("can_teach")
    pen(EXAMPLES["3"])
    (place,) = sent(app.run(), "question")
    assert place["question"]["can_teach"]


def test_two_equal_digits_have_a_chip_each(pen) -> None:
    pen(ELEVEN)
    app = opened(draw_page, n="4")
    chips = app.button_group[1]
    assert list(chips.options) == ["1 (no. 1)", "1 (no. 2)"]
    chips.set_value("1 (no. 2)").run()
    assert ">5</span></div>" in words(app)


def test_another_picture_is_another_choice(pen) -> None:
    pen(beside("3", "8"))
    app = opened(draw_page)
    app.button_group[1].set_value("8").run()
    pen(beside("7", "8"))
    assert "I see two digits" in words(app.run())


@pytest.mark.parametrize("source", ["upload", "camera"])
def test_digits_on_a_photo_are_picked_too(pen, source) -> None:
    rng = np.random.default_rng(0)
    ink = rasterize(EXAMPLES["8"])
    app = with_photo(pair((ink, ink), True, rng), source)
    assert "I see two digits" in words(app)
    app.button_group[1].set_value(app.button_group[1].options[0]).run()
    assert ">15</span></div>" in words(app)


def test_a_photo_shows_its_way_to_the_network(pen) -> None:
    rng = np.random.default_rng(0)
    said = words(with_photo(photograph("shadow", rasterize(EXAMPLES["3"]), rng)))
    places = [said.index(f"<figcaption>{step}<") for step in ("Photo", "Evened", "Ink")]
    assert places == sorted(places)
    assert "<figcaption>What the network saw<" in said


def test_a_drawing_has_no_such_way(pen) -> None:
    pen(EXAMPLES["3"])
    assert "Evened" not in words(opened(draw_page))


def test_a_photo_upside_down_is_noticed(pen) -> None:
    rng = np.random.default_rng(0)
    photo = photograph("plain", rasterize(EXAMPLES["7"]), rng)
    assert "Turned around, I read 7." in words(with_photo(np.rot90(photo, 2)))
    assert "upside down" not in words(with_photo(photo))


def test_a_camera_is_a_source_with_the_same_checks(pen) -> None:
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("camera").run()
    assert "Take a photo" in words(app)
    session_of(app).image_files["camera"] = b"no picture"
    app.run()
    assert app.warning[0].value == "The file is not an image. Take another one."
    assert "s" not in app.query_params
    assert SOURCES["camera"].title == "Camera"


def test_an_empty_photo_says_what_to_do(pen) -> None:
    photo = photograph("slope", None, np.random.default_rng(0))
    assert (
        with_photo(photo).warning[0].value
        == "This picture is empty. Choose another file that shows a digit."
    )


def test_a_written_page_is_no_choice(pen) -> None:
    """More digits than chips: it says so."""
    photo = np.full((400, 600), 230, np.uint8)
    for index in range(12):
        photo[150:220, 20 + 48 * index : 30 + 48 * index] = 30
    said = words(with_photo(photo))
    assert "I see many digits" in said and "Crop it to one digit." in said


def test_any_digit_of_a_scene_is_kept_apart_from_its_light(pen) -> None:
    rng = np.random.default_rng(1)
    app = with_photo(photograph("sheet", digit_ink(7, rng), rng))
    assert "sure" in words(app) and not app.exception


def hint(monkeypatch, image: InputImage, name: str = "mnist", surer: float = 6.0) -> list[str]:
    """What is said below a picture that is read surer the other way up."""
    written: list[str] = []
    monkeypatch.setattr(digits.st, "html", written.append)
    seen = {"upright": image.pixels, "turned": image.pixels[::-1, ::-1]}

    def predict(model, pixels, addend, threshold) -> Prediction:
        assert np.array_equal(pixels, seen["turned"])
        return replace(answer, label=6, energy=1.0 + surer)

    answer = Prediction(image.pixels, 4, 9, (0.1,) * 10, 13.0, 13, None, energy=1.0)
    monkeypatch.setattr(digits, "predict", predict)
    card = SimpleNamespace(doubt_level=0.0)
    digits.show_turn_hint(None, card, SPECS[name], image, answer)  # type: ignore[arg-type]
    return written


PIXELS = np.arange(784, dtype=np.uint8).reshape(28, 28)
READING = PhotoReading(PIXELS, PIXELS, PIXELS, ())
PHOTO = InputImage(PIXELS, "upload", "your picture", reading=READING)


def test_a_photo_that_is_read_far_surer_the_other_way_up_is_said_so(monkeypatch) -> None:
    (said,) = hint(monkeypatch, PHOTO)
    assert "Is it upside down? Turned around, I read 6." in said


@pytest.mark.parametrize(
    ("image", "name", "surer"),
    [
        (PHOTO, "mnist", 0.2),
        (PHOTO, "fashion-mnist", 6.0),
        (replace(PHOTO, reading=None), "mnist", 6.0),
        (replace(PHOTO, digits=(PIXELS, PIXELS)), "mnist", 6.0),
    ],
)
def test_nothing_else_is_turned(monkeypatch, image, name, surer) -> None:
    assert hint(monkeypatch, image, name, surer) == []


@pytest.mark.parametrize(("count", "asked"), [(1, False), (2, True), (9, True), (10, False)])
def test_there_are_chips_for_two_to_nine_digits(monkeypatch, shipped, count, asked) -> None:
    labels: list[list[str]] = []
    monkeypatch.setattr(digits.st, "pills", lambda words, chips, key: labels.append(chips))
    several = replace(PHOTO, digits=(PIXELS,) * count if count > 1 else ())
    assert digits.choose_digit(shipped[0], SPECS["mnist"], several) is several
    assert bool(labels) is asked
