"""The networks that a visitor can use, and what visitors cannot do to each other's."""

import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core import finetune
from core.finetune import HandExample
from core.model import ModelConfig, SumNet
from core.recipes.presets import PRESETS
from core.runs.queue import QueueError, create_run
from core.runs.run import list_runs, runs_dir
from core.storage import bundle, checkpoint
from tests.support.pages import draw_page, finetune_run, finished, opened, session_of, taught
from views.input.sources import EXAMPLES
from views.session import networks

THREE, SEVEN = (HandExample(label, EXAMPLES[str(label)]) for label in (3, 7))


def test_our_weights_with_another_card_change_nothing_for_others(pen, monkeypatch) -> None:
    """Whoever uploads them must not put their answers in the place of the shipped network's."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    forged = SumNet(replace(model.config, dataset="fashion-mnist")).eval()
    forged.load_state_dict(model.state_dict())
    found = {"theirs": (forged, card), "ours": (model, card)}
    monkeypatch.setattr(networks, "load_network", found.__getitem__)
    monkeypatch.setattr(networks, "test_split", lambda name: name)
    monkeypatch.setattr(networks, "_test_split", lambda name: name)
    monkeypatch.setattr(networks, "Reading", lambda model, split: split)
    monkeypatch.setattr(finetune, "read_labels", lambda model, images: [model.config.dataset])
    image = np.zeros((28, 28), np.uint8)
    image[8:20, 13:15] = 255
    for cache in (networks._reading, networks._saliency, networks._read_labels):
        cache.clear()
    for name, dataset in (("theirs", "fashion-mnist"), ("ours", "mnist")):
        assert networks.reading(name) == dataset
        assert networks.cached_labels(*found[name], image[None]) == [dataset]
    theirs, ours = (networks.cached_saliency(*found[name], image, 3) for name in ("theirs", "ours"))
    assert not np.array_equal(theirs.class_loss, ours.class_loss)


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
        maps.append(networks.cached_saliency(model, own_card, image, 3).sum_change)
    assert not np.array_equal(*maps)
