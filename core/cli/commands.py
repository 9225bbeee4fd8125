"""The commands, each with its options: fetch, train, detector, evaluate, predict, export, status,
trainer.

A command's `run` takes the parsed options; what it returns, other than None, is the exit status.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import UserError

if TYPE_CHECKING:
    from core.evaluation.prediction import Prediction
    from core.specs import DatasetSpec


class Command(NamedTuple):
    """A command: its line in the help, and a function that adds its options and its `run`."""

    help: str
    set_up: Callable[[argparse.ArgumentParser], None]


class UsageError(UserError):
    """Bad input that only the command line can see; the message is one sentence."""


# --- fetch


def _set_up_fetch(parser: argparse.ArgumentParser) -> None:
    from core.specs import SPECS

    parser.add_argument("dataset", nargs="?", default="all", choices=[*SPECS, "all"])
    parser.set_defaults(run=_fetch)


def _fetch(options: argparse.Namespace) -> None:
    from core.cli.progress import ProgressBar
    from core.data import download
    from core.specs import SPECS, data_dir

    for name in SPECS if options.dataset == "all" else [options.dataset]:
        with ProgressBar("B", scaled=True) as bar:
            path = download.download(
                SPECS[name].files,
                data_dir(),
                lambda p: bar.show(f"{p.title} from {p.source}", p.done, p.total),
            )
        print(f"{SPECS[name].title} is in {path}")


# --- train


def _set_up_train(parser: argparse.ArgumentParser) -> None:
    from core.cli import train

    train.add_options(parser)
    parser.set_defaults(run=train.run_train)


# --- detector


def _set_up_detector(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    parser.set_defaults(run=_detector)


def _detector(options: argparse.Namespace) -> None:
    """Give a checkpoint an ink detector, or train the one that it has again; the rest stays."""
    from core import dataset
    from core.doubt.detector import add_detector
    from core.evaluation.metrics import ood_threshold
    from core.recipes.recipe import Recipe
    from core.specs import find_spec
    from core.storage import checkpoint

    stem = checkpoint.stem_of(options.model)
    model, card = checkpoint.load(stem)
    if not find_spec(model.config.dataset).is_digits or model.fusion.marks_images:
        raise UsageError(
            f"{options.model} cannot have an ink detector: that takes digits and late fusion."
        )
    train = Recipe.read(card.params).train
    data = dataset.load_data(model.config.dataset).holding_out(train.held_out)
    add_detector(model, data, train.seed)
    checkpoint.save(stem, model, replace(card, doubt_level=ood_threshold(model, data.val)))
    print(f"saved as {stem}.safetensors")


# --- evaluate


def _set_up_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    parser.add_argument(
        "--data", metavar="PATH", help="your own pictures, if it was trained on these"
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    """Measure a checkpoint again on the test split.

    Raises:
        UsageError: the pictures are of classes that it did not learn.
    """
    from core import dataset
    from core.cli.own_data import own_test_split, read_own
    from core.evaluation.metrics import evaluate
    from core.storage import bundle

    model, card = bundle.load_any(options.model)
    if options.data:
        own = model.spec.own
        test = own_test_split(read_own(options.data, own.kind if own else None), model.spec)
    else:
        test = dataset.load_data(model.config.dataset).test
    metrics = evaluate(model, test)
    print_report(replace(card, figures=metrics.scalars()).report(), options.json)


def print_report(report: dict[str, object], as_json: bool) -> None:
    """Print a card's report (`Card.report`): one line of JSON, or lines of words."""
    if as_json:
        print(json.dumps(report))
        return
    labels = {
        "class_acc": "class right",
        "sum_r2": "R2 of the sum",
        "sum_mae": "mean absolute error of the sum",
        "sum_acc": "rounded sum right",
        "joint_acc": "both right",
    }
    print(f"{report['preset']}, seed {report['seed']}, {report['train_seconds']} s of training")
    for key, label in labels.items():
        shown = f"{report[key]:.2%}" if key.endswith("acc") else f"{report[key]:.4f}"
        print(f"  {label:32}{shown:>8}")


# --- predict


def _set_up_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--addend", type=int, required=True, metavar="N", help="0 to 9")
    parser.add_argument("--model", default="mnist", metavar="PRESET-OR-CHECKPOINT")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> None:
    """Answer for image files, in order.

    Raises:
        AnswerError: an answer is not a number.
    """
    from core.data.image_files import read_file
    from core.evaluation.prediction import AnswerError, predict
    from core.runs.limits import LIMITS
    from core.storage import bundle

    if not 0 <= options.addend <= 9:
        raise UsageError(f"--addend must be a whole number from 0 to 9, not {options.addend}.")
    model, card = bundle.load_any(options.model)
    spec = model.spec
    for file in options.images:
        reading = read_file(Path(file), int(LIMITS.upload_megapixels * 1e6))
        inks = reading.digits if spec.is_digits else (reading.ink,)
        images = [spec.photo_form(reading.photo)] if spec.photo_form else map(spec.form, inks)
        answers = [
            predict(model, image, options.addend, card.doubt_level)
            for image in images
            if image is not None
        ]
        if not all(answer.is_finite for answer in answers):
            raise AnswerError
        _print_answers(file, answers, spec, options.json)


def _print_answers(
    file: str, answers: "list[Prediction]", spec: "DatasetSpec", as_json: bool
) -> None:
    """What is on one picture. Of several digits each is answered, from left to right."""
    only = answers[0] if len(answers) == 1 else None
    if as_json:
        facts = {"file": file, "blank": not answers} | _facts(only, spec)
        if len(answers) > 1:
            facts["digits"] = [_facts(answer, spec) for answer in answers]
        print(json.dumps(facts))
    elif len(answers) > 1:
        said = "; ".join(_sentence(answer, spec) for answer in answers)
        print(f"{file}: {len(answers)} {spec.noun}s: {said}")
    else:
        print(f"{file}: {_sentence(only, spec) if only else 'nothing drawn'}")


def _facts(answer: "Prediction | None", spec: "DatasetSpec") -> dict[str, object]:
    """An answer under the keys of --json; each is None where there is not one answer."""
    if answer is None:
        return dict.fromkeys(("label", "name", "class_probs", "sum_value", "total", "readable"))
    return {
        "label": answer.label,
        "name": spec.class_names[answer.label],
        "class_probs": [round(p, 6) for p in answer.class_probs],
        "sum_value": round(answer.sum_value, 4),
        "total": answer.total,
        "readable": answer.is_readable,
    }


def _sentence(answer: "Prediction", spec: "DatasetSpec") -> str:
    name, sure = spec.numbered(answer.label), answer.class_probs[answer.label]
    text = f"{name} ({sure:.1%} sure), {name} + {answer.addend} = {answer.total}"
    if answer.is_readable:
        return text
    return f"not like any {spec.noun} that it learned; closest: {text}"


# --- export


def _set_up_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="PRESET-OR-CHECKPOINT")
    parser.add_argument("--out", default="network.onnx", metavar="FILE")
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> None:
    """Write a network as ONNX."""
    from core.storage import bundle
    from core.storage.onnx import write_onnx

    model, _ = bundle.load_any(options.model)
    write_onnx(model, Path(options.out))
    print(f"saved as {options.out}")


# --- status


def _set_up_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_status)


def _status(options: argparse.Namespace) -> int:
    """Print the state of the app with this runs directory; 1 where it has no worker."""
    from core.runs.run import runs_dir
    from core.workers.status import read_status

    status = read_status(runs_dir())
    print(json.dumps(asdict(status)) if options.json else status.words)
    return 0 if status.worker else 1


# --- trainer


def _set_up_trainer(parser: argparse.ArgumentParser) -> None:
    from core.cli import trainer

    trainer.add_trainer_options(parser)
    parser.set_defaults(run=trainer.run_command)


COMMANDS = {
    "fetch": Command("download the data sets", _set_up_fetch),
    "train": Command("train a preset, save it, print its test metrics", _set_up_train),
    "detector": Command("give a checkpoint an ink detector", _set_up_detector),
    "evaluate": Command("test metrics of a preset or a checkpoint", _set_up_evaluate),
    "predict": Command("read image files and add a number", _set_up_predict),
    "export": Command("write a preset or a checkpoint as ONNX", _set_up_export),
    "status": Command("state of the app: its worker, its queue, its disk", _set_up_status),
    "trainer": Command("train for an app that runs elsewhere", _set_up_trainer),
}
