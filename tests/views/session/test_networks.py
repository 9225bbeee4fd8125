"""The networks that a visitor can use, and what visitors cannot do to each other's."""

import gc
import os
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core import finetune
from core.data.download import DownloadError
from core.finetune import HandExample
from core.model import ModelConfig, SumNet
from core.recipes.presets import PRESETS
from core.runs.limits import LIMITS
from core.runs.queue import QueueError, create_run
from core.runs.run import list_runs, runs_dir
from core.storage import bundle, checkpoint
from core.storage.checkpoint import CheckpointError
from tests.support.pages import draw_page, finetune_run, finished, opened, session_of, taught
from views.input.sources import EXAMPLES
from views.session import networks
from views.session.canvas_state import CanvasState
from views.session.link import Link
from views.session.session import Session

THREE, SEVEN = (HandExample(label, EXAMPLES[str(label)]) for label in (3, 7))


@pytest.fixture
def empty_caches() -> Iterator[None]:
    """What this test's stand-ins answer is nobody else's."""
    caches = (networks._reading, networks._saliency, networks._read_labels)
    for cache in caches:
        cache.clear()
    yield
    for cache in caches:
        cache.clear()


def test_few_large_networks_stay_in_memory(monkeypatch) -> None:
    made = []
    for seed in range(networks.MOST_LARGE_NETWORKS + 2):
        run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe.change({"seed": seed}))
        finished(run)
        made.append(weakref.ref(networks.load_network(run.id)[0]))
    assert all(made)  # small ones do
    monkeypatch.setattr(networks, "LARGE_NETWORK", 100_000)
    large = [weakref.ref(networks.load_network(run.id)[0]) for run in list_runs(runs_dir())]
    gc.collect()
    assert sum(each() is not None for each in large) == networks.MOST_LARGE_NETWORKS


def test_a_list_of_large_networks_reads_each_of_them_once(monkeypatch) -> None:
    session = session_of(opened(draw_page))
    for seed in range(networks.MOST_LARGE_NETWORKS + 2):
        run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe.change({"seed": seed}))
        finished(run)
        session.own_runs.append(run.id)
    monkeypatch.setattr(
        checkpoint, "weights_size", lambda stem: 10**9 if runs_dir() in stem.parents else 0
    )
    titles = networks.network_titles(session)
    monkeypatch.setattr(checkpoint, "load", None)
    assert networks.network_titles(session) == titles


def test_our_weights_with_another_card_change_nothing_for_others(
    empty_caches, pen, monkeypatch
) -> None:
    """Whoever uploads them must not put their answers in the place of the shipped network's."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    forged = SumNet(replace(model.config, dataset="fashion-mnist")).eval()
    forged.load_tensors(model.tensors())
    found = {"theirs": (forged, card), "ours": (model, card)}
    monkeypatch.setattr(networks, "load_network", found.__getitem__)
    monkeypatch.setattr(networks, "test_split", lambda name: name)
    monkeypatch.setattr(networks, "_test_split", lambda name: name)
    monkeypatch.setattr(networks, "Reading", lambda model, split: split)
    monkeypatch.setattr(finetune, "read_labels", lambda model, images: [model.config.dataset])
    image = np.zeros((28, 28), np.uint8)
    image[8:20, 13:15] = 255
    for name, dataset in (("theirs", "fashion-mnist"), ("ours", "mnist")):
        assert networks.reading(name) == dataset
        assert networks.cached_labels(*found[name], image[None]) == [dataset]
    theirs, ours = (networks.cached_saliency(*found[name], image, 3) for name in ("theirs", "ours"))
    assert not np.array_equal(theirs.class_evidence, ours.class_evidence)


@pytest.mark.parametrize(
    ("free", "before", "said"),
    [(1, 0, "The disk is nearly full"), (10**12, 10, "10 networks have been uploaded here.")],
)
def test_networks_are_not_taken_without_end(monkeypatch, free, before, said) -> None:
    session = SimpleNamespace(uploaded_networks=before, own_runs=[], secret="")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    content = bundle.pack_bundle(*checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist"))
    with pytest.raises(QueueError, match=said):
        networks.import_network(session, content)
    assert list(list_runs(runs_dir())) == []


def test_no_two_taught_networks_are_called_the_same(pen) -> None:
    first, second = finetune_run(SEVEN), finetune_run(THREE)
    taught(first)
    taught(second)
    app = opened(draw_page, net=first.id)
    session_of(app).own_runs = [first.id, second.id]
    titles = networks.network_titles(session_of(app))
    assert titles[first.id] == "Your handwriting (1 example)"
    assert titles[second.id] == "Your handwriting (1 example) #2"


def test_a_run_whose_network_answers_is_in_use() -> None:
    """So it is not pruned, however old it is."""
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    os.utime(run.path, (1, 1))
    networks.load_network(run.id)
    assert run.idle_seconds() < 3_600


def test_two_networks_look_at_one_picture_in_two_ways() -> None:
    networks._saliency.clear()
    _, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    image = np.zeros((28, 28), np.uint8)
    image[8:20, 13:15] = 255
    maps = []
    for seed in range(2):
        torch.manual_seed(seed)
        model = SumNet(ModelConfig(width=4)).eval()
        own_card = replace(card, weights_sha256=str(seed))
        maps.append(networks.cached_saliency(model, own_card, image, 3).sum_evidence)
    assert not np.array_equal(*maps)


@pytest.fixture
def visitor() -> Session:
    return Session(Link(), CanvasState())


def test_an_uploaded_network_is_the_visitor_s_own_and_answers(visitor) -> None:
    visitor.gone_network = "0123456789abcdef"
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "fashion-late")
    networks.import_network(visitor, bundle.pack_bundle(model, card))
    (run,) = list_runs(runs_dir())
    assert visitor.own_runs == [run.id]
    assert (visitor.link.network, visitor.gone_network) == (run.id, "")
    assert visitor.uploaded_networks == 1
    assert run.is_uploaded
    assert networks.load_network(run.id)[1].weights_sha256 == card.weights_sha256
    assert networks.network_titles(visitor)[run.id] == "Upload: garments, 95.3 %"


def test_the_tenth_upload_is_the_last(visitor) -> None:
    content = bundle.pack_bundle(*checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist"))
    visitor.uploaded_networks = 9
    networks.import_network(visitor, content)
    with pytest.raises(QueueError, match="10 networks have been uploaded here"):
        networks.import_network(visitor, content)


def test_a_file_that_is_no_network_counts_for_nothing(visitor) -> None:
    with pytest.raises(CheckpointError):
        networks.import_network(visitor, b"no network")
    assert (visitor.uploaded_networks, visitor.own_runs) == (0, [])
    assert visitor.link.network == "mnist"


def test_a_network_that_is_gone_is_replaced_once_and_remembered(visitor) -> None:
    gone = "0123456789abcdef"
    visitor.choose(network=gone)
    for _ in range(2):
        _, card, trouble = networks.answering_network(visitor)
        assert card.preset == "mnist"
        assert trouble == (
            "That network is no longer kept here. The shipped network answers instead."
        )
    assert (visitor.gone_network, visitor.link.network) == (gone, "mnist")


def test_a_damaged_network_that_is_here_is_not_called_gone(visitor) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    run.checkpoint.with_suffix(".json").write_text("[]")
    visitor.choose(network=run.id)
    for _ in range(2):  # as long as the shipped network stands in
        assert "damaged" in networks.answering_network(visitor)[2]
    assert visitor.gone_network == ""
    networks.use_network(visitor, "mnist")
    assert networks.answering_network(visitor)[2] == ""


def test_nothing_is_said_of_a_network_that_answers(visitor) -> None:
    assert networks.answering_network(visitor)[2] == ""


def test_titles_number_the_networks_that_are_there_from_the_oldest(visitor) -> None:
    made = [create_run(runs_dir(), "quick", PRESETS["quick"].recipe) for _ in range(3)]
    for run in (made[0], made[2]):
        finished(run)
    visitor.own_runs = [run.id for run in made[::-1]]
    visitor.choose(run=made[1].id, compared=("fashion-late",))
    titles = networks.network_titles(visitor)
    shipped = [PRESETS[name].title for name in checkpoint.shipped_names()]
    assert list(titles.values())[len(shipped) :] == [
        "Mine: usual settings, 99.6 %",
        "Mine: usual settings, 99.6 % #2",
    ]
    assert list(titles)[-2:] == [made[0].id, made[2].id]


def test_several_examples_are_counted_in_the_title(visitor) -> None:
    run = finetune_run(SEVEN, THREE)
    taught(run)
    visitor.choose(network=run.id)
    assert networks.network_titles(visitor)[run.id] == "Somebody's handwriting (2 examples)"
    visitor.own_runs = [run.id]
    assert networks.network_titles(visitor)[run.id] == "Your handwriting (2 examples)"


def test_a_history_is_that_of_its_network() -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    assert networks.network_history(run.id) == run.history() != []
    assert networks.network_history("mnist")[-1]["epoch"] > 1
    assert networks.network_history("0123456789abcdef") == []


def test_an_answer_at_a_snapshot_is_kept_by_run_step_picture_and_number(monkeypatch) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(networks.snapshots, "load_snapshot", lambda *given: given)
    monkeypatch.setattr(
        networks, "predict", lambda model, image, addend: asked.append((model[2], addend))
    )
    networks.answer_at_snapshot.clear()
    one, other = np.zeros((28, 28), np.uint8), np.ones((28, 28), np.uint8)
    config = ModelConfig()
    for run, step, image, addend in (
        ("a", 0, one, 4),
        ("a", 0, one, 4),  # the same
        ("b", 0, one, 4),
        ("a", 3, one, 4),
        ("a", 0, other, 4),
        ("a", 0, one, 5),
    ):
        networks.answer_at_snapshot(run, step, image, addend, runs_dir(), config)
    assert asked == [(0, 4), (0, 4), (3, 4), (0, 4), (0, 5)]


def test_saliency_is_kept_by_picture_and_number(monkeypatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(networks, "saliency", lambda model, image, addend: asked.append(addend))
    networks._saliency.clear()
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    one, other = np.zeros((28, 28), np.uint8), np.ones((28, 28), np.uint8)
    for image, addend in ((one, 1), (one, 1), (one, 2), (other, 2)):
        networks.cached_saliency(model, card, image, addend)
    assert asked == [1, 2, 2]
    networks._saliency.clear()


def test_a_picture_may_have_as_many_megapixels_as_the_limit_says(monkeypatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(networks, "read_file", lambda file, pixels: asked.append(pixels))
    networks.read_picture.clear()
    networks.read_picture(b"any")
    networks.read_picture.clear()
    assert asked == [int(LIMITS.upload_megapixels * 1_000_000)]


def test_test_images_that_are_not_here_are_not_fetched(monkeypatch) -> None:
    monkeypatch.setattr(networks.download, "is_present", lambda *_: False)
    with pytest.raises(DownloadError, match="test images of Fashion-MNIST are not on this machine"):
        networks.test_split("fashion-mnist")
