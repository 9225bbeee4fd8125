"""Training as a generator: ask for the next step and get the progress; stop by not asking.

Nothing here prints, writes files, reads a clock or knows a page. The command line, the worker, the
benchmarks and the tests all iterate over the same `train`.
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
from core.engines.engine import choose_engine
from core.engines.precision import autocast
from core.engines.shard import BatchLoss, Replica
from core.engines.threads import parallel_map
from core.errors import UserError
from core.heads import Output, SumHead
from core.model import SumNet
from core.specs import ADDENDS, VAL_SIZE, DatasetSpec

VALIDATIONS = 12  # in a run, however short
LIVE_VAL_SIZE = 1_000  # images of a validation while training; the last one takes all
EVAL_BATCH = 250  # images; the feature maps of such a batch fit into the cache


@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained. The learning rate rises to `lr` and falls to zero (one cycle)."""

    epochs: int = 1
    batch_size: int = 128
    lr: float = 0.1  # the maximum, `max_lr` of the cycle
    weight_decay: float = 5e-4
    sum_weight: float = 0.003  # joint_loss = class_loss + sum_weight * sum_loss
    augment: float = 0.0  # strength of the random distortions; 0 is none, 1 is strong
    shift: int = 0  # pixels that an image moves at most; garments are mirrored as well
    erase: float = 0.0  # share of the images that lose a rectangle
    pen: float = 0.0  # written digits (core/data/handwriting.py), as a share of the images
    label_smoothing: float = 0.0
    ema: float = 0.0  # decay of the averaged weights that are kept in the end; 0 is no average
    held_out: int = VAL_SIZE  # validation images that it does not learn from
    seed: int = 0


class DivergedError(UserError):
    """The loss is no longer a number."""


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
    images: int  # so far
    lr: float
    train: Scores  # of this batch, before the step
    val: Scores | None  # at some steps: of LIVE_VAL_SIZE images, at the last step of all


def losses(
    head: SumHead, output: Output, batch: Batch, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Class loss (cross-entropy) and sum loss (the sum head's own), each a mean, a scalar."""
    class_loss = F.cross_entropy(output.class_logits, batch.labels, label_smoothing=smoothing)
    return class_loss, head.loss(output, batch.sums)


class Method(NamedTuple):
    """What a step does to a batch and what it minimizes; experiments replace these."""

    prepare: Callable[[Batch], Batch] = lambda batch: batch  # before the network sees it
    losses: Callable[..., tuple[Tensor, Tensor]] = losses  # (head, output, batch, smoothing)


SOUND = Method()


def train(
    model: SumNet,
    data: Data,
    config: TrainConfig,
    method: Method = SOUND,
    lr_override: Callable[[], float | None] = lambda: None,
    start: int = 0,
) -> Generator[Progress, None, None]:
    """Train in place, yielding after every step. On one kind of CPU a seed fixes the whole history.

    The network was initialized before. If the generator is closed early, the model stays as far as
    it got. Every step calls `lr_override`; a number takes the place of `config.lr`. A network that
    has made `start` steps already goes on after them; momentum and averages begin anew.

    Raises:
        DivergedError: the loss ran away, as it does when the learning rate is too high.
    """
    rng = torch.Generator().manual_seed(config.seed)
    averaged = _averaged(model, config.ema) if config.ema else None
    kept: SumNet = averaged.module if averaged else model  # type: ignore[assignment]
    optimizer = _optimizer(model, config)
    steps = config.epochs * -(-len(data.train.labels) // config.batch_size)
    schedule = _one_cycle(optimizer, steps, start)
    validations = {steps * (number + 1) // VALIDATIONS for number in range(VALIDATIONS)}
    loss = _batch_loss(model.sum_head, config, data.spec, method)
    step = images = 0
    try:
        with choose_engine(model, config.batch_size, config.seed) as engine:
            for epoch in range(1, config.epochs + 1):
                for batch in batches(data.train, config.batch_size, rng):
                    step, images = step + 1, images + len(batch.labels)
                    if step <= start:
                        continue
                    lr = _set_lr(optimizer, schedule, (lr_override() or config.lr) / config.lr)
                    means = engine.backward(loss, method.prepare(batch))
                    scores = _scores(means, config.sum_weight)
                    optimizer.step()
                    schedule.step()
                    if averaged:
                        averaged.update_parameters(model)
                    val = None
                    if step in validations:
                        split = data.val if step == steps else data.val.first(LIVE_VAL_SIZE)
                        val = validate(kept, split, config.sum_weight, method)
                    _check_losses(step, scores, val)
                    yield Progress(step, steps, epoch, images, lr, scores, val)
    finally:
        if averaged:
            model.load_state_dict(kept.state_dict())
        model.eval()


def _check_losses(step: int, train: Scores, val: Scores | None) -> None:
    if not math.isfinite(train.loss + (val.loss if val else 0)):
        raise DivergedError(
            f"The loss ran away at step {step}. Lower the learning rate and train again."
        )


def _one_cycle(
    optimizer: torch.optim.Optimizer, steps: int, start: int
) -> torch.optim.lr_scheduler.OneCycleLR:
    """The learning rate of each group rises to its maximum and falls to zero, from `start` on."""
    rise = max(0.25, 2 / (steps + 1))  # of all steps; torch divides by zero when it has no length
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in optimizer.param_groups],
        total_steps=steps + 1,
        pct_start=rise,
        cycle_momentum=False,
    )
    for _ in range(start):
        optimizer.step()  # without gradients: changes nothing, and the schedule expects it
        schedule.step()
    return schedule


def _set_lr(
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.OneCycleLR,
    scale: float,
) -> float:
    """Give each group its learning rate in the cycle, times `scale`; the first group's."""
    for group, lr in zip(optimizer.param_groups, schedule.get_last_lr(), strict=True):
        group["lr"] = scale * float(lr)
    first: float = optimizer.param_groups[0]["lr"]
    return first


def _batch_loss(head: SumHead, config: TrainConfig, spec: DatasetSpec, method: Method) -> BatchLoss:
    """What an engine computes for a batch: the joint loss and the five means."""

    def loss(replica: Replica, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        images = _vary(batch.images, config, spec, rng)
        with autocast(images.device):
            output = replica(images, batch.addends)
        class_loss, sum_loss = method.losses(head, output, batch, config.label_smoothing)
        joint_loss = class_loss + config.sum_weight * sum_loss
        return joint_loss, _means(output, batch, class_loss, sum_loss)

    return loss


def _vary(images: Tensor, config: TrainConfig, spec: DatasetSpec, rng: torch.Generator) -> Tensor:
    """Training images with the random changes of the recipe."""
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
    return _scores(_means(output, batch, *method.losses(model.sum_head, output, batch)), sum_weight)


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
    """SGD with Nesterov momentum; each parameter of the network is in one of three groups.

    Only weights before the fusion decay. Norms and biases gain nothing from a decay, and it spoils
    the sum head: one that suits a cross-entropy pulls a regression, whose loss counts little, away
    from sums as large as 18. The steps of the fusion and the sum head, which only the sum's loss
    trains, do not depend on `sum_weight`: that is how much the encoder learns from the sum.
    """
    weights, others, sums = [], [], []
    for name, parameter in model.named_parameters():
        if name.startswith(("fusion.", "sum_head.")):
            sums.append(parameter)
        elif parameter.ndim > 1:
            weights.append(parameter)
        else:
            others.append(parameter)
    scale = model.sum_head.lr_scale / config.sum_weight if config.sum_weight else 1.0
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": config.weight_decay},
        {"params": others},
        {"params": sums, "lr": config.lr * scale},
    ]
    return torch.optim.SGD(groups, config.lr, 0.9, nesterov=True, foreach=True)


def _averaged(model: SumNet, decay: float) -> AveragedModel:
    """A running average of the weights and the norm statistics, steadier than the last weights.

    The first averages are over few steps, so they soon forget the untrained network.
    """

    def update(averaged: Any, current: Any, count: Any) -> None:
        seen = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + seen) / (10 + seen)))(averaged, current, count)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)
