"""The Draw page: a picture, a number, and what both heads say."""

import html
import random
from functools import partial

import streamlit as st

from core.checkpoint import CheckpointError
from core.dataset import ADDENDS, SPECS, DatasetSpec
from core.drawing import Pixels
from core.link import Link
from core.model import SumNet
from core.prediction import Prediction, predict
from core.presets import PRESETS
from views import charts, sources, state, style
from views.pictures import picture
from views.state import Session


def show() -> None:
    """The whole page; after a stroke or a number only `_board` runs again."""
    _board()


@st.fragment
def _board() -> None:
    session = state.session()
    try:
        model, _, trouble = state.network(session)
    except CheckpointError as error:
        st.error(f"{error} Make it again with `python -m core train --preset mnist`.")
        return
    spec = SPECS[model.config.dataset]
    left, right = st.columns([4, 7], gap="large")
    with left:
        image = sources.show(session, spec)
        _numbers(session)
    with right, st.container(key="answers"):
        if trouble:
            st.warning(trouble)
        if image is None:
            _invite(session, spec)
        else:
            _answers(session, model, spec, image)
        _network_choice(session)
    _share(session)


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


def _answers(session: Session, model: SumNet, spec: DatasetSpec, image: Pixels) -> None:
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
        st.html(f'<div class="note">{_before(prediction)}</div>')
        expected = prediction.label + prediction.addend
        figure = charts.sum_line(prediction.sum_value, expected, palette)
        st.plotly_chart(figure, key="sum_line", config=charts.CONFIG, alt="Sum from 0 to 18")
    _equation(prediction, spec)
    truth = sources.truth(session, spec)
    if truth is not None:
        _verdict(prediction, spec, truth)
    if session.source != "test":
        _seen(prediction.image)


def _invite(session: Session, spec: DatasetSpec) -> None:
    """Before there is a picture: what this is, and no answer about nothing."""
    palette = style.palette()
    left, right = st.columns(2)
    with left, st.container(gap=None):
        _head(
            "Class head", "class_answer", "", palette.class_head, sources.invitation(session, spec)
        )
    with right, st.container(gap=None):
        _head("Sum head", "sum_answer", "", palette.sum_head, f"I add {session.addend}")
    st.write(
        "One network with two inputs and two outputs: it is given a picture and a number, and "
        f"says which {spec.noun} it sees and what the {spec.noun} plus the number is. Draw with "
        f"the mouse or a finger, or try one of the {sources.offers(spec)}."
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


def _before(prediction: Prediction) -> str:
    """What stands behind the whole number: a share of 19, or a value."""
    if prediction.sum_probs:
        return f"{_percent(prediction.sum_probs[prediction.total])} sure"
    return f"{prediction.sum_value:.2f} before rounding"


def _equation(prediction: Prediction, spec: DatasetSpec) -> None:
    palette = style.palette()
    name = spec.class_names[prediction.label]
    expected = prediction.label + prediction.addend
    verdict = (
        "✓ the heads agree"
        if prediction.agree
        else f"✗ the heads disagree: {name} + {prediction.addend} is {expected}"
    )
    if not name.isdigit():
        verdict += f" ({name} is class {prediction.label})"
    st.html(
        f'<div class="equation"><span style="color:{palette.class_head}">{html.escape(name)}</span>'
        f' + {prediction.addend} = <span style="color:{palette.sum_head}">{prediction.total}</span>'
        f'<span class="note">{html.escape(verdict)}</span></div>'
    )


def _verdict(prediction: Prediction, spec: DatasetSpec, truth: int) -> None:
    """What the test image really is, and which head knew."""
    marks = [
        f"{'✓' if right else '✗'} {head} {'right' if right else 'wrong'}"
        for head, right in (
            ("class", prediction.label == truth),
            ("sum", prediction.total == truth + prediction.addend),
        )
    ]
    name = html.escape(spec.numbered(truth))
    total = truth + prediction.addend
    st.html(
        f'<div class="note" data-truth="{truth}">Really: {name} + '
        f"{prediction.addend} = {total}. {', '.join(marks)}.</div>"
    )


def _seen(image: Pixels) -> None:
    st.html(
        f'<div class="seen">{picture(image, 84, "The drawing as the network saw it")}'
        '<div class="note">What the network saw:<br>cropped, shrunk to 28 × 28<br>and centered'
        "</div></div>"
    )


def _network_choice(session: Session) -> None:
    """Which network answers: a shipped one, one's own, or the one that a link brought."""

    def change() -> None:
        session.network = state.said("network_choice")

    names = list(dict.fromkeys([*state.networks(session), session.network]))
    with st.container(key="network", width=328):
        st.selectbox(
            "Network that answers",
            names,
            names.index(session.network),
            format_func=lambda name: PRESETS[name].title if name in PRESETS else f"Run {name[:6]}",
            key="network_choice",
            on_change=change,
        )


def _share(session: Session) -> None:
    """Keep the address in step with the choices, and show it on request."""

    def toggle() -> None:
        session.sharing = not session.sharing

    choices = Link(
        session.addend,
        session.canvas.strokes if session.source == "draw" else (),
        session.network,
        session.picture if session.source == "test" else None,
    )
    state.publish(choices)
    with st.container(key="share_link"):
        st.button("Share", key="share", icon=":material/share:", on_click=toggle)
        if session.sharing:
            st.code(state.address(choices), language=None, wrap_lines=True)
            if session.source == "upload":
                st.caption("An uploaded picture stays here: the link opens an empty canvas.")
