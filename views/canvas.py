"""The drawing surface: pen strokes in, pen strokes out.

The one file that knows streamlit-drawable-canvas. It keeps the pen's path and no pixels: a 7 drawn
with two strokes arrives as two fabric.js paths of some twenty curves and leaves as

    (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)), ((90.0, 140.0), (175.0, 138.0)))

whole canvas pixels, so that what is drawn, what a link carries and what the network is given are
the same picture on every machine.

The package's own `st_canvas` is passed over for its frontend alone, for two reasons. Its toolbar is
invisible until hovered yet takes clicks: a finger that starts a digit in the upper right corner
presses "Reset". And an Undo of ours has to change the drawing without mounting the canvas anew,
which blinks and moves the page.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise
from typing import Any

import streamlit as st

from core.drawing import CANVAS, PEN, Point, Stroke, Strokes, simplify

SHARPNESS = 2  # browser pixels per canvas pixel: crisp on phones and projectors
INK, PAPER = "#ffffff", (10, 11, 14)  # MNIST's look, the same in the light and the dark theme
MAX_STROKES = 60  # a digit has one to four
MAX_POINTS = 6_000  # a digit has about 300 before simplifying
FAR = 50 * CANVAS  # no pen gets there: coordinates beyond are not believed
TOLERANCE = 1.0  # simplifying moves no part of a line further than this many pixels

# Its style sheet is not loaded either: these few rules are all a bare canvas needs.
CSS = f"""
.canvas-root {{ width: {CANVAS}px; height: {CANVAS}px; border-radius: 12px; overflow: hidden;
  position: relative; background: rgb{PAPER}; }}
.canvas-root::after {{ content: ""; position: absolute; inset: 0; z-index: 20; pointer-events: none;
  border: 1px solid rgb(128 128 128 / 45%); border-radius: inherit; }}
.dc-container {{ position: relative; }}
.dc-container, .canvas-container, canvas {{
  width: {CANVAS}px !important; height: {CANVAS}px !important; }}
.dc-background-canvas, .dc-canvas {{ position: absolute; top: 0; left: 0; }}
.dc-toolbar, .dc-textarea-host {{ display: none !important; }}
"""
HTML = '<div class="canvas-root" role="img" aria-label="Canvas to draw on"></div>'


@dataclass(frozen=True)
class CanvasState:
    """What is on the canvas, and what the browser was last told to show.

    The browser draws on top of `start` and answers with everything. Undo, Clear, an example or a
    link are a new `start` with a new `generation`; the browser repeats the generation in each
    answer, so that an answer from before an Undo is not mistaken for one from after it.
    """

    strokes: Strokes = ()
    start: Strokes = ()
    generation: int = 1
    cleared: Strokes = ()  # what Clear took away, for Undo

    def show(self, strokes: Strokes) -> "CanvasState":
        return replace(self, strokes=strokes, start=strokes, generation=self.generation + 1)

    def clear(self) -> "CanvasState":
        return replace(self.show(()), cleared=self.strokes or self.cleared)

    def undo(self) -> "CanvasState":
        """Without the last stroke; with an empty canvas, back to what Clear took away."""
        if self.strokes:
            return self.show(self.strokes[:-1])
        return replace(self.show(self.cleared), cleared=())

    @property
    def can_undo(self) -> bool:
        return bool(self.strokes or self.cleared)

    def hear(self, drawing: object) -> "CanvasState":
        """The state after an answer of the browser: {"raw": fabric.js JSON}, or anything at all."""
        raw = drawing.get("raw") if isinstance(drawing, dict) else None
        if not isinstance(raw, dict) or raw.get("background") != paper(self.generation):
            return self
        return replace(self, strokes=parse_paths(raw))


def draw_canvas(state: CanvasState, *, key: str = "pen") -> CanvasState:
    """Draw the canvas here and return the state with what has been drawn on it since.

    What stands above it on the page must not come and go, at any level: Streamlit would mount a new
    canvas, which starts from `start` and tells nobody. Give such things an `st.empty()` instead.
    """
    if key not in st.session_state and state.strokes != state.start:
        state = state.show(state.strokes)  # back from another page: go on from the whole drawing
    with st.container(key="canvas", width="content"):
        answer = _component()(
            data=message(state),
            key=key,
            on_drawing_change=lambda: None,
            on_backgroundFit_change=lambda: None,
            width=CANVAS,
            height=CANVAS,
        )
    return state.hear(answer.get("drawing"))


def latest(state: CanvasState, *, key: str = "pen") -> CanvasState:
    """The state with what the browser said last: for callbacks, which run before the page does.

    A stroke and the Undo after it may arrive together; Undo must then see that stroke.
    """
    answer = st.session_state.get(key)
    return state.hear(answer.get("drawing") if isinstance(answer, dict) else None)


@functools.cache
def _component() -> Any:
    """The package's frontend. Not at import: it can be registered in a running app only."""
    name = "streamlit-drawable-canvas.streamlit_drawable_canvas"
    return st.components.v2.component(name, js="index-*.js", css=CSS, html=HTML)


def message(state: CanvasState) -> dict[str, Any]:
    """What the frontend is told; the same dictionary until `start` changes."""
    return {
        "drawingMode": "freedraw",
        "strokeWidth": PEN * SHARPNESS,
        "strokeColor": INK,
        "backgroundImageURL": None,
        "canvasWidth": CANVAS * SHARPNESS,
        "canvasHeight": CANVAS * SHARPNESS,
        "initialDrawing": to_paths(state.start) | {"background": paper(state.generation)},
        "realtimeUpdateStreamlit": True,  # at each mouse-up, that is; never while the pen is down
        "returnImageData": False,
    }


def paper(generation: int) -> str:
    """The background color, which the browser sends back letter by letter: it carries the
    generation as its alpha, and CSS takes any alpha from 1 on as opaque."""
    return f"rgba({PAPER[0]}, {PAPER[1]}, {PAPER[2]}, {generation})"


def to_paths(strokes: Strokes) -> dict[str, Any]:
    """Strokes as fabric.js JSON: `parse_paths` gives them back."""
    return {"objects": [_path(stroke) for stroke in strokes]}


def _path(stroke: Stroke) -> dict[str, Any]:
    (x, y), *rest = [(x * SHARPNESS, y * SHARPNESS) for x, y in stroke]
    rest = rest or [(x + 0.02, y)]  # a dot; a line of no length at all is not painted
    return {
        "type": "Path",
        "path": [["M", x, y], *(["L", *point] for point in rest)],
        "fill": None,
        "stroke": INK,
        "strokeWidth": PEN * SHARPNESS,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }


def parse_paths(json_data: object) -> Strokes:
    """Read fabric.js JSON from a browser: what is not a pen stroke is skipped, never an error.

    A path's own coordinates are canvas coordinates, because nothing can be moved or scaled here.
    Where the pen left the canvas the stroke is cut in two. Points are whole pixels, 0 to 279.
    """
    pieces = (piece for path in _paths(json_data) for piece in _inside(_flatten(path)))
    strokes: list[Stroke] = []
    budget = MAX_POINTS
    for piece in islice(pieces, MAX_STROKES):
        points = _whole_pixels(piece)[:budget]
        strokes.append(simplify(points, TOLERANCE))
        budget -= len(points)
        if not budget:
            break
    return tuple(strokes)


def _paths(json_data: object) -> Iterator[list[Any]]:
    objects = json_data.get("objects") if isinstance(json_data, dict) else None
    for item in objects[:MAX_STROKES] if isinstance(objects, list) else []:
        path = item.get("path") if isinstance(item, dict) and item.get("type") == "Path" else None
        if isinstance(path, list):
            yield path[:MAX_POINTS]


def _flatten(path: list[Any]) -> list[Point]:
    """The points of a path of M, L and Q commands; other commands are skipped."""
    points: list[Point] = []
    for command in path:
        match command:
            case ["M" | "L", x, y] if _is_point(x, y):
                points.append((x / SHARPNESS, y / SHARPNESS))
            case ["Q", cx, cy, x, y] if _is_point(cx, cy) and _is_point(x, y):
                end = (x / SHARPNESS, y / SHARPNESS)
                points += _curve(
                    points[-1] if points else end, (cx / SHARPNESS, cy / SHARPNESS), end
                )
        if len(points) > MAX_POINTS:
            break
    return points


def _is_point(*numbers: object) -> bool:
    return all(isinstance(n, int | float) and -FAR <= n <= FAR for n in numbers)  # NaN is not


def _curve(start: Point, control: Point, end: Point) -> Iterator[Point]:
    """A quadratic curve in as many lines as keep within half a pixel of it, `start` left out."""
    bend = math.hypot(*(a - 2 * b + c for a, b, c in zip(start, control, end, strict=True)))
    lines = min(32, math.ceil(math.sqrt(bend / 2)) or 1)
    for t in (i / lines for i in range(1, lines + 1)):
        x, y = (
            (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
            for a, b, c in zip(start, control, end, strict=True)
        )
        yield x, y


def _inside(points: list[Point]) -> Iterator[list[Point]]:
    """The pieces of a line that lie on the canvas."""
    piece = [points[0]] if points and _cut(points[0], points[0]) else []
    for start, end in pairwise(points):
        ends = _cut(start, end)
        if ends:
            piece = piece or [ends[0]]
            piece.append(ends[1])
        if piece and (not ends or ends[1] != end):
            yield piece
            piece = []
    if piece:
        yield piece


def _cut(start: Point, end: Point) -> tuple[Point, Point] | None:
    """The part of a line from start to end that lies on the canvas (Liang and Barsky)."""
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    enter, leave = 0.0, 1.0
    for at, step in ((x, dx), (y, dy)):
        if step:
            near, far = sorted((-at / step, (CANVAS - 1 - at) / step))
            enter, leave = max(enter, near), min(leave, far)
        elif not 0 <= at <= CANVAS - 1:
            return None
    if enter > leave:
        return None
    return (
        (x + enter * dx, y + enter * dy) if enter else start,
        (x + leave * dx, y + leave * dy) if leave < 1 else end,
    )


def _whole_pixels(points: list[Point]) -> list[Point]:
    rounded = [(float(round(x)), float(round(y))) for x, y in points]
    return [point for point, _ in groupby(rounded)]
