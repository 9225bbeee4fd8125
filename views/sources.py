"""Where the picture on the Draw page comes from: the canvas, the test images, or an upload."""

import random
from collections.abc import Callable
from functools import partial

import streamlit as st

from core import drawing
from core.dataset import TEST_SIZE, DatasetSpec
from core.drawing import Pixels, Strokes
from core.fetch import FetchError
from core.limits import LIMITS
from core.link import parse_strokes
from views import state
from views.canvas import CanvasState, draw_canvas, latest
from views.pictures import picture
from views.state import Session, Source

TITLES: dict[Source, str] = {"draw": "Draw", "test": "Test image", "upload": "Upload"}
FILE_TYPES = ["png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff"]
MAX_FILE = LIMITS.upload_megabytes * 1024**2
SIDE = drawing.CANVAS

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


def show(session: Session, spec: DatasetSpec) -> Pixels | None:
    """The controls of the chosen source, and its picture as the network gets it, if there is one.

    All sources are of one size. Nothing above the canvas comes and goes: Streamlit would mount a
    new one.
    """

    def change() -> None:
        session.source = state.said("source")

    if "sources" not in session.hidden:
        st.segmented_control(
            "Picture",
            list(TITLES),
            format_func=TITLES.__getitem__,
            default=session.source,
            required=True,
            key="source",
            on_change=change,
            label_visibility="collapsed",
        )
    with st.container(horizontal=True, key="board"):
        if session.source == "draw":
            return _canvas(session, spec)
        if session.source == "upload":
            return _upload(session, spec)
        image = _test_image(session, spec)
    _test_number(session)
    return image


def _canvas(session: Session, spec: DatasetSpec) -> Pixels | None:
    session.canvas = draw_canvas(session.canvas)
    _tools(session, spec)
    return drawing.read_strokes(session.canvas.strokes, spec.name)


def _tools(session: Session, spec: DatasetSpec) -> None:
    """Undo, Clear and the examples: each gives the canvas something else to show."""

    def change(how: Callable[[CanvasState], CanvasState]) -> None:
        session.canvas = how(latest(session.canvas))

    with st.container(gap="xsmall", key="tools"):
        st.button(
            "Undo",
            key="undo",
            icon=":material/undo:",
            help="Undo (Ctrl+Z)",
            shortcut="Ctrl+Z",
            disabled=not session.canvas.can_undo,
            on_click=partial(change, CanvasState.undo),
        )
        st.button(
            "Clear",
            key="clear",
            icon=":material/delete:",
            help="Clear (Esc)",
            shortcut="Esc",
            disabled=not session.canvas.strokes,
            on_click=partial(change, CanvasState.clear),
        )
        if spec.name != "mnist" or "examples" in session.hidden:
            return
        st.html('<div class="note">Try</div>')
        for digit, strokes in EXAMPLES.items():
            st.button(
                digit,
                key=f"example_{digit}",
                help=f"Draw a {digit} for me",
                on_click=partial(change, partial(_example, strokes)),
            )


def _example(strokes: Strokes, canvas: CanvasState) -> CanvasState:
    """In place of a drawing, which Undo brings back."""
    return canvas.clear().show(strokes)


def _test_image(session: Session, spec: DatasetSpec) -> Pixels | None:
    try:
        split = state.test_split(spec.name)
    except FetchError as error:
        with st.container(width=SIDE, height=SIDE):
            st.warning(str(error))
        return None
    index = session.picture

    def go(index: int) -> None:
        session.picture = index % TEST_SIZE

    image: Pixels = split.images[index, 0].numpy()
    with st.container(key="test_image", width="content"):
        st.html(picture(image, SIDE, f"Test image {index} of {spec.title}"))
    moves = {
        "next": (":material/arrow_forward:", "Next", index + 1),
        "previous": (":material/arrow_back:", "Previous", index - 1),
        "random": (":material/shuffle:", "Any other", random.randrange(TEST_SIZE)),
    }
    with st.container(gap="xsmall", key="tools"):
        for key, (icon, words, target) in moves.items():
            st.button(words, key=key, icon=icon, help=words, on_click=go, args=(target,))
    return image


def _test_number(session: Session) -> None:
    key = f"number_{session.picture}"  # a new widget for a new number, whoever chose it

    def go() -> None:
        session.picture = state.said(key)

    last = TEST_SIZE - 1
    st.number_input(
        f"Test image, 0 to {last:,}", 0, last, session.picture, key=key, on_change=go, width=328
    )


def invitation(session: Session, spec: DatasetSpec) -> str:
    """What to do while there is no picture."""
    if session.source == "draw" and session.canvas.strokes:
        return f"That is only a dot: draw a {spec.noun} with a line or two."
    return {
        "draw": f"Draw a {spec.noun}",
        "test": "No test images",
        "upload": "Choose a picture",
    }[session.source]


def figures(session: Session, spec: DatasetSpec, image: Pixels) -> int:
    """How many figures are on the picture. Garments may come in pairs, test images are known."""
    if spec.name != "mnist" or session.source == "test":
        return 1
    drawn = session.source == "draw"
    return drawing.count_figures(drawing.rasterize(session.canvas.strokes) if drawn else image)


def offers(spec: DatasetSpec) -> str:
    """What there is for who does not want to draw."""
    return "examples" if spec.name == "mnist" else "test images"


def truth(session: Session, spec: DatasetSpec) -> int | None:
    """What the picture is, where that is known: for a test image."""
    if session.source != "test":
        return None
    try:
        labels = state.test_split(spec.name).labels
    except FetchError:
        return None
    return int(labels[session.picture])


def _upload(session: Session, spec: DatasetSpec) -> Pixels | None:
    def choose() -> None:
        file = state.said("file")
        session.upload = file.getvalue() if file and file.size <= MAX_FILE else b""

    with st.container(width=SIDE, height=SIDE, key="upload"):
        file = st.file_uploader(
            f"A picture of one {spec.noun}, dark on light or light on dark",
            FILE_TYPES,
            key="file",
            on_change=choose,
            max_upload_size=int(LIMITS.upload_megabytes),
        )
        if file and file.size > MAX_FILE:  # the browser was told, but need not heed it
            st.warning(f"A picture may have {LIMITS.upload_megabytes:g} MB. Choose another file.")
            return None
        if not session.upload:
            return None
        if file is None:  # it forgets its file when another page is shown, the session does not
            st.caption("The picture that you chose before is still here.")
        try:
            image = state.read_upload(session.upload, spec.name)
        except drawing.DrawingError as error:
            st.warning(f"{error} Choose another file.")
            return None
        if image is None:
            st.warning(f"There is nothing to see on this picture. Choose one with a {spec.noun}.")
        return image
