"""The pen's points become the strokes that the canvas would send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.drawing import rasterize
from tests.support.pictures import difference
from views.input.pen import DECIMATE, pen_path, strokes_of_pen
from views.session.canvas_state import parse_paths

POINT = st.tuples(st.floats(-100, 700), st.floats(-100, 700))


def test_a_click_is_a_dot():
    assert pen_path([(100.0, 60.0)]) == [["M", 100, 60], ["L", 100, 60]]
    assert strokes_of_pen([[(100.0, 60.0)]]) == (((50, 30),),)


def test_two_points_are_a_line():
    assert pen_path([(100.0, 60.0), (140.0, 60.0)]) == [
        ["M", 100, 60],
        ["Q", 100, 60, 120, 60],
        ["L", 140, 60],
    ]


def test_more_points_are_curves_through_the_middles_without_the_last_but_one():
    path = pen_path([(100.0, 60.0), (140.0, 60.0), (140.0, 110.0), (140.0, 120.0)])
    assert path == [
        ["M", pytest.approx(100), pytest.approx(60 - 0.04)],
        ["Q", 100, 60, 120, 60],
        ["Q", 140, 60, 140, 90],
        ["L", pytest.approx(140), pytest.approx(120.04)],
    ]


def test_points_close_to_the_last_one_are_dropped_but_not_the_ends():
    near = DECIMATE / 2
    path = pen_path([(0.0, 0.0), (near, 0.0), (50.0, 0.0), (50.0 + near, 0.0), (100.0, 0.0)])
    controls = [(command[1], command[2]) for command in path if command[0] == "Q"]
    assert controls == [(0, 0), (50, 0)]
    assert path[-1][0] == "L" and path[-1][1] == pytest.approx(100.04)


@given(st.lists(st.lists(POINT, min_size=1, max_size=40), max_size=5))
def test_they_are_read_as_the_canvas_is(lines):
    paths = [{"type": "Path", "path": pen_path(line)} for line in lines]
    assert strokes_of_pen(lines) == parse_paths({"objects": paths})


def test_rough_strokes_look_the_same():
    line = [(100.0 + 3 * step, 300 - 0.02 * step**2) for step in range(120)]
    fine, rough = strokes_of_pen([line]), strokes_of_pen([line], rough=True)
    assert len(rough[0]) > 3 * len(fine[0])
    assert difference(rasterize(fine), rasterize(rough)) < 2


def test_a_point_as_far_away_as_the_bound_is_kept():
    path = pen_path([(0.0, 0.0), (DECIMATE, 0.0), (50.0, 0.0), (60.0, 0.0), (100.0, 0.0)])
    assert [command[1] for command in path if command[0] == "Q"] == [0, DECIMATE, 50]


def test_both_ends_of_a_curve_move_outwards_in_x_and_y():
    path = pen_path([(100.0, 60.0), (90.0, 70.0), (80.0, 80.0), (70.0, 90.0), (60.0, 100.0)])
    assert path[0] == ["M", pytest.approx(100.04), pytest.approx(59.96)]
    assert path[-1] == ["L", pytest.approx(59.96), pytest.approx(100.04)]
