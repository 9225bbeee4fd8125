"""Photos of handwriting, drawn: light, paper, frames and dirt in the strengths that people meet.

One example: `photograph("ruled", digit_ink(7, rng), rng)` is a 7 on ruled paper that lies a little
askew, in grey shades, with the grain of a camera. Nothing in here comes from a photo.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from core.data.drawing import Pixels, rasterize
from core.data.handwriting import STYLES, write_digit

SIDE = 600  # pixels of a photo
Shades = npt.NDArray[np.float64]
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(float)


def digit_ink(digit: int, rng: np.random.Generator) -> Pixels:
    """Somebody's digit, (280, 280), by a pen of usual width."""
    strokes, pen = write_digit(str(rng.choice(STYLES[digit])), rng)
    return rasterize(strokes, min(pen, 22))


def photograph(kind: str, ink: Pixels | None, rng: np.random.Generator) -> Pixels:
    """A photo of a kind in `SCENES`, (600, 600); without ink of empty paper."""
    scene = np.full((SIDE, SIDE), rng.uniform(190, 240))
    mask = np.zeros((SIDE, SIDE)) if ink is None else _placed([ink], [(0.5, 0.5)], 0.55, rng)
    return _shot(SCENES[kind](scene, mask, rng), rng)


def pair(inks: tuple[Pixels, Pixels], stacked: bool, rng: np.random.Generator) -> Pixels:
    """A photo of two digits, one above or beside the other, (600, 600)."""
    places = [(0.5, 0.27), (0.5, 0.74)] if stacked else [(0.27, 0.5), (0.74, 0.5)]
    mask = _placed(list(inks), places, 0.42, rng)
    return _shot(_written(np.full((SIDE, SIDE), 225.0), mask, rng), rng)


def _placed(
    inks: list[Pixels], places: list[tuple[float, float]], share: float, rng: np.random.Generator
) -> Shades:
    """Inks on one sheet, cropped and each as large as that share of it: 0 to 1."""
    sheet = Image.new("L", (SIDE, SIDE))
    for ink, (x, y) in zip(inks, places, strict=True):
        image = Image.fromarray(ink)
        image = image.crop(image.getbbox())
        scale = share * SIDE / max(image.size) * rng.uniform(0.85, 1)
        image = image.resize((round(image.width * scale), round(image.height * scale)))
        corner = (round(x * SIDE - image.width / 2), round(y * SIDE - image.height / 2))
        sheet.paste(image, corner, image)
    return np.asarray(sheet) / 255


def _written(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    """Ink takes away most of the light that the paper gives back."""
    return scene * (1 - mask * rng.uniform(0.65, 0.9))


def _shot(scene: Shades, rng: np.random.Generator) -> Pixels:
    """What the camera makes of it: a little blur, then grain."""
    shades = Image.fromarray(scene.clip(0, 255).astype(np.uint8))
    shades = shades.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5)))
    grain = rng.normal(0, rng.uniform(1, 4), scene.shape)
    return (np.asarray(shades) + grain).clip(0, 255).astype(np.uint8)


def _drawn(shape: Callable[[ImageDraw.ImageDraw], object], blur: float = 0) -> Shades:
    """A shape, white on black, 0 to 1."""
    image = Image.new("L", (SIDE, SIDE))
    shape(ImageDraw.Draw(image))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(blur))) / 255


def _plain(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    return _written(scene, mask, rng)


def _pencil(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    return scene * (1 - mask * rng.uniform(0.25, 0.4))


def _board(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    smear = 15 * np.sin(COLUMNS / rng.uniform(60, 120) + rng.uniform(0, 6))
    board = rng.uniform(35, 70) + smear
    return board + mask * rng.uniform(110, 160)


def _slope(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    turn = rng.uniform(0, 2 * np.pi)
    across = (np.cos(turn) * COLUMNS + np.sin(turn) * ROWS) / SIDE
    return _written(scene - rng.uniform(50, 110) * (across - across.min()), mask, rng)


def _corners(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    far = np.hypot(ROWS - SIDE / 2, COLUMNS - SIDE / 2) / SIDE
    return _written(scene * (1 - rng.uniform(0.5, 1) * far**2), mask, rng)


def _shadow(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    x, y = rng.uniform(0.3, 0.8, 2) * SIDE
    points = [(x, -1), (x + rng.uniform(-150, 150), y), (SIDE, y + 120), (SIDE, -1)]
    shadow = _drawn(lambda draw: draw.polygon(points, fill=255), rng.uniform(3, 30))
    return _written(scene, mask, rng) * (1 - rng.uniform(0.2, 0.45) * shadow)


def _glare(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    x, y = rng.uniform(0, SIDE, 2)
    spot = np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / rng.uniform(5_000, 40_000))
    return _written(rng.uniform(90, 130) + 100 * spot, mask, rng)


def _dim(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    return _written(scene * rng.uniform(0.35, 0.5), mask, rng)


def _lines(scene: Shades, rng: np.random.Generator, down: bool, is_dark: bool = False) -> Shades:
    tilt, step = rng.uniform(-0.06, 0.06), rng.uniform(35, 80)
    width = rng.integers(2, 6) if is_dark else rng.integers(1, 4)

    def rule(draw: ImageDraw.ImageDraw) -> None:
        for start in np.arange(-60 + rng.uniform(0, step), SIDE + 60, step):
            ends = [(-1, start), (SIDE, start + tilt * SIDE)]
            draw.line([(y, x) for x, y in ends] if down else ends, fill=255, width=int(width))

    ink = rng.uniform(0.7, 0.9) if is_dark else rng.uniform(0.15, 0.75)
    return scene * (1 - ink * _drawn(rule))


def _ruled(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    return _written(_lines(scene, rng, down=False), mask, rng)


def _squared(
    scene: Shades, mask: Shades, rng: np.random.Generator, is_dark: bool = False
) -> Shades:
    state = rng.bit_generator.state
    level = _lines(scene, rng, down=False, is_dark=is_dark)
    rng.bit_generator.state = state  # the same paper
    upright = _lines(scene, rng, down=True, is_dark=is_dark)
    return _written(np.minimum(level, upright), mask, rng)


def _grid(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    """Squares as dark as the ink, and as wide as a thin pen."""
    return _squared(scene, mask, rng, is_dark=True)


def _sheet(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    turn = rng.uniform(-0.2, 0.2)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * rng.uniform(0.38, 0.46) * SIDE
    turned = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = [(float(x + SIDE / 2), float(y + SIDE / 2)) for x, y in turned]
    on = _drawn(lambda draw: draw.polygon(points, fill=255))
    wood = rng.uniform(50, 120) + 8 * np.sin(ROWS / 7 + 2 * np.sin(COLUMNS / 60))
    return np.where(on > 0, _written(scene, mask, rng), wood)


def _strip(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    strip = np.zeros((SIDE, SIDE))
    strip[: int(rng.integers(3, 90))] = rng.uniform(0.4, 0.8)
    strip = np.rot90(strip, int(rng.integers(4)))
    return _written(scene, mask, rng) * (1 - strip)


def _rim(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    width = int(rng.integers(1, 8))
    rim = np.pad(np.zeros((SIDE - 2 * width,) * 2), width, constant_values=1)
    return _written(scene, mask, rng) * (1 - rim * rng.uniform(0.5, 1))


def _boxed(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    near, width = rng.uniform(20, 90), int(rng.integers(2, 9))
    box = (near, near, SIDE - near, SIDE - rng.uniform(20, 90))
    shape = _drawn(lambda draw: draw.rectangle(box, outline=255, width=width), 0.7)
    return _written(scene, np.maximum(mask, shape), rng)


def _specks(scene: Shades, mask: Shades, rng: np.random.Generator) -> Shades:
    def dirt(draw: ImageDraw.ImageDraw) -> None:
        for _ in range(rng.integers(1, 6)):
            x, y = rng.choice([rng.uniform(5, 60), rng.uniform(530, 590)]), rng.uniform(5, 590)
            radius = rng.uniform(2, 6)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

    return _written(scene, np.maximum(mask, _drawn(dirt)), rng)


SCENES: dict[str, Callable[[Shades, Shades, np.random.Generator], Shades]] = {
    "plain": _plain,
    "pencil": _pencil,
    "board": _board,
    "slope": _slope,
    "corners": _corners,
    "shadow": _shadow,
    "glare": _glare,
    "dim": _dim,
    "ruled": _ruled,
    "squared": _squared,
    "grid": _grid,
    "sheet": _sheet,
    "strip": _strip,
    "rim": _rim,
    "boxed": _boxed,
    "specks": _specks,
}
