"""Which engine computes the gradients of a training, and on which device.

An engine is a class in a file of this room and a line in `ENGINES`; the trainer knows only the
protocol.
"""

import logging
import os
from collections.abc import Sequence
from typing import Protocol, Self

import torch
from torch import Tensor

from core.dataset import Batch
from core.engines.distributed import Distributed
from core.engines.shard import BatchLoss
from core.engines.threads import Threads
from core.errors import UserError
from core.model import SumNet

_log = logging.getLogger("sketch_sum.engines")


class DeviceError(UserError):
    """This machine has no such device, or cannot use it."""


class Engine(Protocol):
    """Who computes the gradients of a batch, and where. Leave it as a context manager."""

    def __init__(self, model: SumNet, batch_size: int, seed: int) -> None: ...

    @property
    def device(self) -> torch.device:
        """Where the network is."""

    @property
    def is_primary(self) -> bool:
        """Is this the process that prints and writes files?"""

    @property
    def rngs(self) -> Sequence[torch.Generator]:
        """The random numbers of its shards, for dropout and distortions."""

    @staticmethod
    def suits() -> bool:
        """Is it made for a process like this one?"""

    def backward(self, loss: BatchLoss, batch: Batch) -> Tensor:
        """In train mode: leave the mean gradients of a batch in the network; its means, (5,)."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


# The first that suits this process computes. Each is built from a network, the size of the largest
# batch and a seed.
ENGINES: dict[str, type[Engine]] = {
    "distributed": Distributed,
    "threads": Threads,
}


def choose_engine(model: SumNet, batch_size: int, seed: int) -> Engine:
    """The engine that computes in this process."""
    chosen = next(engine for engine in ENGINES.values() if engine.suits())
    return chosen(model, batch_size, seed)


def choose_device(name: str) -> torch.device:
    """A device by name; "auto" is CUDA, else MPS, else the CPU. Each rank gets a GPU of its own.

    A GPU that the driver lists may still fail: it may be too old for this torch, or its memory
    full. So "auto" only chooses a GPU that has run a small kernel, and logs it where none has.

    Raises:
        DeviceError: this machine does not have the named device, or cannot use it.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        for device in (_device(kind) for kind, is_there in found.items() if is_there):
            failure = _failure(device)
            if not failure:
                return device
            _log.warning("The GPU (%s) cannot be used: %s. The CPU computes.", device, failure)
        return torch.device("cpu")
    if not found.get(name, name == "cpu"):
        raise DeviceError(f"This machine has no {name} device: leave --device out.")
    device = _device(name)
    if failure := _failure(device):
        raise DeviceError(f"This machine cannot use its {name} device ({failure}).")
    return device


def _device(kind: str) -> torch.device:
    if kind == "cuda":
        return torch.device(kind, int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device(kind)


def _failure(device: torch.device) -> str:
    """Why a device cannot multiply two small matrices, in a few words; "" if it can."""
    try:
        ones = torch.ones(8, 8, device=device)
        (ones @ ones).sum().item()  # waits for the answer
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        lines = str(error).strip().splitlines()
        return lines[0].rstrip(".") if lines else type(error).__name__
    return ""
