"""What makes a step of the gradients: the optimizer, its learning rates, the averaged weights."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.engines.threads import unsplit
from core.model import SumNet

EXAMPLE_WEIGHT = 0.03  # of the examples' loss beside what a layer is held to
ANCHOR = 1e-4  # pulls a layer back to what it was


def make_optimizer(
    model: SumNet, lr: float, weight_decay: float, sum_weight: float
) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum; each parameter of the network is in one of three groups.

    Only weights before the fusion decay. Norms and biases gain nothing from a decay, and it spoils
    the sum head: one that suits a cross-entropy pulls a regression, whose loss counts little, away
    from sums as large as 18. The steps of the fusion and the sum head, which only the sum's loss
    trains, do not depend on `sum_weight`: that is how much the encoder learns from the sum.
    """
    weights, others, sums = [], [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue  # it is fixed
        if name.startswith(("fusion.", "sum_head.")):
            sums.append(parameter)
        elif parameter.ndim > 1:
            weights.append(parameter)
        else:
            others.append(parameter)
    scale = model.sum_head.lr_scale / sum_weight if sum_weight else 1.0
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others},
        {"params": sums, "lr": lr * scale},
    ]
    return torch.optim.SGD(groups, lr, 0.9, nesterov=True, foreach=True)


def one_cycle(optimizer: torch.optim.Optimizer, steps: int, start: int = 0) -> OneCycleLR:
    """The learning rate of each group rises to its maximum and falls to zero, from `start` on."""
    rise = max(0.25, 2 / (steps + 1))  # of all steps; torch divides by zero when it has no length
    schedule = OneCycleLR(
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


def set_lr(optimizer: torch.optim.Optimizer, schedule: OneCycleLR, scale: float) -> float:
    """Give each group its learning rate in the cycle, times `scale`; the first group's."""
    for group, lr in zip(optimizer.param_groups, schedule.get_last_lr(), strict=True):
        group["lr"] = scale * float(lr)
    first: float = optimizer.param_groups[0]["lr"]
    return first


def average_weights(model: SumNet, decay: float) -> AveragedModel:
    """A running average of the weights and the norm statistics, steadier than the last weights.

    The first averages are over few steps, so they soon forget the untrained network.
    """

    def update(averaged: Any, current: Any, count: Any) -> None:
        seen = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + seen) / (10 + seen)))(averaged, current, count)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)


def refit_layer(layer: nn.Linear, old: Tensor, new: Tensor, labels: Tensor) -> None:
    """Let a last layer give examples their labels, and answer all else as before, in place.

    Of what it is given: `old` (M, F), for which its answers should stay, and `new` (N, F), with
    `labels`, int64 (N,).
    """
    before = [parameter.detach().clone() for parameter in layer.parameters()]
    answers = layer(old).softmax(1).detach()
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        pairs = zip(layer.parameters(), before, strict=True)
        moved = sum((now - then).square().sum() for now, then in pairs)
        total: Tensor = (
            F.cross_entropy(layer(old), answers)
            + EXAMPLE_WEIGHT * F.cross_entropy(layer(new), labels)
            + ANCHOR * moved
        )
        total.backward()
        return total.item()

    with unsplit():
        optimizer.step(loss)
