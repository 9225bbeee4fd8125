"""What the canvas makes of the points that the pen passes: the same strokes, before it tells us.

The canvas sends its drawing when the pen has rested. While it moves, the browser reports the pen's
points, and this file makes the path of them that fabric.js 7 will make (`PencilBrush`): points
close together are dropped, the others joined by quadratic curves. So the live answer to a drawing
is the answer of the page.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from core.data.drawing import PEN_WIDTH, Point, Strokes
from views.session.canvas_state import SHARPNESS, parse_paths

DECIMATE = 0.4  # of fabric.js: points closer than this to the last one are dropped
CORRECTION = PEN_WIDTH * SHARPNESS / 1000  # of fabric.js: both ends move by so much


def strokes_of_pen(lines: Sequence[Sequence[Point]], *, rough: bool = False) -> Strokes:
    """Strokes in whole canvas pixels, of points in pixels of the browser's canvas.

    `rough` ones keep more points than they need, which is faster.
    """
    paths = [{"type": "Path", "path": pen_path(line)} for line in lines if line]
    return parse_paths({"objects": paths}, simplified=not rough)


def pen_path(points: Sequence[Point]) -> list[list[Any]]:
    """The commands of the path that fabric.js makes of a stroke."""
    kept = _decimated(points)
    first = kept[0]
    path: list[list[Any]] = [["M", *first]]
    if len(kept) > 2:
        sign_x, sign_y = _signs(kept[2], kept[1])
        path = [["M", first[0] - sign_x * CORRECTION, first[1] - sign_y * CORRECTION]]
    for start, end in pairwise(kept):
        if start != end:
            middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
            path.append(["Q", *start, *middle])
    last = kept[-1]
    if len(kept) > 2:
        sign_x, sign_y = _signs(last, kept[-2])
        return [*path, ["L", last[0] + sign_x * CORRECTION, last[1] + sign_y * CORRECTION]]
    return [*path, ["L", *last]]


def _decimated(points: Sequence[Point]) -> list[Point]:
    """Without points that lie close to the last one kept, and without the last but one."""
    if len(points) <= 2:
        return list(points)
    kept = [points[0]]
    for x, y in points[1:-2]:
        if (kept[-1][0] - x) ** 2 + (kept[-1][1] - y) ** 2 >= DECIMATE**2:
            kept.append((x, y))
    return [*kept, points[-1]]


def _signs(point: Point, other: Point) -> tuple[int, int]:
    """-1, 0 or 1: which side of another point a point lies on, in x and in y."""
    return _sign(point[0] - other[0]), _sign(point[1] - other[1])


def _sign(difference: float) -> int:
    return (difference > 0) - (difference < 0)
