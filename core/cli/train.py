"""The train command: from options to a checkpoint, in one process or in several."""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from core import dataset
from core.cli.commands import UsageError, print_report
from core.cli.own_data import read_own
from core.cli.progress import ProgressBar
from core.cli.unfinished import ResumeError, Unfinished
from core.collections.collection import Collection
from core.collections.shaping import SHAPES
from core.dataset import Data
from core.doubt.detector import add_detector
from core.engines.distributed import join_group, leave_when_lost
from core.engines.engine import choose_device
from core.engines.memory import keep_freed_memory
from core.evaluation.metrics import evaluate, ood_threshold
from core.model import SumNet
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS, Preset, own_recipe
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS, Number
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.storage.history import history_file, write_history
from core.storage.start import build_to_train
from core.systems.cores import respect_cores
from core.trainer import DivergedError, Progress, Training

Show = Callable[[Progress], None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command: a preset, every setting, and where to train and save."""
    parser.add_argument("--preset", type=_preset, help="mnist, if nothing else is said")
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="a folder or zip file of your own pictures, in a folder for each class",
    )
    parser.add_argument(
        "--kind", choices=list(SHAPES), help="of your pictures: ink on paper, or photos of things"
    )
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
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a training that was cut off, from its last whole epoch",
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
        UsageError, CollectionError, SettingError: as for the options; see `_chosen`.
        DeviceError: this machine does not have the device.
        DivergedError, ResumeError, OSError: as for `train_and_save`.
    """
    preset, recipe, own = _chosen(options)
    device = choose_device(options.device)
    out = Path(options.out) if options.out else None
    if out is None and preset.shipped and recipe == preset.recipe:
        out = checkpoint.WEIGHTS_DIR
    if out:
        out.mkdir(parents=True, exist_ok=True)
    elif options.resume:
        raise ResumeError("Without --out nothing was saved: there is nothing to go on with.")
    has_detector = preset.has_detector and recipe == preset.recipe
    with ProgressBar("step") as bar:
        show, data = _shower(recipe, bar), own.data() if own else None
        card = train_and_save(
            preset.name, recipe, device, out, show, options.resume, data, has_detector
        )
    if card is None:  # another process of the group prints
        return
    print_report(card.report(), options.json)
    if not options.json:
        print(f"saved as {out / preset.name}.safetensors" if out else "not saved (no --out)")


def _chosen(options: argparse.Namespace) -> tuple[Preset, Recipe, Collection | None]:
    """The preset, its recipe with what the options change, and somebody's own pictures.

    Raises:
        UsageError: options contradict each other.
        CollectionError: the pictures make no data set.
        SettingError: a setting is out of bounds.
    """
    settings = {k: v for k, v in vars(options).items() if k in SETTINGS and v is not None}
    if options.kind and not options.data:
        raise UsageError("--kind is of your own pictures: say with --data where they are.")
    if options.data and options.dataset:
        raise UsageError("--data and --dataset are two data sets: give one of them.")
    own = read_own(options.data, options.kind) if options.data else None
    preset = PRESETS[options.preset or ("quick" if own else "mnist")]
    usual = preset.recipe
    if own:
        settings["dataset"] = own.spec.name
        if not options.preset:
            usual = own_recipe(own.spec.name, own.train_count)
    recipe = usual.change(settings)
    recipe = recipe.with_bug(options.bug) if options.bug else recipe
    return preset, recipe.ready(), own


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
    resume: bool = False,
    data: Data | None = None,
    has_detector: bool = False,
) -> Card | None:
    """Train, test, and save in `out` under the name of the preset, with an ink detector if wanted.

    `data` None is the recipe's data set. After each epoch all that the rest depends on goes to a
    file called unfinished, which is removed in the end; `resume` goes on from there. Every process
    of a group gets here; all of them but the first return None. Where one is lost, the others end,
    and say where the weights so far are.

    Raises:
        DivergedError: the loss diverged.
        ResumeError: the unfinished training cannot go on, or would be lost.
        OSError: `out` cannot be written.
    """
    respect_cores()
    keep_freed_memory()
    data = data or dataset.load_data(recipe.model.dataset)
    model = build_to_train(recipe).to(device)
    training = recipe.training(model, data)
    file = out / f"{preset}{checkpoint.UNFINISHED}" if out else None
    unfinished = Unfinished(file, recipe, training)
    if _fit(training, unfinished, device, show, resume) > 0:
        return None
    seconds = unfinished.seconds
    card = _finished(preset, recipe, model.cpu(), data, seconds, has_detector)
    if out:
        checkpoint.save(out / preset, model, card)
        write_history(history_file(out / preset), unfinished.history)
        unfinished.remove()
    return card


def _fit(
    training: Training, unfinished: Unfinished, device: torch.device, show: Show, resume: bool
) -> int:
    """Train to the end; this process's rank in its group."""
    try:
        with join_group(device) as rank, leave_when_lost(lambda: unfinished.words):
            if resume:
                unfinished.restore()
            elif rank == 0:
                unfinished.refuse_to_overwrite()
            for progress in training.run():
                if rank == 0:
                    unfinished.add(progress)
                    show(progress)
    except DivergedError:
        unfinished.remove()
        raise
    return rank


def _finished(
    preset: str,
    recipe: Recipe,
    model: SumNet,
    data: Data,
    seconds: float,
    has_detector: bool,
) -> Card:
    """The card of a network that was trained; first it gets an ink detector, if wanted."""
    if has_detector:
        add_detector(model, data.holding_out(recipe.train.held_out), recipe.train.seed)
    held_out = data.val.first(recipe.train.held_out)
    metrics, threshold = evaluate(model, data.test), ood_threshold(model, held_out)
    return Card.of(preset, recipe, model, metrics, recipe.train.epochs, seconds, threshold)
