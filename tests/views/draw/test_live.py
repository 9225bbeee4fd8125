"""The places that change while the pen moves, as the page's own run fills them."""

import json

import numpy as np
import pytest
import streamlit as st

from core.dataset import Data
from core.evaluation.prediction import predict
from core.model import ModelConfig, SumNet
from core.specs import SPECS
from tests.support.pages import draw_page, opened, session_of
from views.draw import live
from views.draw.answers import doubt_about, spoken_words
from views.draw.live import can_label, invitation, live_answer
from views.draw.saliency import seen_html
from views.input.input_image import InputImage, image_of_drawing
from views.input.sources import EXAMPLES
from views.session import networks

SPEC = SPECS["mnist"]
BLANK = np.zeros((28, 28), np.uint8)


def sent(app, name: str) -> list[dict]:
    """What the page tells the scripts of the browser, by a name in it."""
    found = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return [data for data in found if name in data]


def test_the_browser_is_told_which_question_the_page_has_answered(pen) -> None:
    pen(EXAMPLES["3"])
    app = opened(draw_page, n="4")
    (place,) = sent(app, "question")
    canvas = session_of(app).canvas
    assert place["question"]["addend"] == 4
    assert len(place["question"]["drawing"]) == len(EXAMPLES["3"])
    assert (place["generation"], place["paths"]) == (canvas.generation, canvas.paths)
    assert place["heard"] == list(canvas.heard)


def test_the_browser_learns_where_to_ask_unless_that_is_switched_off(pen, monkeypatch) -> None:
    assert [data["address"] for data in sent(opened(draw_page), "address")] == ["/live"]
    monkeypatch.setenv("SKETCH_SUM_LIVE", "0")
    assert [data["address"] for data in sent(opened(draw_page), "address")] == [None]


def test_an_answer_is_said_shown_and_explained(shipped) -> None:
    model, card = shipped
    image = image_of_drawing(EXAMPLES["3"], SPEC, "draw", "your drawing")
    assert image
    prediction = predict(model, image.pixels, 4, card.doubt_level)
    answer = live_answer(SPEC, image, prediction)
    assert answer.answers and ">3</span> + 4 = <span" in answer.answers
    assert answer.seen == seen_html(image)
    assert answer.spoken == spoken_words(
        SPEC, image, prediction, doubt_about(SPEC, image, prediction)
    )


def test_before_there_is_a_picture_the_number_is_said(pen) -> None:
    session = session_of(opened(draw_page, n="4"))
    said = invitation(session, SPEC)
    assert said.spoken == "Draw a digit. The number to add is 4."
    assert said.seen == ""
    assert said.answers and "I add 4" in said.answers


@pytest.mark.parametrize(
    ("source", "digits", "allowed", "can"),
    [
        ("draw", 1, True, True),
        ("draw", 1, False, False),
        ("draw", 2, True, False),
        ("test", 1, True, False),
        ("camera", 1, True, False),
    ],
)
def test_one_digit_that_was_drawn_can_be_labeled(shipped, source, digits, allowed, can) -> None:
    image = InputImage(BLANK, source, "", digits=(BLANK,) * digits if digits > 1 else ())
    assert can_label(image, shipped[0], is_allowed=allowed) is can


def test_for_a_network_that_cannot_learn_it_nothing_is_labeled() -> None:
    model = SumNet(ModelConfig(width=4, fusion="pixels"))
    assert not can_label(InputImage(BLANK, "draw", ""), model, is_allowed=True)


def test_the_place_that_is_read_out_is_a_status(monkeypatch) -> None:
    made: dict[str, dict] = {}
    monkeypatch.setattr(
        st.components.v2, "component", lambda name, **parts: made.setdefault(name, parts)
    )
    for component in (live._answers, live._seen, live._pen):
        component.__wrapped__()
    assert list(made) == ["live_answers", "live_seen", "live_pen"]
    assert '<div class="spoken" role="status"></div>' in made["live_answers"]["html"]
    assert "WebSocket" in made["live_pen"]["js"]
    assert all(not parts["isolate_styles"] for parts in made.values())


def test_what_the_network_saw_is_shown_in_its_place(pen, data: Data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(draw_page, t="7")
    (place,) = (data for data in sent(app, "name") if data["name"] == "seen")
    assert "As it is" in place["content"]
    assert not sent(opened(draw_page, t="7", hide="seen"), "seen")
