"""The network as a drawing, from its layers alone."""

import pytest
import torch

from core.evaluation.layers import Layer, network_layers
from core.model import ModelConfig, SumNet
from views.explain import diagram
from views.explain.diagram import Case
from views.ui.theme import LIGHT


def drawn(fusion: str) -> tuple[str, SumNet]:
    """The diagram of an untrained network that reads a 3 and says 7."""
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, fusion=fusion)).eval()  # type: ignore[arg-type]
    marks = model.fusion.marks_images
    case = Case("data:image/png;base64,AA", 4, "3", 7, marks, model.fusion.words.said)
    return diagram.diagram(network_layers(model), case, LIGHT), model


@pytest.mark.parametrize(("fusion", "points", "word"), [("late", 2, False), ("pixels", 3, True)])
def test_what_joins_the_fusion_comes_from_where_it_is(monkeypatch, fusion, points, word) -> None:
    """The number past everything; or the features past the class head."""
    arrows: list[tuple[tuple[float, float], ...]] = []
    real = diagram.Sketch.arrow
    monkeypatch.setattr(
        diagram.Sketch, "arrow", lambda self, *at: arrows.append(at) or real(self, *at)
    )
    page, _ = drawn(fusion)
    assert [len(at) for at in arrows if at[-1][0] == diagram.SIDE_LINE] == [points]
    assert (">features<" in page) is word


def test_the_diagram_names_its_parts_and_both_answers_from_top_to_bottom() -> None:
    page, model = drawn("late")
    said = (">Class head<", ">class probabilities<", ">Late fusion<", ">Sum head<")
    places = [page.index(words) for words in said]
    assert places == sorted(places)
    assert '<span class="large class-ink">3</span>' in page
    assert '<span class="large sum-ink">7</span>' in page
    assert f"{model.parameter_count:,} parameters in all" in page


def test_layers_are_named_by_what_they_do_and_counted() -> None:
    conv = Layer("encoder.0", "Conv2d", (32, 14, 14), ((32, 1, 5, 5), (32,)))
    assert (diagram.word(conv), diagram.shape(conv)) == ("conv 5 × 5", "32 × 14 × 14")
    linear = Layer("sum_head.2", "Linear", (1,), ((1, 1),))
    assert (diagram.word(linear), diagram.shape(linear)) == ("linear", "1 value")
    assert [diagram.counted(n) for n in (0, 1, 1_152)] == [
        *("no parameters", "1 parameter", "1,152 parameters"),
    ]
    wide = Layer("fusion", "LateFusion", (1_152,), ())
    assert (diagram.word(wide), diagram.shape(wide)) == ("late fusion", "1,152 values")


def test_an_arrow_points_from_its_last_but_one_point_to_its_last() -> None:
    sketch = diagram.Sketch(100, LIGHT)
    sketch.arrow((10, 10), (10, 50), (40, 50))
    assert 'points="10,10 10,50 40,50"' in sketch.shapes[0]
    assert 'transform="translate(40,50) rotate(0)"' in sketch.shapes[0]
    sketch.arrow((10, 10), (10, 50))
    assert "rotate(90)" in sketch.shapes[1]


def test_words_stand_at_their_place_from_either_side() -> None:
    sketch = diagram.Sketch(100, LIGHT)
    sketch.text(24, 36, "<b>", "strong", rest="more")
    sketch.text(316, 12, "right", "quiet", "right")
    assert sketch.words[0].startswith(
        '<div style="left:2.00em;top:3.00em"><span class="strong">&lt;b'
    )
    assert '<span class="quiet">more</span>' in sketch.words[0]
    assert sketch.words[1].startswith('<div style="right:2.00em;top:1.00em">')
