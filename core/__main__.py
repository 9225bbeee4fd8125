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

from core.bugs import BUGS
from core.checkpoint import CheckpointError
from core.drawing import DrawingError
from core.fetch import FetchError
from core.ranks import DeviceError, LostError
from core.recipe import SETTINGS, Number, SettingError
from core.trainer import DivergedError


class UsageError(ValueError):
    """Bad input that only the command line can see; the message is one sentence."""


SAID = (
    UsageError,
    CheckpointError,
    DeviceError,
    DivergedError,
    DrawingError,
    FetchError,
    LostError,
    SettingError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except SAID as error:
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


def fetch(options: argparse.Namespace) -> None:
    from core import fetch as fetching
    from core.dataset import SPECS

    for name in SPECS if options.dataset == "all" else [options.dataset]:
        with Bar() as bar:
            path = fetching.fetch(
                name,
                report=lambda p: bar.show(f"{p.dataset} from {p.source}", p.done, p.total),
            )
        print(f"{SPECS[name].title} is in {path}")


def train(options: argparse.Namespace) -> None:
    """Train a preset, with some of its settings changed, and save it.

    Without --out only an unchanged preset is saved, where it is shipped: an experiment never takes
    the place of the shipped weights.
    """
    from core import checkpoint, ranks, training
    from core.presets import PRESETS
    from core.trainer import Progress

    settings = {k: v for k, v in vars(options).items() if k in SETTINGS and v is not None}
    preset = PRESETS[options.preset]
    recipe = preset.recipe.change(settings)
    if options.bug:
        recipe = recipe.with_bug(options.bug)
    out = Path(options.out) if options.out else None
    if out is None and preset.shipped and recipe == preset.recipe:
        out = checkpoint.SHIPPED
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

        device = ranks.device(options.device)
        card = training.train(options.preset, recipe, device, out, show)
    if card is None:  # another process of the group prints
        return
    _print_report(card.report(), options.json)
    if not options.json:
        print(f"saved as {out / options.preset}.safetensors" if out else "not saved (no --out)")


def evaluate(options: argparse.Namespace) -> None:
    """Measure a checkpoint again on the test split."""
    from core import dataset, parcel
    from core.evaluation import evaluate as measure

    model, card = parcel.load(options.model)
    metrics = measure(model, dataset.load(model.config.dataset).test)
    _print_report(replace(card, figures=metrics.figures()).report(), options.json)


def predict(options: argparse.Namespace) -> None:
    """Answer for image files, in order."""
    from core import drawing, parcel
    from core.dataset import SPECS
    from core.prediction import predict as answer

    if not 0 <= options.addend <= 9:
        raise UsageError(f"--addend must be a whole number from 0 to 9, not {options.addend}.")
    model, card = parcel.load(options.model)
    spec = SPECS[model.config.dataset]
    for file in options.images:
        image = drawing.read_image(Path(file), model.config.dataset)
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


def export(options: argparse.Namespace) -> None:
    """Write a network as ONNX."""
    from core import parcel
    from core.export import ExportError, write_onnx

    model, _ = parcel.load(options.model)
    try:
        write_onnx(model, Path(options.out))
    except ExportError as error:
        raise UsageError(str(error)) from error
    print(f"saved as {options.out}")


def status(options: argparse.Namespace) -> None:
    """How the app is that has this runs directory."""
    from core import runs
    from core import status as statuses

    found = statuses.read(runs.runs_dir())
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


class Bar:
    """A progress bar on stderr; silent where stderr is no terminal."""

    WIDTH = 24

    def __enter__(self) -> "Bar":
        self.shown = False
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            print(file=sys.stderr)

    def show(self, label: str, done: int, total: int | None) -> None:
        if not sys.stderr.isatty():
            return
        self.shown = True
        share = min(1.0, done / total) if total else 0.0
        filled = "#" * round(share * self.WIDTH)
        print(
            f"\r[{filled:{self.WIDTH}}] {share:4.0%}  {label}\033[K",
            end="",
            file=sys.stderr,
            flush=True,
        )


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
    command.set_defaults(command=fetch)

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
    command.set_defaults(command=train)

    command = commands.add_parser("evaluate", help="test figures of a preset or a checkpoint")
    command.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=evaluate)

    command = commands.add_parser("predict", help="read image files and add a number")
    command.add_argument("images", nargs="+", metavar="IMAGE")
    command.add_argument("--addend", type=int, required=True, metavar="N", help="0 to 9")
    command.add_argument("--model", default="mnist", metavar="PRESET-OR-CHECKPOINT")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=predict)

    command = commands.add_parser("export", help="write a preset or a checkpoint as ONNX")
    command.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    command.add_argument("--out", default="network.onnx", metavar="FILE")
    command.set_defaults(command=export)

    command = commands.add_parser("status", help="how the app is: its worker, its line, its disk")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=status)
    return parser


def _preset(name: str) -> str:
    from core.presets import PRESETS

    if name not in PRESETS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PRESETS)}.")
    return name


if __name__ == "__main__":
    sys.exit(main())
