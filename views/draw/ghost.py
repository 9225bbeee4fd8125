"""A ghost on the empty canvas: an example that draws itself once, and the words "draw here".

It is a style sheet with a picture in it, and part of the invitation: nothing is loaded for it, and
nothing on the page moves. pen.js marks the page at the first touch, and then it is gone for good.
"""

import functools
from urllib.parse import quote

from core.data.drawing import CANVAS_SIDE, PEN_WIDTH, Strokes
from views.input.pen import pen_path

SECONDS = 1.1  # for a stroke

# The strokes appear one after the other, and fade. Who wants less motion sees them at rest.
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><style>
path{{fill:none;stroke:#fff;stroke-width:{width};stroke-linecap:round;stroke-linejoin:round;
opacity:.3;stroke-dasharray:1 2;animation:draw {seconds}s ease-in-out both}}
g{{animation:fade 1s {end}s both}}text{{font:600 18px system-ui,sans-serif;fill:#b4b9c4}}
@keyframes draw{{from{{stroke-dashoffset:1.1}}}}@keyframes fade{{to{{opacity:.35}}}}
@media(prefers-reduced-motion:reduce){{path,g{{animation:none}}}}
</style><g>{paths}</g><text x="50%" y="262" text-anchor="middle">draw here</text></svg>"""


@functools.lru_cache(maxsize=8)
def ghost_style(strokes: Strokes) -> str:
    """A `<style>` that shows strokes in canvas pixels drawing themselves on the canvas."""
    paths = ""
    for number, stroke in enumerate(strokes):
        delay = f"animation-delay:{0.5 + number * SECONDS:.1f}s"
        paths += f'<path pathLength="1" style="{delay}" d="{_commands(pen_path(stroke))}"/>'
    picture = PICTURE.format(
        side=CANVAS_SIDE,
        width=PEN_WIDTH,
        seconds=SECONDS,
        end=f"{1.5 + len(strokes) * SECONDS:.1f}",
        paths=paths,
    )
    return (
        "<style>body:not(.touched) .st-key-canvas "
        f'{{ --ghost: url("data:image/svg+xml,{quote(picture)}"); }}</style>'
    )


def _commands(path: list[list[object]]) -> str:
    """A path as SVG writes it."""
    return " ".join(" ".join(map(str, command)) for command in path)
