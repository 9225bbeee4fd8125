"""What the sections of the Explain page share: their subject, and the place of each figure."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.drawing import Pixels
from core.evaluation.prediction import Prediction
from core.model import SumNet
from core.specs import DatasetSpec
from core.storage.checkpoint import Card
from views.input.input_image import InputImage
from views.ui.style import TEXT_WIDTH
from views.ui.theme import Palette


@dataclass(frozen=True)
class Subject:
    """What the whole page is about: one network, one picture, one number."""

    model: SumNet
    card: Card
    spec: DatasetSpec
    image: InputImage
    prediction: Prediction
    palette: Palette

    @property
    def pixels(self) -> Pixels:
        return self.image.pixels

    @property
    def target(self) -> int:
        """The label; where nobody knows it, the network's answer."""
        return self.prediction.label if self.image.label is None else self.image.label

    @property
    def name(self) -> str:
        return self.spec.class_names[self.target]

    @property
    def label(self) -> str:
        return self.spec.numbered(self.target)

    @property
    def total(self) -> int:
        return self.target + self.prediction.addend


def beside(text: str) -> DeltaGenerator:
    """The words of a section; returns the place for its figure, to the right of them."""
    left, right = st.columns([5, 7], gap="large")
    left.markdown(text)
    return right


def below(text: str) -> DeltaGenerator:
    """The words of a section; returns the place for its figure, below them, as wide as the page."""
    st.markdown(text, width=TEXT_WIDTH)
    return st.container()
