"""What a network learns from ten examples of an unreadable style, and what that costs on MNIST.

    python benchmarks/teaching.py [--model NAME] [--json]

Hardly anybody could guess the digits below. core/data/handwriting.py writes each style ten times to
fine-tune the network with, and a hundred times, with other variations, to test it before and after.
After each fine-tuning the network reads all MNIST test images again.
"""

import argparse
import copy
import json
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
import torch

from core import dataset, finetune
from core.data import download
from core.data.drawing import mnist_form, rasterize
from core.data.handwriting import write_digit
from core.dataset import Data, Split
from core.finetune import HandExample
from core.model import SumNet
from core.storage import checkpoint
from core.storage.checkpoint import CheckpointError
from core.trainer import EVAL_BATCH

EXAMPLES, TESTS = 10, 100

# A digit and how it is written, in the notation of `STYLES` in core/data/handwriting.py.
UNREADABLE_STYLES = {
    "7 like a V": (7, "00 49/ 90"),
    "4 like a lambda": (4, "20 79,45 19"),
    "2 in a mirror": (2, "80 60 30 22 31 64 89/ 09"),
    "1 like an N": (1, "19 10/ 79/ 70"),
    "9 like an alpha": (9, "90 53 37 19 05 11 33 57 99"),
    "5 struck through": (5, "80 50 22 24 54 76 68 39 08,50 59"),
    "3 like an E": (3, "81 50 22 33 54 33 15 28 59 88"),
    "8 like an infinity": (8, "44 22 04 17 35 53 72 94 77 55 44"),
}


class Result(NamedTuple):
    """Accuracies before and after one fine-tuning, and how long it took."""

    before: float  # on the style
    after: float
    mnist_before: float  # on the test images
    mnist_after: float
    seconds: float


@torch.inference_mode()
def accuracy(model: SumNet, split: Split) -> float:
    """Of the class head over a split."""
    right = 0
    for images, labels in zip(*(part.split(EVAL_BATCH) for part in split), strict=True):
        right += int((model(images, torch.zeros_like(labels)).labels == labels).sum())
    return right / len(split.labels)


def test_images(label: int, style: str, rng: np.random.Generator) -> Split:
    """`TESTS` drawings of the style, in MNIST form."""
    forms = [mnist_form(rasterize(*write_digit(style, rng))) for _ in range(TESTS)]
    images = np.stack([form for form in forms if form is not None])  # a pen always leaves ink
    return Split(torch.from_numpy(images)[:, None], torch.full((len(images),), label))


def measure(model: SumNet, data: Data) -> dict[str, Result]:
    """A fine-tuning with each style, always from the same network."""
    found = {}
    mnist_before = accuracy(model, data.test)
    for name, (label, style) in UNREADABLE_STYLES.items():
        rng = np.random.default_rng(0)
        examples = [HandExample(label, write_digit(style, rng)[0]) for _ in range(EXAMPLES)]
        test = test_images(label, style, rng)
        tuned = copy.deepcopy(model)
        start = time.perf_counter()
        finetune.finetune(tuned, data.train, examples)
        seconds = time.perf_counter() - start
        found[name] = Result(
            accuracy(model, test),
            accuracy(tuned, test),
            mnist_before,
            accuracy(tuned, data.test),
            seconds,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="mnist", help="a shipped preset or a checkpoint")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    try:
        model, _ = checkpoint.load(checkpoint.stem_of(args.model))
        if not finetune.can_finetune(model):
            parser.error(f"{args.model} cannot be fine-tuned: that takes digits and late fusion.")
        found = measure(model, dataset.load_data("mnist"))
    except (OSError, CheckpointError, download.DownloadError) as error:
        parser.error(str(error))
    if args.json:
        print(json.dumps({name: result._asdict() for name, result in found.items()}))
        return
    for name, result in found.items():
        change = 100 * (result.mnist_after - result.mnist_before)
        print(
            f"{name:20} {result.before:5.0%} -> {result.after:5.0%}   MNIST {change:+.2f} points   "
            f"{result.seconds:.1f} s"
        )
    drops = [result.mnist_after - result.mnist_before for result in found.values()]
    print(f"{'mean':20} MNIST {100 * statistics.mean(drops):+.2f} points")


if __name__ == "__main__":
    main()
