"""The drawing surface: what a browser may send, and what becomes of it."""

import importlib.util
import json
from typing import Any

import pytest
import streamlit as st
from hypothesis import given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from core.data.drawing import CANVAS_SIDE, MAX_STROKES, PEN_WIDTH, Strokes
from views.input.canvas import CANVAS_CSS, CANVAS_HTML, _component, canvas_message
from views.session.canvas_state import (
    INK,
    SHARPNESS,
    CanvasState,
    paper_color,
    parse_paths,
    to_paths,
)

SEVEN: Strokes = (((60, 52), (200, 50), (131, 236)), ((90, 140), (175, 138)))

# Sent by Chromium for a mouse that went (60, 59), (120, 57), (200, 59), (150, 144), (120, 229) and
# clicked once at (100, 249); shortened by the keys that say nothing about the shape.
FROM_CHROMIUM = {
    "version": "7.4.0",
    "objects": [
        {
            "type": "Path",
            "left": 249.98,
            "top": 284.9262,
            "path": [
                ["M", 119.96, 118.36625],
                ["Q", 120, 118.40625, 180, 114.40625],
                ["Q", 240, 110.40625, 320, 114.40625],
                ["Q", 400, 118.40625, 320, 288.40625],
                ["L", 239.96, 458.44625],
            ],
        },
        {
            "type": "Path",
            "left": 200,
            "top": 498.4063,
            "path": [["M", 199.96, 498.40625], ["L", 200.04, 498.40625]],
        },
    ],
    "background": "rgba(10, 11, 14, 1)",
}


def drawing(*paths: object) -> dict[str, Any]:
    return {"objects": [{"type": "Path", "path": path} for path in paths]}


def line(*points: tuple[float, float]) -> list[list[Any]]:
    """A path through canvas pixels, as the browser would send it."""
    scale = SHARPNESS
    return [["L" if i else "M", x * scale, y * scale] for i, (x, y) in enumerate(points)]


def test_a_curve_and_a_click_become_two_strokes_in_canvas_pixels() -> None:
    curve, click = parse_paths(FROM_CHROMIUM)
    assert click == ((100, 249),)
    assert (curve[0], curve[-1]) == ((60, 59), (120, 229))
    assert max(x for x, _ in curve) == 179  # the curve's turn, which is no corner of the mouse's
    assert len(curve) < 12


def test_a_straight_line_keeps_its_two_ends_only() -> None:
    assert parse_paths(drawing(line(*((x, 100) for x in range(20, 260))))) == (
        ((20, 100), (259, 100)),
    )


def test_a_line_drawn_back_on_itself_keeps_its_turning_point() -> None:
    assert parse_paths(drawing(line((20, 100), (250, 100), (140, 100)))) == (
        ((20, 100), (250, 100), (140, 100)),
    )


def test_a_pen_that_leaves_the_canvas_leaves_no_ink_along_its_edge() -> None:
    assert parse_paths(drawing(line((100, 100), (379, 120), (379, 160), (100, 180)))) == (
        ((100, 100), (279, 113)),
        ((279, 167), (100, 180)),
    )
    assert parse_paths(drawing(line((-50, -50), (-50, 400)))) == ()


@pytest.mark.parametrize(
    "junk",
    [
        None,
        7,
        "objects",
        [],
        {},
        {"objects": None},
        {"objects": "Path"},
        {"objects": {"type": "Path"}},
        {"objects": [None, 7, [], {}, {"type": "Path"}, {"type": "Rect", "path": [["M", 1, 1]]}]},
        drawing("M 0 0 L 9 9", [None], [[]], [["M"]], [["M", 1]], [["M", 1, 2, 3]]),
        drawing([["C", 1, 2, 3, 4, 5, 6]], [["Z"]], [[1, 2, 3]], [[["M"], 1, 2]], [{"M": 1}]),
        drawing([["M", "1", "2"]], [["M", None, 5]], [["Q", 1, 2, 3, []]]),
        drawing([["M", float("nan"), 5]], [["M", 5, float("inf")]], [["M", 10**400, 5]]),
        drawing([["M", 1e9, 5], ["L", -1e9, 5]]),
    ],
)
def test_what_is_no_pen_stroke_is_no_stroke(junk: object) -> None:
    assert parse_paths(junk) == ()


def test_junk_beside_a_stroke_does_not_spoil_the_stroke() -> None:
    paths = [["Z"], ["M", 20, 20], ["L", float("nan"), 7], ["?"], ["L", 400, 400]]
    assert parse_paths(drawing("junk", paths, 7)) == (((10, 10), (200, 200)),)


numbers = some.integers() | some.floats() | some.integers(-100, 700)
words = some.sampled_from(["M", "L", "Q", "C", "Z", "objects", "path", "type", "Path"])
anything = some.recursive(
    some.none() | some.booleans() | numbers | words,
    lambda inner: some.lists(inner) | some.dictionaries(words, inner),
)
commands = some.tuples(words, *[numbers] * 2) | some.tuples(words, *[numbers] * 4)
paths = some.lists(commands.map(list) | anything)


@settings(deadline=None)
@given(anything | some.lists(paths).map(lambda some_paths: drawing(*some_paths)))
def test_any_json_gives_whole_pixels_on_the_canvas(json_data: object) -> None:
    strokes = parse_paths(json_data)
    assert all(stroke for stroke in strokes)
    for x, y in (point for stroke in strokes for point in stroke):
        assert x in range(CANVAS_SIDE) and y in range(CANVAS_SIDE)


pixels = some.integers(0, 279).map(float)
drawn = some.lists(some.lists(some.tuples(pixels, pixels), min_size=1, max_size=30).map(tuple))


@settings(deadline=None)
@given(drawn.map(tuple))
def test_what_the_browser_answers_to_restored_strokes_is_those_strokes(strokes: Strokes) -> None:
    restored = parse_paths(json.loads(json.dumps(to_paths(strokes))))
    assert parse_paths(to_paths(restored)) == restored
    assert [(stroke[0], stroke[-1]) for stroke in restored] == [
        (stroke[0], stroke[-1]) for stroke in strokes[:MAX_STROKES]
    ]


def test_a_dot_is_painted_as_a_line_because_no_length_is_not_painted() -> None:
    (dot,) = to_paths((((100, 249),),))["objects"]
    assert dot["path"][0][1:] != dot["path"][1][1:]
    assert parse_paths(to_paths((((100, 249),),))) == (((100, 249),),)


def answer(state: CanvasState, strokes: Strokes) -> dict[str, Any]:
    """What the browser says when `strokes` are on a canvas that was last told `state`."""
    return {"raw": to_paths(strokes) | {"background": paper_color(state.generation)}}


def test_undo_takes_the_last_stroke_and_clear_all_of_them() -> None:
    state = CanvasState().show(SEVEN)
    assert state.undo().strokes == SEVEN[:1]
    assert state.clear().strokes == ()


def test_undo_brings_back_what_clear_took_away_once() -> None:
    state = CanvasState().show(SEVEN).clear()
    assert state.can_undo
    assert state.clear().undo().strokes == SEVEN  # clearing an empty canvas changes nothing
    assert not state.undo().clear().undo().undo().undo().can_undo


def test_an_answer_from_before_an_undo_is_not_heard() -> None:
    state = CanvasState().show(SEVEN)
    late = answer(state, SEVEN)
    state = state.undo()
    assert state.hear(late).strokes == SEVEN[:1]
    assert state.hear(answer(state, SEVEN)).strokes == SEVEN


@pytest.mark.parametrize("junk", [None, 7, [], {}, {"raw": None}, {"raw": 7}, {"raw": {}}])
def test_a_junk_answer_changes_nothing(junk: object) -> None:
    assert CanvasState().show(SEVEN).hear(junk).strokes == SEVEN


def test_the_browser_is_told_the_same_until_the_drawing_is_replaced() -> None:
    state = CanvasState().show(SEVEN[:1])
    assert canvas_message(state.hear(answer(state, SEVEN))) == canvas_message(state)
    assert canvas_message(state.undo()) != canvas_message(state)
    assert canvas_message(state.show(state.strokes)) != canvas_message(state)


def test_the_frontend_is_told_what_its_own_package_would_tell_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An upgrade that speaks to the frontend in another way must not pass unnoticed."""
    registered: list[dict[str, Any]] = []
    mounted: list[dict[str, Any]] = []

    def component(name: str, **definition: Any) -> Any:
        def mount(**arguments: Any) -> dict[str, Any]:
            mounted.append(arguments)
            return {}

        registered.append({"name": name} | definition)
        return mount

    monkeypatch.setattr(st.components.v2, "component", component)
    spec = importlib.util.find_spec("streamlit_drawable_canvas")
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    package.st_canvas(
        stroke_width=PEN_WIDTH * SHARPNESS,
        stroke_color=INK,
        background_color=paper_color(1),
        width=CANVAS_SIDE * SHARPNESS,
        height=CANVAS_SIDE * SHARPNESS,
    )
    _component.__wrapped__()

    theirs, ours = registered
    assert [ours[key] for key in ("name", "js")] == [theirs[key] for key in ("name", "js")]
    assert ours["html"].startswith('<div class="canvas-root"')
    assert theirs["html"] == '<div class="canvas-root"></div>'
    message = canvas_message(CanvasState(), sends_itself=True)
    assert {key: mounted[0]["data"][key] for key in message} == message


def page() -> None:
    import streamlit as st

    from views.input.canvas import draw_canvas, latest_canvas
    from views.session.canvas_state import CanvasState

    def undo() -> None:
        st.session_state["drawing"] = latest_canvas(st.session_state["drawing"]).undo()

    state = draw_canvas(st.session_state.get("drawing", CanvasState()))
    st.session_state["drawing"] = state
    st.button("Undo", on_click=undo)


def test_the_canvas_mounts_and_undo_works_before_the_browser_has_said_anything() -> None:
    app = AppTest.from_function(page)
    app.session_state["drawing"] = CanvasState().show(SEVEN)
    app.run()
    assert not app.exception
    assert app.session_state["drawing"].strokes == SEVEN
    app.button[0].click().run()
    assert app.session_state["drawing"].strokes == SEVEN[:1]


def test_a_canvas_mounted_again_starts_from_everything_drawn() -> None:
    """The browser forgets what it drew when its page is left; the state has it all."""
    before = CanvasState().show(SEVEN[:1])
    app = AppTest.from_function(page)
    app.session_state["drawing"] = before.hear(answer(before, SEVEN))
    app.run()
    assert app.session_state["drawing"].start == SEVEN
    assert app.session_state["drawing"].generation == before.generation + 1


def test_the_canvas_has_a_name_and_none_of_its_own_buttons() -> None:
    assert 'role="application" tabindex="0" aria-label="Canvas to draw on"' in CANVAS_HTML
    assert ".dc-toolbar, .dc-textarea-host { display: none !important; }" in CANVAS_CSS
    assert ".canvas-root { width: 280px; height: 280px;" in CANVAS_CSS


def test_the_page_knows_how_many_strokes_the_browser_shows() -> None:
    state = CanvasState().show(SEVEN)
    assert state.paths == 2  # as it was told
    heard = state.hear(answer(state, (*SEVEN, ((5, 5),))))
    assert heard.paths == 3
    assert heard.undo().paths == 2  # told anew
    away = answer(state, SEVEN)
    away["raw"]["objects"].append({"type": "Path", "path": line((400, 400), (500, 500))})
    assert state.hear(away).paths == 3  # one of them beside the canvas


def test_a_curve_is_read_within_half_a_pixel() -> None:
    arc = [["M", 0, 280], ["Q", 280, -280, 560, 280]]
    (points,) = parse_paths(drawing(arc), simplified=False)
    for x, y in points:
        t = x / 280
        assert y == pytest.approx(140 * (1 - t) ** 2 - 280 * t * (1 - t) + 140 * t**2, abs=1.1)
    assert 10 < len(points) <= 33


def test_the_canvas_sends_by_itself_only_where_it_is_asked_to() -> None:
    assert canvas_message(CanvasState())["realtimeUpdateStreamlit"] is False
    assert canvas_message(CanvasState(), sends_itself=True)["realtimeUpdateStreamlit"] is True
