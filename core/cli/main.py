"""python -m core COMMAND: everything the pages do, for scripts.

With --json the last line of stdout is one JSON object (predict: a line per image). Progress goes
to stderr, and only on a terminal. Bad input is one sentence on stderr and exit status 2.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

from core.cli.progress import Bar
from core.data.download import DownloadError
from core.data.image_files import ImageFileError
from core.engines.distributed import LostProcessError
from core.engines.engine import DeviceError
from core.recipes.bugs import BUGS
from core.recipes.settings import SETTINGS, Number, SettingError
from core.storage.checkpoint import CheckpointError
from core.trainer import DivergedError


class UsageError(ValueError):
    """Bad input that only the command line can see; the message is one sentence."""


USER_ERRORS = (
    UsageError,
    CheckpointError,
    DeviceError,
    DivergedError,
    ImageFileError,
    DownloadError,
    LostProcessError,
    SettingError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except USER_ERRORS as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""  # a full disk does not say
        print(f"{error.strerror or error}{where}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def fetch_command(options: argparse.Namespace) -> None:
    from core.data import download as fetching
    from core.specs import SPECS, data_dir

    for name in SPECS if options.dataset == "all" else [options.dataset]:
        with Bar() as bar:
            path = fetching.download(
                SPECS[name].files,
                data_dir(),
                lambda p: bar.show(f"{p.title} from {p.source}", p.done, p.total),
            )
        print(f"{SPECS[name].title} is in {path}")


def train_command(options: argparse.Namespace) -> None:
    """Train a preset, with some of its settings changed, and save it.

    Without --out only an unchanged preset is saved, where it is shipped: an experiment never takes
    the place of the shipped weights.
    """
    from core.cli import train
    from core.engines.engine import choose_device
    from core.recipes.presets import PRESETS
    from core.storage import checkpoint
    from core.trainer import Progress

    settings = {k: v for k, v in vars(options).items() if k in SETTINGS and v is not None}
    preset = PRESETS[options.preset]
    recipe = preset.recipe.change(settings)
    if options.bug:
        recipe = recipe.with_bug(options.bug)
    out = Path(options.out) if options.out else None
    if out is None and preset.shipped and recipe == preset.recipe:
        out = checkpoint.WEIGHTS_DIR
    if out:
        out.mkdir(parents=True, exist_ok=True)
    best = ""
    with Bar() as bar:

        def show(progress: Progress) -> None:
            nonlocal best
            if val := progress.val:
                best = f"class {val.class_acc:.2%}  both {val.joint_acc:.2%}"
            place = f"epoch {progress.epoch} of {recipe.train.epochs}"
            bar.show(f"{place}  {best}", progress.step, progress.steps)

        device = choose_device(options.device)
        card = train.train_and_save(options.preset, recipe, device, out, show)
    if card is None:  # another process of the group prints
        return
    _print_report(card.report(), options.json)
    if not options.json:
        print(f"saved as {out / options.preset}.safetensors" if out else "not saved (no --out)")


def evaluate_command(options: argparse.Namespace) -> None:
    """Measure a checkpoint again on the test split."""
    from core import dataset
    from core.evaluation.metrics import evaluate as measure
    from core.storage import bundle

    model, card = bundle.load_any(options.model)
    metrics = measure(model, dataset.load_data(model.config.dataset).test)
    _print_report(replace(card, figures=metrics.scalars()).report(), options.json)


def predict_command(options: argparse.Namespace) -> None:
    """Answer for image files, in order."""
    from core.data.image_files import read_image
    from core.evaluation.prediction import predict as answer
    from core.runs.limits import LIMITS
    from core.specs import SPECS
    from core.storage import bundle

    if not 0 <= options.addend <= 9:
        raise UsageError(f"--addend must be a whole number from 0 to 9, not {options.addend}.")
    model, card = bundle.load_any(options.model)
    spec = SPECS[model.config.dataset]
    for file in options.images:
        image = read_image(Path(file), spec.form, int(LIMITS.upload_megapixels * 1e6))
        line: dict[str, object] = {"file": file, "blank": image is None}
        if image is None:
            line |= dict.fromkeys(
                ("label", "name", "class_probs", "sum_value", "total", "readable")
            )
            text = "nothing drawn"
        else:
            prediction = answer(model, image, options.addend, card.doubt_level)
            name = spec.class_names[prediction.label]
            line |= {
                "label": prediction.label,
                "name": name,
                "class_probs": [round(p, 6) for p in prediction.class_probs],
                "sum_value": round(prediction.sum_value, 4),
                "total": prediction.total,
                "readable": prediction.is_readable,
            }
            sure = prediction.class_probs[prediction.label]
            text = f"{name} ({sure:.1%} sure), {name} + {options.addend} = {prediction.total}"
            if not prediction.is_readable:
                text = f"not like any {spec.noun} that it learned; closest: {text}"
        print(json.dumps(line) if options.json else f"{file}: {text}")


def export_command(options: argparse.Namespace) -> None:
    """Write a network as ONNX."""
    from core.storage import bundle
    from core.storage.onnx import ExportError, write_onnx

    model, _ = bundle.load_any(options.model)
    try:
        write_onnx(model, Path(options.out))
    except ExportError as error:
        raise UsageError(str(error)) from error
    print(f"saved as {options.out}")


def status_command(options: argparse.Namespace) -> None:
    """How the app is that has this runs directory."""
    from core.runs import status as statuses
    from core.runs.run import runs_dir

    found = statuses.read_status(runs_dir())
    print(json.dumps(asdict(found)) if options.json else found.words)
    if not found.worker:
        raise SystemExit(1)


def _print_report(report: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(report))
        return
    words = {
        "class_acc": "class right",
        "sum_r2": "R2 of the sum",
        "sum_mae": "mean absolute error of the sum",
        "sum_acc": "rounded sum right",
        "joint_acc": "both right",
    }
    print(f"{report['preset']}, seed {report['seed']}, {report['train_seconds']} s of training")
    for key, label in words.items():
        shown = f"{report[key]:.2%}" if key.endswith("acc") else f"{report[key]:.4f}"
        print(f"  {label:32}{shown:>8}")


class Parser(argparse.ArgumentParser):
    """One line for bad arguments, where argparse would print its whole usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message.rstrip('.')}; see {self.prog} --help.\n")


def _parser() -> Parser:
    parser = Parser(prog="python -m core", description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("fetch", help="get the data sets")
    command.add_argument(
        "dataset", nargs="?", default="all", choices=["mnist", "fashion-mnist", "all"]
    )
    command.set_defaults(command=fetch_command)

    command = commands.add_parser("train", help="train a preset, save it, print its test figures")
    command.add_argument("--preset", default="mnist", type=_preset)
    for name, setting in SETTINGS.items():
        flag = f"--{name.replace('_', '-')}"
        unit = "N" if isinstance(setting, Number) else "NAME"
        said = f"{setting.label}: {setting.allowed}"
        command.add_argument(flag, dest=name, metavar=unit, help=said)
    command.add_argument(
        "--bug", choices=list(filter(None, BUGS)), help="a published mistake, put in on purpose"
    )
    command.add_argument(
        "--out", metavar="DIR", help="where the checkpoint goes (an unchanged preset: weights/)"
    )
    command.add_argument(
        "--device",
        default="auto",
        choices=["auto", "cpu", "cuda", "mps"],
        help="auto: CUDA, else MPS, else the CPU",
    )
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=train_command)

    command = commands.add_parser("evaluate", help="test figures of a preset or a checkpoint")
    command.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=evaluate_command)

    command = commands.add_parser("predict", help="read image files and add a number")
    command.add_argument("images", nargs="+", metavar="IMAGE")
    command.add_argument("--addend", type=int, required=True, metavar="N", help="0 to 9")
    command.add_argument("--model", default="mnist", metavar="PRESET-OR-CHECKPOINT")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=predict_command)

    command = commands.add_parser("export", help="write a preset or a checkpoint as ONNX")
    command.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    command.add_argument("--out", default="network.onnx", metavar="FILE")
    command.set_defaults(command=export_command)

    command = commands.add_parser("status", help="how the app is: its worker, its line, its disk")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=status_command)
    return parser


def _preset(name: str) -> str:
    from core.recipes.presets import PRESETS

    if name not in PRESETS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PRESETS)}.")
    return name


if __name__ == "__main__":
    sys.exit(main())
