"""The first screen: what to do is shown and said, and what comes after the first answer."""

import re
from urllib.parse import unquote

from core.data.drawing import Strokes
from core.dataset import Data
from core.specs import FASHION_MNIST, MNIST
from tests.support.pages import draw_page, keys, opened, session_of, words
from views.draw.ghost import ghost_style
from views.input.sources import EXAMPLES, visitor_image
from views.session import networks

DOT: Strokes = (((60.0, 60.0),),)


def test_an_empty_canvas_says_in_one_sentence_what_happens(pen):
    said = re.sub("<[^>]+>", "", words(opened(draw_page, n="4")))
    assert "? + 4 = ?" in said
    assert "Draw a digit. One network reads it, and adds 4 to it." in said
    assert "which digit?" in said and "digit + 4 = ?" in said


def test_a_ghost_draws_each_stroke_of_the_example_once_and_at_rest_for_who_wants_that():
    picture = unquote(ghost_style(MNIST.example))
    assert picture.count("<path ") == len(MNIST.example)
    assert "draw here" in picture and "infinite" not in picture
    assert "@media(prefers-reduced-motion:reduce){path,g{animation:none}}" in picture
    assert ghost_style(FASHION_MNIST.example) != ghost_style(MNIST.example)


def test_the_ghost_is_on_the_empty_canvas_only(pen):
    ghost = ghost_style(MNIST.example)
    app = opened(draw_page)
    assert ghost in words(app)
    session_of(app).source = "upload"
    assert ghost not in words(app.run())
    for strokes in (DOT, EXAMPLES["3"]):
        pen(strokes)
        assert ghost not in words(opened(draw_page))


def test_after_the_first_answer_the_page_leads_to_training(pen):
    assert "train_your_own" not in keys(opened(draw_page))
    pen(EXAMPLES["3"])
    assert "train_your_own" in keys(opened(draw_page))
    assert "train_your_own" not in keys(opened(draw_page, hide="pages"))


def test_a_digit_is_no_picture_for_a_network_of_garments(pen):
    pen(EXAMPLES["3"])
    session = session_of(opened(draw_page))
    assert visitor_image(session, MNIST).title == "your drawing"
    assert visitor_image(session, FASHION_MNIST).title == ""  # an example of a garment
    session.choose(network="fashion-late")
    assert visitor_image(session, FASHION_MNIST).title == "your drawing"
    assert visitor_image(session, MNIST).title == ""


def test_a_test_image_is_one_of_the_data_set_in_question(pen, data: Data, monkeypatch):
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    session = session_of(opened(draw_page, t="3"))
    for spec in (MNIST, FASHION_MNIST):
        assert visitor_image(session, spec).title == f"test image 3 of {spec.title}"
