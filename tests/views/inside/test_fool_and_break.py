"""Fool it and break it on the Explain page: what the sliders do, and what stays as it is."""

import json
import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.data.download import DownloadError
from core.data.drawing import mnist_form, rasterize
from core.evaluation.prediction import predict
from core.inspection.damage import damage, score
from core.inspection.flip import find_flip
from core.model import ModelConfig, SumNet
from tests.support.pages import explain_page, opened, words
from views.input.sources import EXAMPLES
from views.inside import cached, fool
from views.inside.break_it import NOISE_AMOUNTS, layer_titles
from views.session import networks
from views.session.link import format_strokes

THREE = format_strokes(EXAMPLES["3"])


@pytest.fixture(autouse=True)
def drawn_test_images(monkeypatch, data) -> None:
    monkeypatch.setattr(cached, "test_split", lambda name: data.test)
    for cache in (cached._score, cached._flip):
        cache.clear()


@pytest.fixture
def weights(shipped) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in shipped[0].tensors().items()}


def said(app: AppTest) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", words(app)))


def the_3() -> np.ndarray:
    image = mnist_form(rasterize(EXAMPLES["3"]))
    assert image is not None
    return image


def test_the_answer_flips_at_100_percent_and_not_at_half_of_it(shipped, weights) -> None:
    app = opened(explain_page, look="fool", n="4", s=THREE)
    flip = find_flip(shipped[0], the_3(), 4)
    assert flip and flip.label == 3
    assert f"✗ Read as {flip.flipped}, no longer as 3" in said(app)
    app.slider(key="fool_strength").set_value(50).run()
    assert "Still read as 3" in said(app)
    assert f"Size of the change: {flip.size(0.5):.2f} (L2, black to white is 1)" in said(app)
    assert f"or {100 * flip.share_of_ink(0.5):.0f} % of the ink" in said(app)
    after = networks.load_network("mnist")[0].tensors()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in after.items())


def test_at_0_it_is_the_visitors_own_picture(shipped) -> None:
    app = opened(explain_page, look="fool", s=THREE)
    app.slider(key="fool_strength").set_value(0).run()
    answer = predict(shipped[0], the_3(), 7)
    assert f"Sum head: {answer.total}" in said(app)
    assert "Size of the change: 0.00" in said(app) and "or 0 % of the ink" in said(app)


def test_a_network_that_nothing_flips_says_so(monkeypatch) -> None:
    monkeypatch.setattr(fool, "cached_flip", lambda *_: None)
    app = opened(explain_page, look="fool")
    assert "No small change of this digit flips the answer" in said(app)
    assert not app.slider


@pytest.mark.parametrize("look", ["fool", "break"])
def test_of_19_sums_it_is_said_how_sure_the_answer_is(look: str) -> None:
    shown = said(opened(explain_page, look=look, net="fashion-late"))
    assert "before rounding" not in shown
    assert re.search(r"Sum head: \d+ (over )?\d+\.\d % sure", shown)


@pytest.mark.parametrize("look", ["fool", "break", "pass"])
def test_an_example_stands_in_for_a_drawing(look: str) -> None:
    assert "You have drawn nothing yet" in said(opened(explain_page, look=look))


def test_damage_is_measured_beside_the_whole_network(shipped, data, weights) -> None:
    app = opened(explain_page, look="break")
    app.segmented_control[-1].set_value("zero").run()
    app.select_slider(key="break_zero").set_value(0.9).run()
    whole = score(shipped[0], data.test)
    broken = score(damage(shipped[0], "encoder.0", "zero", 0.9), data.test)
    assert broken.class_acc < whole.class_acc
    for name, each in (("Whole", whole), ("Damaged", broken)):
        shares = f"{100 * each.class_acc:.2f} % {100 * each.joint_acc:.2f} %"
        assert f"{name} {shares}" in said(app)
    assert "100 test images of MNIST" in said(app)
    after = networks.load_network("mnist")[0].tensors()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in after.items())


@pytest.mark.parametrize(
    ("kind", "amount", "line", "last"), [("zero", 0.3, 30, 100), ("noise", 1.5, 1.5, 4)]
)
def test_a_line_stands_at_the_chosen_amount_of_the_curve(kind, amount, line, last) -> None:
    app = opened(explain_page, look="break")
    app.segmented_control[-1].set_value(kind).run()
    app.select_slider(key=f"break_{kind}").set_value(amount).run()
    (chart,) = app.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    (shape,) = figure["layout"]["shapes"]
    assert (shape["x0"], shape["x1"]) == (line, line)
    assert line in figure["data"][0]["x"] and figure["data"][0]["x"][-1] == last


def test_the_answers_beside_it_are_those_of_the_damaged_copy(shipped) -> None:
    app = opened(explain_page, look="break", n="4", s=THREE)
    layer = "sum_head.0"
    app.selectbox(key="break_layer").set_value(layer).run()
    app.select_slider(key="break_noise").set_value(NOISE_AMOUNTS[-1]).run()
    broken = damage(shipped[0], layer, "noise", NOISE_AMOUNTS[-1])
    answer = predict(broken, the_3(), 4)
    assert f"{answer.sum_value:.2f} before rounding" in said(app)
    assert "Still read as 3" in said(app)  # the class head does not listen to it


def test_layers_are_called_by_what_they_are(shipped) -> None:
    titles = layer_titles(shipped[0])
    assert titles["encoder.0"] == "Encoder, convolution 1: 800 weights"
    assert titles["class_head.1"] == "Class head: 11,520 weights"
    assert titles["sum_head.2"].startswith("Sum head, linear layer 2: ")
    residual = layer_titles(SumNet(ModelConfig(width=4, encoder="residual")))
    assert len(set(residual.values())) == len(residual)


def test_without_the_test_images_the_copy_still_answers(monkeypatch) -> None:
    def missing(name: str) -> None:
        raise DownloadError("They are not on this machine.")

    monkeypatch.setattr(cached, "test_split", missing)
    shown = said(opened(explain_page, look="break"))
    assert "They are not on this machine" in shown and "Class head" in shown
