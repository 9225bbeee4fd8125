"""The network as a drawing, from its layers alone: a list in, an HTML string out.

Top to bottom: the picture and its stages, the class head, where the number joins, the sum head.

    picture          number
       |               |
    stages             |        pixels: the number goes into the picture instead,
       |               |        and the features go past the class head
    class head         |
       |               |
    [      fusion       ]
             |
          sum head

Streamlit's HTML lets no SVG through, only pictures. So the shapes are one SVG picture, and the
words lie over it as HTML: in the page's own font, and to be found and read aloud. One em is 12
units, and 340 units fill a phone.
"""

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from core.evaluation.layers import Layer
from core.specs import ADDENDS
from views.ui.theme import Palette

DIAGRAM_WIDTH = 340
MIDDLE = 38  # x of the line from the picture through the stages
TEXT = 82  # x of what is said beside it
SIDE_LINE = 326  # x of the line past the class head
STAGE = 54  # height of an encoder block
BOX_HEIGHT = 56  # height of a head or the fusion
ARROW = 20  # between them
TOP = 84  # where the encoder begins
EM = 12  # units

LAYER_WORDS = {
    "Conv2d": "conv",
    "MaxPool2d": "max-pool",
    "BatchNorm2d": "norm",
    "Linear": "linear",
    "Flatten": "flatten",
    "Dropout": "dropout",
    "MapMean": "mean of each map",
    "LateFusion": "late fusion",
    "PixelFusion": "pixel fusion",
}
PART_TITLES = {
    "encoder": "Encoder",
    "class_head": "Class head",
    "fusion": "Fusion",
    "sum_head": "Sum head",
}


@dataclass(frozen=True)
class Case:
    """What the drawn network is given, and what it answers."""

    image: str  # data URI
    addend: int
    name: str  # of the class
    total: int
    marks_images: bool  # does the number go into the picture?
    fusion: str  # in words


def word(layer: Layer) -> str:
    """What a layer is, in a word or two: "conv 5 × 5"."""
    said = LAYER_WORDS.get(layer.kind, layer.kind)
    if layer.kind == "Conv2d":
        said += " {} × {}".format(*layer.weights[0][2:])
    return said


def shape(layer: Layer) -> str:
    """The output of a layer: "32 × 14 × 14", or "1,152 values"."""
    said = " × ".join(f"{size:,}" for size in layer.shape)
    return said if len(layer.shape) > 1 else f"{said} value{'s' if layer.shape[0] > 1 else ''}"


def counted(parameters: int) -> str:
    if not parameters:
        return "no parameters"
    return f"{parameters:,} parameter{'s' if parameters > 1 else ''}"


def diagram(layers: Sequence[Layer], case: Case, palette: Palette) -> str:
    """The whole network."""
    parts = {name: list(group) for name, group in groupby(layers, lambda layer: layer.part)}
    stages = _stages(parts["encoder"])
    bottom = TOP + STAGE * len(stages)  # of the encoder
    heads = bottom + ARROW
    fusion = heads + BOX_HEIGHT + ARROW
    last = fusion + BOX_HEIGHT + ARROW
    sketch = Sketch(last + BOX_HEIGHT + 2, palette)
    _draw_inputs(sketch, case)
    for index, block in enumerate(stages):
        _stage(sketch, block, TOP + STAGE * index)
    sketch.arrow((MIDDLE, bottom), (MIDDLE, heads))
    _box(sketch, parts["class_head"], heads, 300, "class", case.name)
    sketch.arrow((MIDDLE, heads + BOX_HEIGHT), (MIDDLE, fusion))
    sketch.text(MIDDLE + 10, fusion - 6, "class probabilities", "small")
    _box(sketch, parts["fusion"], fusion, DIAGRAM_WIDTH, "plain", "", case.fusion)
    sketch.arrow((MIDDLE, fusion + BOX_HEIGHT), (MIDDLE, last))
    _box(sketch, parts["sum_head"], last, DIAGRAM_WIDTH, "sum", str(case.total))
    if case.marks_images:
        middle = bottom - STAGE / 2
        sketch.arrow((TEXT + 150, middle), (SIDE_LINE, middle), (SIDE_LINE, fusion))
        sketch.text(SIDE_LINE, middle - 7, "features", "small", "right")
    else:
        sketch.arrow((SIDE_LINE, 64), (SIDE_LINE, fusion))
    said = f"{sum(layer.parameters for layer in layers):,} parameters in all"
    return f'{sketch.html()}<div class="note">{said}</div>'


def layers_table(layers: Sequence[Layer]) -> str:
    """Every layer in a row: what it is, the shape of its output, its parameters."""
    rows = []
    for part, group in groupby(layers, lambda layer: layer.part):
        kind = {"class_head": "class", "sum_head": "sum"}.get(part, "plain")
        rows.append(
            f'<tr><th class="{kind}-ink">{PART_TITLES.get(part, part)}</th><td></td><td></td>'
        )
        for layer in group:
            number = f"{layer.parameters:,}" if layer.parameters else "–"
            rows.append(f"<tr><td>{word(layer)}<td>{shape(layer)}<td>{number}")
    total = sum(layer.parameters for layer in layers)
    rows.append(f"<tr><th>All<td><td>{total:,}")
    return (
        '<table class="figures layers"><tr><th>Layer<th>Output<th>Parameters'
        f"{''.join(rows)}</table>"
    )


def _stages(encoder: Sequence[Layer]) -> list[list[Layer]]:
    """The encoder's layers: each convolution with what follows it; equal residual blocks as one."""
    stages: list[list[Layer]] = []
    for block, group in groupby(encoder, _block):
        layers = list(group)
        if not block:
            for layer in layers:
                if layer is layers[0] or layer.kind in ("Conv2d", "Flatten", "MapMean"):
                    stages.append([])
                stages[-1].append(layer)
        elif stages and _block(stages[-1][-1]) and stages[-1][-1].shape == layers[-1].shape:
            stages[-1] += layers
        else:
            stages.append(layers)
    return stages


def _block(layer: Layer) -> str:
    """The residual block that a layer lies in, as a path; "" for one that lies in none."""
    path, _, _ = layer.name.rpartition(".")
    return path if "." in path else ""


def _stage_words(stage: Sequence[Layer]) -> str:
    """What a stage consists of: "conv 3 × 3, norm, ReLU", or "2 residual blocks"."""
    count = len(set(filter(None, map(_block, stage))))
    blocks = f"{count} residual block{'s' if count > 1 else ''}"
    return blocks if count else ", ".join(map(word, stage))


def _draw_inputs(sketch: "Sketch", case: Case) -> None:
    """The picture, the number as ten cells, and for pixel fusion the way from one to the other."""
    left = 226
    for n in range(ADDENDS):
        color = sketch.palette.ink if n == case.addend else sketch.palette.faint
        sketch.box(left + 11 * n, 34, 9, 14, fill=color, radius=2)
    sketch.picture(MIDDLE - 32, 0, 64, case.image)
    sketch.text(TEXT, 22, "picture", "strong")
    sketch.text(TEXT, 38, "1 × 28 × 28", "quiet")
    sketch.text(left, 22, f"number {case.addend}", "strong")
    sketch.text(left, 64, f"{ADDENDS}", "quiet")
    sketch.arrow((MIDDLE, 66), (MIDDLE, TOP))
    if case.marks_images:
        sketch.arrow((left - 6, 52), (MIDDLE + 34, 52))
        sketch.text(left - 6, 68, "written into a copy", "small", "right")


def _stage(sketch: "Sketch", block: Sequence[Layer], top: float) -> None:
    """One encoder block: sheets as large as its maps, more of them for more channels."""
    middle = top + STAGE / 2
    out = block[-1].shape
    if len(out) == 3:
        height, sheets = 4 + 1.3 * out[1], max(1, round(math.log2(out[0])) - 2)
        width = height
    else:
        height, width, sheets = 7.0, 64.0, 1
    for n in range(sheets):
        shift = 3 * (n - (sheets - 1) / 2)
        x, y = MIDDLE - width / 2 + shift, middle - height / 2 + shift
        fill, stroke = sketch.palette.faint, sketch.palette.muted
        sketch.box(x, y, width, height, fill=fill, stroke=stroke, radius=2)
    count = counted(sum(layer.parameters for layer in block))
    sketch.text(TEXT, middle - 3, _stage_words(block), "strong")
    sketch.text(TEXT, middle + 13, f"{shape(block[-1])} · {count}", "quiet")


def _box(
    sketch: "Sketch",
    part: Sequence[Layer],
    top: float,
    width: float,
    kind: str,
    answer: str,
    title: str = "",
) -> None:
    """A head or the fusion: its name, its layers, its output and its answer."""
    palette = sketch.palette
    color = {"class": palette.class_head, "sum": palette.sum_head}.get(kind, palette.muted)
    sketch.box(1, top, width - 2, BOX_HEIGHT, fill=color, stroke=color, opacity=0.1, radius=8)
    title, layers = title.capitalize(), ""
    if kind != "plain":
        title, layers = PART_TITLES[part[0].part], ": " + ", ".join(map(word, part))
    sketch.text(16, top + 24, title, f"strong {kind}-ink", rest=layers)
    count = counted(sum(layer.parameters for layer in part))
    sketch.text(16, top + 42, f"{_flow(part)} · {count}", "quiet")
    if answer:
        size = "large" if len(answer) < 4 else "strong"
        sketch.text(width - 14, top + BOX_HEIGHT / 2 + 4, answer, f"{size} {kind}-ink", "right")


def _flow(part: Sequence[Layer]) -> str:
    """The outputs of the layers with weights: "64 → 1 value"; of a fusion: "20 values"."""
    sizes = [f"{layer.shape[0]:,} → " for layer in part[:-1] if layer.parameters]
    return "".join(sizes) + shape(part[-1])


class Sketch:
    """Shapes and words at places: x to the right and y down, in units."""

    def __init__(self, height: float, palette: Palette) -> None:
        self.height = height
        self.palette = palette
        self.shapes: list[str] = []
        self.words: list[str] = []

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str,
        stroke: str = "none",
        opacity: float = 1,
        radius: float,
    ) -> None:
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'rx="{radius}" fill="{fill}" fill-opacity="{opacity}" stroke="{stroke}"/>'
        )

    def picture(self, x: float, y: float, side: float, address: str) -> None:
        self.shapes.append(
            f'<image x="{x}" y="{y}" width="{side}" height="{side}" href="{address}" '
            'style="image-rendering:pixelated"/>'
        )

    def arrow(self, *points: tuple[float, float]) -> None:
        """A line with a head at its end."""
        (x0, y0), (x, y) = points[-2:]
        turn = math.degrees(math.atan2(y - y0, x - x0))
        line, color = " ".join(f"{a},{b}" for a, b in points), self.palette.muted
        self.shapes.append(
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.3"/>'
            f'<path d="M0,0 l-7,-4 v8 z" fill="{color}" '
            f'transform="translate({x},{y}) rotate({turn:.0f})"/>'
        )

    def text(
        self, x: float, y: float, words: str, kind: str, side: str = "left", *, rest: str = ""
    ) -> None:
        """Words from x on (or, `side` "right", up to x) on the base line y; `rest` is quiet."""
        at = x if side == "left" else DIAGRAM_WIDTH - x
        more = f'<span class="quiet">{html.escape(rest)}</span>' if rest else ""
        self.words.append(
            f'<div style="{side}:{at / EM:.2f}em;top:{y / EM:.2f}em">'
            f'<span class="{kind}">{html.escape(words)}</span>{more}</div>'
        )

    def html(self) -> str:
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {DIAGRAM_WIDTH} {self.height}">'
            f"{''.join(self.shapes)}</svg>"
        )
        data = base64.b64encode(svg.encode()).decode()
        size = f"width:{DIAGRAM_WIDTH / EM:.2f}em;height:{self.height / EM:.2f}em"
        return (
            f'<div class="net" style="{size}"><img alt="The network, from both inputs to both '
            f'heads" src="data:image/svg+xml;base64,{data}">{"".join(self.words)}</div>'
        )
