"""How well a network reads digits drawn with a pen by real people.

    python benchmarks/drawn_digits.py STROKES.jsonl [--model NAME] [--browser N] [--json]

STROKES has one JSON object per line: `label`, `writer` and `strokes`, lists of [x, y] with y
downwards, in any unit. A seed decides the size, place and pen of each digit on the canvas. From
there it goes the way of a visitor's drawing: `rasterize`, `mnist_form`, `predict`. For comparison,
the usual shortcut shrinks the canvas to 28 x 28. `--browser N` draws N digits with the mouse in
Chromium and compares what the page answers.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from core.data.drawing import (
    CANVAS_SIDE,
    IMAGE_SIDE,
    PEN_WIDTH,
    Pixels,
    Strokes,
    mnist_form,
    rasterize,
)
from core.data.handwriting import Points
from core.evaluation.diagnostics import Answers, reliability
from core.evaluation.prediction import predict
from core.model import SumNet
from core.specs import CLASSES
from core.storage import checkpoint
from core.storage.checkpoint import Card, CheckpointError

HEIGHT = (100, 220)  # canvas pixels: the longer side of the digit
PENS = (14, 26)  # canvas pixels


class Item(NamedTuple):
    """One digit that somebody wrote, as it will be drawn."""

    label: int
    writer: str
    strokes: Strokes  # on the canvas
    pen: int
    addend: int


def read(path: Path, seed: int) -> list[Item]:
    """The digits of a file, placed on the canvas by the seed.

    Raises:
        ValueError: a line is no digit; the message says which.
    """
    rng = np.random.default_rng(seed)
    items = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            entry = json.loads(line)
            label, writer = int(entry["label"]), str(entry["writer"])
            pieces = [np.array(stroke, float).reshape(-1, 2) for stroke in entry["strokes"]]
            points = np.concatenate(pieces)
            if not (0 <= label < CLASSES and np.isfinite(points).all()):
                raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"Line {number} of {path} is not a digit.") from error
        items.append(_place(label, writer, pieces, points, rng))
    if not items:
        raise ValueError(f"{path} holds no digits.")
    return items


def _place(
    label: int,
    writer: str,
    pieces: list[Points],
    points: Points,
    rng: np.random.Generator,
) -> Item:
    """In a random size, completely on the canvas, with a random pen."""
    low, extent = points.min(0), np.ptp(points, axis=0)
    pen = int(rng.integers(PENS[0], PENS[1] + 1))
    scale = rng.uniform(*HEIGHT) / max(float(extent.max()), 1e-9)
    room = CANVAS_SIDE - pen - scale * extent
    corner = pen / 2 + rng.uniform(0, 1, 2) * room
    strokes = tuple(
        tuple((float(x), float(y)) for x, y in corner + scale * (piece - low)) for piece in pieces
    )
    return Item(label, writer, strokes, pen, int(rng.integers(10)))


def shrink(canvas: Pixels) -> Pixels:
    """The shortcut that most demos take: the whole canvas at 28 x 28."""
    return np.asarray(
        Image.fromarray(canvas).resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX)
    )


def form_image(item: Item, form: Callable[[Pixels], Pixels | None]) -> Pixels:
    """The 28 x 28 that the network gets; a lost drawing is an empty picture."""
    image = form(rasterize(item.strokes, item.pen))
    return np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8) if image is None else image


def answer(model: SumNet, items: list[Item], form: Callable[[Pixels], Pixels | None]) -> Answers:
    """What the network answers for each item, brought to 28 x 28 by `form`."""
    said = [predict(model, form_image(item, form), item.addend) for item in items]
    return Answers(
        labels=np.array([item.label for item in items]),
        addends=np.array([item.addend for item in items]),
        class_probs=np.array([one.class_probs for one in said]),
        sum_value=np.array([one.sum_value for one in said]),
        totals=np.array([one.total for one in said]),
    )


def measure(model: SumNet, items: list[Item]) -> dict[str, Any]:
    """All metrics except those of the browser."""
    drawn, shrunk = answer(model, items, mnist_form), answer(model, items, shrink)
    class_right, sum_right = drawn.answered == drawn.labels, drawn.totals == drawn.sums
    return {
        "digits": len(items),
        "class_acc": float(class_right.mean()),
        "sum_acc": float(sum_right.mean()),
        "joint_acc": float((class_right & sum_right).mean()),
        "shrunk_class_acc": float((shrunk.answered == shrunk.labels).mean()),
        "calibration_error": reliability(drawn.confidence, class_right).error,
        "answer_ms": median_ms(model, items),
        "by_digit": _shares([str(item.label) for item in items], class_right),
        "by_writer": _shares([item.writer for item in items], class_right),
    }


def median_ms(model: SumNet, items: list[Item]) -> float:
    """Milliseconds of computing from strokes to both answers, the median over the items."""
    times = []
    for item in items:
        start = time.perf_counter()
        predict(model, form_image(item, mnist_form), item.addend)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def _shares(groups: list[str], right: npt.NDArray[np.bool_]) -> dict[str, float]:
    """The share that is right in each group."""
    of = np.array(groups)
    return {name: float(right[of == name].mean()) for name in sorted(set(groups))}


def replay(model: SumNet, card: Card, name: str, items: list[Item]) -> dict[str, int]:
    """Draw the items with the mouse in the running app: does the page answer as `predict` does?

    The page has one pen, so both sides draw with that one. "Unreadable" is not an answer.
    """
    from tests.browser.support.app import serve
    from tests.browser.support.driver import (
        chromium,
        draw,
        open_page,
        pick_number,
        press,
        text,
    )

    agree = right = 0
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as app, chromium() as browser:
        page = open_page(browser, f"{app.url}/?v=1&net={name}")
        for number, item in enumerate(items):
            if number:
                press(page, "clear")
            pick_number(page, item.addend)
            draw(page, item.strokes)
            said = text(page, "class_answer"), text(page, "sum_answer")
            image = form_image(item._replace(pen=PEN_WIDTH), mnist_form)
            expected = predict(model, image, item.addend, card.doubt_level)
            answered = said == (str(expected.label), str(expected.total))
            agree += answered == expected.is_readable
            right += said == (str(item.label), str(item.label + item.addend))
    return {"drawn": len(items), "as_predicted": agree, "both_right": right}


def report(figures: dict[str, Any]) -> str:
    """The metrics as a table of text."""
    lines = [
        f"{figures['digits']:,} digits, drawn with seed {figures['seed']}, read by "
        f"{figures['model']}",
        f"  digit right            {figures['class_acc']:7.2%}",
        f"  both heads right       {figures['joint_acc']:7.2%}",
        f"  canvas only shrunk     {figures['shrunk_class_acc']:7.2%}",
        f"  calibration error      {figures['calibration_error']:7.2%}",
        f"  computing, one core    {figures['answer_ms']:7.2f} ms (median)",
        "by digit   " + "  ".join(f"{k}: {v:.1%}" for k, v in figures["by_digit"].items()),
        "by writer  " + "  ".join(f"{k}: {v:.0%}" for k, v in figures["by_writer"].items()),
    ]
    if browser := figures.get("browser"):
        lines.append(
            f"in Chromium: {browser['as_predicted']} of {browser['drawn']} answered as predicted, "
            f"both right {browser['both_right']}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("strokes", type=Path, help="a file with one digit a line")
    parser.add_argument("--model", default="mnist", help="a shipped preset or a checkpoint")
    parser.add_argument("--seed", type=int, default=0, help="of size, place, pen and addend")
    parser.add_argument("--browser", type=int, default=0, metavar="N", help="draw N in Chromium")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    try:
        items = read(args.strokes, args.seed)
        model, card = checkpoint.load(checkpoint.stem_of(args.model))
    except (OSError, ValueError, CheckpointError) as error:
        parser.error(str(error))
    torch.set_num_threads(1)
    figures = {"model": args.model, "seed": args.seed, **measure(model, items)}
    if args.browser:
        chosen = np.random.default_rng(args.seed).permutation(len(items))[: args.browser]
        figures["browser"] = replay(model, card, args.model, [items[index] for index in chosen])
    print(json.dumps(figures) if args.json else report(figures))


if __name__ == "__main__":
    main()
