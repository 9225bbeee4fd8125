"""The two halves of a batch, learned side by side: each by a thread and a replica of its own.

Left alone, torch splits every operation over the cores: its threads meet dozens of times in a step,
and each time all wait for the last. Where something else wants a core for a moment, as the browser
that shows this very training does, a step then takes longer (benchmarks/training.py).
Two halves meet once a step. What they compute does not depend on when each is given a core, or how
many there are, so a seed fixes a training anywhere.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any, Self, TypeVar

import torch
from torch import Tensor

from core.dataset import Batch
from core.model import SumNet, give_dropout

T = TypeVar("T")

SHARDS = 2
MIN_SHARD = 32  # images in a half; fewer would make poor statistics for the norms


class Threads:
    """Replicas that share the weights of one network, and the threads that they work in.

    Each replica has its own gradients, its own statistics of the norms and its own random numbers;
    `join` brings the first two together.
    """

    factor = 1  # of a part's loss, so that joined gradients are the batch's

    def __init__(self, model: SumNet, batch_size: int, seed: int) -> None:
        fits = batch_size >= SHARDS * MIN_SHARD and next(model.parameters()).is_cpu
        count = SHARDS if fits else 1  # a graphics processor is shared badly by two threads
        device = next(model.parameters()).device
        self.replicas = [model, *(_replica(model) for _ in range(count - 1))]
        self.rngs = [torch.Generator(device).manual_seed(seed + half) for half in range(count)]
        for replica, rng in zip(self.replicas, self.rngs, strict=True):
            give_dropout(replica, rng)
        self.pool = _pool(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def parts(self, batch: Batch) -> list[tuple[float, Batch]]:
        """The halves of a batch and their shares of it: one of all where it is a single image."""
        halves = zip(*(tensor.chunk(len(self.replicas)) for tensor in batch), strict=True)
        return [(len(half[0]) / len(batch.labels), Batch(*half)) for half in halves]

    def total(self, shares: list[Tensor]) -> Tensor:
        """The sum over all parts of a batch."""
        return torch.stack(shares).sum(0)

    def map(self, function: Callable[..., T], *parts: Iterable[Any]) -> list[T]:
        """`function` of each replica and its part, side by side; results in order.

        Gradients start anew in all of them, also in one that gets no part.
        """
        for replica in self.replicas:
            replica.zero_grad()
        return list(self.pool.map(function, self.replicas, *parts))

    def join(self) -> None:
        """Add up the gradients in the first replica; give all of them the mean statistics."""
        first, *others = self.replicas
        for other in others:
            grads = [
                (ours.grad, theirs.grad)
                for ours, theirs in zip(first.parameters(), other.parameters(), strict=True)
                if ours.grad is not None and theirs.grad is not None
            ]
            if grads:
                torch._foreach_add_(*map(list, zip(*grads, strict=True)))
            statistics = [
                (ours, theirs)
                for ours, theirs in zip(first.buffers(), other.buffers(), strict=True)
                if ours.is_floating_point()
            ]
            for ours, theirs in statistics:
                theirs.copy_(ours.lerp_(theirs, 0.5))


def parallel_map(function: Callable[..., T], *parts: Iterable[Any]) -> list[T]:
    """`function` of each of the parts, two at a time; results in order."""
    with _pool(SHARDS) as pool:
        return list(pool.map(function, *parts))


def run_unsplit(function: Callable[[], T]) -> T:
    """`function()`, with no operation in it split over the cores: many small ones only wait."""
    with _pool(torch.get_num_threads()) as pool:
        return pool.submit(function).result()


def _pool(count: int) -> ThreadPoolExecutor:
    threads = max(1, torch.get_num_threads() // count)  # for each operation of each half
    return ThreadPoolExecutor(count, "half", torch.set_num_threads, (threads,))


def _replica(model: SumNet) -> SumNet:
    replica = deepcopy(model)
    for ours, theirs in zip(replica.parameters(), model.parameters(), strict=True):
        ours.data = theirs.data
    return replica
