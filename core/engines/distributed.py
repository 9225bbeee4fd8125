"""One training in several processes, on one machine or on many.

    torchrun --nproc-per-node 2 -m core train --preset mnist

Each process (a rank) learns its part of every batch, and DistributedDataParallel takes the mean of
their gradients: gloo between CPUs, nccl between GPUs. All of them draw the same batches from the
same seed. Only the first one writes and prints.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, distributed
from torch.nn.parallel import DistributedDataParallel

from core.dataset import Batch
from core.errors import UserError
from core.model import SumNet, give_dropout

T = TypeVar("T")


class LostProcessError(UserError):
    """Another process of the training is gone; the message is one sentence for the user."""


@contextmanager
def join_group(device: torch.device) -> Iterator[int]:
    """This process's rank: 0 where it is alone, else its place in the group that it joins."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield 0
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield distributed.get_rank()
    finally:
        distributed.destroy_process_group()


def in_group() -> bool:
    """Is this process one of several?"""
    return distributed.is_available() and distributed.is_initialized()


class Distributed:
    """What `halves.Halves` is for one process: a replica for each part of a batch."""

    def __init__(self, model: SumNet, seed: int) -> None:
        self.rank, self.factor = distributed.get_rank(), distributed.get_world_size()
        device = next(model.parameters()).device
        self.replica = DistributedDataParallel(model)
        self.rngs = [torch.Generator(device).manual_seed(seed + self.rank)]
        give_dropout(model, self.rngs[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def parts(self, batch: Batch) -> list[tuple[float, Batch]]:
        """This rank's part of a batch, and its share; all of one that is too small to be cut."""
        if len(batch.labels) < self.factor:
            return [(1 / self.factor, batch)]
        part = Batch(*(tensor.tensor_split(self.factor)[self.rank] for tensor in batch))
        return [(len(part.labels) / len(batch.labels), part)]

    def total(self, shares: list[Tensor]) -> Tensor:
        """The sum over all parts of a batch, wherever they are."""
        (share,) = shares
        with _lost_process():
            distributed.all_reduce(share)
        return share

    def map(self, function: Callable[..., T], *parts: Iterable[Any]) -> list[T]:
        """`function` of the replica and its part.

        Raises:
            LostError: another rank is gone.
        """
        self.replica.zero_grad()
        with _lost_process():
            return [function(self.replica, *(next(iter(part)) for part in parts))]

    def join(self) -> None:
        """DistributedDataParallel has joined the gradients already."""


@contextmanager
def _lost_process() -> Iterator[None]:
    """Say it in a sentence when another rank does not answer any more."""
    try:
        yield
    except RuntimeError as error:  # gloo has no class of its own
        if "peer" in str(error) or "Connection" in str(error):
            raise LostProcessError("Another process of the training is gone.") from error
        raise
