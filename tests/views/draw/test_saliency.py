"""Which parts of the picture the answers hang on, as the Draw page shows it."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.data.drawing import Pixels
from core.data.photo import PhotoReading
from core.evaluation.saliency import Saliency
from tests.support.pages import draw_page, opened, words
from views.draw import saliency as page
from views.input.sources import EXAMPLES
from views.session import networks
from views.ui.theme import LIGHT


def found(class_evidence: np.ndarray, sum_evidence: np.ndarray) -> Saliency:
    return Saliency(class_evidence, sum_evidence, label=3, runner_up=5)


def spots(highest: float, lowest: float) -> np.ndarray:
    """Two squares that matter, and others that do not."""
    spots = np.zeros((6, 6), np.float32)
    spots[1, 4], spots[4, 2] = highest, lowest
    return spots


def test_what_covering_a_part_does_is_said_in_numbers(pen, monkeypatch) -> None:
    maps = found(spots(np.log(12), -np.log(1.5)), spots(3.14, -0.4))
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: maps)
    pen(EXAMPLES["3"])
    said = words(opened(draw_page))
    assert 'alt="For 3, against 5"' in said
    assert "Cover the +, and its odds fall 12-fold. Cover the −, and they rise 1.5-fold." in said
    assert "Cover the +, and the sum falls by 3.1. Cover the −, and it rises by 0.4." in said
    assert 'aria-label="Scale from −3.1 to +3.1"' in said  # of the sum; the class: ln 12
    assert 'aria-label="Scale from −2.5 to +2.5"' in said


def test_a_part_that_hardly_matters_gets_no_number(pen, monkeypatch) -> None:
    faint = np.full((6, 6), 0.03, np.float32)
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: found(faint, faint))
    pen(EXAMPLES["3"])
    said = words(opened(draw_page))
    assert (
        "No single part matters much." in said
        and "It follows the class, which no single part changes." in said
    )
    assert "Cover" not in said and "<b" not in said.split("veiled")[1].split("</span>")[0]


@pytest.mark.parametrize(
    ("highest", "lowest", "signs"), [(3, -2, "+−"), (30, -0.2, "+−"), (0.02, -1, "−"), (1, 0, "+")]
)
def test_each_sign_that_is_spoken_of_is_there_and_no_other(
    pen, monkeypatch, highest, lowest, signs
) -> None:
    monkeypatch.setattr(
        networks, "cached_saliency", lambda *_: found(spots(highest, lowest), spots(9, -9))
    )
    pen(EXAMPLES["3"])
    of_class = words(opened(draw_page)).split("What the sum hangs on")[0].split('class="veiled"')[1]
    assert "".join(re.findall(r"<b style=\"left[^>]+>(.)</b>", of_class)) == signs
    assert "".join(re.findall(r"Cover the (.)", of_class)) == signs


def test_the_frame_is_around_the_very_square_that_was_covered(pen, monkeypatch) -> None:
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: found(spots(3, 0), spots(3, 0)))
    pen(EXAMPLES["3"])
    framed = re.findall(r"left:([\d.]+)%;top:([\d.]+)%;width:([\d.]+)%", words(opened(draw_page)))
    pixels = {tuple(round(28 * float(value) / 100) for value in frame) for frame in framed}
    assert pixels == {(4 * 4, 1 * 4, 8)}


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
def veils(monkeypatch) -> list[tuple[np.ndarray, tuple[str, str]]]:
    """What is laid over the picture, and in which colors."""
    seen: list[tuple[np.ndarray, tuple[str, str]]] = []

    def veiled(ink, shares, colors, squares, side, title) -> str:
        seen.append((shares, colors))
        return ""

    monkeypatch.setattr(page, "signed_veil", veiled)
    return seen


def test_each_head_has_its_map_in_its_colors_and_its_strongest_part_in_full(
    pen, monkeypatch, veils
) -> None:
    maps = found(spots(8, -2), spots(1, -4))
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: maps)
    pen(EXAMPLES["3"])
    opened(draw_page)
    (of_class, class_colors), (of_sum, sum_colors) = veils
    assert class_colors == (LIGHT.class_head, LIGHT.against)
    assert sum_colors == (LIGHT.sum_head, LIGHT.against)
    # The middle of a square lies between four pixels: each is an eighth away from it, both ways.
    assert (of_class.max(), of_class.min()) == pytest.approx((0.766, -0.25 * 0.766), abs=0.001)
    assert (of_sum.max(), of_sum.min()) == pytest.approx((0.25 * 0.766, -0.766), abs=0.001)


def test_a_name_with_signs_is_read_and_shown_as_it_is(monkeypatch) -> None:
    """Once escaped, in the picture's words for screen readers and below the picture."""
    names = tuple("Salt & pepper" if label == 3 else f"<{label}>" for label in range(10))
    model, card = networks.load_network("mnist")
    monkeypatch.setattr(model, "spec", replace(model.spec, class_names=names))
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: found(spots(8, -2), spots(1, -4)))
    written: list[str] = []
    monkeypatch.setattr(page.st, "html", written.append)
    page.show_saliency(model, card, np.zeros((28, 28), np.uint8), 4)
    (shown,) = written
    assert shown.count("Salt &amp; pepper") == 2
    assert "&amp;amp;" not in shown and "<5>" not in shown


def test_noise_is_not_shown_in_full_color(pen, monkeypatch, veils) -> None:
    maps = found(spots(0.05, -0.05), spots(0.05, -0.05))
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: maps)
    pen(EXAMPLES["3"])
    opened(draw_page)
    assert [float(shares.max()) for shares, _ in veils] == pytest.approx([0.077, 0.153], abs=0.001)


@pytest.mark.parametrize(
    ("nats", "said"), [(0.4, "1.5-fold"), (2.5, "12-fold"), (6.9, "992-fold"), (900, "over 1,000")]
)
def test_a_factor_of_odds_is_said_in_words(nats, said) -> None:
    assert page._times(nats).startswith(said)


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
