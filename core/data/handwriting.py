"""Digits as people write them with a pen: MNIST's writers were American, a visitor may not be.

MNIST has hardly any 1 with a flag and a foot, crossed 7, hooked 9 or slashed 0, so a network that
reads 99.7 % of it still misreads ordinary handwriting from elsewhere. `STYLES` lists the common
ways to write a digit, `write_digit` writes one of them with random variations, and
`handwritten_digits` makes training images of them, other ones for each epoch of a training. They go
through the same code as a visitor's drawing. Nothing here was traced from anybody's handwriting.
"""

import math

import numpy as np
import numpy.typing as npt

from core.data.drawing import CANVAS_SIDE, IMAGE_SIDE, Pixels, Strokes, mnist_form, rasterize

Points = npt.NDArray[np.float64]  # (N, 2): x to the right, y down
Written = tuple[Pixels, npt.NDArray[np.int64]]  # images uint8 (N, 1, 28, 28), labels int64 (N,)

# By digit. Each style is one or more strokes, separated by commas. A stroke runs smoothly through
# points on a 10 x 10 grid, each written as column and row: "10 89" goes from near the top left to
# the bottom right. A slash makes a sharp corner at the point before it.
STYLES: dict[int, tuple[str, ...]] = {
    0: (
        "50 22 15 28 49 77 84 72 50",  # round, against the clock
        "40 20 14 27 49 69 85 72 40",
        "50 75 83 85 77 49 28 15 22 40",  # with the clock
        "50 31 25 38 49 67 75 61 50",  # narrow
        "61 40 12 05 28 59 87 94 72 51",  # wide
        "30 22 15 28 49 77 84 72 50 51",  # ends beyond its start
        "41 22 15 28 49 77 84 62 41 20",  # with a loop at the top
        "71 50 22 15 28 49 77 84 82",  # open at the top
        "50 22 15 28 49 77 84 72 50,81 19",  # slashed
        "50 22 15 28 49 77 84 72 50,72 27",
        "50 22 15 28 49 77 84 72 50/ 28",  # slashed in one go
        "62 40 22 15 28 49 77 84 71 60,90 08",
        "61 50 31 25 38 59 68 64 51 50",  # narrower still
    ),
    1: (
        *("50 59", "60 39", "40 44 59"),
        "50 47 49 59",  # ends in a small curve
        "32 50/ 59",  # a flag
        *("24 50/ 59", "14 50/ 58"),
        "06 50/ 59",  # a flag as long as the stem
        *("15 33 60/ 59", "23 42 51 60/ 49", "22 41 60/ 63 49"),
        "32 50/ 59,29 89",  # flag and foot
        *("23 50/ 59,19 99", "14 50/ 59,39 79", "32 50/ 59/ 29 79", "42 60/ 59/ 29 89"),
        "50 59,29 79",  # a foot only
        "12 31 50/ 59,38 78",
        "25 42 60/ 63 39",  # the flag is an arch
        "16 32 51 61 47 49",
        *("35 50/ 59", "37 60/ 59", "44 50/ 59", "25 52 61/ 59"),  # a steep flag
        "26 43 51 50/ 59",
        *("04 50/ 59", "13 42 70/ 49", "12 32 60/ 39"),  # a flat flag
        *("33 50/ 59,09 99", "24 50/ 59/ 09 99", "15 41 50/ 58,28 88"),  # a wide foot
        *("32 50/ 58 49 18", "23 50/ 57 48 19", "24 60/ 67 49 29"),  # the stem ends in a hook
    ),
    2: (
        *("12 30 60 72 65 29/ 89", "02 31 60 73 56 09/ 99", "22 40 61 63 46 19/ 48 88"),
        "13 30 60 73 56 28 09 18 48 89",  # a loop at the foot
        "12 30 61 64 38 19 18 37 59 88",
        "11 30 60 73 46 18 29 48 79 97",  # a wave as its base
        "10 50 81 73 28 09/ 99",
        "10 70/ 09/ 89",  # like a Z
        *("11 40 71/ 18/ 89", "22 31 50 72 74 37 19 49 88 98", "30 60 72 54 27 08 19 49 89"),
        "14 22 40 61 64 38 09/ 49 87",
        *("22 40 51 53 38/ 98", "31 50 61 54 49/ 99", "32 40 52 44 29/ 79"),  # a wide base
        "21 40 61 63 48/ 29/ 89",
    ),
    3: (
        *("11 30 60 72 54 44 75 77 59 29 08", "12 40 71 64 44/ 64 87 59 29 07"),
        "20 50 71 63 34/ 64 77 69 39 18",
        "10 80/ 44/ 74 86 68 39 08",  # a flat top
        *("10 70/ 33 63 75 78 49 18", "00 40 80/ 34 74 87 59 09"),
        "11 40 71 63 44 34 44 65 87 59 18",  # a loop in the middle
        *("12 50 72 54 45 34 54 76 68 39 17", "21 50 62 43 33/ 55 67 49 29"),
        *("13 20 60 73 44 74 77 49 19 06", "02 31 60 82 54 64 86 68 38 08"),
        *("20 60/ 43/ 64 67 49 18", "21 50 61 53 43/ 65 68 49 29"),  # a small upper half
        *("31 50 62 44 65 58 29", "32 41 60 62 44 55 77 69 29"),  # narrow
        "00 80/ 54 65 67 49 28",  # a flat top and hardly a middle
        "10 50 71 64 45/ 66 68 49 09",
    ),
    4: (
        "30 15/ 85,60 59",  # open
        *("20 25 75,60 69", "10 14 34 75,61 59", "20 13 25 55 71,70 69", "20 25/ 85,63 69"),
        *("31 16/ 96,62 59", "40 06/ 96,64 69"),
        "20 24 65 70/ 69",  # like a chair, in one stroke
        *("21 15 35 65 80/ 69", "10 14 44 73 70 69"),
        "60 06/ 96,60 59",  # closed, the stem crosses
        *("60 15/ 85,61 69", "60/ 06/ 86,60 69"),
        "69 60/ 06/ 96",  # closed in one stroke
        *("59 50/ 05/ 85", "70 06 36 96,66 59", "30 14 45 75,70 65 39"),
        "20 15/ 45 85,55 59",  # a short stem below an open corner
        "40 27/ 67,65 69",  # a small corner, low down
        *("50 36/ 66,63 59", "40 35 66,71 68"),
        *("40 16/ 76,63 59", "50 06/ 96,63 59", "30 17/ 77,65 59", "50 26/ 86,73 68"),  # a low stem
        *("40 23 17 27 66 84,74 68", "30 24 07/ 77,64 49"),
        *("20 14 26 56 84,82 68", "10 15/ 75,70 79", "00 04 16 46 84,90 69"),  # wide open
    ),
    5: (
        *("80 20/ 14/ 43 74 77 59 19", "70 30/ 24/ 53 75 78 49 18"),
        "20 14/ 43 74 77 59 19,20 80",  # the hat comes last
        *("21 25/ 54 76 68 39 09,20 91", "30 24 53 75 67 49 19,30 71"),
        "90 30 13 33 74 87 59 09",  # rounded like an S
        *("81 50 22 24 54 76 68 39 08", "71 41 23 34 65 77 59 28", "80 30 24 44 65 68 39 18"),
        *("20/ 15/ 44 75 78 49 09,20 60", "70 20/ 25 34 64 76 68 49 29"),
        "80 20/ 23 25/ 55 77 58 29 18",
        *("80 40/ 34/ 64 66 59 29", "70 30/ 24 54 65 48 29", "60 30 24/ 64/ 49 28"),  # sharp
        *("30 24/ 54 66 59 19,30 90", "20 25 44 74 77 49 18,20 70"),
    ),
    6: (
        *("60 32 15 18 49 78 76 45 17", "50 23 17 39 69 77 55 27", "71 41 14 17 39 69 77 65 35 16"),
        *("30 25 28 49 68 66 45 27", "80 43 16 18 39 69 77 65 36 18"),
        "62 40 13 17 49 88 76 45 16",  # a hook at the top
        *("40 14 17 39 69 86 65 36 29", "50 14 08 29 69 87 65 35 07"),
        "70 33 17 29 49 67 46 27 29",  # a small loop
        "20 16 28 59 87 65 36 18",
        "60 24 17 39 68 66 46",  # an open loop
        *("60 33 16 18 39 58 57 36 17", "50 32 26 29 68 66 36", "70 34 16 18 39 69 66 35"),
    ),
    7: (
        *("10 80/ 39", "10 80/ 63 49", "00 90/ 29", "10 70/ 69"),
        "11 50 80/ 54 38 39",  # a curved stem
        "10 80 63 45 39",  # a round corner
        "00 40 81 73 46 29",
        "12 10 80/ 49",  # a serif
        *("02 10 40 80/ 54 39", "13 11 31 70/ 64 59"),
        "12 20 41 60 80/ 55 49",  # a wavy bar
        "02 20 51 90/ 44 29",
        "10 80/ 39,24 74",  # crossed
        *("10 80/ 49,34 84", "00 80/ 29,15 65", "12 10 80/ 39,25 84", "02 10 41 80/ 54 39,24 75"),
        *("11 50 80 64 48,34 85", "10 70/ 59,45 74", "10 80/ 64 48 49 58,35 74"),
        "00 70/ 53 46 48 69",  # the stem ends in a curve
        *("10 80 84 66 58 69", "11 21 60 80/ 53 37 29 08"),
        "10 80/ 39,16 86",  # crossed low
        *("11 40 80 54 39,06 96", "12 20 50 81 65 38 39,16 96", "12 11 50 70/ 54 49,37 97"),
        *("13 20 41 60/ 54 49,26 76", "22 21 31 61 70 54 48,25 95"),
        *(
            "11 60 80/ 64 56 58",
            "10 50 71 63 35 39",
            "20 71/ 52 35 39",
            "01 40 82 75 58 29",
        ),  # curved
        *("21 40 61 63 47 49,36 86", "12 30 60 71 55 39,25 85"),  # curved and crossed
        "10 80/ 39 59,25 85",  # with a foot
    ),
    8: (
        *("71 40 12 34 65 78 49 18 35 63 71", "60 30 22 44 75 78 49 28 26 53 71 60"),
        *("50 22 44 66 58 39 17 35 53 62 50", "72 60 31 23 54 76 68 39 18 36 63 72"),
        "40 21 33 54 66 58 29 17 35 52 61 40",
        "40 13 44 72 40,44 17 49 77 44",  # two rings
        *("50 22 44 73 50,44 16 38 59 87 64 44", "80 41 12 44 76 68 39 08 26 63 81"),
        "81 50 23 44 75 68 39 18 36 62 80",  # open at the top
        *("11 33 66 78 49 28 35 63 71 40 11", "60 31 23 44 66 68 49 28 36 63 80"),
        *("45 12 40 71 45 18 49 77 45", "81 40 23 55 67 38 26 80", "80 50 23 54 66 38 25 54 81"),
        "71 40 32 54 76 58 38 36 80",
    ),
    9: (
        *("71 40 12 24 45 63 71/ 69", "71 50 22 24 44 72/ 79", "60 31 23 44 63 60/ 59"),
        "72 50 22 24 45 73 71 67 49",  # the tail is curved
        "71 40 12 25 55 72 75 68 39",
        "71 40 12 24 45 72 77 59 28",  # hooked
        *("71 40 12 24 54 72 78 49 08", "80 30 13 35 64 81 87 69 29 07"),
        "71 40 12 24 54 72/ 77 69 19",
        "70 30 13 34 63 70/ 78/ 18",  # a flat base
        *("61 30 12 34 53 61 66 48 19 08", "71 41 13 25 45 72 71 59"),
        *("72 40 11 04 26 55 83 72 48 29", "40 12 24 54 72 40 71/ 69"),
        "50 22 34 63 61 40,72 69",  # a ring and a stem
        *("71 30 02 24 63 71 75 58", "60 20 13 34 63/ 60/ 68 49 38"),
        "61 40 22 34 54 62 76 69 29 07",  # a small ring above a long hook
        *("60 41 32 43 61/ 64 77 69 28", "71 40 22 34 62 67 59 19 09"),
        *("60 31 33 52 61/ 75 77 58 18", "60 41 33 52 60/ 65 77 59 19"),  # a wide hook
        *("50 31 32 53 61/ 73 86 78 29", "70 41 23 43 61 82 86 79 29"),
        *("61 40 22 34 54 62/ 66 28/ 88", "60 31 23 43 61/ 68 48 09/ 89"),  # a flat base
        *("71 50 31 33 53 72 77 59 19", "71 50 21 23 44 73 70/ 66 59 29"),  # an open ring
        *("80 50 22 24 53 71/ 65 39 18", "71 51 32 44 72/ 49"),
    ),
}

WOBBLE = 0.38  # grid steps: how far each point strays (standard deviation)
DRIFT = 0.35  # the same for each stroke as a whole
MAX_TURN = 0.14  # radians
SLANTS = (-0.25, 0.55)  # handwriting leans to the right
ASPECTS = (0.55, 1.4)  # of width to height
WAISTS = (0.75, 1.35)  # exponents of the rows; a larger one gives the upper part more room
HEIGHTS = (90, 230)  # canvas pixels, of the whole digit
PEN_WIDTHS = (12, 28)  # canvas pixels
POINTS_BETWEEN = 12  # points drawn between two points of a style


def write_digit(style: str, rng: np.random.Generator) -> tuple[Strokes, int]:
    """Write a style on the canvas with variations drawn from `rng`: strokes and pen width."""
    pieces = [_stroke(text, rng) + rng.normal(0, DRIFT, 2) for text in style.split(",")]
    waist = math.exp(rng.uniform(*np.log(WAISTS)))
    for piece in pieces:
        piece[:, 1] = 9 * (piece[:, 1].clip(0) / 9) ** waist
    turn, slant = rng.uniform(-MAX_TURN, MAX_TURN), rng.uniform(*SLANTS)
    aspect = math.exp(rng.uniform(*np.log(ASPECTS)))
    rotate = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = rotate @ np.array([[aspect, -slant], [0, 1]])
    pieces = [piece @ matrix.T for piece in pieces]
    points = np.concatenate(pieces)
    extent = np.ptp(points, axis=0)
    scale = rng.uniform(*HEIGHTS) / extent.max()
    corner = CANVAS_SIDE / 2 - scale * (points.min(0) + extent / 2)
    strokes = tuple(
        tuple((float(x), float(y)) for x, y in corner + scale * piece) for piece in pieces
    )
    return strokes, int(rng.integers(PEN_WIDTHS[0], PEN_WIDTHS[1] + 1))


def _stroke(text: str, rng: np.random.Generator) -> Points:
    """One stroke of a style with random variations, as closely spaced points."""
    parts: list[Points] = []
    for part in text.split("/"):
        grid = np.array([[int(place[0]), int(place[1])] for place in part.split()], float)
        points = grid + rng.normal(0, WOBBLE, grid.shape)
        parts.append(_spline(np.concatenate([parts[-1][-1:], points]) if parts else points))
    return np.concatenate(parts)


def _spline(points: Points) -> Points:
    """A Catmull-Rom spline through the points (E. Catmull, R. Rom, 1974)."""
    if len(points) < 3:
        return points
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, POINTS_BETWEEN, endpoint=False)[:, None, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([curve.transpose(1, 0, 2).reshape(-1, 2), points[-1:]])


def handwritten_digits(count: int, seed: int | tuple[int, int]) -> Written:
    """That many written digits in MNIST form, each digit equally often; a seed fixes them all."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(STYLES)
    images = np.zeros((count, 1, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    for image, digit in zip(images, labels, strict=True):
        strokes, pen = write_digit(str(rng.choice(STYLES[int(digit)])), rng)
        form = mnist_form(rasterize(strokes, pen))
        assert form is not None  # a pen leaves ink
        image[0] = form
    return images, labels
