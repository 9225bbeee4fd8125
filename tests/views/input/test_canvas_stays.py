"""The canvas while it is drawn on: the page runs again, and the browser keeps what it has."""

from streamlit.testing.v1 import AppTest

from tests.views.input.test_canvas import SEVEN, answer, page
from views.session.canvas_state import CanvasState


def test_a_canvas_on_the_page_is_not_started_anew_by_a_stroke() -> None:
    """What the pen does meanwhile would be lost, and Undo would have nothing to take back."""
    app = AppTest.from_function(page)
    app.session_state["drawing"] = state = CanvasState().show(SEVEN[:1])
    app.run()
    app.session_state["drawing"] = state.hear(answer(state, SEVEN))
    app.run()
    assert app.session_state["drawing"].strokes == SEVEN
    assert app.session_state["drawing"].start == SEVEN[:1]
    assert app.session_state["drawing"].generation == state.generation
