"""Training as a generator: ask for the next step and get the progress; stop by not asking.

Nothing here prints, writes files, reads a clock or knows a page: all iterate over the same `train`.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.augment import vary
from core.dataset import Batch, Data, Split, batches, pair
from core.engines.engine import Engine, choose_engine
from core.engines.optimizer import average_weights, make_optimizer, one_cycle, set_lr
from core.engines.precision import autocast
from core.engines.shard import BatchLoss, Replica
from core.engines.threads import parallel_map, unsplit
from core.errors import UserError
from core.heads import Output, SumHead
from core.model import SumNet
from core.specs import TRAIN_SIZE, VAL_SIZE, DatasetSpec

VALIDATIONS = 12  # in a run; one after each step where there are fewer steps
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
    erase: float = 0.0  # share of the images that lose a rectangle to noise
    cutout: int = 0  # side of a square that each image loses, in pixels
    pen: float = 0.0  # written digits (core/data/handwriting.py), as a share of the images
    label_smoothing: float = 0.0
    temperature: float = 1.0  # of the class loss: it divides the logits
    ema: float = 0.0  # decay of the averaged weights that are kept in the end; 0 is no average
    held_out: int = VAL_SIZE  # validation images that it does not learn from
    images: int = TRAIN_SIZE  # training images, the first so many; TRAIN_SIZE leaves out none
    seed: int = 0
    start: str = "nothing"  # or "shipped": with the encoder of a shipped network


DIVERGED = "The loss ran away at step {}. Lower the learning rate and train again."


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
    train: Scores  # of this batch, before the step; the same losses as `val`, without smoothing
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


class TrainingState(NamedTuple):
    """A training after some epoch: numbers that JSON can hold, and tensors."""

    epoch: int
    step: int
    images: int
    schedule: dict[str, Any]  # of the learning rate
    tensors: dict[str, Tensor]  # model.*, averaged.*, momentum.*, rng.*

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors of one of these, by their own names."""
        return {k[len(name) + 1 :]: v for k, v in self.tensors.items() if k.startswith(f"{name}.")}


class Training:
    """One training of a network, in place. `state` and `restore` carry it over to another process.

    Every step asks `lr_override` for a rate. It goes on after `start` steps, with new momentum.
    """

    def __init__(
        self,
        model: SumNet,
        data: Data,
        config: TrainConfig,
        method: Method = SOUND,
        lr_override: Callable[[], float | None] = lambda: None,
        start: int = 0,
    ) -> None:
        self._model, self._data, self._config, self._method = model, data, config, method
        self._lr_override, self._start = lr_override, start
        self._rng = torch.Generator().manual_seed(config.seed)
        self._averaged = average_weights(model, config.ema) if config.ema else None
        self._optimizer = make_optimizer(model, config.lr, config.weight_decay, config.sum_weight)
        self.epochs = config.epochs
        self.steps = config.epochs * -(-data.epoch_images // config.batch_size)
        self._schedule = one_cycle(self._optimizer, self.steps, start)
        self._step = self._images = self._epoch = 0
        self._engine: Engine | None = None
        self._engine_rngs: list[Tensor] = []  # of a restored training, for its engine

    @property
    def kept(self) -> SumNet:
        """The network whose weights are left in the end."""
        return self._averaged.module if self._averaged else self._model  # type: ignore[return-value]

    def run(self) -> Generator[Progress, None, None]:
        """Train, yielding after every step.

        Raises:
            DivergedError: the loss ran away, as it does when the learning rate is too high.
        """
        config, data = self._config, self._data
        validations = {self.steps * (number + 1) // VALIDATIONS for number in range(VALIDATIONS)}
        loss = _batch_loss(self._model.sum_head, config, data.spec, self._method)
        try:
            with choose_engine(self._model, config.batch_size, config.seed) as self._engine:
                for rng, state in zip(self._engine.rngs, self._engine_rngs, strict=False):
                    rng.set_state(state)
                while self._epoch < config.epochs:
                    self._epoch += 1
                    for batch in batches(data.of_epoch(self._epoch), config.batch_size, self._rng):
                        self._step += 1
                        self._images += len(batch.labels)
                        if self._step <= self._start:
                            continue
                        lr, scores = self._learn(self._engine, loss, batch)
                        val = None
                        if self._step in validations:
                            last = self._step == self.steps
                            split = data.val if last else data.val.first(LIVE_VAL_SIZE)
                            val = validate(self.kept, split, config.sum_weight, self._method)
                        if not math.isfinite(scores.loss + (val.loss if val else 0)):
                            raise DivergedError(DIVERGED.format(self._step))
                        yield Progress(
                            self._step, self.steps, self._epoch, self._images, lr, scores, val
                        )
        finally:
            if self._averaged:
                self._model.load_state_dict(self.kept.state_dict())
            self._model.eval()

    def _learn(self, engine: Engine, loss: BatchLoss, batch: Batch) -> tuple[float, Scores]:
        """One step: its learning rate, and the scores of the batch before it."""
        scale = (self._lr_override() or self._config.lr) / self._config.lr
        lr = set_lr(self._optimizer, self._schedule, scale)
        means = engine.backward(loss, self._method.prepare(batch))
        with unsplit():
            self._optimizer.step()
            self._schedule.step()
            if self._averaged:
                self._averaged.update_parameters(self._model)
        return lr, _scores(means, self._config.sum_weight)

    def state(self) -> TrainingState:
        """All that the rest of the training depends on, while `run` rests after an epoch."""
        rngs = [self._rng, *(self._engine.rngs if self._engine else ())]
        kept = self._optimizer.state
        parts: dict[str, dict[str, Tensor]] = {
            "model": self._model.state_dict(),
            "averaged": self._averaged.state_dict() if self._averaged else {},
            "momentum": {f"{n}": kept[p]["momentum_buffer"] for n, p in enumerate(self._weights())},
            "rng": {f"{n}": rng.get_state() for n, rng in enumerate(rngs)},
        }
        tensors = {
            f"{part}.{name}": tensor.cpu().contiguous().clone()
            for part, found in parts.items()
            for name, tensor in found.items()
        }
        schedule = self._schedule.state_dict()
        return TrainingState(self._epoch, self._step, self._images, schedule, tensors)

    def restore(self, state: TrainingState) -> None:
        """Go on from a `state` of a training with the same network, data and config.

        Raises:
            KeyError, RuntimeError: it is of another network.
        """
        self._epoch, self._step, self._images, schedule, _ = state
        self._model.load_state_dict(state.part("model"))
        if self._averaged:
            self._averaged.load_state_dict(state.part("averaged"))
        momenta = state.part("momentum")
        for index, parameter in enumerate(self._weights()):
            momentum = torch.zeros_like(parameter).copy_(momenta[f"{index}"])
            self._optimizer.state[parameter]["momentum_buffer"] = momentum
        self._schedule.load_state_dict(schedule)
        own, *self._engine_rngs = state.part("rng").values()
        self._rng.set_state(own)

    def _weights(self) -> list[Tensor]:
        return [each for group in self._optimizer.param_groups for each in group["params"]]


def train(
    model: SumNet,
    data: Data,
    config: TrainConfig,
    method: Method = SOUND,
    lr_override: Callable[[], float | None] = lambda: None,
    start: int = 0,
) -> Generator[Progress, None, None]:
    """Train in place, yielding after every step. On one kind of CPU a seed fixes the whole history.

    If the generator is closed early, the model stays as far as it got. The rest: see `Training`.

    Raises:
        DivergedError: the loss ran away, as it does when the learning rate is too high.
    """
    return Training(model, data, config, method, lr_override, start).run()


def _batch_loss(head: SumHead, config: TrainConfig, spec: DatasetSpec, method: Method) -> BatchLoss:
    """What an engine computes for a batch: the joint loss and the five means."""

    def loss(replica: Replica, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        images = vary(batch.images, config, spec, rng)
        with autocast(images.device):
            output = replica(images, batch.addends)
        eased = output.eased(config.temperature)
        class_loss, sum_loss = method.losses(head, eased, batch, config.label_smoothing)
        joint_loss = class_loss + config.sum_weight * sum_loss
        if config.label_smoothing or eased is not output:  # reports what `validate` does: neither
            class_loss, sum_loss = method.losses(head, output, batch)
        return joint_loss, _means(output, batch, class_loss, sum_loss)

    return loss


def validate(model: SumNet, split: Split, sum_weight: float, method: Method = SOUND) -> Scores:
    """Losses and accuracies over a split, each image with one addend, the same at every call."""
    model.eval()
    device = split.labels.device
    rng = torch.Generator().manual_seed(0)
    batch = method.prepare(pair(split, torch.arange(len(split.labels), device=device), rng))

    @torch.inference_mode()
    def answer(images: Tensor, addends: Tensor) -> Output:
        with autocast(device):
            output: Output = model(images, addends)
        return output

    parts = batch.images.split(EVAL_BATCH), batch.addends.split(EVAL_BATCH)
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
