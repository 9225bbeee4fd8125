"""Where a network is right, how sure it is, and where it is worst: for the Compare page.

One example: of the test images whose class it is 80 to 90 % sure of, it should get 80 to 90 %
right. If it gets 60 % right it is too sure, and `Reliability` shows by how much.

The metrics on a card come from every image with every addend. These here are only for charts, so
each image is read once, with one addend: always the same one, and the same for all networks. A
large network takes seconds for that, so a `Reading` advances bit by bit, whenever somebody asks.
"""

import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from core.data.drawing import Pixels
from core.dataset import SUM_CLASSES, Split
from core.evaluation.prediction import AnswerError, require_finite
from core.heads import Output
from core.model import SumNet
from core.specs import ADDENDS

READING_BATCH = 50  # images per advance of a reading: their feature maps fit into the cache
BINS = 10  # of confidence, equally wide
CELLS_PER_UNIT = 5  # per unit of the sum; odd, so that a whole number is the middle of a cell
SUM_MARGIN = 1.1  # of the cells below a sum of 0 and above 18; values beyond count at the edge
WORST_COUNT = 8  # mistakes to show

Numbers = NDArray[np.float64]


class Answers(NamedTuple):
    """What a network answered for N images, each with one addend, and what is true."""

    labels: NDArray[np.int64]  # (N,)
    addends: NDArray[np.int64]  # (N,)
    class_probs: Numbers  # (N, 10)
    sum_value: Numbers  # (N,)
    totals: NDArray[np.int64]  # (N,), the rounded sums

    @property
    def sums(self) -> NDArray[np.int64]:
        """The true sums, (N,)."""
        return self.labels + self.addends

    @property
    def confidence(self) -> Numbers:
        """The probability of the answered class, (N,)."""
        highest: Numbers = self.class_probs.max(1)
        return highest

    @property
    def answered(self) -> NDArray[np.int64]:
        """The answered class, (N,)."""
        likeliest: NDArray[np.int64] = self.class_probs.argmax(1)
        return likeliest


@dataclass(frozen=True)
class Reliability:
    """The images in `BINS` bins of confidence, without empty bins."""

    confidence: tuple[float, ...]  # mean of each bin
    right: tuple[float, ...]  # share of each bin whose class is right
    count: tuple[int, ...]
    error: float  # expected calibration error: the mean gap between the two, over all images

    @property
    def mean_confidence(self) -> float:
        """Over all images."""
        return float(np.average(self.confidence, weights=self.count))

    @property
    def mean_right(self) -> float:
        """The share of all images whose class is right."""
        return float(np.average(self.right, weights=self.count))


@dataclass(frozen=True)
class Mistake:
    """A test image with an addend, and what both heads answered."""

    index: int  # in the test split
    image: Pixels
    label: int
    addend: int
    answered: int  # class
    confidence: float  # in that class
    sum_value: float
    total: int


@dataclass(frozen=True)
class Analysis:
    """What the Compare page shows of a network, next to its card and its history."""

    reliability: Reliability
    sums: NDArray[np.int64]  # images by predicted value (cells, see `cell_centers`) and true sum
    wrong_classes: tuple[Mistake, ...]  # the surest first
    wrong_sums: tuple[Mistake, ...]  # the largest error first; only those that round wrong


class Reading:
    """An analysis under way. Many visitors may share one; it advances for whoever asks."""

    def __init__(self, model: SumNet, split: Split) -> None:
        self.model = model
        self.split = split
        self.addends = fixed_addends(len(split.labels))
        self.outputs: list[Output] = []
        self.done = 0
        self.analysis: Analysis | None = None
        self.is_lost = False  # is an answer not a number?
        self._lock = threading.Lock()

    def advance(self) -> float:
        """Read some more images; the share that has been read. At 1 there is an `analysis`.

        Raises:
            AnswerError: an answer is not a number, now or before.
        """
        count = len(self.split.labels)
        with self._lock:
            if self.is_lost:
                raise AnswerError
            if self.analysis is None:
                part = slice(self.done, self.done + READING_BATCH)
                with torch.inference_mode():  # unrounded, as the card's figures
                    output = self.model(self.split.images[part], self.addends[part])
                self.is_lost = not output.is_finite.all()
                self.outputs.append(require_finite(output))
                self.done = min(count, self.done + READING_BATCH)
                if self.done == count:
                    self.analysis = analyze(self._answers(), self.split)
                    self.outputs.clear()
            return self.done / count

    def _answers(self) -> Answers:
        output = Output.join(self.outputs)
        return Answers(
            labels=self.split.labels.numpy(),
            addends=self.addends.numpy(),
            class_probs=output.class_logits.double().softmax(1).numpy(),
            sum_value=output.sum_value.double().numpy(),
            totals=output.totals.numpy(),
        )


def fixed_addends(count: int) -> torch.Tensor:
    """One addend for each of `count` images, int64 (count,), always the same ones."""
    rng = torch.Generator().manual_seed(0)
    return torch.randint(ADDENDS, (count,), generator=rng)


def analyze(answers: Answers, split: Split) -> Analysis:
    """Everything that an `Analysis` holds."""
    wrong_class = answers.answered != answers.labels
    wrong_sum = answers.totals != answers.sums
    return Analysis(
        reliability(answers.confidence, ~wrong_class),
        sum_table(answers.sums, answers.sum_value),
        _worst(answers, split, wrong_class, answers.confidence),
        _worst(answers, split, wrong_sum, np.abs(answers.sum_value - answers.sums)),
    )


def reliability(confidence: Numbers, right: NDArray[np.bool_]) -> Reliability:
    """Bins of equal width: (0, 0.1], (0.1, 0.2] ... (0.9, 1]."""
    places = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)
    bins = [places == place for place in np.unique(places)]
    means = [float(confidence[inside].mean()) for inside in bins]
    shares = [float(right[inside].mean()) for inside in bins]
    counts = [int(inside.sum()) for inside in bins]
    gaps = [
        count * abs(share - mean) for mean, share, count in zip(means, shares, counts, strict=True)
    ]
    return Reliability(tuple(means), tuple(shares), tuple(counts), sum(gaps) / len(confidence))


def cell_centers() -> Numbers:
    """The predicted value in the middle of each row of `Analysis.sums`: -1.0, -0.8 ... 19.0."""
    edges = _cell_edges()
    return (edges[1:] + edges[:-1]) / 2


def _cell_edges() -> Numbers:
    count = round((SUM_CLASSES - 1 + 2 * SUM_MARGIN) * CELLS_PER_UNIT)
    return np.linspace(-SUM_MARGIN, SUM_CLASSES - 1 + SUM_MARGIN, count + 1)


def sum_table(sums: NDArray[np.int64], sum_value: Numbers) -> NDArray[np.int64]:
    """How many images have this predicted value (rows: cells) and this true sum (columns: 0-18)."""
    edges = _cell_edges()
    rows = np.searchsorted(edges[1:-1], sum_value)
    table = np.zeros((len(edges) - 1, SUM_CLASSES), np.int64)
    np.add.at(table, (rows, sums), 1)
    return table


def _worst(
    answers: Answers, split: Split, wrong: NDArray[np.bool_], badness: Numbers
) -> tuple[Mistake, ...]:
    """The worst of the wrong answers, worst first; of equals, the first in the split."""
    order = np.argsort(-badness, kind="stable")
    return tuple(
        Mistake(
            index=int(index),
            image=split.images[index, 0].numpy().copy(),
            label=int(answers.labels[index]),
            addend=int(answers.addends[index]),
            answered=int(answers.answered[index]),
            confidence=float(answers.confidence[index]),
            sum_value=float(answers.sum_value[index]),
            total=int(answers.totals[index]),
        )
        for index in order[wrong[order]][:WORST_COUNT]
    )
