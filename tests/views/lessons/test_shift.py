"""The lesson on shifted pictures: what is said of other pictures was measured on them."""

from collections.abc import Iterator

import pytest

from core.data.download import DownloadError
from core.data.drawing import mnist_form, rasterize
from core.evaluation.prediction import predict
from core.evaluation.shifting import invert, share_read, shift_right
from tests.support.pages import lessons_page, opened, session_of, words
from views.guide.courses import COURSES
from views.guide.steps import Story
from views.input.sources import EXAMPLES
from views.lessons import shift
from views.lessons.shift import Share
from views.session import networks
from views.session.link import format_strokes
from views.ui.images import data_uri

SEVEN = format_strokes(EXAMPLES["7"])
TOLD = {step.name: step.told for step in COURSES["shift"].steps if callable(step.told)}


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    shift._measured.cache_clear()
    yield
    shift._measured.cache_clear()


def test_a_share_is_measured_once_the_images_are_there(monkeypatch, data):
    def missing(name: str) -> None:
        raise DownloadError("Not here.")

    monkeypatch.setattr(networks, "test_split", missing)
    assert shift._share("mnist", 3, inverted=False) is None
    monkeypatch.setattr(networks, "test_split", lambda name: data.test.first(30))
    found = shift._share("mnist", 3, inverted=False)
    assert found and found.of == 30


@pytest.mark.parametrize(
    ("step", "share", "said"),
    [
        ("moved", Share(0.9, 30), "Of 30 test images moved so far, it reads 90 %. That is why"),
        ("moved", None, "Measured: **5 pixels**. Well guessed. That is why"),
        ("swapped", Share(0.25, 30), "25 of 100"),
        ("swapped", None, "It has seen white ink on black only."),
    ],
)
def test_only_what_was_measured_is_told(step, share, said):
    facts = {"first": 5, "share": share, "inverted_share": share}
    told = TOLD[step](Story({"pixels": 7, "inverted": 40}, {step: facts}))
    assert said in told
    assert share or ("%" not in told and "of 100" not in told)


def test_the_picture_is_read_as_it_is_shown_and_so_are_the_others(monkeypatch, data, shipped):
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(lessons_page, task="shift", s=format_strokes(EXAMPLES["3"]))
    app.slider(key="shift").set_value(2).run()
    app.toggle(key="invert").set_value(True).run()
    assert not app.exception
    image = mnist_form(rasterize(EXAMPLES["3"]))
    assert image is not None
    model = shipped[0]
    shown = invert(shift_right(image, 2))
    read = predict(model, shown, 7).label
    assert read != 3 == predict(model, shift_right(image, 2), 7).label
    said = words(app)
    assert data_uri(shown) in said and f'<div class="headline">{read} ' in said
    assert "✗ misread" in said
    swapped = {by: share_read(model, data.test, by, True) for by in (0, 2)}
    assert f"Of 100 test images treated the same, it reads {100 * swapped[2]:.0f} %." in said
    moved = session_of(app).moved
    assert moved and (moved["is_misread"], moved["inverted"], moved["pixels"]) == (True, True, 2)
    assert (moved["share"], moved["inverted_share"]) == (
        Share(swapped[2], 100),
        Share(swapped[0], 100),
    )
    assert swapped[0] != share_read(model, data.test, 0, False)


@pytest.mark.parametrize(("query", "is_example"), [({}, True), ({"s": SEVEN}, False)])
def test_only_an_example_is_called_one(monkeypatch, data, query, is_example):
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    said = words(opened(lessons_page, task="shift", **query))
    assert ("An example. Draw a digit on the Draw page to see yours here." in said) == is_example


def test_the_panel_goes_on_as_soon_as_the_picture_is_misread(monkeypatch, data):
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(lessons_page, task="shift")
    session_of(app).places["shift"] = 1
    app.slider(key="shift").set_value(14).run()
    assert session_of(app).seen["shift.moved"]["is_misread"]


def test_a_digit_that_is_read_wherever_it_stands_ends_the_step_at_the_edge(monkeypatch, data):
    monkeypatch.setattr(networks, "test_split", lambda name: data.test.first(30))
    one = format_strokes((((140.0, 50.0), (140.0, 230.0)),))
    app = opened(lessons_page, task="shift", s=one)
    session_of(app).places["shift"] = 1
    app.run().slider(key="shift").set_value(7).run()
    assert "shift.moved" not in session_of(app).seen
    app.slider(key="shift").set_value(shift.MOST_PIXELS).run()
    facts = session_of(app).seen["shift.moved"]
    assert facts["first"] is None
    assert "Not even at the edge" in TOLD["moved"](Story({"pixels": 7}, {"moved": facts}))
