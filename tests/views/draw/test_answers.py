"""Doubt: what the network cannot read is not answered, and the page says what to do."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from core.data.drawing import Pixels, Strokes, rasterize
from core.dataset import Data
from core.evaluation.prediction import Prediction
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import runs_dir
from tests.support.pages import draw_page, finished, keys, opened, session_of, words
from views.draw import page
from views.input.sources import EXAMPLES
from views.session import networks

ELEVEN: Strokes = (((60.0, 60.0), (60.0, 220.0)), ((180.0, 60.0), (200.0, 220.0)))


def doubting(monkeypatch: pytest.MonkeyPatch, level: float) -> None:
    """Let every network doubt what has less evidence than that."""
    load = networks.load_network

    def doubtful(name: str):
        model, card = load(name)
        return model, replace(card, doubt_level=level)

    monkeypatch.setattr(networks, "load_network", doubtful)


def test_what_it_cannot_read_is_not_answered(pen, monkeypatch) -> None:
    doubting(monkeypatch, 1e9)
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert "I can&#x27;t read this as a digit</span>" in said
    assert "Closest guess: 3?" in said
    assert ">7?</span>" in said
    assert "Draw it larger and simpler, or label it below." in said
    for confident in (">3</span>", ">7</span>", " sure", "the sum fits", "before rounding"):
        assert confident not in said


def test_what_it_can_read_is_answered_as_ever(pen, monkeypatch) -> None:
    doubting(monkeypatch, -1e9)
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert ">3</span> + 4 = <span" in said
    assert "can&#x27;t read" not in said


def test_a_garment_that_it_cannot_read_is_called_a_garment(pen, data: Data, monkeypatch) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    doubting(monkeypatch, 1e9)
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    said = words(opened(draw_page, net=run.id, t="7"))
    assert "I can&#x27;t read this as a garment" in said
    assert "Not read: this is a Sneaker (7), and 7 + 7 = 14." in said
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, net=run.id))
    assert "This network knows garments: pick a test image or draw one.</span>" in said


def test_two_digits_are_not_answered(pen) -> None:
    pen(ELEVEN)
    app = opened(draw_page)
    said = words(app)
    assert said.count("I see two digits") == 2  # once to be heard
    assert "Closest guess" in said and "sure" not in said
    assert "tell_1" not in keys(app)  # nothing is to be learned from them


def test_two_digits_on_an_uploaded_picture_are_seen(pen) -> None:
    app = opened(draw_page)
    file = io.BytesIO()
    Image.fromarray(255 - rasterize(ELEVEN)).save(file, "PNG")
    session_of(app).source = "upload"
    session_of(app).image_files["upload"] = file.getvalue()
    assert "I see two digits" in words(app.run())


def test_the_sum_is_as_sure_as_the_sum_that_is_answered(pen, monkeypatch) -> None:
    """Of 19 classes: here 7 is the surest, and 3 is what the class head reads."""

    def predict(model: SumNet, image: Pixels, addend: int, threshold: float | None) -> Prediction:
        sums = tuple({7: 0.62, 3: 0.25}.get(total, 0.0) for total in range(19))
        return Prediction(image, addend, 3, (0.1,) * 10, 7.0, 7, sums)

    monkeypatch.setattr(page, "predict", predict)
    pen(EXAMPLES["3"])
    assert '<div class="note">62.0 % sure</div>' in words(opened(draw_page, n="4"))


def test_the_answers_are_read_out_to_those_who_hear_the_page(pen) -> None:
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert "The class head reads 3, over 99.9 % sure. The sum head says 7 for 3 plus 4." in said
