"""The drawing surface: pen strokes in, pen strokes out.

The only file that knows streamlit-drawable-canvas. It keeps the path of the pen and no pixels: a 7
drawn with two strokes arrives as two fabric.js paths of some twenty curves and leaves as

    (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)), ((90.0, 140.0), (175.0, 138.0)))

whole canvas pixels, so that what is drawn, what a link carries and what the network gets are the
same picture on every machine.

We use the package's frontend without its `st_canvas`, for two reasons. Its toolbar is invisible
until hovered but takes clicks: a finger that starts a digit in the upper right corner presses
"Reset". And our Undo has to change the drawing without mounting the canvas again, which blinks and
moves the page.
"""

import functools
from typing import Any

import streamlit as st

from core.data.drawing import CANVAS_SIDE, PEN_WIDTH
from views.session.canvas_state import INK, PAPER, SHARPNESS, CanvasState, paper_color, to_paths

# Its style sheet is not loaded either: these few rules are all a bare canvas needs. What the page
# puts into `--ghost` is seen on it and is no ink.
CANVAS_CSS = f"""
.canvas-root {{ width: {CANVAS_SIDE}px; height: {CANVAS_SIDE}px; border-radius: 12px;
  overflow: hidden; position: relative; background: rgb{PAPER}; }}
.canvas-root::after {{ content: ""; position: absolute; inset: 0; z-index: 20; pointer-events: none;
  border: 1px solid rgb(128 128 128 / 45%); border-radius: inherit; }}
.canvas-root::before {{ content: ""; position: absolute; inset: 0; z-index: 19;
  pointer-events: none; background: var(--ghost, none) center / contain no-repeat; }}
.canvas-root:focus-visible {{ outline: 3px solid var(--st-primary-color); outline-offset: -3px; }}
.dc-container {{ position: relative; }}
.dc-container, .canvas-container, canvas {{
  width: {CANVAS_SIDE}px !important; height: {CANVAS_SIDE}px !important; }}
.dc-background-canvas, .dc-canvas {{ position: absolute; top: 0; left: 0; }}
.dc-toolbar, .dc-textarea-host {{ display: none !important; }}
"""
# Where it hears keys, pen.js makes it say so.
CANVAS_HTML = (
    '<div class="canvas-root" role="application" tabindex="0" aria-label="Canvas to draw on"></div>'
)


def draw_canvas(state: CanvasState, *, key: str = "pen", sends_itself: bool = False) -> CanvasState:
    """Show the canvas here and return the state with everything that is drawn on it.

    It `sends_itself` 200 ms after each stroke. Otherwise pen.js (views/draw/live.py) has it send
    when the pen has rested.

    Nothing above it on the page may come and go, at any level: Streamlit would mount a new canvas,
    which starts from `start` and tells nobody. Give such things an `st.empty()` instead.
    """
    if key not in st.session_state and state.strokes != state.start:
        state = state.show(state.strokes)  # back from another page: go on from the whole drawing
    state = latest_canvas(state, key=key)  # before it is shown: a long drawing is shown as kept
    with st.container(key="canvas", width="content"):
        _component()(
            data=canvas_message(state, sends_itself),
            key=key,
            on_drawing_change=lambda: None,
            on_backgroundFit_change=lambda: None,
            width=CANVAS_SIDE,
            height=CANVAS_SIDE,
        )
    return state


def latest_canvas(state: CanvasState, *, key: str = "pen") -> CanvasState:
    """The state with the browser's latest answer; callbacks ask too, before the page runs.

    A stroke and the Undo after it may arrive together; Undo must then see that stroke.
    """
    answer = st.session_state.get(key)
    return state.hear(answer.get("drawing") if isinstance(answer, dict) else None)


@functools.cache
def _component() -> Any:
    """The package's frontend. Not at import: it can be registered in a running app only."""
    name = "streamlit-drawable-canvas.streamlit_drawable_canvas"
    return st.components.v2.component(name, js="index-*.js", css=CANVAS_CSS, html=CANVAS_HTML)


def canvas_message(state: CanvasState, sends_itself: bool = False) -> dict[str, Any]:
    """What the frontend gets; the same dictionary until `start` changes."""
    return {
        "drawingMode": "freedraw",
        "strokeWidth": PEN_WIDTH * SHARPNESS,
        "strokeColor": INK,
        "backgroundImageURL": None,
        "canvasWidth": CANVAS_SIDE * SHARPNESS,
        "canvasHeight": CANVAS_SIDE * SHARPNESS,
        "initialDrawing": to_paths(state.start) | {"background": paper_color(state.generation)},
        "realtimeUpdateStreamlit": sends_itself,
        "returnImageData": False,
    }
