"""What a page about the inside of a network is about: one network, one picture, one number."""

from dataclasses import dataclass

from core.data.drawing import Pixels
from core.evaluation.prediction import Prediction, predict
from core.model import SumNet
from core.specs import DatasetSpec
from core.storage.checkpoint import Card
from views.input.input_image import InputImage
from views.input.sources import visitor_image
from views.session.session import Session
from views.ui.style import current_palette
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


def subject_of(session: Session, model: SumNet, card: Card) -> Subject:
    """The picture of the Draw page or, where there is none, an example."""
    image = visitor_image(session, model.spec)
    prediction = predict(model, image.pixels, session.link.addend)
    return Subject(model, card, model.spec, image, prediction, current_palette())
