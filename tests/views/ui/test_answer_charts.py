"""The charts of the answers: HTML from numbers."""

import math
import re

import pytest

from views.ui.answer_charts import class_bars, sum_line, sum_note


def shares(bars: str) -> list[float]:
    return [float(share) for share in re.findall(r"--share:([\d.]+)", bars)]


def places(line: str, kind: str) -> list[float]:
    return [float(at) for at in re.findall(rf'class="{kind}" style="left:([\d.]+)%', line)]


def tick(line: str, number: int) -> float:
    (place,) = re.findall(rf'style="left:([\d.]+)%">{number}<', line)
    return float(place)


def test_the_winner_is_the_only_bar_in_full_color():
    bars = class_bars([0.1, 0.7, 0.2], ["a", "b", "c"])
    assert shares(bars) == [0.1, 0.7, 0.2]
    assert re.findall(r'class="bar( best)?"', bars) == ["", " best", ""]
    assert 'title="b: 70.0 %"' in bars


def test_without_probabilities_no_bar_wins():
    bars = class_bars((), "0123456789")
    assert shares(bars) == [0.0] * 10
    assert "best" not in bars and "title" not in bars


def test_bars_of_garments_lie_behind_their_names():
    assert 'class="bars"' in class_bars([0.5, 0.5], "01")
    assert 'class="bars words"' in class_bars([0.5, 0.5], ["a", "Bag"])


def test_a_name_is_no_html():
    assert "<b><i>" not in class_bars([1.0], ["<i>"])


def test_the_sum_line_shows_the_estimate_inside_the_ring_of_class_plus_number():
    line = sum_line(12.1, 12)
    assert places(line, "ring") == [tick(line, 12)]
    assert places(line, "dot")[0] == pytest.approx(tick(line, 12) + 0.1 * 100 / 19.8, abs=0.02)
    assert "class + number: 12" in line and "sum head: 12.10" in line


@pytest.mark.parametrize("value", [-1e30, 1e30])
def test_a_sum_far_off_stays_on_the_line(value):
    (place,) = places(sum_line(value, 3), "dot")
    assert place in (0.0, 100.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_sum_that_is_no_number_has_no_dot(value):
    line = sum_line(value, 3)
    assert places(line, "dot") == [] and len(places(line, "ring")) == 1


def test_the_empty_line_has_no_marks():
    assert places(sum_line(), "dot") == places(sum_line(), "ring") == []


def test_both_charts_are_pictures_with_a_name_for_those_who_hear_the_page():
    assert class_bars([1.0], ["7"]).startswith(
        '<div class="bars" role="img" aria-label="Class probabilities">'
    )
    assert sum_line().startswith('<div class="sum-line" role="img" aria-label="Sum from 0 to 18">')


def test_the_line_has_every_second_sum_and_room_beyond_both_ends():
    line = sum_line()
    assert re.findall(r"%\">(\d+)</b>", line) == [str(sum_) for sum_ in range(0, 19, 2)]
    assert 0 < tick(line, 0) < tick(line, 18) < 100
    assert tick(line, 0) == pytest.approx(100 - tick(line, 18), abs=0.02)


def test_a_bar_has_the_name_of_its_class_under_it():
    bars = class_bars([0.25, 0.75], ["a", "b"])
    assert re.findall(r"--share:([\d.]+)\"></i><b>(\w)</b>", bars) == [
        ("0.2500", "a"),
        ("0.7500", "b"),
    ]


def test_behind_a_sum_stands_its_value_or_its_probability() -> None:
    assert sum_note(3.14, 3, None) == "3.14 before rounding"
    assert sum_note(3.14, 6, [0.0] * 6 + [0.41] + [0.0] * 12) == "41.0 % sure"
