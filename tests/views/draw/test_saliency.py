"""Which parts of the picture the answers hang on, as the Draw page shows it."""

import numpy as np

from core.evaluation.saliency import Saliency
from tests.support.pages import draw_page, opened, words
from views.input.sources import EXAMPLES
from views.session import networks


def test_what_hiding_a_part_does_is_said_in_numbers(pen, monkeypatch) -> None:
    maps = np.zeros((2, 28, 28), np.float32)
    maps[:, 12:16, 12:16] = [[[0.63]], [[3.14]]]
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: Saliency(*maps))
    pen(EXAMPLES["3"])
    said = words(opened(draw_page))
    assert 'alt="Where the class head looked"' in said
    assert "Cover the most colored spot: certainty falls by 63 points" in said
    assert "Cover the most colored spot: the sum moves by 3.1" in said


def test_a_part_that_hardly_matters_gets_no_number(pen, monkeypatch) -> None:
    maps = np.full((2, 28, 28), 0.03, np.float32)
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: Saliency(*maps))
    pen(EXAMPLES["3"])
    said = words(opened(draw_page))
    assert said.count("No single part matters much") == 2
    assert "Cover" not in said


def test_where_it_looked_is_computed_once_for_a_picture_and_a_number(pen, monkeypatch) -> None:
    networks._saliency.clear()
    asked = []
    real = networks.saliency
    monkeypatch.setattr(networks, "saliency", lambda *a: asked.append(a[2]) or real(*a))
    pen(EXAMPLES["3"])
    app = opened(draw_page)
    app.run()
    app.button(key="tell_3").click().run()
    assert asked == [7]
    app.button(key="teaching_ends").click().run()
    app.button(key="addend_4").click().run()
    assert asked == [7, 4]
