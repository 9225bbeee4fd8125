"""Pictures of shapes and letters in named folders, drawn here: somebody's own data set."""

import io
import math
import random
import warnings
import zipfile
from collections.abc import Iterable

from PIL import Image, ImageDraw

SIDE = 140  # pixels
Points = list[tuple[float, float]]


def _polygon(corners: int, turn: float = 0.0) -> Points:
    around = [turn + 2 * math.pi * n / corners for n in range(corners + 1)]
    return [(math.cos(angle), math.sin(angle)) for angle in around]


_star = [
    (
        (1 if n % 2 else 0.4) * math.cos(math.pi * n / 5),
        (1 if n % 2 else 0.4) * math.sin(math.pi * n / 5),
    )
    for n in range(11)
]
# By name: lines in a box from -1 to 1, x to the right and y down.
OUTLINES: dict[str, list[Points]] = {
    "A": [[(-0.7, 1), (0, -1), (0.7, 1)], [(-0.4, 0.3), (0.4, 0.3)]],
    "circle": [_polygon(24)],
    "cross": [[(-0.8, -0.8), (0.8, 0.8)], [(0.8, -0.8), (-0.8, 0.8)]],
    "E": [[(0.6, -1), (-0.6, -1), (-0.6, 1), (0.6, 1)], [(-0.6, 0), (0.4, 0)]],
    "H": [[(-0.7, -1), (-0.7, 1)], [(0.7, -1), (0.7, 1)], [(-0.7, 0), (0.7, 0)]],
    "heart": [[(0, 1), (-1, -0.2), (-0.6, -0.9), (0, -0.4), (0.6, -0.9), (1, -0.2), (0, 1)]],
    "square": [[(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8)]],
    "star": [_star],
    "triangle": [_polygon(3, -math.pi / 2)],
    "W": [[(-1, -1), (-0.5, 1), (0, -0.3), (0.5, 1), (1, -1)]],
}


def draw_shape(name: str, rng: random.Random, filled: bool = False) -> Image.Image:
    """A shape, turned, slanted, scaled and shaken a little, dark on a light sheet."""
    paper, ink = rng.randint(225, 255), rng.randint(0, 70)
    picture = Image.new("L", (SIDE, SIDE), paper)
    pen = ImageDraw.Draw(picture)
    scale, turn = SIDE * rng.uniform(0.22, 0.38), rng.uniform(-0.3, 0.3)
    wide, slant = rng.uniform(0.75, 1.25), rng.uniform(-0.25, 0.25)
    left, top = (SIDE / 2 + rng.uniform(-0.1, 0.1) * SIDE for _ in range(2))
    width = rng.randint(4, 10)
    for line in OUTLINES[name]:
        placed = []
        for x, y in line:
            x, y = wide * x + slant * y + rng.gauss(0, 0.04), y + rng.gauss(0, 0.04)
            across = x * math.cos(turn) - y * math.sin(turn)
            down = x * math.sin(turn) + y * math.cos(turn)
            placed.append((left + scale * across, top + scale * down))
        if filled:
            pen.polygon(placed, fill=ink)
        pen.line(placed, fill=ink, width=width, joint="curve")
    return picture


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def shape_files(
    each: int, names: Iterable[str] = OUTLINES, seed: int = 0, filled: bool = False
) -> dict[str, bytes]:
    """By path, `each` pictures of every shape: "shapes/star/007.png"."""
    rng = random.Random(seed)
    return {
        f"shapes/{name}/{number:03}.png": png(draw_shape(name, rng, filled))
        for name in names
        for number in range(each)
    }


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """Files as a zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two entries of one name
        for path, data in files.items():
            archive.writestr(path, data)
    content.seek(0)
    return content
