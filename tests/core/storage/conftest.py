"""What the tests of checkpoints share: a card, and a checkpoint on disk."""

from pathlib import Path

import pytest

from core.evaluation.metrics import Metrics
from core.model import ModelConfig, SumNet
from core.recipes.recipe import Recipe
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.trainer import TrainConfig

RECIPE = Recipe(ModelConfig(width=4), TrainConfig(epochs=3, seed=11))
METRICS = Metrics(
    0.991, 0.98, 0.1, 0.985, 0.984, [[i * 10 + j for j in range(10)] for i in range(10)]
)


@pytest.fixture
def card(model: SumNet) -> Card:
    return Card.of("quick", RECIPE, model, METRICS, epochs=2.5, train_seconds=3.14159)


@pytest.fixture
def stem(tmp_path: Path, model: SumNet, card: Card) -> Path:
    """A checkpoint on disk."""
    checkpoint.save(tmp_path / "net", model, card)
    return tmp_path / "net"
