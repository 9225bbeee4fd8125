"""The sources of the picture: each shows its controls on the Draw page and reads its picture.

Photos, from a file or the camera, are in photos.py. To add a source, write its class and name it in
`SOURCES`: all pages then know it. It may keep a file of the visitor's in `session.image_files`,
under its own name.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import streamlit as st

from core.data.download import DownloadError
from core.data.drawing import Strokes
from core.data.image_files import ImageFileError
from core.specs import DatasetSpec
from views.input.canvas import draw_canvas, latest_canvas
from views.input.input_image import InputImage, example_image, image_of_drawing
from views.input.photos import Camera, Upload
from views.input.source import INPUT_SIDE, Source
from views.session import networks
from views.session.canvas_state import CanvasState
from views.session.link import parse_strokes
from views.session.session import Session, show_in_widget, widget_value
from views.ui.images import image_tag
from views.ui.text import plain

CONTROLS_WIDTH = 328  # CSS pixels: of the picture and the tools beside it

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


class Drawing(Source):
    """The canvas, with Undo, Clear and example digits.

    It `sends_itself` on a page where pen.js does not have it send; see `draw_canvas`.
    """

    title = "Draw"

    def __init__(self, *, sends_itself: bool = False) -> None:
        self.sends_itself = sends_itself

    def show(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        session.canvas = draw_canvas(session.canvas, sends_itself=self.sends_itself)
        _tools(session, spec)
        return self.read(session, spec)

    def read(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        return image_of_drawing(session.canvas.strokes, spec, "draw", "your drawing")

    def invitation(self, session: Session, spec: DatasetSpec) -> str:
        if session.canvas.strokes:
            return f"That is only a dot. Draw a {spec.noun} with a line or two."
        return f"Draw a {spec.noun}"

    def advice(self, spec: DatasetSpec, can_teach: bool) -> str:
        if not spec.is_drawn:
            return self.caveat(spec)
        if not spec.is_digits:
            return "Draw it like the pictures that the network learned from."
        return f"Draw it larger and simpler{', or label it below' if can_teach else ''}."

    def caveat(self, spec: DatasetSpec) -> str:
        if spec.is_drawn:
            return ""
        return f"This network knows {spec.noun}s: pick a test image or draw one."

    def one_only(self, spec: DatasetSpec) -> str:
        return "Draw only one."


def _tools(session: Session, spec: DatasetSpec) -> None:
    """Undo, Clear and the examples: each gives the canvas something else to show."""

    def change(how: Callable[[CanvasState], CanvasState]) -> None:
        session.canvas = how(latest_canvas(session.canvas))

    with st.container(gap="xsmall", key="tools"):
        st.button(
            "Undo",
            key="undo",
            icon=":material/undo:",
            help="Undo (Ctrl+Z)",  # head.js hears it, where nobody types
            disabled=not session.canvas.can_undo,
            on_click=partial(change, CanvasState.undo),
        )
        st.button(
            "Clear",
            key="clear",
            icon=":material/delete:",
            help="Clear (Esc on the canvas)",
            disabled=not session.canvas.strokes,
            on_click=partial(change, CanvasState.clear),
        )
        if not spec.is_digits or "examples" in session.link.hidden:
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
    """Replace the drawing, which Undo brings back."""
    return canvas.clear().show(strokes)


class DatasetImage(Source):
    """A test image of the network's data set, whose label is known."""

    title = "Test image"
    follows_dataset = True
    form_note = "As it is"

    def show(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        try:
            image = self.read(session, spec)
        except DownloadError as error:
            with st.container(width=INPUT_SIDE, height=INPUT_SIDE):
                st.warning(plain(error))
            return None
        count = _count(spec)
        index = session.picture % count
        with st.container(key="test_image", width="content"):
            st.html(image_tag(image.pixels, INPUT_SIDE, f"Test image {index} of {spec.title}"))
        moves = {
            "next": (":material/arrow_forward:", "Next", index + 1),
            "previous": (":material/arrow_back:", "Previous", index - 1),
            "random": (":material/shuffle:", "Any other", random.randrange(count)),
        }
        with st.container(gap="xsmall", key="tools"):
            for key, (icon, words, target) in moves.items():
                st.button(
                    words,
                    key=key,
                    icon=icon,
                    help=words,
                    on_click=_choose_picture,
                    args=(session, target % count),
                )
        return image

    def read(self, session: Session, spec: DatasetSpec) -> InputImage:
        split = networks.test_split(spec.name)
        index = session.picture % len(split.labels)
        return InputImage(
            split.images[index, 0].numpy(),
            source="test",
            title=f"test image {index} of {spec.title}",
            label=int(split.labels[index]),
        )

    def show_below(self, session: Session, spec: DatasetSpec) -> None:
        try:
            last = _count(spec) - 1
        except DownloadError:
            return  # said above
        index = session.picture % (last + 1)
        key = f"number_{index}_{last}"  # a new widget for a new number, whoever chose it
        st.number_input(
            f"Test image, 0 to {last:,}",
            0,
            last,
            index,
            key=key,
            on_change=lambda: _choose_picture(session, widget_value(key)),
            width=CONTROLS_WIDTH,
        )

    def invitation(self, session: Session, spec: DatasetSpec) -> str:
        return "No test images"

    def advice(self, spec: DatasetSpec, can_teach: bool) -> str:
        return "It is unlike the images that the network learned from."


def _choose_picture(session: Session, index: int) -> None:
    session.picture = index


def _count(spec: DatasetSpec) -> int:
    """How many test images a data set has."""
    return len(networks.test_split(spec.name).labels)


SOURCES: dict[str, Source] = {
    "draw": Drawing(),
    "test": DatasetImage(),
    "upload": Upload(),
    "camera": Camera(),
}


def show_input(
    session: Session, spec: DatasetSpec, sources: Mapping[str, Source] = SOURCES
) -> InputImage | None:
    """The controls of the chosen source, and its picture if there is one.

    Nothing above the canvas comes and goes: Streamlit would mount a new one.
    """

    def change() -> None:
        session.source = widget_value("source")

    if "sources" not in session.link.hidden:
        show_in_widget("source", session.source)
        st.segmented_control(
            "Picture",
            list(sources),
            format_func=lambda name: sources[name].title,
            required=True,
            key="source",
            on_change=change,
            label_visibility="collapsed",
        )
    source = sources[session.source]
    with st.container(horizontal=True, key="board"):
        image = source.show(session, spec)
    source.show_below(session, spec)
    return image


def visitor_image(session: Session, spec: DatasetSpec) -> InputImage:
    """The visitor's picture for a page without controls; where there is none, an example.

    A picture for a network of another data set is none: nobody wants a 5 to be read as a garment.
    """
    source = SOURCES[session.source]
    try:
        is_meant = source.follows_dataset or networks.answering_dataset(session) == spec.name
        image = source.read(session, spec) if is_meant else None
    except (DownloadError, ImageFileError):
        image = None  # the Draw page says what to do about it
    return image or _example(session, spec)


def _example(session: Session, spec: DatasetSpec) -> InputImage:
    """What stands in for the visitor's picture: of somebody's own data set, one of its pictures."""
    if spec.own:
        with suppress(DownloadError):
            first = SOURCES["test"].read(replace(session, picture=0), spec)
            if first:
                return replace(first, source="", title="")
    return example_image(spec)
