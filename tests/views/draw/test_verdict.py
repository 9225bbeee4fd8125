"""The verdict: where the truth is known, it is said first whether the answers are right."""

import re

import numpy as np
import pytest

from core.evaluation.prediction import Prediction, unanswered
from core.finetune import HandExample
from core.specs import FASHION_MNIST, MNIST, DatasetSpec, OwnData, own_spec
from tests.support.pages import draw_page, opened, session_of, words
from views.draw.answers import Doubt, answers_html, spoken_words, verdict_on
from views.input.input_image import InputImage
from views.input.sources import EXAMPLES

PIXELS = np.zeros((28, 28), np.uint8)
THREE = own_spec(OwnData("Three", ("a", "b", "c"), "ink", 0.1, 0.3, "0" * 32))
UNREAD = Doubt("I can't read this as a digit", "Draw it larger and simpler.")


def image(label: int | None, source: str = "test") -> InputImage:
    return InputImage(PIXELS, source, "", label=label)


def said(label: int, total: int, addend: int = 3) -> Prediction:
    probs = tuple(0.91 if each == label else 0.01 for each in range(10))
    return Prediction(PIXELS, addend, label, probs, float(total), total, None)


@pytest.mark.parametrize(
    ("label", "total", "truth", "kind", "expected"),
    [
        (6, 9, 6, "right", "✓ Right: this is a 6, and 6 + 3 = 9."),
        (1, 4, 6, "wrong", "✗ Wrong: this is a 6, and 6 + 3 = 9."),
        (6, 4, 6, "wrong", "✗ Wrong sum: this is a 6, but 6 + 3 = 9."),
        (1, 9, 6, "wrong", "✗ Wrong digit: this is a 6. The sum is right."),
        (8, 11, 8, "right", "✓ Right: this is an 8, and 8 + 3 = 11."),
    ],
)
def test_the_verdict_is_the_first_thing_on_the_page_and_to_be_heard(
    label, total, truth, kind, expected
):
    answers = answers_html(MNIST, image(truth), said(label, total), None)
    first = re.match(
        r'<div class="answers"><div class="verdict (\w+)" [^>]*>([^<]+)</div>', answers
    )
    assert first and first.groups() == (kind, expected)
    spoken = spoken_words(MNIST, image(truth), said(label, total), None)
    assert spoken.startswith(expected[2:] + " The class head reads")


def test_what_is_not_read_is_neither_right_nor_wrong():
    verdict = verdict_on(MNIST, image(6), said(6, 9), UNREAD)
    assert verdict == ("unread", "Not read: this is a 6, and 6 + 3 = 9.")


def test_nobody_knows_what_a_drawing_is_and_no_number_is_no_answer():
    assert verdict_on(MNIST, image(None, "draw"), said(6, 9), None) is None
    assert verdict_on(MNIST, image(6), unanswered(PIXELS, 3), None) is None


@pytest.mark.parametrize(("total", "fit"), [(9, "the sum fits"), (4, "6 + 3 is 9")])
@pytest.mark.parametrize("spec", [MNIST, FASHION_MNIST], ids=lambda spec: spec.name)
def test_heads_that_agree_get_no_tick(spec: DatasetSpec, total: int, fit: str):
    answers = answers_html(spec, image(None, "draw"), said(6, total), None)
    assert fit in answers
    assert "✓" not in answers and "✗" not in answers


def test_a_garment_stands_in_the_equation_with_its_number():
    answers = answers_html(FASHION_MNIST, image(0), said(0, 7, addend=7), None)
    assert re.sub("<[^>]+>", "", answers).count("T-shirt (0) + 7 = 7") == 1
    assert "Right: this is a T-shirt (0), and 0 + 7 = 7." in answers
    boot = verdict_on(FASHION_MNIST, image(9), said(0, 3), None)
    assert boot and boot.words == "✗ Wrong: this is an Ankle boot (9), and 9 + 3 = 12."


def test_a_drawing_that_was_labeled_is_judged_by_its_label(pen):
    pen(EXAMPLES["3"])
    app = opened(draw_page, n="4")
    assert "data-truth" not in words(app)
    app.button(key="tell_2").click().run()
    assert "✗ Wrong: this is a 2, and 2 + 4 = 6." in words(app)
    app.button(key="tell_3").click().run()
    assert "✓ Right: this is a 3, and 3 + 4 = 7." in words(app)


def test_the_label_of_a_digit_says_nothing_to_a_network_of_garments(pen):
    pen(EXAMPLES["3"])
    app = opened(draw_page, n="4")
    session_of(app).examples = [HandExample(3, EXAMPLES["3"])]
    assert "data-truth" in words(app.run())
    session_of(app).choose(network="fashion-late")
    assert "data-truth" not in words(app.run())


def test_a_label_beyond_the_classes_gets_no_verdict():
    assert verdict_on(THREE, image(3, "draw"), said(1, 4), None) is None
    assert "data-truth" not in answers_html(THREE, image(9, "draw"), said(1, 4), None)
    last = verdict_on(THREE, image(2), said(2, 5), None)
    assert last and last.words == "✓ Right: this is a c (2), and 2 + 3 = 5."
