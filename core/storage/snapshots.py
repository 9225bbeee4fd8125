"""Snapshots of a network while it learns, so that any picture can be shown to it afterwards.

    runs/<id>/moments/00000123.safetensors      the weights after step 123, in half precision

The first is of the untrained network, and they lie closer together at the beginning, when the
network learns most. A run keeps few and small ones: at most MAX_COUNT and about MAX_BYTES of them,
and as many again of steps that the visitor made one by one.
"""

from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from core.model import ModelConfig, SumNet
from core.storage.files import write_atomic
from core.trainer import Progress

MAX_COUNT = 40
MAX_BYTES = 8 << 20  # of all snapshots of a run


class SnapshotPlan:
    """When to take snapshots of a network that trains, and the bytes of each."""

    def __init__(self, model: SumNet) -> None:
        self.model = model
        self._planned: set[int] = set()
        self._taken = 1  # of the untrained network

    def is_due(self, progress: Progress, paused: bool) -> bool:
        """Is a snapshot planned here, or does training pause here and is there room?"""
        self._planned = self._planned or planned_steps(progress.steps, self.model)
        due = progress.step in self._planned or (paused and self._taken < 2 * len(self._planned))
        self._taken += due
        return due

    def pack(self) -> bytes:
        """The weights now, as the bytes of a snapshot."""
        return pack_snapshot(self.model)


def planned_steps(steps: int, model: SumNet) -> set[int]:
    """The steps of a training after which to write a snapshot: 0, ..., `steps`."""
    size = sum(tensor.nbytes for tensor in model.state_dict().values()) // 2
    gaps = max(1, min(MAX_COUNT, MAX_BYTES // size) - 1)
    return {round(steps * (gap / gaps) ** 2) for gap in range(gaps + 1)}


def pack_snapshot(model: SumNet) -> bytes:
    """The weights in half precision, as the bytes of a .safetensors file."""
    return save(
        {
            name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in model.tensors().items()
        }
    )


def save_snapshot(folder: Path, step: int, content: bytes) -> None:
    """Write the weights after `step`, as `pack_snapshot` packed them.

    Raises:
        OSError: there is no room on the disk.
    """
    folder.mkdir(exist_ok=True)
    write_atomic(folder / f"{step:08}.safetensors", content, durable=False)


def snapshot_steps(folder: Path) -> list[int]:
    """The steps that have a snapshot, in order."""
    return sorted(int(file.stem) for file in folder.glob("[0-9]*.safetensors"))


def load_snapshot(folder: Path, config: ModelConfig, step: int) -> SumNet | None:
    """The network after `step`, in eval mode; None where its weights are gone or damaged."""
    with torch.random.fork_rng(devices=[]):  # the initial weights, replaced at once
        model = SumNet(config)
    with suppress(OSError, SafetensorError, RuntimeError):
        tensors: dict[str, Tensor] = load_file(folder / f"{step:08}.safetensors")
        model.load_tensors(tensors)
        return model.eval()
    return None
