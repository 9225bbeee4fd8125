"""The networks that answer, what they answer, and what is cached of both for all visitors."""

import io
from contextlib import suppress
from pathlib import Path

import streamlit as st

from core import dataset, finetune
from core.data import download
from core.data.drawing import Pixels
from core.data.image_files import read_file
from core.data.photo import PhotoReading
from core.dataset import Split
from core.evaluation.diagnostics import Reading
from core.evaluation.prediction import Prediction, predict
from core.evaluation.saliency import Saliency, saliency
from core.library.store import PICTURES_GONE, is_kept, kept_test_split
from core.model import ModelConfig, SumNet
from core.recipes.naming import NO_CHANGE, bug_parts, recipe_parts
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs import queue
from core.runs.control import read_name
from core.runs.limits import LIMITS
from core.runs.queue import QueueError, import_run
from core.runs.run import Request, Run, find_run, network_stem, runs_dir
from core.runs.snapshot import request_of
from core.specs import data_dir, find_spec
from core.storage import bundle, checkpoint, snapshots
from core.storage.checkpoint import Card, CheckpointError
from core.storage.history import Record, history_file, read_history
from views.server.heavy import Places, heavy_work
from views.session.link import Link
from views.session.session import Session
from views.session.visitor import is_owner_of, visitor_of_session

DEFAULT_NETWORK = Link.network
MOST_NETWORKS, MOST_LARGE_NETWORKS = 16, 2  # in memory; another one takes 10 ms
LARGE_NETWORK = 3_000_000  # bytes; a few handmade ones are larger, and have 8 MB at most
MOST_CARDS, MOST_READINGS = 200, 8  # likewise; a reading with the network that it is of
MAX_UPLOADS = 10  # networks per visitor; each takes a place among the runs that are kept
TEST_SPLITS = 16  # data sets whose test images are in memory
GONE = "That network is no longer kept here."
_large_load = Places(1)  # none of heavy work, for which moving pens would wait


@st.cache_resource(max_entries=MOST_NETWORKS, show_spinner=False)
def _cached_checkpoint(stem: Path) -> tuple[SumNet, Card]:
    return checkpoint.load(stem)


@st.cache_resource(max_entries=MOST_LARGE_NETWORKS, show_spinner=False)
def _cached_large_checkpoint(stem: Path) -> tuple[SumNet, Card]:
    with _large_load.take():  # each copy of its weights takes memory
        return checkpoint.load(stem)


@st.cache_resource(max_entries=MOST_CARDS, show_spinner=False)
def _cached_card(name: str) -> Card:
    return load_network(name)[1]


def load_network(name: str) -> tuple[SumNet, Card]:
    """A network by name: a shipped preset's, or a run's by its id. Shared: never change it.

    Raises:
        CheckpointError: it is gone, damaged or of another architecture.
    """
    stem = network_stem(runs_dir(), name)
    if stem is None:
        raise CheckpointError(GONE)
    if name not in PRESETS:
        Run(stem.parent).touch()
    is_large = checkpoint.weights_size(stem) > LARGE_NETWORK
    return (_cached_large_checkpoint if is_large else _cached_checkpoint)(stem)


def answering_network(session: Session) -> tuple[SumNet, Card, str]:
    """The network that answers this visitor, its card, and what to say about it ("" for nothing).

    The shipped network replaces one that is gone or damaged, and the page says so.

    Raises:
        CheckpointError: the shipped network cannot be used either.
    """
    try:
        said = _instead(GONE) if session.gone_network else session.network_trouble
        return *load_network(session.link.network), said
    except CheckpointError as error:
        if session.link.network == DEFAULT_NETWORK:
            raise
        if find_run(runs_dir(), session.link.network) is None:
            session.gone_network = session.link.network
        session.choose(network=DEFAULT_NETWORK)
        session.network_trouble = "" if session.gone_network else _instead(str(error))
        return *load_network(DEFAULT_NETWORK), _instead(str(error))


def answering_dataset(session: Session) -> str:
    """The name of the data set of the network that answers this visitor, or that stands in."""
    try:
        return load_network(session.link.network)[0].config.dataset
    except CheckpointError:
        return PRESETS[DEFAULT_NETWORK].recipe.model.dataset


def _instead(reason: str) -> str:
    return f"{reason} The shipped network answers instead."


def use_network(session: Session, network: str) -> None:
    """Have another network answer this visitor."""
    session.choose(network=network)
    session.gone_network = session.network_trouble = ""


def network_titles(session: Session) -> dict[str, str]:
    """The networks that this visitor can choose from, and what they are; no two are the same.

    The shipped ones, then those of the visitor's runs and of the runs in the link, oldest first.
    """
    titles = {name: _shipped_title(name) for name in checkpoint.shipped_names()}
    found = [run for name in session.known_networks if (run := find_run(runs_dir(), name))]
    for run in sorted(found, key=Run.created):
        with suppress(CheckpointError):  # not there yet, or damaged
            title = _run_title(session, run)
            same = sum(
                other == title or other.startswith(f"{title} #") for other in titles.values()
            )
            titles[run.id] = f"{title} #{same + 1}" if same else title
    return titles


def _shipped_title(name: str) -> str:
    """As "Digits (our best, 99.6 %)": of the card, not typed."""
    title = PRESETS[name].title
    with suppress(CheckpointError):
        return f"{title} (our best, {_right(load_network(name)[1])})"
    return title


def _run_title(session: Session, run: Run) -> str:
    """As "Mine: width 4, 98.7 %", or with the name that its owner gave it: "Ada (width 4, ...)"."""
    run.touch()
    card = _cached_card(run.id)
    request = request_of(run)
    is_own = is_own_run(session, run, request)
    given = read_name(run)
    if card.taught:
        whose = given or ("Your handwriting" if is_own else "Somebody's handwriting")
        return f"{whose} ({card.taught} example{'s' * (card.taught > 1)})"
    recipe = Recipe.read(card.params)
    broken, parts = bug_parts(recipe), recipe_parts(card.preset, recipe)
    if given:
        return f"{given} ({', '.join([*broken, *parts, _right(card)])})"
    whose = "Upload" if request.uploaded else "Mine" if is_own else "Shared"
    if broken:  # "Mine, broken: ..."
        return f"{whose}, {', '.join([*broken, *parts, _right(card)])}"
    return f"{whose}: {', '.join([*(parts or [NO_CHANGE]), _right(card)])}"


def is_own_run(session: Session, run: Run, request: Request) -> bool:
    """Was it made here, in this browser? Nobody knows of the runs of the first versions."""
    known = bool(request.session) and is_owner_of(session, request)
    return known or run.id in session.own_runs


def _right(card: Card) -> str:
    """How often the class is right, on the test images."""
    return f"{100 * card.figures['class_acc']:.1f} %"


def title_of(session: Session, name: str) -> str:
    """What a network is called; "That network" where it cannot be loaded."""
    return network_titles(session).get(name, "That network")


@st.cache_resource(max_entries=TEST_SPLITS, show_spinner=False)
def _test_split(name: str) -> Split:
    if find_spec(name).own:
        return kept_test_split(runs_dir(), name)
    return dataset.load_test_split(name)


def test_split(name: str) -> Split:
    """The test images of a data set.

    Raises:
        DownloadError: they are not on this machine; a page does not download them.
    """
    spec = find_spec(name)
    if spec.own and not is_kept(runs_dir(), name):
        raise download.DownloadError(PICTURES_GONE)
    if not download.is_present(spec.files, data_dir()):
        raise download.DownloadError(
            f"The test images of {spec.title} are not on this machine. "
            f"Get them with `python -m core fetch {name}`."
        )
    return _test_split(name)


# Two networks with the same weights may answer differently: a stranger's file can claim another
# data set for ours. So the config is part of each key below.


@st.cache_resource(max_entries=MOST_READINGS, show_spinner=False)
def _reading(weights_sha256: str, config: ModelConfig, _model: SumNet) -> Reading:
    return Reading(_model, _test_split(_model.config.dataset))


def reading(name: str) -> Reading:
    """A network's answers to the test images, shared by all visitors; ask it to advance.

    Raises:
        CheckpointError: the network cannot be used.
        DownloadError: its data set is not on this machine; a page does not download it.
    """
    model, card = load_network(name)
    test_split(model.config.dataset)
    return _reading(card.weights_sha256, model.config, model)


@st.cache_data(max_entries=64, show_spinner=False)
def _saliency(
    weights_sha256: str, config: ModelConfig, image: Pixels, addend: int, _model: SumNet
) -> Saliency:
    return saliency(_model, image, addend)


def cached_saliency(model: SumNet, card: Card, image: Pixels, addend: int) -> Saliency:
    """Which parts of a picture an answer depends on.

    Raises:
        AnswerError: an answer is not a number.
    """
    return _saliency(card.weights_sha256, model.config, image, addend, model)


@st.cache_data(max_entries=64, show_spinner=False)
def _read_labels(
    weights_sha256: str, config: ModelConfig, images: Pixels, _model: SumNet
) -> list[int]:
    return finetune.read_labels(_model, images)


def cached_labels(model: SumNet, card: Card, images: Pixels) -> list[int]:
    """What a network reads in images, uint8 (N, 28, 28)."""
    return _read_labels(card.weights_sha256, model.config, images, model)


@st.cache_data(max_entries=4_000, show_spinner=False)
def answer_at_snapshot(
    run_id: str, step: int, image: Pixels, addend: int, _folder: Path, _config: ModelConfig
) -> Prediction | None:
    """What the network of a run answered to a picture after that step.

    It may be no number, if the loss had diverged. None if the snapshot is damaged.
    """
    with heavy_work():  # one is quick, but a page asks for forty
        model = snapshots.load_snapshot(_folder, _config, step)
        return predict(model, image, addend) if model else None


def network_history(name: str) -> list[Record]:
    """How the network of that name learned; [] where there is no history."""
    if name in PRESETS:
        return read_history(history_file(checkpoint.WEIGHTS_DIR / name))
    run = find_run(runs_dir(), name)
    return run.history() if run else []


def import_network(session: Session, content: bytes) -> None:
    """Make the network in a file the visitor's own, and let it answer.

    Raises:
        CheckpointError: it is not a network.
        QueueError: the visitor uploaded too many, or there is no room.
        OSError: the run cannot be written.
    """
    if session.uploaded_networks >= MAX_UPLOADS:
        raise QueueError(f"{MAX_UPLOADS} networks have been uploaded here. Use one of them.")
    visitor = visitor_of_session(session)
    with heavy_work():  # to write it, too
        model, card = bundle.unpack_bundle(content)
        queue.make_room_for_upload(runs_dir(), visitor, len(content))
        run = import_run(runs_dir(), model, card, visitor)
    session.uploaded_networks += 1
    session.own_runs.append(run.id)
    use_network(session, run.id)


@st.cache_data(max_entries=64, show_spinner=False)
def read_picture(file: bytes) -> PhotoReading:
    """What a visitor's picture shows.

    Raises:
        ImageFileError: it cannot be read.
    """
    return read_file(io.BytesIO(file), int(LIMITS.upload_megapixels * 1e6))
