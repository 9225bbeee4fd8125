"""What the tests of the command line share."""

import pytest
from PIL import Image

from core import dataset
from core.dataset import Data


@pytest.fixture
def drawn(data: Data, monkeypatch: pytest.MonkeyPatch) -> Data:
    """The drawn data set in the place of any other."""
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    return data


@pytest.fixture(scope="module")
def five(mnist: Data) -> Image.Image:
    """A 5 from MNIST's test images, black on a white paper of 280 x 280."""
    image = Image.fromarray(255 - mnist.test.images[15, 0].numpy())
    return image.resize((280, 280), Image.Resampling.BICUBIC)
