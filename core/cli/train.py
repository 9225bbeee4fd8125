"""The train command: from options to a checkpoint, in one process or in several."""

import argparse
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import torch
from safetensors.torch import save

from core import dataset
from core.cli.commands import print_report
from core.cli.progress import ProgressBar
from core.doubt.detector import add_detector
from core.engines.distributed import LostProcessError, in_group, join_group
from core.engines.engine import choose_device
from core.engines.memory import keep_freed_memory
from core.evaluation.metrics import evaluate, ood_threshold
from core.model import SumNet
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS, Number
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.storage.files import write_atomic
from core.storage.history import Record, Recorder, history_file, write_history
from core.trainer import DivergedError, Progress

Show = Callable[[Progress], None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command: a preset, every setting, and where to train and save."""
    parser.add_argument("--preset", default="mnist", type=_preset)
    for name, setting in SETTINGS.items():
        flag = f"--{name.replace('_', '-')}"
        metavar = "N" if isinstance(setting, Number) else "NAME"
        text = f"{setting.label}: {setting.allowed}"
        parser.add_argument(flag, dest=name, metavar=metavar, help=text)
    parser.add_argument(
        "--bug", choices=list(filter(None, BUGS)), help="a published mistake, made on purpose"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="where the checkpoint goes (an unchanged preset: weights/)"
    )
    parser.add_argument(
        "--device",
        default="auto",
        choices=["auto", "cpu", "cuda", "mps"],
        help="auto: CUDA, else MPS, else the CPU",
    )
    parser.add_argument("--json", action="store_true")


def _preset(name: str) -> str:
    if name not in PRESETS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PRESETS)}.")
    return name


def run_train(options: argparse.Namespace) -> None:
    """Train a preset, with some of its settings changed, and save it.

    Without --out only an unchanged preset is saved, where it is shipped: an experiment never
    replaces the shipped weights.

    Raises:
        SettingError: a setting is out of bounds.
        DeviceError: this machine does not have the device.
        DivergedError, LostProcessError, OSError: as for `train_and_save`.
    """
    preset = PRESETS[options.preset]
    settings = {k: v for k, v in vars(options).items() if k in SETTINGS and v is not None}
    recipe = preset.recipe.change(settings)
    recipe = recipe.with_bug(options.bug) if options.bug else recipe
    device = choose_device(options.device)
    out = Path(options.out) if options.out else None
    if out is None and preset.shipped and recipe == preset.recipe:
        out = checkpoint.WEIGHTS_DIR
    if out:
        out.mkdir(parents=True, exist_ok=True)
    has_detector = preset.has_detector and recipe == preset.recipe
    with ProgressBar("step") as bar:
        show = _shower(recipe, bar)
        card = train_and_save(options.preset, recipe, device, out, show, has_detector)
    if card is None:  # another process of the group prints
        return
    print_report(card.report(), options.json)
    if not options.json:
        print(f"saved as {out / options.preset}.safetensors" if out else "not saved (no --out)")


def _shower(recipe: Recipe, bar: ProgressBar) -> Show:
    """What shows the progress of a training: the epoch, and the latest validation."""
    scores = ""

    def show(progress: Progress) -> None:
        nonlocal scores
        if val := progress.val:
            scores = f"class {val.class_acc:.2%}  both {val.joint_acc:.2%}"
        epoch = f"epoch {progress.epoch} of {recipe.train.epochs}"
        bar.show(f"{epoch}  {scores}".rstrip(), progress.step, progress.steps)

    return show


def train_and_save(
    preset: str,
    recipe: Recipe,
    device: torch.device,
    out: Path | None,
    show: Show,
    has_detector: bool = False,
) -> Card | None:
    """Train, test, and save in `out` under the name of the preset, with an ink detector if wanted.

    After each epoch the weights so far go to a file called unfinished, which is removed in the end.
    Every process of a group gets here; all of them but the first return None.

    Raises:
        DivergedError: the loss diverged.
        LostProcessError: another process of the group is gone; says where the weights so far are.
        OSError: `out` cannot be written.
    """
    keep_freed_memory()
    data = dataset.load_data(recipe.model.dataset)
    model = recipe.build().to(device)
    unfinished = Unfinished(out / f"{preset}.unfinished.safetensors" if out else None)
    recorder, history = Recorder(), list[Record]()
    try:
        with join_group(device) as rank:
            if in_group():
                signal.signal(signal.SIGTERM, _raise_lost)
            for progress in recipe.fit(model, data):
                if rank > 0:
                    continue
                if (record := recorder.add(progress)) is not None:
                    history.append(record)
                if progress.step * recipe.train.epochs % progress.steps == 0:
                    unfinished.save(model, progress.epoch)
                show(progress)
    except LostProcessError as error:
        raise LostProcessError(f"{error} {unfinished.words}") from error
    except DivergedError:
        unfinished.remove()
        raise
    if rank > 0:
        return None
    seconds = time.perf_counter() - recorder.start
    card = _finished(preset, recipe, model.cpu(), data, seconds, has_detector)
    if out:
        checkpoint.save(out / preset, model, card)
        write_history(history_file(out / preset), history)
        unfinished.remove()
    return card


def _finished(
    preset: str,
    recipe: Recipe,
    model: SumNet,
    data: dataset.Data,
    seconds: float,
    has_detector: bool,
) -> Card:
    """The card of a network that was trained; first it gets an ink detector, if wanted."""
    if has_detector:
        add_detector(model, data.holding_out(recipe.train.held_out), recipe.train.seed)
    held_out = data.val.first(recipe.train.held_out)
    metrics, threshold = evaluate(model, data.test), ood_threshold(model, held_out)
    return Card.of(preset, recipe, model, metrics, recipe.train.epochs, seconds, threshold)


class Unfinished:
    """The weights after the last whole epoch, in a file; without one nothing is saved."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._epoch = 0

    def save(self, model: SumNet, epoch: int) -> None:
        """Save the weights after this epoch.

        Raises:
            OSError: they cannot be written.
        """
        if self.file:
            write_atomic(self.file, save(model.tensors()))
            self._epoch = epoch

    def remove(self) -> None:
        """The training is finished, or what it learned is of no use."""
        if self.file:
            self.file.unlink(missing_ok=True)

    @property
    def words(self) -> str:
        """Where the weights so far are, as a sentence."""
        if self._epoch:
            return f"What was learned up to epoch {self._epoch} is in {self.file}."
        return "It ended before an epoch was over."


def _raise_lost(*_: object) -> NoReturn:
    """What torchrun's signal means for the processes that are left when one is gone."""
    raise LostProcessError("Another process of the training is gone.")
