"""What the unit tests share: a data set drawn here, small networks, and the real MNIST.

The drawn data set needs no download: the ten digits of a pocket calculator's display, shifted and
of varying brightness. A network of four channels learns it in a second.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from torch import Tensor

from core import dataset
from core.data import download
from core.data.drawing import Pixels
from core.dataset import Data, Split
from core.engines import precision, threads, tracing
from core.model import ModelConfig, SumNet
from core.specs import SPECS, data_dir
from core.storage import checkpoint
from core.trainer import TrainConfig, train
from tests.support import hide_posix

torch.set_num_threads(1)  # the networks are small: two threads would wait for each other
settings.register_profile("unhurried", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=1_000)  # ten times as many
settings.load_profile("unhurried")  # or another: pytest --hypothesis-profile=nightly


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(hide_posix.OPTION, action="store_true", help=hide_posix.__doc__)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With POSIX hidden, leave out the tests that are about POSIX itself."""
    if not hide_posix.is_asked():
        return
    about_posix = [item for item in items if item.get_closest_marker("posix")]
    config.hook.pytest_deselected(items=about_posix)
    items[:] = [item for item in items if item not in about_posix]


PATIENCE = float(os.environ.get("PATIENCE", "240"))  # seconds: far more than a busy machine needs

SEGMENTS = {  # of a seven-segment display: rows and columns in 28 x 28
    "top": (slice(4, 7), slice(9, 19)),
    "middle": (slice(13, 16), slice(9, 19)),
    "bottom": (slice(22, 25), slice(9, 19)),
    "upper left": (slice(4, 16), slice(8, 11)),
    "lower left": (slice(13, 25), slice(8, 11)),
    "upper right": (slice(4, 16), slice(17, 20)),
    "lower right": (slice(13, 25), slice(17, 20)),
}
DARK = (  # the segments that digit 0, 1, ... 9 leaves dark
    {"middle"},
    {"top", "middle", "bottom", "upper left", "lower left"},
    {"upper left", "lower right"},
    {"upper left", "lower left"},
    {"top", "bottom", "lower left"},
    {"upper right", "lower left"},
    {"upper right"},
    {"middle", "bottom", "upper left", "lower left"},
    set(),
    {"lower left"},
)


def draw_digit(label: int) -> Pixels:
    """A digit of a pocket calculator: white on black, uint8 (28, 28)."""
    image = np.zeros((28, 28), np.uint8)
    for name, area in SEGMENTS.items():
        if name not in DARK[label]:
            image[area] = 255
    return image


def draw_split(count: int, seed: int) -> Split:
    """`count` digits, as many of each, shifted by up to three pixels, 60 to 100 % bright."""
    rng = np.random.default_rng(seed)
    images = [
        np.roll(draw_digit(index % 10), rng.integers(-3, 4, 2), (0, 1)) * rng.uniform(0.6, 1)
        for index in range(count)
    ]
    pixels = torch.from_numpy(np.stack(images).astype(np.uint8)).unsqueeze(1)
    return Split(pixels, torch.arange(count) % 10)


def drawn_data() -> Data:
    """The drawn data set."""
    return Data(SPECS["mnist"], draw_split(600, 0), draw_split(100, 1), draw_split(100, 2))


@pytest.fixture(scope="session")
def data() -> Data:
    """The drawn data set. Nobody may change it."""
    return drawn_data()


@pytest.fixture(scope="session")
def mnist() -> Data:
    """The real one, which `make test` fetches first."""
    assert download.is_present(SPECS["mnist"].files, data_dir()), (
        "MNIST is not there: run `python -m core fetch mnist`."
    )
    return dataset.load_data("mnist")


@pytest.fixture
def model() -> SumNet:
    """A small network that has learned nothing, in eval mode."""
    torch.manual_seed(0)
    return SumNet(ModelConfig(width=4)).eval()


@pytest.fixture(scope="session")
def trained(data: Data) -> SumNet:
    """A small network that reads the drawn data set without a mistake. Nobody may change it."""
    torch.manual_seed(0)
    network = SumNet(ModelConfig(width=4))
    for _ in train(network, data, TrainConfig(epochs=8, batch_size=30, lr=0.1)):
        pass
    return network


@pytest.fixture(scope="session")
def shipped() -> tuple[SumNet, checkpoint.Card]:
    """The network that the Draw page answers with, and its card."""
    return checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")


@pytest.fixture
def all_cores() -> Iterator[None]:
    """For the few tests whose work is large."""
    torch.set_num_threads(os.cpu_count() or 1)
    yield
    torch.set_num_threads(1)


@pytest.fixture
def images(data: Data) -> Tensor:
    """Ten images of the drawn data set, 0 to 9, uint8 (10, 1, 28, 28); the test's own copy."""
    return data.test.images[:10].clone()


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)  # between looks


def record(step: int, **scores: float) -> dict[str, float]:
    """A line of progress.jsonl."""
    return {"seconds": step / 2, "step": step, "steps": 50, "epoch": 1, "images": step} | scores


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty runs directory."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """float32 throughout, as on a CPU without bfloat16: for comparisons to the last digits."""
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    monkeypatch.setattr(tracing, "_computations", {})  # some of these round


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks learn as they are: a trace calls no hooks that a test has put in."""
    monkeypatch.setattr(threads, "traced_to_learn", lambda model: model)
