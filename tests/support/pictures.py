"""A drawn seven, and how pictures are compared."""

import numpy as np

from core.data.drawing import Pixels, Strokes

SEVEN: Strokes = (((60, 50), (200, 50), (130, 236)), ((90, 140), (175, 140)))


def extent(image: Pixels) -> tuple[int, int]:
    """Rows and columns from the first to the last ink."""
    lit = [np.flatnonzero(image.any(axis)) for axis in (1, 0)]
    return tuple(int(line[-1] - line[0] + 1) for line in lit)  # type: ignore[return-value]


def difference(one: Pixels | None, other: Pixels | None) -> float:
    """Mean difference of two pictures, in steps of 255."""
    assert one is not None and other is not None
    return float(np.abs(one.astype(int) - other).mean())
