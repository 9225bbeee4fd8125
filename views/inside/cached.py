"""What is computed of the inside of a network, once for all visitors.

Two networks with the same weights may answer differently: a stranger's file can claim another data
set for ours. So the config is part of each key.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from core.data.drawing import Pixels
from core.evaluation.diagnostics import fixed_addends
from core.evaluation.layers import Floats
from core.inspection.damage import Damage, DamagedScore, damage, score
from core.inspection.flip import Flip, find_flip
from core.inspection.network_map import (
    MAP_IMAGES,
    ClassLabels,
    NetworkMap,
    encode_images,
    map_network,
)
from core.model import ModelConfig, SumNet
from core.storage import snapshots
from core.storage.checkpoint import Card
from views.server.heavy import heavy_work
from views.session.networks import test_split
from views.ui.images import data_uri

SHEET_COLUMNS = 50
SNAPSHOT_IMAGES = 600  # of a map: so few are quick to place while somebody drags


def cached_map(model: SumNet, card: Card) -> NetworkMap:
    """The map of a network's features.

    Raises:
        AnswerError: a feature is not a number.
        DownloadError: the test images are not on this machine, or no longer.
    """
    test_split(model.config.dataset)  # whose pictures were deleted, has no map any more
    return _map(card.weights_sha256, model.config, model)


@st.cache_resource(max_entries=16, show_spinner=False)
def _map(weights_sha256: str, config: ModelConfig, _model: SumNet) -> NetworkMap:
    split = test_split(config.dataset)
    with heavy_work():
        return map_network(_model, split)


@st.cache_resource(max_entries=8, show_spinner=False)  # a wide one has megabytes
def snapshot_network(run_id: str, step: int, _folder: Path, _config: ModelConfig) -> SumNet | None:
    """The network of a run after a step; None where its snapshot is damaged. Never change it."""
    with heavy_work():
        return snapshots.load_snapshot(_folder, _config, step)


@st.cache_data(max_entries=256, show_spinner=False)
def map_at_snapshot(
    run_id: str, step: int, _network: SumNet, _found: NetworkMap
) -> tuple[Floats, ClassLabels]:
    """Where the first images of a map lay after a step, (N, 2), and the class of each, (N,).

    They are put on the axes of the map of the finished network.

    Raises:
        AnswerError: a feature is not a number.
        DownloadError: the test images are not on this machine.
    """
    images = test_split(_network.config.dataset).images[:SNAPSHOT_IMAGES]
    with heavy_work():
        features = encode_images(_network, images, fixed_addends(len(_found.labels))[: len(images)])
    return _found.place(features.values), features.answered


def picture_sheet(dataset: str) -> str:
    """All pictures of a map as one, as an address: `SHEET_COLUMNS` in a row, in their order.

    Raises:
        DownloadError: the test images are not on this machine, or no longer.
    """
    test_split(dataset)
    return _sheet(dataset)


@st.cache_data(max_entries=4, show_spinner=False)
def _sheet(dataset: str) -> str:
    images = test_split(dataset).images[:MAP_IMAGES, 0].numpy()
    side = images.shape[1]
    rows = -(-len(images) // SHEET_COLUMNS)
    padded = np.zeros((rows * SHEET_COLUMNS, side, side), np.uint8)
    padded[: len(images)] = images
    sheet = padded.reshape(rows, SHEET_COLUMNS, side, side).swapaxes(1, 2)
    return data_uri(sheet.reshape(rows * side, SHEET_COLUMNS * side))


def cached_flip(model: SumNet, card: Card, image: Pixels, addend: int) -> Flip | None:
    """The least change that flips the class of a picture; None where none is found.

    Raises:
        AnswerError: an answer is not a number.
    """
    return _flip(card.weights_sha256, model.config, image, addend, model)


@st.cache_data(max_entries=64, show_spinner=False)
def _flip(
    weights_sha256: str, config: ModelConfig, image: Pixels, addend: int, _model: SumNet
) -> Flip | None:
    with heavy_work():
        return find_flip(_model, image, addend)


def cached_score(
    model: SumNet, card: Card, layer: str, kind: Damage, amount: float
) -> DamagedScore:
    """How much a network still gets right with one layer damaged.

    Raises:
        DownloadError: the test images are not on this machine.
    """
    return _score(card.weights_sha256, model.config, layer, kind, amount, model)


@st.cache_data(max_entries=1_000, show_spinner=False)
def _score(
    weights_sha256: str,
    config: ModelConfig,
    layer: str,
    kind: Damage,
    amount: float,
    _model: SumNet,
) -> DamagedScore:
    split = test_split(config.dataset)
    with heavy_work():
        return score(damage(_model, layer, kind, amount), split)
