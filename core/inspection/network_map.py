"""A map of what a network knows: the features of test images, in two dimensions.

One example: the network that reads MNIST makes 1,152 features of a picture. Of 2,000 test images
that is a cloud of 2,000 points in 1,152 dimensions; the map shows it from the side from which it is
widest (PCA: K. Pearson, "On lines and planes of closest fit", 1901). Pictures that the network
finds alike lie close together, so each class becomes a hill, and a drawing lands on one of them.

The axes belong to one network. Another network's map, or the same network's at an earlier moment
of its training, is comparable only on the same axes: `NetworkMap.place` puts anything on them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from core.dataset import Split
from core.engines.precision import autocast
from core.evaluation.diagnostics import fixed_addends
from core.evaluation.layers import Floats
from core.evaluation.prediction import AnswerError
from core.model import SumNet
from core.specs import ADDENDS

MAP_IMAGES = 2_000
MAP_BATCH = 100  # images at a time: their feature maps fit into the cache

ClassLabels = NDArray[np.int64]


class Features(NamedTuple):
    """What the encoder makes of N images, and the class that follows from it."""

    values: Floats  # (N, F)
    answered: ClassLabels  # (N,)


@dataclass(frozen=True)
class NetworkMap:
    """N test images as points, and the plane that they lie on."""

    points: Floats  # (N, 2)
    labels: ClassLabels  # (N,)
    answered: ClassLabels  # (N,)
    mean: Floats  # (F,), where the axes cross
    axes: Floats  # (2, F), of length 1
    variance: tuple[float, float]  # share of all variance along each axis

    @property
    def mistakes(self) -> ClassLabels:
        """The images whose class is wrong, by their place in the split."""
        return np.flatnonzero(self.answered != self.labels)

    def place(self, values: Floats) -> Floats:
        """Where features (N, F) lie on this map: (N, 2)."""
        return np.asarray((values - self.mean) @ self.axes.T, np.float32)

    def centers(self) -> dict[int, Floats]:
        """The median point (2,) of each class that is there: in the middle of its hill."""
        return {
            int(label): np.median(self.points[self.labels == label], axis=0).astype(np.float32)
            for label in np.unique(self.labels)
        }


@torch.inference_mode()
def encode_images(model: SumNet, images: Tensor, addends: Tensor) -> Features:
    """The features of images, uint8 (N, 1, 28, 28), each with an addend (N,).

    The addend matters only where it is written into the picture.

    Raises:
        AnswerError: a feature or an answer is not a number.
    """
    values, answered, classes = [], [], len(model.spec.class_names)
    for some, numbers in zip(images.split(MAP_BATCH), addends.split(MAP_BATCH), strict=True):
        onehot = F.one_hot(numbers, ADDENDS).float()
        with autocast():
            features = model.encoder(model.normalize(model.fusion.mark(some, onehot)))
            logits = model.class_head(features)[:, :classes]
        if not (features.isfinite().all() and logits.isfinite().all()):
            raise AnswerError
        values.append(features.float())
        answered.append(logits.argmax(1))
    return Features(torch.cat(values).numpy(), torch.cat(answered).numpy())


def map_network(model: SumNet, split: Split) -> NetworkMap:
    """The map of the first `MAP_IMAGES` images of a split.

    Raises:
        AnswerError: a feature or an answer is not a number.
    """
    from sklearn.decomposition import PCA  # late: the first page does not wait for it

    shown = split.first(MAP_IMAGES)
    values, answered = encode_images(model, shown.images, fixed_addends(len(shown.labels)))
    mean = values.mean(0)
    width, labels = values.shape[1], shown.labels.numpy()
    if not values.std(0).any():  # a network that makes the same of every picture has no directions
        flat = np.zeros((len(values), 2), np.float32)
        return NetworkMap(flat, labels, answered, mean, np.zeros((2, width), np.float32), (0, 0))
    pca = PCA(2, svd_solver="randomized", random_state=0)
    points = pca.fit_transform(values)
    first, second = pca.explained_variance_ratio_.tolist()
    return NetworkMap(points, labels, answered, pca.mean_, pca.components_, (first, second))
