"""Photos as the picture: a file of the visitor's, or one that their camera takes now.

Both go the same way: at most so many bytes are kept, `core/data/image_files.py` looks through them
before it decodes them, and what is wrong with them is said in a sentence.
"""

from abc import abstractmethod
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from core.data.image_files import ImageFileError
from core.runs.limits import LIMITS
from core.specs import DatasetSpec
from views.input.input_image import InputImage, image_of_photo
from views.input.source import INPUT_SIDE, Source
from views.session import networks
from views.session.session import Session, widget_value
from views.ui.text import plain

MAX_UPLOAD_BYTES = LIMITS.upload_megabytes * 1024**2


class Photo(Source):
    """A picture of the visitor's that comes as a file."""

    name: str  # in `SOURCES` and `session.image_files`
    image_title: str  # in words, as `InputImage.title`
    key: str  # of the widget
    past: str  # what the visitor did to get it
    again: str  # what to do after a bad one

    @abstractmethod
    def ask(self, spec: DatasetSpec, **options: Any) -> Any:
        """The widget, with a key and what to call when it has a new file; returns that file."""

    def show(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        def keep() -> None:
            file = widget_value(self.key)
            if isinstance(file, DeletedFile):  # let go by the server, and not by the visitor
                return
            fits = file and file.size <= MAX_UPLOAD_BYTES
            session.image_files[self.name] = file.getvalue() if fits else b""

        with st.container(width=INPUT_SIDE, height=self.height, key=self.name):
            file = self.ask(spec, key=self.key, on_change=keep)
            if file and file.size > MAX_UPLOAD_BYTES:  # the browser was told, but need not obey
                st.warning(
                    f"A picture may have up to {LIMITS.upload_megabytes:g} MB. {self.again}."
                )
                return None
            if not session.image_files.get(self.name):
                return None
            if file is None:  # the widget forgets its file on another page, the session does not
                st.caption(f"Using the picture that you {self.past} before.")
            try:
                image = self.read(session, spec)
            except ImageFileError as error:
                st.warning(f"{plain(error)} {self.again}.")
                return None
            if image is None:
                st.warning(f"This picture is empty. {self.again} that shows a {spec.noun}.")
            return image

    @property
    def height(self) -> Any:
        """CSS pixels, or as much as there is."""
        return INPUT_SIDE

    def read(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        file = session.image_files.get(self.name)
        if not file:
            return None
        return image_of_photo(networks.read_picture(file), spec, self.name, self.image_title)


class Upload(Photo):
    """An image file of the visitor's. Any name will do: what is in it is checked."""

    title = "Upload"
    name, key, image_title = "upload", "file", "your picture"
    past, again = "chose", "Choose another file"

    def ask(self, spec: DatasetSpec, **options: Any) -> Any:
        return st.file_uploader(
            f"A picture of one {spec.noun}, dark on light or light on dark",
            max_upload_size=int(LIMITS.upload_megabytes),
            **options,
        )

    def invitation(self, session: Session, spec: DatasetSpec) -> str:
        return "Choose a picture"

    def advice(self, spec: DatasetSpec, can_teach: bool) -> str:
        return f"Choose a picture of one {spec.noun}, large and sharp."


class Camera(Photo):
    """What the visitor's camera sees. The browser asks them first."""

    title = "Camera"
    name, key, image_title = "camera", "photo", "your photo"
    past, again = "took", "Take another one"

    def ask(self, spec: DatasetSpec, **options: Any) -> Any:
        return st.camera_input(f"One {spec.noun}, large, in the middle", **options)

    @property
    def height(self) -> Any:
        return "content"

    def invitation(self, session: Session, spec: DatasetSpec) -> str:
        return "Take a photo"

    def advice(self, spec: DatasetSpec, can_teach: bool) -> str:
        return f"Take a photo of one {spec.noun}, close and sharp."
