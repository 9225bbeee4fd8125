"""Which parts of the picture the answers hang on, as the Draw page shows it."""

import numpy as np
import pytest

from core.data.drawing import Pixels
from core.data.photo import PhotoReading
from core.evaluation.saliency import STRIDE, Saliency
from tests.support.pages import draw_page, opened, words
from views.draw import saliency as page
from views.input.sources import EXAMPLES
from views.session import networks
from views.ui.theme import LIGHT


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


@pytest.fixture
def veils(monkeypatch) -> dict[str, tuple[np.ndarray, str]]:
    """What is laid over the picture, and in which color, by its title."""
    seen: dict[str, tuple[np.ndarray, str]] = {}

    def veiled(ink, shares, color, side, title) -> str:
        seen[title] = shares, color
        return ""

    monkeypatch.setattr(page, "veiled_image", veiled)
    return seen


def test_each_head_has_its_map_in_its_color_and_a_tenth_is_still_seen(
    pen, monkeypatch, veils
) -> None:
    loss, change = np.full((28, 28), 0.36, np.float32), np.full((28, 28), 0.75, np.float32)
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: Saliency(loss, change))
    pen(EXAMPLES["3"])
    opened(draw_page)
    assert list(veils) == ["Where the class head looked", "Where the sum head looked"]
    (of_class, class_color), (of_sum, sum_color) = veils.values()
    assert (class_color, sum_color) == (LIGHT.class_head, LIGHT.sum_head)
    assert of_class == pytest.approx(0.6)  # the root of 0.36
    assert of_sum == pytest.approx(0.5)  # the root of 0.75 of 3


def test_of_places_between_which_nothing_changes_one_is_shown(pen, monkeypatch, veils) -> None:
    loss = np.zeros((28, 28), np.float32)
    loss[STRIDE, 2 * STRIDE] = 1
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: Saliency(loss, loss))
    pen(EXAMPLES["3"])
    opened(draw_page)
    shares, _ = veils["Where the class head looked"]
    assert np.argwhere(shares).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("loss", "change", "of_class", "of_sum"),
    [
        (0.051, 0.249, "certainty falls by 5 points", "No single part matters much"),
        (0.049, 0.26, "No single part matters much", "the sum moves by 0.3"),
    ],
)
def test_what_is_not_worth_a_number_gets_none(loss, change, of_class, of_sum) -> None:
    assert page._of_class(loss).endswith(of_class)
    assert page._of_sum(change).endswith(of_sum)


def test_the_way_of_a_photo_shows_each_step_under_its_name(monkeypatch) -> None:
    pictures = [np.full((300, 200), shade, np.uint8) for shade in (10, 20, 30)]
    shown, written = [], []
    monkeypatch.setattr(
        page, "picture_tag", lambda pixels, side, alt: shown.append((pixels, alt)) or ""
    )
    monkeypatch.setattr(page.st, "html", written.append)
    page.show_steps(PhotoReading(pictures[0], pictures[1], pictures[2], ()))
    assert [(alt.split(",")[0], int(np.median(pixels))) for pixels, alt in shown] == [
        *(("Photo", 10), ("Evened", 20), ("Ink", 30)),
    ]
    assert max(max(pixels.shape[:2]) for pixels, _ in shown) == 2 * page.FIGURE_SIDE
    assert [written[0].count(f"<figcaption>{step}<") for step in ("Photo", "Evened", "Ink")] == [
        *(1, 1, 1),
    ]


def test_the_part_of_a_photo_that_is_read_stands_in_a_frame(monkeypatch) -> None:
    shown: list[Pixels] = []
    monkeypatch.setattr(page, "picture_tag", lambda pixels, side, alt: shown.append(pixels) or "")
    monkeypatch.setattr(page.st, "html", lambda _: None)
    paper, ink = np.full((200, 200), 90, np.uint8), np.zeros((200, 200), np.uint8)
    ink[60:120, 80:100] = 255
    page.show_steps(PhotoReading(paper, paper, ink, ()))
    framed, evened, _ = shown
    rows, columns = np.nonzero((framed != 90).any(2))
    assert rows.min() < 60 and rows.max() >= 120 and columns.min() < 80 and columns.max() >= 100
    assert rows.min() > 45 and columns.max() < 115  # close around it
    assert (framed[62:118, 82:98] == 90).all() and (evened == 90).all()  # and not on it
    page.show_steps(PhotoReading(paper, paper, np.zeros_like(ink), ()))  # nothing to frame
    assert (shown[3] == 90).all()
