"""Training as a generator: ask for the next step, get the progress; stop by not asking.

Nothing here prints, writes files, reads a clock or knows a page. The command line, the worker, the
benchmarks and the tests all iterate the same `train`.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.data.augment import augment, erase, shift
from core.dataset import Batch, Data, Split, batches
from core.engines.distributed import Distributed, in_group
from core.engines.precision import autocast
from core.engines.threads import Threads, parallel_map
from core.errors import UserError
from core.model import Output, SumNet
from core.specs import ADDENDS, VAL_SIZE, DatasetSpec

VALIDATIONS = 12  # looks at the validation images in a run, however short
LIVE_VAL_SIZE = 1_000  # images per look while training; the last one sees all
EVAL_BATCH = 250  # keeps the feature maps of a batch within the cache


@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained. The learning rate rises to `lr` and falls to zero (one cycle)."""

    epochs: int = 1
    batch_size: int = 128
    lr: float = 0.1  # the peak
    weight_decay: float = 5e-4
    sum_weight: float = 0.003  # joint_loss = class_loss + sum_weight * sum_loss
    augment: float = 0.0  # strength of the random distortions; 0 is none, 1 is hearty
    shift: int = 0  # pixels that images are moved by at most; garments are mirrored as well
    erase: float = 0.0  # share of the images that lose a rectangle
    pen: float = 0.0  # digits of core/pen.py added to MNIST's, as a share of their number
    label_smoothing: float = 0.0
    ema: float = 0.0  # decay of the averaged weights that are kept in the end; 0 is none
    held_out: int = VAL_SIZE  # validation images that are not learned from
    seed: int = 0


class DivergedError(UserError):
    """The loss is no number any more; the message is one sentence for the user."""


class Scores(NamedTuple):
    """Losses and accuracies over some images, each a mean."""

    loss: float
    class_loss: float
    sum_loss: float
    class_acc: float
    sum_acc: float  # rounded sum right
    joint_acc: float  # both right


class Progress(NamedTuple):
    """Where a run is after one step."""

    step: int  # 1 ... steps
    steps: int
    epoch: int  # 1 ... epochs
    images: int  # seen so far
    lr: float
    train: Scores  # of this batch, before the step
    val: Scores | None  # at a few steps; of LIVE_VAL_SIZE images, at the last step of all


def losses(output: Output, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Class loss (cross-entropy) and sum loss (cross-entropy, or the squared error in (B,))."""
    class_loss = F.cross_entropy(output.class_logits, batch.labels, label_smoothing=smoothing)
    if output.sum_logits is not None:
        return class_loss, F.cross_entropy(output.sum_logits, batch.sums)
    return class_loss, F.mse_loss(output.sum_value, batch.sums.float())


class Method(NamedTuple):
    """What a step does to a batch and what it minimizes; for experiments to replace."""

    prepare: Callable[[Batch], Batch] = lambda batch: batch  # before the network sees it
    losses: Callable[..., tuple[Tensor, Tensor]] = losses  # (output, batch, smoothing)


SOUND = Method()


def train(
    model: SumNet,
    data: Data,
    config: TrainConfig,
    method: Method = SOUND,
    peak: Callable[[], float | None] = lambda: None,
) -> Generator[Progress, None, None]:
    """Train in place, yielding after every step. On one kind of CPU a seed fixes the whole history.

    The network itself was initialised before. Closing the generator early leaves the model as far
    as it got. `peak` is asked before every step: what it answers, other than None, takes the place
    of `config.lr`.

    Raises:
        DivergedError: the loss ran away, as it does when the learning rate is too high.
    """
    rng = torch.Generator().manual_seed(config.seed)
    averaged = _averaged(model, config.ema) if config.ema else None
    kept: SumNet = averaged.module if averaged else model  # type: ignore[assignment]
    optimizer = _optimizer(model, config)
    steps = config.epochs * -(-len(data.train.labels) // config.batch_size)
    rise = max(0.25, 2 / (steps + 1))  # of all steps; torch divides by zero when it has no length
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in optimizer.param_groups],
        total_steps=steps + 1,
        pct_start=rise,
        cycle_momentum=False,
    )
    looks = {steps * (look + 1) // VALIDATIONS for look in range(VALIDATIONS)}
    step = images = 0
    try:
        with _team(model, config) as team:
            for epoch in range(1, config.epochs + 1):
                for batch in batches(data.train, config.batch_size, rng):
                    factor = (peak() or config.lr) / config.lr
                    for group, lr in zip(
                        optimizer.param_groups, schedule.get_last_lr(), strict=True
                    ):
                        group["lr"] = factor * float(lr)
                    lr = optimizer.param_groups[0]["lr"]
                    scores = _learn(team, method.prepare(batch), config, data.spec, method)
                    optimizer.step()
                    schedule.step()
                    if averaged:
                        averaged.update_parameters(model)
                    step += 1
                    images += len(batch.labels)
                    val = None
                    if step in looks:
                        split = data.val if step == steps else data.val.first(LIVE_VAL_SIZE)
                        val = validate(kept, split, config.sum_weight, method)
                    if not math.isfinite(scores.loss + (val.loss if val else 0)):
                        raise DivergedError(
                            f"The loss ran away at step {step}. "
                            "Lower the learning rate and train again."
                        )
                    yield Progress(step, steps, epoch, images, lr, scores, val)
    finally:
        if averaged:
            model.load_state_dict(kept.state_dict())
        model.eval()


def _team(model: SumNet, config: TrainConfig) -> Threads | Distributed:
    """Who learns the parts of a batch: threads or, in a group of processes, one of these."""
    if in_group():
        return Distributed(model, config.seed)
    return Threads(model, config.batch_size, config.seed)


def _learn(
    team: Threads | Distributed,
    batch: Batch,
    config: TrainConfig,
    spec: DatasetSpec,
    method: Method,
) -> Scores:
    """Leave the gradients of a batch in the network, and say how it answered."""

    def learn(replica: SumNet, rng: torch.Generator, share: float, part: Batch) -> Tensor:
        images = _vary(part.images, config, spec, rng)
        replica.train()
        with autocast(images.device):
            output = replica(images, part.addends)
        class_loss, sum_loss = method.losses(output, part, config.label_smoothing)
        loss = class_loss + config.sum_weight * sum_loss
        (team.factor * share * loss).backward()
        return share * _means(output, part, class_loss, sum_loss)

    shares, parts = zip(*team.parts(batch), strict=True)
    answered = team.map(learn, team.rngs, shares, parts)
    team.join()
    return _scores(team.total(answered), config.sum_weight)


def _vary(images: Tensor, config: TrainConfig, spec: DatasetSpec, rng: torch.Generator) -> Tensor:
    """Training images as the recipe changes them at random."""
    if config.augment:
        images = augment(images, config.augment, spec.mirrored, rng)
    if config.shift:
        images = shift(images, config.shift, spec.mirrored, rng)
    if config.erase:
        images = erase(images, config.erase, rng)
    return images


def validate(model: SumNet, split: Split, sum_weight: float, method: Method = SOUND) -> Scores:
    """Losses and accuracies over a split, each image with one addend, the same at every call."""
    model.eval()
    device = split.labels.device
    rng = torch.Generator().manual_seed(0)
    addends = torch.randint(ADDENDS, split.labels.shape, generator=rng).to(device)
    batch = method.prepare(Batch(split.images, addends, split.labels, split.labels + addends))

    @torch.inference_mode()
    def answer(images: Tensor, addends: Tensor) -> Output:
        with autocast(device):
            output: Output = model(images, addends)
        return output

    parts = (batch.images.split(EVAL_BATCH), batch.addends.split(EVAL_BATCH))
    output = Output.join(parallel_map(answer, *parts))
    return _scores(_means(output, batch, *method.losses(output, batch)), sum_weight)


def _means(output: Output, batch: Batch, class_loss: Tensor, sum_loss: Tensor) -> Tensor:
    """Both losses and the three accuracies, (5,)."""
    class_right = output.labels == batch.labels
    sum_right = output.totals == batch.sums
    rights = torch.stack([class_right, sum_right, class_right & sum_right]).float().mean(1)
    return torch.cat([torch.stack([class_loss.detach(), sum_loss.detach()]), rights])


def _scores(means: Tensor, weight: float) -> Scores:
    class_loss, sum_loss, *accuracies = means.tolist()
    return Scores(class_loss + weight * sum_loss, class_loss, sum_loss, *accuracies)


def _optimizer(model: SumNet, config: TrainConfig) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum, in three groups.

    Only the weights before the fusion decay. Norms and biases gain nothing from it, and the sum
    head is spoiled: a decay that suits a cross-entropy pulls a regression, whose loss counts
    little, away from sums as large as 18. The sum head's own steps do not depend on `sum_weight`,
    which says how much the encoder heeds the sum.
    """
    sums = list(model.sum_head.parameters())
    rest = [p for part in (model.encoder, model.class_head) for p in part.parameters()]
    scale = model.sum_head.rate / config.sum_weight if config.sum_weight else 1.0
    groups: list[dict[str, Any]] = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in rest if p.ndim == 1]},
        {"params": sums, "lr": config.lr * scale},
    ]
    return torch.optim.SGD(groups, config.lr, 0.9, nesterov=True, foreach=True)


def _averaged(model: SumNet, decay: float) -> AveragedModel:
    """A running average of the weights (and of the norms' statistics), steadier than the last.

    The first averages are short, so that the untrained start is soon forgotten.
    """

    def update(averaged: Any, current: Any, count: Any) -> None:
        seen = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + seen) / (10 + seen)))(averaged, current, count)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)
