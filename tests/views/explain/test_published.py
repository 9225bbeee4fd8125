"""What the Explain page says of the published networks' mistakes, against torch; where it leads."""

import re

import pytest
import torch
from torch.nn import functional as F

from core.data.drawing import mnist_form, rasterize
from core.evaluation.loss_breakdown import break_down
from tests.support.pages import explain_page, keys, opened, words
from views.explain.figures import short_number, softmax_twice_figure
from views.explain.published import FOUR
from views.input.sources import EXAMPLES
from views.session.link import format_strokes
from views.ui.theme import LIGHT


@pytest.mark.parametrize("digit", ["3", "8"])
def test_a_softmax_too_many_costs_what_torch_says(shipped, digit: str) -> None:
    image = mnist_form(rasterize(EXAMPLES[digit]))
    assert image is not None
    with torch.inference_mode():
        logits = shipped[0](torch.from_numpy(image).view(1, 1, 28, 28), torch.tensor([1]))[0]
    logits, label = logits.double(), torch.tensor([int(digit)])
    once, twice = F.cross_entropy(logits, label), F.cross_entropy(logits.softmax(1), label)
    said = words(opened(explain_page, n="1", s=format_strokes(EXAMPLES[digit])))
    a, b = short_number(once.item()), short_number(twice.item())
    assert f"the loss is **{b}** where it should be **{a}**" in said


def test_a_column_against_a_row_is_compared_as_torch_does(shipped) -> None:
    image = mnist_form(rasterize(EXAMPLES["3"]))
    assert image is not None
    addends = torch.tensor(FOUR)
    with torch.inference_mode():
        images = torch.from_numpy(image).expand(4, 1, 28, 28)
        answers = shipped[0](images, addends).sum_value
    targets = addends + 3.0
    meant, every = answers - targets, answers.unsqueeze(1) - targets
    always_the_mean = (targets.mean() - targets).expand(4, 4)
    said = words(opened(explain_page, s=format_strokes(EXAMPLES["3"])))
    shown = re.findall(r"mean of the (\d+) squares: <b>(.+?)</b>", said)
    expected = [(each.numel(), each.square().mean().item()) for each in (meant, every)]
    expected.append((16, always_the_mean.square().mean().item()))
    assert [int(count) for count, _ in shown] == [count for count, _ in expected]
    for (_, mean), (_, value) in zip(shown, expected, strict=True):
        assert mean == (f"{value:.2f}" if value >= 0.1 else short_number(value))


def test_one_softmax_and_two_are_shown_under_their_names(shipped) -> None:
    image = mnist_form(rasterize(EXAMPLES["3"]))
    assert image is not None
    case = break_down(shipped[0], image, 1, 3, 1.0)
    once, twice = softmax_twice_figure(case, list("0123456789"), LIGHT).data
    assert (once.name, twice.name) == ("one softmax", "two")
    assert once.y[3] == pytest.approx(100 * case.class_prob) and once.y[3] > 90
    assert 15 < twice.y[3] < 25  # e to 1 of ten: 23 % at most
    assert sum(once.y) == pytest.approx(100) == pytest.approx(sum(twice.y))


def test_who_would_rather_do_than_read_is_led_there(pen, left_for) -> None:
    app = opened(explain_page)
    app.button(key="explain_lessons").click().run()
    assert left_for == ["lessons"]
    assert not {"explain_tour", "explain_lessons"} & keys(opened(explain_page, hide="pages"))
    assert "explain_tour" not in keys(opened(explain_page, hide="teach"))
