"""Short trainings on the drawn data set, for the tests of the trainer."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from core import trainer
from core.dataset import Batch, Data
from core.model import ModelConfig, SumNet
from core.trainer import Progress, TrainConfig, train

SHORT = TrainConfig(epochs=1, batch_size=30)  # 20 steps on the 600 drawn images


def fresh(**config: object) -> SumNet:
    """A narrow network that has learned nothing, always the same one."""
    torch.manual_seed(0)
    return SumNet(ModelConfig(width=4, **config))


def history(data: Data, config: TrainConfig, **model: object) -> list[Progress]:
    return list(train(fresh(**model), data, config))


def weights(model: SumNet) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor], part: str = "") -> bool:
    return all(torch.equal(one[name], other[name]) for name in one if name.startswith(part))


def watch_batches(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """The batches that a training draws, as it draws them."""
    seen: list[Batch] = []
    real = trainer.batches

    def watched(*given: object) -> Iterator[Batch]:
        for batch in real(*given):
            seen.append(batch)
            yield batch

    monkeypatch.setattr(trainer, "batches", watched)
    return seen


def cross_entropy(logits: list[float], right: int) -> float:
    """By hand, of one answer."""
    return math.log(sum(map(math.exp, logits))) - logits[right]
