"""Long drawings: bounded before they cost anything, and shown as they are kept."""

import pytest

from core.data.drawing import MAX_POINTS, MAX_STROKES
from tests.views.input.test_canvas import SEVEN, answer, drawing, line
from views.session import canvas_state
from views.session.canvas_state import MAX_RAW_POINTS, CanvasState, paper_color, parse_paths


def test_a_flood_is_read_up_to_a_bound() -> None:
    zigzag = line(*((i % 2 * 279, i * 279 // 9_999) for i in range(10_000)))
    strokes = parse_paths({"objects": drawing(zigzag)["objects"] * 10_000})
    assert 0 < sum(map(len, strokes)) <= MAX_POINTS
    dots = parse_paths({"objects": drawing(line((5, 5)))["objects"] * 10_000})
    assert dots == (((5, 5),),) * MAX_STROKES


def test_no_more_points_than_the_bound_are_simplified(monkeypatch) -> None:
    """That is the slow part."""
    simplified: list[int] = []
    real = canvas_state.simplify
    monkeypatch.setattr(
        canvas_state,
        "simplify",
        lambda points, by: simplified.append(len(points)) or real(points, by),
    )
    zigzag = line(*((i % 2 * 279, i * 279 // 4_999) for i in range(5_000)))
    parse_paths(drawing(zigzag, zigzag, zigzag))
    assert MAX_POINTS / 2 < sum(simplified) <= MAX_POINTS


def test_no_more_points_than_a_bound_are_looked_at(monkeypatch) -> None:
    """Beside the canvas nothing is drawn, but reading it takes as long."""
    looked: list[int] = []
    real = canvas_state._inside
    monkeypatch.setattr(
        canvas_state, "_inside", lambda points: looked.append(len(points)) or real(points)
    )
    away = line(*((400 + i, 400) for i in range(MAX_RAW_POINTS // 4)))
    assert parse_paths(drawing(*[away] * 50)) == ()
    assert MAX_POINTS / 2 < sum(looked) <= MAX_POINTS
    curves = [["Q", i % 2 * 560, 0, 560 - i % 2 * 560, 560] for i in range(MAX_RAW_POINTS)]
    looked.clear()
    parse_paths(drawing(*[curves] * 50))
    assert sum(looked) <= MAX_RAW_POINTS + 32


LONG = [line(*((x, 5 * row) for x in range(10, 270))) for row in range(10)]  # 2,600 points


def test_a_long_drawing_is_thinned_evenly_and_none_of_it_is_lost() -> None:
    strokes = parse_paths(drawing(*LONG))
    assert [(stroke[0], stroke[-1]) for stroke in strokes] == [
        ((10, 5 * row), (269, 5 * row)) for row in range(10)
    ]


def test_the_browser_shows_what_is_kept_of_a_long_drawing() -> None:
    state = CanvasState().show(SEVEN)
    long = {"raw": drawing(*LONG) | {"background": paper_color(state.generation)}}
    heard = state.hear(long)
    assert heard.start == heard.strokes != SEVEN
    assert heard.generation == state.generation + 1
    assert heard.hear(long) == heard  # said before it was told
    assert heard.hear(answer(heard, heard.strokes)).generation == heard.generation
    short = state.hear(answer(state, SEVEN[:1]))
    assert (short.start, short.generation) == (SEVEN, state.generation)


@pytest.mark.parametrize("paths", [[line((5, 5))] * (MAX_STROKES + 1), LONG * 7])
def test_strokes_that_are_not_read_are_not_shown(paths: list[object]) -> None:
    state = CanvasState()
    heard = state.hear({"raw": drawing(*paths) | {"background": paper_color(1)}})
    assert heard.start == heard.strokes
    assert len(heard.strokes) < len(paths)


@pytest.mark.parametrize("far", [-1e9, 1e9])
def test_no_pen_gets_as_far_as_some_numbers_do(far: float) -> None:
    assert parse_paths(drawing([["M", far, 10], ["L", 20, 10]])) == (((10, 5),),)
    assert parse_paths(drawing([["M", 20, 10], ["Q", far, far, 20, 60]])) == (((10, 5),),)


def test_strokes_that_are_too_many_are_heard_once() -> None:
    """Else the browser takes some of them for lost, and draws them again, round after round."""
    paths = [line((5, 5 + row), (50, 5 + row)) for row in range(MAX_STROKES + 10)]
    state = CanvasState()
    heard = state.hear({"raw": drawing(*paths) | {"background": paper_color(state.generation)}})
    assert heard.heard == (state.generation, MAX_STROKES + 10)
    assert (len(heard.strokes), heard.generation) == (MAX_STROKES, state.generation + 1)
