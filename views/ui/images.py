"""Pixels to pictures for HTML: small PNGs, carried by the page itself. Knows no Streamlit."""

import base64
import html
import io
import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data.drawing import Pixels

MONTAGE_COLUMNS = 16  # pictures side by side in a montage
CELL = 42  # pixels a side of each: three, six and fourteen times a map of 14, 7 and 3
GAP = 4
INK_OPACITY = 0.6
VEIL_OPACITY = 0.8  # at most: the ink shows through


def data_uri(pixels: Pixels) -> str:
    """A PNG as an address: of grey (H, W) or RGB (H, W, 3), with opacity (H, W, 2) or (H, W, 4)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def image_tag(pixels: Pixels, side: int, alt: str) -> str:
    """An `<img>` of `side` CSS pixels, square, every pixel a sharp little square."""
    return (
        f'<img width="{side}" height="{side}" alt="{html.escape(alt)}" src="{data_uri(pixels)}" '
        f'style="image-rendering:pixelated">'
    )


def picture_tag(pixels: Pixels, side: int, alt: str) -> str:
    """An `<img>` of a photo as wide as it is high, its edges left blank where it is not."""
    return (
        f'<img width="{side}" height="{side}" alt="{html.escape(alt)}" src="{data_uri(pixels)}" '
        f'style="object-fit:contain">'
    )


def signed_veil(
    ink: Pixels,
    shares: npt.NDArray[np.float32],
    colors: tuple[str, str],
    squares: Mapping[str, tuple[int, int, int]],
    side: int,
    alt: str,
) -> str:
    """Ink in grey, and over it a smooth veil as dense as the shares (H, W), from -1 to 1, say.

    What is above 0 has the first of the `colors`, "#rrggbb", what is below the second. Each of the
    `squares` (top, left and side, in pixels of the shares) has a frame around its sign.
    """
    paper = np.full((*ink.shape, 2), 128, np.uint8)
    paper[..., 1] = INK_OPACITY * ink
    veil = np.zeros((*shares.shape, 4), np.uint8)
    above, below = (np.array(list(bytes.fromhex(color[1:])), np.uint8) for color in colors)
    veil[..., :3] = np.where(shares[..., None] > 0, above, below)
    veil[..., 3] = VEIL_OPACITY * shades(np.abs(shares), 0, 1)
    height, width = shares.shape
    frames = "".join(
        f'<b style="left:{100 * left / width:.1f}%;top:{100 * top / height:.1f}%;'
        f'width:{100 * size / width:.1f}%;height:{100 * size / height:.1f}%">{sign}</b>'
        for sign, (top, left, size) in squares.items()
    )
    return (
        f'<span class="veiled" style="width:{side}px">{image_tag(paper, side, alt)}'
        f'<img alt="" src="{data_uri(veil)}">{frames}</span>'
    )


def montage(maps: Pixels, alt: str, columns: int = MONTAGE_COLUMNS) -> str:
    """Many small pictures, (N, H, W), as one: an `<img>` as wide as there is room."""
    count, side = maps.shape[:2]
    scale = max(1, round(CELL / side))
    cell = side * scale
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    step = cell + GAP
    sheet = np.zeros((rows * step - GAP, columns * step - GAP, 2), np.uint8)
    for index, small in enumerate(maps):
        top, left = step * (index // columns), step * (index % columns)
        large = small.repeat(scale, 0).repeat(scale, 1)
        sheet[top : top + cell, left : left + cell, 0] = large
        sheet[top : top + cell, left : left + cell, 1] = 255
    return (
        f'<img alt="{html.escape(alt)}" src="{data_uri(sheet)}" '
        f'style="width:min(100%,{sheet.shape[1]}px);height:auto">'
    )


def picture_flow(pictures: Pixels, alt: str) -> str:
    """Small pictures, (N, H, W), that fill lines as text does: up to 16 in one, larger if few."""
    double = pictures.repeat(2, 1).repeat(2, 2)
    tags = "".join(f'<img alt="" src="{data_uri(picture)}">' for picture in double)
    columns = min(MONTAGE_COLUMNS, len(pictures))
    label = f'role="img" aria-label="{html.escape(alt)}"'
    return f'<div class="flow" style="--columns:{columns}" {label}>{tags}</div>'


def shades(values: npt.NDArray[np.float32], low: float, high: float) -> Pixels:
    """Values as greys: `low` is black, `high` white."""
    share = (values - low) / max(high - low, 1e-9)
    return (255 * share.clip(0, 1)).round().astype(np.uint8)
