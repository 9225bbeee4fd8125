"""Snapshots of a network while it learns, so that any picture can be shown to it afterwards.

    runs/<id>/moments/00000123.safetensors      the weights after step 123, in half precision

The first is of the untrained network, and they lie closer together at the beginning, when most is
learned. A run keeps few and small ones: at most COUNT and about SIZE bytes of them, and as many
more of steps that were made one by one.
"""

from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from core.model import SumNet
from core.storage.files import write_atomic
from core.trainer import Progress

MAX_COUNT = 40
MAX_BYTES = 8 << 20  # bytes, of all moments of a run


class SnapshotWriter:
    """The moments of a run while it trains, from the one before its first step on."""

    def __init__(self, folder: Path, model: SumNet) -> None:
        self.folder, self.model = folder, model
        self.planned: set[int] = set()
        save_snapshot(folder, 0, model)

    def take(self, progress: Progress, held: bool) -> None:
        """Keep this moment if it is planned, or if training is `held` at it and there is room.

        Raises:
            OSError: there is no room on the disk.
        """
        self.planned = self.planned or planned_steps(progress.steps, self.model)
        if progress.step in self.planned or (
            held and len(snapshot_steps(self.folder)) < 2 * len(self.planned)
        ):
            save_snapshot(self.folder, progress.step, self.model)


def planned_steps(steps: int, model: SumNet) -> set[int]:
    """The steps of a training after which a moment is kept: 0, ..., `steps`."""
    size = sum(tensor.nbytes for tensor in model.state_dict().values()) // 2
    gaps = max(1, min(MAX_COUNT, MAX_BYTES // size) - 1)
    return {round(steps * (gap / gaps) ** 2) for gap in range(gaps + 1)}


def save_snapshot(folder: Path, step: int, model: SumNet) -> None:
    """Write down the network as it is after `step`."""
    folder.mkdir(exist_ok=True)
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in model.tensors().items()
    }
    write_atomic(folder / f"{step:08}.safetensors", save(tensors), durable=False)


def snapshot_steps(folder: Path) -> list[int]:
    """The steps of the moments that are there, in order."""
    return sorted(int(file.stem) for file in folder.glob("[0-9]*.safetensors"))


def load_snapshot(folder: Path, model: SumNet, step: int) -> SumNet | None:
    """`model`, with the weights that it had after `step`; None where they are gone or damaged."""
    with suppress(OSError, SafetensorError, RuntimeError):
        tensors: dict[str, Tensor] = load_file(folder / f"{step:08}.safetensors")
        model.load_state_dict(tensors)
        return model.eval()
    return None
