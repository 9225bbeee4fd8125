"""Where the picture on the Draw page comes from: the canvas, the test images, or an upload."""

import random
from collections.abc import Callable
from functools import partial

import streamlit as st

from core.data.download import DownloadError
from core.data.drawing import (
    CANVAS_SIDE,
    Pixels,
    Strokes,
    count_digits,
    image_of_strokes,
    rasterize,
)
from core.data.image_files import ImageFileError
from core.runs.limits import LIMITS
from core.specs import TEST_SIZE, DatasetSpec
from views.draw.canvas import draw_canvas, latest_canvas
from views.session import networks
from views.session.canvas_state import CanvasState
from views.session.link import parse_strokes
from views.session.session import InputSource, Session, widget_value
from views.ui.images import image_tag

SOURCE_TITLES: dict[InputSource, str] = {"draw": "Draw", "test": "Test image", "upload": "Upload"}
FILE_TYPES = ["png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff"]
MAX_UPLOAD_BYTES = LIMITS.upload_megabytes * 1024**2
INPUT_SIDE = CANVAS_SIDE

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


def show_input(session: Session, spec: DatasetSpec) -> Pixels | None:
    """The controls of the chosen source, and its picture as the network gets it, if there is one.

    All sources are of one size. Nothing above the canvas comes and goes: Streamlit would mount a
    new one.
    """

    def change() -> None:
        session.source = widget_value("source")

    if "sources" not in session.hidden:
        st.segmented_control(
            "Picture",
            list(SOURCE_TITLES),
            format_func=SOURCE_TITLES.__getitem__,
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
            return _upload_image(session, spec)
        image = _test_image(session, spec)
    _test_number(session)
    return image


def _canvas(session: Session, spec: DatasetSpec) -> Pixels | None:
    session.canvas = draw_canvas(session.canvas)
    _tools(session, spec)
    return image_of_strokes(session.canvas.strokes, spec.form)


def _tools(session: Session, spec: DatasetSpec) -> None:
    """Undo, Clear and the examples: each gives the canvas something else to show."""

    def change(how: Callable[[CanvasState], CanvasState]) -> None:
        session.canvas = how(latest_canvas(session.canvas))

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
        if not spec.is_digits or "examples" in session.hidden:
            return
        st.html('<div class="note">Try</div>')
        for digit, strokes in EXAMPLES.items():
            st.button(
                digit,
                key=f"example_{digit}",
                help=f"Draw a {digit} for me",
                on_click=partial(change, partial(_show_example, strokes)),
            )


def _show_example(strokes: Strokes, canvas: CanvasState) -> CanvasState:
    """In place of a drawing, which Undo brings back."""
    return canvas.clear().show(strokes)


def _test_image(session: Session, spec: DatasetSpec) -> Pixels | None:
    try:
        split = networks.test_split(spec.name)
    except DownloadError as error:
        with st.container(width=INPUT_SIDE, height=INPUT_SIDE):
            st.warning(str(error))
        return None
    index = session.picture

    def go(index: int) -> None:
        session.picture = index % TEST_SIZE

    image: Pixels = split.images[index, 0].numpy()
    with st.container(key="test_image", width="content"):
        st.html(image_tag(image, INPUT_SIDE, f"Test image {index} of {spec.title}"))
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
        session.picture = widget_value(key)

    last = TEST_SIZE - 1
    st.number_input(
        f"Test image, 0 to {last:,}", 0, last, session.picture, key=key, on_change=go, width=328
    )


def invitation_words(session: Session, spec: DatasetSpec) -> str:
    """What to do while there is no picture."""
    if session.source == "draw" and session.canvas.strokes:
        return f"That is only a dot: draw a {spec.noun} with a line or two."
    return {
        "draw": f"Draw a {spec.noun}",
        "test": "No test images",
        "upload": "Choose a picture",
    }[session.source]


def digit_count(session: Session, spec: DatasetSpec, image: Pixels) -> int:
    """How many figures are on the picture. Garments may come in pairs, test images are known."""
    if not spec.is_digits or session.source == "test":
        return 1
    drawn = session.source == "draw"
    return count_digits(rasterize(session.canvas.strokes) if drawn else image)


def offers(spec: DatasetSpec) -> str:
    """What there is for who does not want to draw."""
    return "examples" if spec.is_digits else "test images"


def known_truth(session: Session, spec: DatasetSpec) -> int | None:
    """What the picture is, where that is known: for a test image."""
    if session.source != "test":
        return None
    try:
        labels = networks.test_split(spec.name).labels
    except DownloadError:
        return None
    return int(labels[session.picture])


def _upload_image(session: Session, spec: DatasetSpec) -> Pixels | None:
    def choose() -> None:
        file = widget_value("file")
        session.upload = file.getvalue() if file and file.size <= MAX_UPLOAD_BYTES else b""

    with st.container(width=INPUT_SIDE, height=INPUT_SIDE, key="upload"):
        file = st.file_uploader(
            f"A picture of one {spec.noun}, dark on light or light on dark",
            FILE_TYPES,
            key="file",
            on_change=choose,
            max_upload_size=int(LIMITS.upload_megabytes),
        )
        if file and file.size > MAX_UPLOAD_BYTES:  # the browser was told, but need not heed it
            st.warning(f"A picture may have {LIMITS.upload_megabytes:g} MB. Choose another file.")
            return None
        if not session.upload:
            return None
        if file is None:  # it forgets its file when another page is shown, the session does not
            st.caption("The picture that you chose before is still here.")
        try:
            image = networks.read_upload(session.upload, spec.name)
        except ImageFileError as error:
            st.warning(f"{error} Choose another file.")
            return None
        if image is None:
            st.warning(f"There is nothing to see on this picture. Choose one with a {spec.noun}.")
        return image
