"""What a source of the picture is; those that there are stand in sources.py."""

from abc import ABC, abstractmethod

from core.data.drawing import CANVAS_SIDE
from core.specs import DatasetSpec
from views.input.input_image import InputImage
from views.session.session import Session

INPUT_SIDE = CANVAS_SIDE  # CSS pixels: all sources are of one size


class Source(ABC):
    """A way to get a picture."""

    title: str  # in the choice of sources
    follows_dataset = False  # is its picture one of whatever data set is asked about?
    form_note = "Cropped, shrunk to 28 × 28 and centered"  # what was done to its picture

    @abstractmethod
    def show(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        """Its controls, and its picture if there is one. Tells what is wrong with it."""

    @abstractmethod
    def read(self, session: Session, spec: DatasetSpec) -> InputImage | None:
        """Its picture, without any controls; None where there is none.

        Raises:
            DownloadError: its data set is not on this machine.
            ImageFileError: the visitor's file cannot be read.
        """

    def show_below(self, session: Session, spec: DatasetSpec) -> None:
        """More controls, below the picture, where there are any."""
        return

    @abstractmethod
    def invitation(self, session: Session, spec: DatasetSpec) -> str:
        """What to do while there is no picture."""

    @abstractmethod
    def advice(self, spec: DatasetSpec, can_teach: bool) -> str:
        """What to do about a picture that the network cannot read.

        `can_teach` says whether the visitor can tell the network what it was.
        """

    def caveat(self, spec: DatasetSpec) -> str:
        """What to know about an answer to its picture; "" for nothing."""
        return ""

    def one_only(self, spec: DatasetSpec) -> str:
        """What to do about a picture with several digits."""
        return f"Crop it to one {spec.noun}."
