"""The drawing on the canvas: what the browser sends, read with suspicion, and Undo and Clear."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise
from typing import Any

from core.data.drawing import (
    CANVAS_SIDE,
    MAX_POINTS,
    MAX_STROKES,
    PEN_WIDTH,
    Point,
    Stroke,
    Strokes,
    simplify,
    thin,
)

SHARPNESS = 2  # browser pixels per canvas pixel: crisp on phones and projectors
INK, PAPER = "#ffffff", (10, 11, 14)  # MNIST's look, the same in the light and the dark theme
MAX_RAW_POINTS = 6_000  # of the curves of a drawing in all; what comes after them is left out
FAR = 50 * CANVAS_SIDE  # no pen gets there: coordinates beyond are ignored
TOLERANCE = 1.0  # simplifying moves no part of a line further than this many pixels


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
    heard: tuple[int, int] = (0, 0)  # generation and number of strokes of the last answer
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

    @property
    def paths(self) -> int:
        """How many strokes the browser shows of which we know, by its own count."""
        return self.heard[1] if self.heard[0] == self.generation else len(self.start)

    def hear(self, drawing: object) -> "CanvasState":
        """The state after an answer of the browser: {"raw": fabric.js JSON}, or anything at all."""
        raw = drawing.get("raw") if isinstance(drawing, dict) else None
        if not isinstance(raw, dict) or raw.get("background") != paper_color(self.generation):
            return self
        strokes, is_whole = _read_paths(raw)
        heard = replace(self, heard=(self.generation, sum(1 for _ in _paths(raw))))
        # The rest of a long drawing is not read; nor shall it be seen.
        return replace(heard, strokes=strokes) if is_whole else heard.show(strokes)


def paper_color(generation: int) -> str:
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
        "strokeWidth": PEN_WIDTH * SHARPNESS,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }


def parse_paths(json_data: object, *, simplified: bool = True) -> Strokes:
    """Read fabric.js JSON from a browser: what is not a pen stroke is skipped, never an error.

    A path's own coordinates are canvas coordinates, because nothing can be moved or scaled here.
    Where the pen left the canvas the stroke is cut in two. Points are whole pixels, 0 to 279, and
    at most `MAX_POINTS`: a longer drawing is thinned evenly before it is simplified, which is slow.
    """
    return _read_paths(json_data, simplified=simplified)[0]


def _read_paths(json_data: object, *, simplified: bool = True) -> tuple[Strokes, bool]:
    """The strokes of `parse_paths`, and whether these are all that the browser shows."""
    pieces: list[list[Point]] = []
    paths, budget = list(islice(_paths(json_data), MAX_STROKES + 1)), MAX_RAW_POINTS
    is_whole = sum(map(len, paths)) <= MAX_POINTS
    for path in thin(paths):
        if budget <= 0 or len(pieces) > MAX_STROKES:
            is_whole = False
            break
        points = _flatten(path, budget)
        pieces += map(_whole_pixels, _inside(points))
        budget -= len(points)
    is_whole &= len(pieces) <= MAX_STROKES
    pieces = pieces[:MAX_STROKES]
    is_whole &= sum(map(len, pieces)) <= MAX_POINTS
    if not simplified:
        return tuple(map(tuple, thin(pieces))), is_whole
    return tuple(simplify(stroke, TOLERANCE) for stroke in thin(pieces)), is_whole


def _paths(json_data: object) -> Iterator[list[Any]]:
    objects = json_data.get("objects") if isinstance(json_data, dict) else None
    for item in objects if isinstance(objects, list) else []:
        path = item.get("path") if isinstance(item, dict) and item.get("type") == "Path" else None
        if isinstance(path, list):
            yield path


def _flatten(path: Sequence[Any], most: int) -> list[Point]:
    """The points of a path of M, L and Q commands; other commands are skipped.

    A curve that begins within the first `most` points is the last.
    """
    points: list[Point] = []
    for command in path:
        match command:
            case ["M" | "L", x, y] if _is_point(x, y):
                points.append((x / SHARPNESS, y / SHARPNESS))
            case ["Q", cx, cy, x, y] if _is_point(cx, cy) and _is_point(x, y):
                end = (x / SHARPNESS, y / SHARPNESS)
                points += _quadratic(
                    points[-1] if points else end, (cx / SHARPNESS, cy / SHARPNESS), end
                )
        if len(points) > most:
            break
    return points


def _is_point(*numbers: object) -> bool:
    return all(isinstance(n, int | float) and -FAR <= n <= FAR for n in numbers)  # NaN is not


def _quadratic(start: Point, control: Point, end: Point) -> Iterator[Point]:
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
            near, far = sorted((-at / step, (CANVAS_SIDE - 1 - at) / step))
            enter, leave = max(enter, near), min(leave, far)
        elif not 0 <= at <= CANVAS_SIDE - 1:
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
