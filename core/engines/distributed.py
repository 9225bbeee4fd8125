"""One training in several processes, on one machine or on many.

    torchrun --nproc-per-node 2 -m core train --preset mnist

Each process (a rank) computes its shard of every batch, and DistributedDataParallel averages their
gradients: with gloo between CPUs, with nccl between GPUs. All ranks draw the same batches from the
same seed. Only the first one, rank 0, writes and prints.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, Self

import torch
from torch import Tensor, distributed
from torch.nn.parallel import DistributedDataParallel

from core.dataset import Batch
from core.engines.shard import BatchLoss, Shard, backward_shard
from core.errors import UserError
from core.model import SumNet, give_dropout

LOST_PROCESS = "Another process of the training is gone."


class LostProcessError(UserError):
    """Another process of the training is gone."""


@contextmanager
def join_group(device: torch.device) -> Iterator[int]:
    """Join the group of processes that torchrun started; this one's rank, 0 without a group."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield 0
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield distributed.get_rank()
    finally:
        distributed.destroy_process_group()


@contextmanager
def leave_when_lost(words: Callable[[], str]) -> Iterator[None]:
    """When another process of the group is gone or torchrun ends this one, say so, and end at once.

    `words` say what is left of the training. Status 2, and nothing is tidied up: torch closes a
    group by waiting for all of it, so this process would stay until torchrun kills it.
    """
    if in_group():
        signal.signal(signal.SIGTERM, _raise_lost)
    try:
        yield
    except LostProcessError as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(error, words(), file=sys.stderr, flush=True)
        os._exit(2)


def _raise_lost(*_: object) -> NoReturn:
    """What torchrun's signal means for the processes that are left when one is gone."""
    raise LostProcessError(LOST_PROCESS)


def in_group() -> bool:
    """Is this process one of several?"""
    return distributed.is_available() and distributed.is_initialized()


class Distributed:
    """The engine of a process in a group: it computes one shard of each batch."""

    def __init__(self, model: SumNet, batch_size: int, seed: int) -> None:
        self.device = next(model.parameters()).device
        self.rank, self.world_size = distributed.get_rank(), distributed.get_world_size()
        self.is_primary = self.rank == 0
        self._replica = DistributedDataParallel(model)
        rng = torch.Generator(self.device).manual_seed(seed + self.rank)
        give_dropout(model, rng)
        self.rngs = [rng]

    @staticmethod
    def suits() -> bool:
        """A process that has joined a group."""
        return in_group()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def backward(self, loss: BatchLoss, batch: Batch) -> Tensor:
        """Leave the mean gradients of a batch in the network; its means, (5,).

        Raises:
            LostProcessError: another process is gone.
        """
        self._replica.train()
        self._replica.zero_grad()
        with _lost_process():
            # DistributedDataParallel divides by the number of ranks: the factor undoes that.
            means = backward_shard(
                loss, self._replica, self.rngs[0], self._shard(batch), self.world_size
            )
            distributed.all_reduce(means)
        return means

    def _shard(self, batch: Batch) -> Shard:
        """This rank's shard of a batch; all of a batch that is too small to split."""
        if len(batch.labels) < self.world_size:
            return Shard(batch, 1 / self.world_size)
        part = Batch(*(tensor.tensor_split(self.world_size)[self.rank] for tensor in batch))
        return Shard(part, len(part.labels) / len(batch.labels))


@contextmanager
def _lost_process() -> Iterator[None]:
    """Raise LostProcessError when another rank stops answering."""
    try:
        yield
    except RuntimeError as error:  # gloo has no error class of its own
        if "peer" in str(error) or "Connection" in str(error):
            raise LostProcessError(LOST_PROCESS) from error
        raise
