"""A network of three classes of somebody's own on every page: their names, and no class beyond."""

import threading

import pytest
import torch

from core.collections.album import read_album
from core.collections.archive import read_zip
from core.collections.collection import make_collection
from core.data.drawing import Strokes
from core.engines.tracing import traced
from core.library import store
from core.recipes.presets import PRESETS
from core.runs.queue import NOBODY, create_run
from core.runs.run import Run, runs_dir
from core.workers.runner import JobRunner
from tests.support.pages import compare_page, draw_page, explain_page, opened, train_page, words
from tests.support.shapes import shape_files, zipped
from views.session import networks
from views.session.link import EXPLAIN_LOOKS

A_CROSS: Strokes = (((80.0, 80.0), (200.0, 200.0)), ((200.0, 80.0), (80.0, 200.0)))


@pytest.fixture
def run() -> Run:
    """Trained so little that it may say anything."""
    files = shape_files(6, ("circle", "cross", "star"))
    album = read_album(read_zip(zipped(files)), "Odd *shapes*", "ink")
    name = store.keep_collection(runs_dir(), NOBODY, make_collection(album, key=album.key))
    settings = {"dataset": name, "epochs": 1, "width": 4, "lr": 0.001}
    made = create_run(runs_dir(), "quick", PRESETS["quick"].recipe.change(settings))
    JobRunner(threading.Event()).execute(made)
    assert made.state().name == "finished"
    return made


def test_no_class_beyond_is_ever_answered(run):
    model, _ = networks.load_network(run.id)
    images = torch.randint(0, 256, (50, 1, 28, 28), dtype=torch.uint8)
    for net in (model, traced(model)):
        for count in (1, 50):  # a traced network is of no one size
            output = net(images[:count], torch.zeros(count, dtype=torch.int64))
            assert output.labels.max() < 3
            assert output.class_logits.softmax(1)[:, 3:].max() == 0


def test_each_page_shows_it(run, pen):
    pen(A_CROSS)
    drawn = words(opened(draw_page, net=run.id))
    assert "which class?" in drawn and "circle" in drawn
    assert 'title="star: ' in drawn
    tested = words(opened(draw_page, net=run.id, t="1"))
    assert "Odd \\*shapes\\*" in tested or "Odd *shapes*" in tested
    assert "0 circle, 1 cross, 2 star" in words(opened(explain_page, net=run.id))
    for look in EXPLAIN_LOOKS:
        assert not opened(explain_page, net=run.id, look=look).error
    assert "Watch it learn your picture" in words(opened(train_page, run=run.id))
    for view in ("confusion", "sums", "reliability", "mistakes"):
        compared = words(opened(compare_page, net=run.id, view=view))
        assert '<div class="head">Odd *shapes*</div>' in compared


def test_without_its_pictures_the_network_answers_and_the_rest_is_said(run, pen):
    networks._test_split.clear()
    store.library_dir(runs_dir()).rename(runs_dir() / "elsewhere")
    pen(A_CROSS)
    assert "which class?" in words(opened(draw_page, net=run.id))
    assert store.PICTURES_GONE in words(opened(draw_page, net=run.id, t="1"))
    assert store.PICTURES_GONE in words(opened(compare_page, net=run.id, view="mistakes"))
