"""What a network calls unreadable: how many real digits, and how much ink that is not a digit.

    python benchmarks/doubt.py [STROKES.jsonl] [--fonts FILE ...] [--model NAME] [--json]

A network says "I can't read this" below the out-of-distribution threshold on its card, which comes
from validation images alone. Here it gets digits that it should accept (MNIST's test images, digits
that core/data/handwriting.py writes with another seed, and those of STROKES) and ink that it should
reject: letters and signs, other ones than the detector learned from, scribbles, pairs of digits
that touch, and Fashion-MNIST's test garments in MNIST form. Fonts of handwriting, files of one's
own, bring digits and letters that nothing here was made with. Capital letters like O, I, S and Z
look like digits to anybody, so they are not included.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from benchmarks import drawn_digits
from core import dataset
from core.data import download
from core.data.drawing import PEN_WIDTH, Pixels, Strokes, mnist_form, rasterize
from core.data.handwriting import STYLES, handwritten_digits, write_digit
from core.data.pieces import cut_digits
from core.doubt.detector import in_form_of
from core.model import SumNet
from core.specs import SPECS, data_dir
from core.storage import checkpoint
from core.storage.checkpoint import CheckpointError

EACH = 30  # drawings of a letter or a sign
SCRIBBLES = 1_000
DIGITS = 2_000
PAIRS = 1_000  # side by side, and as many stacked
PAIR_SIDE = 130  # canvas pixels: the longer side of each of two digits, at most
FONT_SIZE, FONT_PENS = 160, (0, 4, 8)  # pixels; how much thicker than the font has them
FONT_LETTERS = "ABDEFHKMNPRTUWXYadehkmnruw"

# In the notation of `STYLES` in core/data/handwriting.py.
LETTERS = (
    *("09 50/ 99,16 76", "10 19,10 60 72 44/ 75 77 59 19", "10 19,10 60 84 69 19"),  # A B D
    *("70 10/ 19/ 79,14 64", "80 10/ 19,14 64", "10 19,70 79,14 74"),  # E F H
    *("10 19,70 14/ 79", "09 10/ 45/ 80/ 99", "19 10/ 79/ 70", "10 19,10 60 73 55 15"),  # K M N P
    *("10 19,10 60 73 55 15/ 79", "00 90,50 59", "10 16 49 76 70", "00 29/ 44/ 69/ 90"),  # R T U W
    *("00 99,90 09", "00 44/ 90,44 49", "74 43 15 28 59 76/ 73/ 79"),  # X Y a
    *("74 43 16 39 68/ 70/ 79", "15 75 54 25 18 49 78", "10 19/ 15 44 75 79"),  # d e h
    *("10 19,64 16/ 79", "14 19/ 15 34 45 49/ 45 64 75 79", "14 19/ 15 44 75 79"),  # k m n
    *("14 19/ 15 44 64", "14 18 49 76/ 74/ 79", "04 29/ 55/ 79/ 94"),  # r u w
)
SIGNS = (
    "79 32 30 51 23 16 29 58 85",  # &
    "12 30 61 54 46,49 49",  # ?
    "64 44 46 66/ 63 84 60 22 05 28 59 89",  # @
    "50 59,14 84,12 87",  # *
    "49 13 11 30 42 60 81 83 49",  # a heart
    "29 50/ 79/ 13/ 83/ 29",  # a star
    "10 80/ 89/ 19/ 10",  # a square
    "50 14 29 79 84 50,33 34,63 64,37 48 67",  # a smile
    "19 14/ 50/ 84/ 89/ 19",  # a house
    "05 95,72 95/ 78",  # an arrow
)


def written(style: str, rng: np.random.Generator) -> Pixels:
    """A style as the network gets it."""
    image = mnist_form(rasterize(*write_digit(style, rng)))
    assert image is not None  # a pen leaves ink
    return image


def scribbles(rng: np.random.Generator) -> Iterator[str]:
    """6 to 30 points anywhere, some of them corners."""
    for _ in range(SCRIBBLES):
        *most, last = rng.integers(10, size=(rng.integers(6, 31), 2))
        corners = ("/ ", " ", " ")
        yield "".join(f"{x}{y}{rng.choice(corners)}" for x, y in most) + f"{last[0]}{last[1]}"


def pairs(digits: list[Strokes], is_stacked: bool, rng: np.random.Generator) -> Iterator[Pixels]:
    """Two digits side by side or stacked, drawn with one pen so that they touch."""
    count = 0
    while count < PAIRS:
        one, other = (digits[index] for index in rng.integers(len(digits), size=2))
        one, end = _placed(one, 0.0, is_stacked, rng)
        other, _ = _placed(other, end + rng.uniform(-PEN_WIDTH, PEN_WIDTH), is_stacked, rng)
        ink = rasterize((*one, *other))
        if len(cut_digits(ink)) == 1:  # if they do not touch, the page asks which one
            count += 1
            image = mnist_form(ink)
            assert image is not None  # a pen leaves ink
            yield image


def _placed(
    digit: Strokes, start: float, is_stacked: bool, rng: np.random.Generator
) -> tuple[Strokes, float]:
    """A digit that begins at `start`, half as large as the canvas at most; and where it ends."""
    points = np.array([point for stroke in digit for point in stroke])
    scale = rng.uniform(0.6, 1) * PAIR_SIDE / np.ptp(points, axis=0).max()
    along = int(is_stacked)
    corner = np.array([PEN_WIDTH / 2, PEN_WIDTH / 2])
    corner[along] += start
    corner[1 - along] += rng.uniform(0, PAIR_SIDE / 4)
    placed = [scale * (np.array(stroke) - points.min(0)) + corner for stroke in digit]
    end = max(float(stroke[:, along].max()) for stroke in placed) - PEN_WIDTH / 2
    return tuple(tuple((float(x), float(y)) for x, y in stroke) for stroke in placed), end


def font_image(file: Path, character: str, pen: int) -> Pixels:
    """A character of a font as the network gets it."""
    font = ImageFont.truetype(file, FONT_SIZE)
    canvas = Image.new("L", (3 * FONT_SIZE, 3 * FONT_SIZE))
    place = (FONT_SIZE, FONT_SIZE // 2)
    ImageDraw.Draw(canvas).text(place, character, fill=255, font=font, stroke_width=pen)
    image = mnist_form(np.asarray(canvas))
    if image is None:
        raise ValueError(f"{file} has no {character}.")
    return image


def _font_images(fonts: Iterable[Path], characters: str) -> Iterator[Pixels]:
    for file, character, pen in itertools.product(fonts, characters, FONT_PENS):
        yield font_image(file, character, pen)


@torch.inference_mode()
def accepted(model: SumNet, threshold: float, images: Iterable[Pixels]) -> tuple[int, float]:
    """How many images there are, and the share that is not called unreadable."""
    pixels = torch.from_numpy(np.stack(list(images)))[:, None]
    evidence = [
        model(part, torch.zeros(len(part), dtype=torch.int64)).evidence
        for part in pixels.split(500)
    ]
    return len(pixels), float((torch.cat(evidence) >= threshold).float().mean())


def measure(
    model: SumNet, threshold: float, strokes: Path | None, fonts: Iterable[Path] = ()
) -> dict[str, tuple[int, float]]:
    """For each kind of ink: how many, and the share that is accepted."""
    rng = np.random.default_rng(0)
    test = dataset.load_data("mnist").test
    kinds: dict[str, Iterable[Pixels]] = {
        "digits: MNIST test images": test.images[:, 0].numpy(),
        "digits: written by core/data/handwriting.py": handwritten_digits(DIGITS, 1_000_000)[0][
            :, 0
        ],
    }
    drawn = [
        write_digit(str(rng.choice(STYLES[digit])), rng)[0] for digit in STYLES for _ in range(EACH)
    ]
    if strokes:
        items = drawn_digits.read(strokes, seed=0)
        kinds[f"digits: {strokes.name}"] = (
            drawn_digits.form_image(item, mnist_form) for item in items
        )
        drawn = [item.strokes for item in items]
    if fonts:
        kinds["digits: fonts"] = _font_images(fonts, "0123456789")
        kinds["letters: fonts"] = _font_images(fonts, FONT_LETTERS)
    kinds |= {
        "pairs that touch: side by side": pairs(drawn, False, rng),
        "pairs that touch: stacked": pairs(drawn, True, rng),
        "letters": (written(style, rng) for style in LETTERS for _ in range(EACH)),
        "signs": (written(style, rng) for style in SIGNS for _ in range(EACH)),
        "scribbles": (written(style, rng) for style in scribbles(rng)),
    }
    if download.is_present(SPECS["fashion-mnist"].files, data_dir()):
        garments = dataset.load_data("fashion-mnist").test.images[:2_000, 0].numpy()
        kinds["garments"] = (in_form_of(SPECS["mnist"], image) for image in garments)
    return {kind: accepted(model, threshold, images) for kind, images in kinds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("strokes", type=Path, nargs="?", help="digits, one a line")
    parser.add_argument("--fonts", type=Path, nargs="+", default=[], help="files of fonts")
    parser.add_argument("--model", default="mnist", help="a shipped preset or a checkpoint")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    try:
        model, card = checkpoint.load(checkpoint.stem_of(args.model))
        if card.doubt_level is None:
            parser.error(
                f"The card of {args.model} has no out-of-distribution threshold: train it again."
            )
        found = measure(model, card.doubt_level, args.strokes, args.fonts)
    except (OSError, ValueError, CheckpointError, download.DownloadError) as error:
        parser.error(str(error))
    if args.json:
        print(json.dumps({kind: {"images": n, "accepted": ok} for kind, (n, ok) in found.items()}))
        return
    for kind, (count, ok) in found.items():
        print(f"{kind:44} {count:6,}   accepted {ok:6.1%}   rejected {1 - ok:6.1%}")


if __name__ == "__main__":
    main()
