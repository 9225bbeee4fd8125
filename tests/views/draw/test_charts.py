"""The charts of the answers: HTML from numbers."""

import math
import re

import pytest

from views.draw.charts import class_bars, sum_line


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
