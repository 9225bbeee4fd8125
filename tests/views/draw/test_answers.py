"""Doubt: what the network cannot read is not answered, and the page says what to do."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.data.drawing import Pixels, Strokes, rasterize
from core.dataset import Data
from core.evaluation.prediction import Prediction, unanswered
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import runs_dir
from core.specs import SPECS, DatasetSpec
from tests.support.pages import draw_page, finished, keys, opened, places, session_of, words
from views.draw import page
from views.draw.answers import (
    Doubt,
    answers_html,
    doubt_about,
    invitation_html,
    spoken_words,
)
from views.input.input_image import InputImage
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
    said = words(app.run())
    assert "I see two digits" in said and "Pick one above, or crop it to one digit.<" in said


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


def read(
    label: int = 3, total: int = 7, *, sum_value: float = 7.18, prob: float = 0.9
) -> Prediction:
    """An answer: 3 and 7 to a 3 with number 4, unless something else is said."""
    probs = tuple(prob if each == label else (1 - prob) / 9 for each in range(10))
    return Prediction(BLANK, 4, label, probs, sum_value, total, None)


BLANK = np.zeros((28, 28), np.uint8)
MNIST, FASHION = SPECS["mnist"], SPECS["fashion-mnist"]
ONE = InputImage(BLANK, "draw", "your drawing")


def said(prediction: Prediction, spec: DatasetSpec = MNIST, image: InputImage = ONE) -> str:
    return answers_html(spec, image, prediction, doubt_about(spec, image, prediction))


def heads(page: str) -> dict[str, str]:
    """The answer of each head, by its name."""
    found = re.findall(r'st-key-(\w+)_answer"><div class="answer"><span class="\w+">(.*?)<', page)
    return dict(found)


def test_each_head_s_answer_stands_under_its_own_name() -> None:
    page = said(read())
    assert heads(page) == {"class": "3", "sum": "7"}
    assert page.index("Class head</div>") < page.index("Sum head</div>")
    assert '<div class="note">90.0 % sure</div><div class="bars"' in page
    assert '<div class="note">7.18 before rounding</div><div class="sum-line"' in page


def test_the_ring_is_at_class_plus_number_and_the_dot_at_the_sum() -> None:
    page = said(read(3, 9, sum_value=9.2))
    assert 'title="class + number: 7"' in page
    assert 'title="sum head: 9.20"' in page


def test_heads_that_disagree_are_shown_as_they_are() -> None:
    page = said(read(3, 8, sum_value=8.0))
    assert '<span class="class-head">3</span> + 4 = <span class="sum-head">8</span>' in page
    assert "the sum does not fit: 3 + 4 is 7</span>" in page
    assert "the sum fits the digit" in said(read(3, 7))


def test_who_hears_the_page_hears_of_a_contradiction() -> None:
    assert spoken_words(MNIST, ONE, read(3, 8), None) == (
        "The class head reads 3, 90.0 % sure. The sum head says 8 for 3 plus 4. "
        "The sum does not fit: 3 + 4 is 7."
    )
    assert spoken_words(MNIST, ONE, read(3, 7), None).endswith("The sum fits the digit.")


def test_who_hears_the_page_hears_of_a_doubt_and_of_no_answer_at_all() -> None:
    doubt = Doubt("I can't read this as a digit", "Draw it larger.")
    assert spoken_words(MNIST, ONE, read(), doubt) == (
        "I can't read this as a digit. Closest guess: 3, sum 7."
    )
    none = Doubt("No number.", "Choose another network.", has_guess=False)
    assert spoken_words(MNIST, ONE, read(), none) == "No number. Choose another network."


def test_a_garment_is_said_with_its_number_and_in_smaller_letters() -> None:
    page = said(read(7, 11), FASHION)
    assert '<span class="class-head">Sneaker (7)</span> + 4 = ' in page
    assert '<span class="word">Sneaker</span>' in page
    assert '<span class="big">11</span>' in page
    assert "(3)" not in said(read())


@pytest.mark.parametrize(
    ("count", "words", "advice"),
    [
        (2, "I see two digits", "Pick one above, or draw only one."),
        (3, "I see three digits", "Pick one above, or draw only one."),
        (4, "I see four digits", "Pick one above, or draw only one."),
        (5, "I see many digits", "Pick one above, or draw only one."),
        (9, "I see many digits", "Pick one above, or draw only one."),
        (10, "I see many digits", "Draw only one."),
    ],
)
def test_several_digits_are_counted_and_there_is_something_to_do(count, words, advice) -> None:
    doubt = doubt_about(MNIST, replace(ONE, digits=(BLANK,) * count), read())
    assert doubt == Doubt(words, advice)


def test_while_a_digit_is_drawn_a_doubt_is_a_guess_without_advice() -> None:
    two = replace(ONE, digits=(BLANK, BLANK))
    assert doubt_about(MNIST, two, read(), is_drawing=True) == Doubt("3?", "")
    assert doubt_about(MNIST, ONE, read(), is_drawing=True) is None


def test_an_answer_that_is_no_number_is_none_and_says_what_to_do() -> None:
    lost = unanswered(BLANK, 4)
    doubt = doubt_about(MNIST, ONE, lost)
    assert doubt and not doubt.has_guess
    assert doubt.advice == "Choose another network or another picture."
    page = said(lost, image=replace(ONE, label=5))
    assert heads(page)["sum"] == "–"
    assert "best" not in page and "Closest guess" not in page and "verdict" not in page


def test_a_guess_is_dimmed_and_an_answer_is_not() -> None:
    two = replace(ONE, digits=(BLANK, BLANK))
    assert said(read(), image=two).startswith('<div class="answers guess">')
    assert said(read()).startswith('<div class="answers">')


def test_the_invitation_names_the_number_and_no_answer() -> None:
    page = invitation_html(MNIST, "Draw a digit", 4, on_canvas=True)
    assert heads(page) == {"class": "Draw a digit", "sum": "I add 4"}
    assert '<span class="invitation">I add 4</span>' in page
    assert "Draw a digit. One network reads it, and adds 4 to it." in page
    garments = invitation_html(FASHION, "Draw a garment", 4, on_canvas=False)
    assert "This network knows garments, numbered from 0 to 9." in garments
    assert "--ghost" in page and "--ghost" not in garments


def test_a_dot_is_called_a_dot_once(pen) -> None:
    pen((((100.0, 100.0), (103.0, 101.0)),))
    shown, heard, *_ = places(opened(draw_page, n="4"))
    assert heads(shown)["class"] == "That is only a dot" and shown.count("only a dot") == 1
    assert "Draw a digit with a line or two. One network reads it, and adds 4 to it." in shown
    assert heard == ("That is only a dot. Draw a digit with a line or two. The number to add is 4.")


def test_digits_that_touch_are_asked_to_be_one(pen) -> None:
    """The network itself sees that they are several: no gap tells it."""
    pen(
        tuple(
            tuple((x * 0.55 + left, 60 + y * 0.6) for x, y in stroke)
            for digit, left in (("7", 0), ("3", 80))
            for stroke in EXAMPLES[digit]
        )
    )
    said = words(opened(draw_page))
    assert said.count("I see more than one digit") == 2  # once to be heard
    assert "Show only one digit." in said and " sure" not in said


def test_a_picture_with_a_label_is_never_called_several() -> None:
    several = replace(read(), is_readable=False, is_several=True)
    test_image = replace(ONE, source="test", label=8)
    doubt = doubt_about(MNIST, test_image, several)
    advice = "It is unlike the images that the network learned from."
    assert doubt == Doubt("I can't read this as a digit", advice)
    assert "Not read: this is an 8, and 8 + 4 = 12." in answers_html(
        MNIST, test_image, several, doubt
    )
