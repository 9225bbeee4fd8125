"""The Draw page: a canvas, a number, and what both heads say."""

import base64
import html
import io
import random
from collections.abc import Callable
from functools import partial

import streamlit as st
from PIL import Image

from core import drawing
from core.checkpoint import CheckpointError
from core.dataset import ADDENDS, SPECS, DatasetSpec
from core.drawing import Pixels
from core.link import Link, parse_strokes
from core.prediction import Prediction, predict
from views import charts, state, style
from views.canvas import CanvasState, draw_canvas, latest
from views.state import Session

EXAMPLES = {
    digit: parse_strokes(text)
    for digit, text in {
        "3": "KpQLpGNI-PA5Q44Sw7UhBV5KWpVXBhWxuV55UqDTCJRKMQqKS6NU6UWafXarXy5XjHWjUVDeTLmRDqOzpMjl"
        "KzdJTS",
        "7": "JhIQRGZhCXRoUiWSDCQTk",
        "8": "WpVWBMVBETo_SQ8Qw8PQ_OBFNBMMRVMBgMJqMp0Nh8OqCQCHRiIRiITaKVKQWqZXqlYKzYLBXrPWrbVLkTbq"
        "RjsPrqN7kMbbLbPK7BK6zLalMaZN6QPqKRiIRiISyHUCEVJ_WB4WpwXBnXBeWpV",
    }.items()
}


def show() -> None:
    """The whole page; after a stroke or a number only `_board` runs again."""
    _board()


@st.fragment
def _board() -> None:
    session = state.session()
    left, right = st.columns([4, 7], gap="large")
    with left:
        with st.container(horizontal=True, key="board"):
            session.canvas = draw_canvas(session.canvas)
            _tools(session)
        _numbers(session)
    with right, st.container(key="answers"):
        try:
            _answers(session)
        except CheckpointError as error:
            st.error(f"{error} Make it again with `python -m core train --preset mnist`.")
        _whose(session)
    choices = Link(session.addend, session.canvas.strokes, session.network)
    state.publish(choices)
    _share(session, choices)


def _tools(session: Session) -> None:
    """Undo, Clear and the examples: each gives the canvas something else to show."""

    def change(how: Callable[[CanvasState], CanvasState]) -> None:
        session.canvas = how(latest(session.canvas))

    canvas = session.canvas
    with st.container(gap="xsmall", key="tools"):
        st.button(
            "",
            key="undo",
            icon=":material/undo:",
            help="Undo",
            disabled=not canvas.can_undo,
            on_click=partial(change, CanvasState.undo),
        )
        st.button(
            "",
            key="clear",
            icon=":material/delete:",
            help="Clear",
            disabled=not canvas.strokes,
            on_click=partial(change, CanvasState.clear),
        )
        st.html('<div class="note">Try</div>')
        for digit, strokes in EXAMPLES.items():
            st.button(
                digit,
                key=f"example_{digit}",
                help=f"Draw a {digit} for me",
                on_click=partial(change, partial(CanvasState.show, strokes=strokes)),
            )


def _numbers(session: Session) -> None:
    def choose(number: int) -> None:
        session.addend = number

    with st.container(key="numbers", gap="xsmall"):
        with st.container(
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
            key="number_title",
        ):
            st.html('<div class="head">Number to add</div>', width="content")
            others = [number for number in range(ADDENDS) if number != session.addend]
            st.button(
                "",
                key="roll",
                icon=":material/casino:",
                help="Roll the dice",
                on_click=lambda: choose(random.choice(others)),
            )
        with st.container(horizontal=True, key="addend"):
            for number in range(ADDENDS):
                st.button(
                    str(number),
                    key=f"addend_{number}",
                    type="primary" if number == session.addend else "secondary",
                    width="stretch",
                    on_click=partial(choose, number),
                )


def _answers(session: Session) -> None:
    model, _, trouble = state.network(session)
    if trouble:
        st.warning(trouble)
    spec = SPECS[model.config.dataset]
    image = drawing.mnist_form(drawing.rasterize(session.canvas.strokes))
    if image is None:
        _invite(session, spec)
        return
    prediction = predict(model, image, session.addend)
    name = spec.class_names[prediction.label]
    palette = style.palette()
    left, right = st.columns(2)
    with left, st.container(gap=None):
        _head("Class head", "class_answer", name, palette.class_head)
        st.html(
            f'<div class="note">{_percent(prediction.class_probs[prediction.label])} sure</div>'
        )
        figure = charts.class_bars(prediction.class_probs, spec.class_names, palette)
        st.plotly_chart(figure, key="class_bars", config=charts.CONFIG, alt="Class probabilities")
    with right, st.container(gap=None):
        _head("Sum head", "sum_answer", str(prediction.total), palette.sum_head)
        st.html(f'<div class="note">{prediction.sum_value:.2f} before rounding</div>')
        expected = prediction.label + prediction.addend
        figure = charts.sum_line(prediction.sum_value, expected, palette)
        st.plotly_chart(figure, key="sum_line", config=charts.CONFIG, alt="Sum from 0 to 18")
    _equation(prediction, name)
    _seen(prediction.image)


def _invite(session: Session, spec: DatasetSpec) -> None:
    """Before the first stroke: what this is, and no answer about nothing."""
    palette = style.palette()
    left, right = st.columns(2)
    with left, st.container(gap=None):
        _head("Class head", "class_answer", "", palette.class_head, f"Draw a {spec.noun}")
    with right, st.container(gap=None):
        _head("Sum head", "sum_answer", "", palette.sum_head, f"I add {session.addend}")
    st.write(
        "One network with two inputs and two outputs: it is given your drawing and a number, and "
        f"says which {spec.noun} it sees and what the {spec.noun} plus the number is. Draw with "
        "the mouse or a finger, or try one of the examples beside the canvas."
    )


def _head(title: str, key: str, answer: str, color: str, invitation: str = "") -> None:
    """One head's answer, alone in the container `key`: tests and screen readers read it there."""
    kind = "invitation" if not answer else "big" if len(answer) < 4 else "word"
    shade = f' style="color:{color}"' if answer else ""
    st.html(f'<div class="head" style="color:{color}">{title}</div>')
    with st.container(key=key):
        st.html(
            f'<div class="answer" role="status"><span class="{kind}"{shade}>'
            f"{html.escape(answer or invitation)}</span></div>"
        )


def _percent(share: float) -> str:
    """Never 100 %: a softmax is never certain."""
    return "over 99.9 %" if share > 0.999 else f"{100 * share:.1f} %"


def _whose(session: Session) -> None:
    """Whose network answers, where it is not the shipped one."""

    def use_shipped() -> None:
        session.network = state.SHIPPED

    if session.network != state.SHIPPED:
        with st.container(horizontal=True, vertical_alignment="center", key="whose"):
            st.html('<div class="note">A network trained here answers.</div>', width="content")
            st.button("Back to the shipped one", key="use_shipped", on_click=use_shipped)


def _equation(prediction: Prediction, name: str) -> None:
    palette = style.palette()
    right = prediction.label + prediction.addend
    verdict = (
        "✓ the heads agree"
        if prediction.agree
        else f"✗ the heads disagree: {name} + {prediction.addend} is {right}"
    )
    st.html(
        f'<div class="equation"><span style="color:{palette.class_head}">{html.escape(name)}</span>'
        f' + {prediction.addend} = <span style="color:{palette.sum_head}">{prediction.total}</span>'
        f'<span class="note">{html.escape(verdict)}</span></div>'
    )


def _seen(image: Pixels) -> None:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    st.html(
        '<div class="seen"><img width="84" height="84" alt="The drawing as the network saw it" '
        f'src="data:image/png;base64,{data}"><div class="note">What the network saw:<br>cropped, '
        "shrunk to 28 × 28<br>and centered by mass</div></div>"
    )


def _share(session: Session, choices: Link) -> None:
    def toggle() -> None:
        session.sharing = not session.sharing

    with st.container(key="share_link"):
        st.button("Share", key="share", icon=":material/share:", on_click=toggle)
        if session.sharing:
            st.code(state.address(choices), language=None, wrap_lines=True)
