"""The two shards of a batch, computed at the same time: each by a thread with its own replica.

If we let it, torch splits every single operation over the cores. Its threads then meet dozens of
times in a step, and each time all of them wait for the last one. When something else needs a core
for a moment, such as the browser that shows this very training, a step takes longer
(benchmarks/training.py). Two shards meet once a step. The result does not depend on when each of
them gets a core, or on how many cores there are: on one kind of processor, with one version of
torch, a seed fixes a training. Other instructions round otherwise, and figures differ a little.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, Self, TypeVar

import torch
from torch import Tensor

from core.dataset import Batch
from core.engines.shard import BatchLoss, Shard, backward_shard
from core.engines.tracing import traced_to_learn
from core.model import SumNet, give_dropout

T = TypeVar("T")

SHARDS = 2
MIN_SHARD = 32  # images; the norms would get poor statistics from fewer


class Threads:
    """The engine of one process: replicas that share the weights of a network, a thread for each.

    Each replica has its own gradients, norm statistics and random numbers. After each batch the
    first two are merged.
    """

    is_primary = True

    def __init__(self, model: SumNet, batch_size: int, seed: int) -> None:
        self.device = next(model.parameters()).device
        # One shard for a GPU: two threads share it badly.
        fits = batch_size >= SHARDS * MIN_SHARD and self.device.type == "cpu"
        count = SHARDS if fits else 1
        self.replicas = [model, *(_replicate(model) for _ in range(count - 1))]
        self.rngs = [torch.Generator(self.device).manual_seed(seed + n) for n in range(count)]
        for replica, rng in zip(self.replicas, self.rngs, strict=True):
            give_dropout(replica, rng)
        self._forwards = [traced_to_learn(replica) for replica in self.replicas]
        # Listed once: to walk through a network takes longer than to add its gradients.
        self._weights = [list(replica.parameters()) for replica in self.replicas]
        self._statistics = [
            [buffer for buffer in replica.buffers() if buffer.is_floating_point()]
            for replica in self.replicas
        ]
        self._pool = _thread_pool(count)

    @staticmethod
    def suits() -> bool:
        """Any process."""
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def backward(self, loss: BatchLoss, batch: Batch) -> Tensor:
        """Leave the mean gradients of a batch in the network; its means, (5,)."""
        for replica, weights in zip(self.replicas, self._weights, strict=True):
            if not replica.training:
                replica.train()
            for weight in weights:  # also of one that gets no shard this time
                weight.grad = None
        work = partial(backward_shard, loss)
        # `map` ends with the shortest: a batch of one image is one shard.
        means = list(self._pool.map(work, self._forwards, self.rngs, self._split(batch)))
        with unsplit():
            self._merge()
            return torch.stack(means).sum(0)

    def _split(self, batch: Batch) -> list[Shard]:
        parts = zip(*(tensor.chunk(len(self.replicas)) for tensor in batch), strict=True)
        return [Shard(Batch(*part), len(part[0]) / len(batch.labels)) for part in parts]

    def _merge(self) -> None:
        """Add up the gradients in the first replica; give all replicas the mean statistics."""
        for weights in self._weights[1:]:
            for ours, theirs in zip(self._weights[0], weights, strict=True):
                if ours.grad is not None and theirs.grad is not None:
                    ours.grad.add_(theirs.grad)
        for statistics in self._statistics[1:]:
            for mine, its in zip(self._statistics[0], statistics, strict=True):
                its.copy_(mine.lerp_(its, 0.5))


def parallel_map(function: Callable[..., T], *parts: Iterable[Any]) -> list[T]:
    """Call `function` on each of the parts, two at a time; results in order."""
    with _thread_pool(SHARDS) as pool:
        return list(pool.map(function, *parts))


@contextmanager
def unsplit() -> Iterator[None]:
    """In it, this thread splits no operation over the cores: small ones would wait for the rest."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _thread_pool(count: int) -> ThreadPoolExecutor:
    threads = max(1, torch.get_num_threads() // count)  # for each operation of each shard
    return ThreadPoolExecutor(count, "shard", torch.set_num_threads, (threads,))


def _replicate(model: SumNet) -> SumNet:
    """A copy that shares the weights."""
    replica = deepcopy(model)
    for ours, theirs in zip(replica.parameters(), model.parameters(), strict=True):
        ours.data = theirs.data
    return replica
