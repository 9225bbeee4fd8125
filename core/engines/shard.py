"""The part of a batch that one replica of the network computes.

One example: of 128 images, each of two replicas gets a shard of 64 with a share of 0.5. Gradients
and means are weighted by the share, so that those of all shards add up to those of the batch.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from core.dataset import Batch
from core.heads import Output


class Replica(Protocol):
    """A network, or something that stands for it and calls it."""

    def __call__(self, images: Tensor, addends: Tensor) -> Output: ...


# From a replica, a batch and random numbers of its own: the loss, a scalar to differentiate, and
# the means to report: class loss, sum loss and three accuracies, (5,).
BatchLoss = Callable[[Replica, Batch, torch.Generator], tuple[Tensor, Tensor]]


class Shard(NamedTuple):
    """A part of a batch, and how large a part."""

    batch: Batch
    share: float  # of the images of the whole batch


def backward_shard(
    loss: BatchLoss, replica: Replica, rng: torch.Generator, shard: Shard, scale: float = 1.0
) -> Tensor:
    """Add the gradients of a shard, weighted by its share, to the replica's; its part of the means.

    `scale` is an extra factor of the gradients.
    """
    value, means = loss(replica, shard.batch, rng)
    (scale * shard.share * value).backward()
    return shard.share * means
