"""What the Explain page shows, from plain numbers."""

import re

import numpy as np
import pytest

from views.explain import figures
from views.ui.images import montage
from views.ui.theme import LIGHT

PIXELS = np.zeros((28, 28), np.uint8)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0.00"),
        (12.34, "12.3"),
        (144.27, "144"),
        (99.97, "100"),
        (-99.96, "−100"),
        (0.0123, "0.0123"),
        (4.48e-8, "4.5 × 10⁻⁸"),
        (-3.0, "−3.00"),
    ],
)
def test_numbers_have_three_digits(value: float, said: str) -> None:
    assert figures.short_number(value).replace(figures.SPACE, " ") == said


@pytest.mark.parametrize(
    ("probability", "said"),
    [(1.0, "1"), (0.5, "0.5000"), (0.99962, "0.99962"), (1 - 4.5e-8, "0.999999955"), (0.0, "0.00")],
)
def test_a_probability_shows_what_it_lacks_to_1(probability: float, said: str) -> None:
    assert figures.share(probability) == said


def test_a_montage_has_sixteen_pictures_a_row() -> None:
    maps = np.zeros((20, 7, 7), np.uint8)
    html = montage(maps, "Maps")
    assert f"{16 * 46 - 4}px" in html


def test_the_same_picture_with_other_numbers_has_other_sums() -> None:
    rows = figures.more_examples(PIXELS, "3", [(0, 3), (9, 12)])
    cells = r"<td>(\d)<td class=\"class-ink\">(\d)<td class=\"sum-ink\">(\d+)"
    assert re.findall(cells, rows) == [("0", "3", "3"), ("9", "3", "12")]


def test_one_example_is_picture_number_label_and_sum() -> None:
    shown = figures.example(PIXELS, 4, "3", 7)
    assert re.findall(r'class="value([^"]*)">(\d)</span><figcaption>(\w+)<', shown) == [
        ("", "4", "number"),
        (" digit class-ink", "3", "label"),
        (" sum-ink", "7", "sum"),
    ]
    assert 'class="value word class-ink">Sneaker (7)<' in figures.example(
        PIXELS, 4, "Sneaker (7)", 11
    )


def test_a_strip_is_as_full_as_its_values_and_can_be_read_on_both() -> None:
    strip = figures.strip([0.0, 0.004, 0.5, 0.51, 1.0], "abcde", "plain")
    assert re.findall(
        r'<i class="(\w+)" style="--fill:(\d+)%"><b>(.*?)</b></i><small>(\w)', strip
    ) == [
        ("dark", "0", "0", "a"),
        ("dark", "0", "0", "b"),
        ("dark", "50", ".50", "c"),
        ("light", "51", ".51", "d"),
        ("light", "100", "1", "e"),
    ]


def test_the_number_stands_in_the_last_ten_pixels_of_the_picture() -> None:
    image = PIXELS.copy()
    image[27, 18 + 4] = 255
    fills = re.findall(r"--fill:(\d+)%", figures.marked(image))
    assert fills == ["100" if place == 4 else "0" for place in range(10)]


def test_the_number_is_given_as_ten_values() -> None:
    shown = figures.two_inputs(None, PIXELS, 4)
    assert re.findall(r"--fill:(\d+)%", shown) == ["100" if n == 4 else "0" for n in range(10)]
    assert "drawn: 280 × 280" not in shown
    ink = np.zeros((280, 280), np.uint8)
    assert "drawn: 280 × 280" in figures.two_inputs(ink, PIXELS, 4)


def test_a_loss_that_might_have_been_stands_over_each_answer() -> None:
    bars = figures.if_it_were([0.5, 2.0, 3.0], "012", 1, "#123456").data[0]
    assert (list(bars.x), list(bars.y)) == (["0", "1", "2"], [0.5, 2.0, 3.0])
    assert list(bars.marker.opacity) == [0.45, 1.0, 0.45]
    assert list(bars.text) == ["", "2.00", ""]


def test_the_published_logs_are_in_percent_of_their_cases() -> None:
    b2, b1, chance = figures.published_logs(LIGHT).data
    assert [b2.name, b1.name, chance.name] == ["B2, pixel fusion", "B1, late fusion", "chance"]
    assert b2.y[-1] == pytest.approx(7.33, abs=0.005)
    assert b1.y[-1] == pytest.approx(0.975)
    assert set(chance.y) == {1.0}
    assert list(b1.x) == list(range(1, len(b1.x) + 1))


def test_differences_of_pairs_are_framed_where_they_are_meant() -> None:
    answers, targets = np.array([1.0, 5.0]), np.array([2.0, 4.0])
    table = figures.all_pairs(answers, targets, answers[:, None] - targets)
    assert re.findall(r'<td class="(\w+)" style="--depth:(\d+)%">([−\d.]+)', table) == [
        ("meant", "6", "−1.0"),
        ("stray", "17", "−3.0"),
        ("stray", "17", "3.0"),
        ("meant", "6", "1.0"),
    ]
    assert "mean of the 4 squares: <b>5.00</b>" in table
    assert re.findall(r'<th class="sum-ink">([\d.]+)', table) == ["1.00", "5.00"]


def test_a_large_difference_is_as_dark_as_can_be() -> None:
    assert 'style="--depth:50%">20.0' in figures._difference(20.0, False)
    assert ">0.0" in figures._difference(-0.01, True)
