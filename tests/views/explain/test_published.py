"""What the Explain page says of the published networks' mistakes, against torch."""

import pytest
import torch
from torch.nn import functional as F

from core.data.drawing import mnist_form, rasterize
from tests.support.pages import explain_page, opened, words
from views.explain.figures import short_number
from views.input.sources import EXAMPLES
from views.session.link import format_strokes


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
