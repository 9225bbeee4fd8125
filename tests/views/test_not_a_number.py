"""A network whose answer is no number for some pictures: each page says so where the answer was."""

import copy
import html
from dataclasses import replace

import pytest
import torch

from core.data import download
from core.data.drawing import image_of_strokes
from core.dataset import Data
from core.evaluation.prediction import NOT_A_NUMBER, predict
from core.model import SumNet
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.specs import SPECS
from core.storage import checkpoint, snapshots
from tests.conftest import record
from tests.support.pages import PAGES, compare_page, draw_page, keys, opened, train_page, words
from views.input.sources import EXAMPLES
from views.session import networks
from views.session.link import COMPARE_VIEWS, format_strokes

SOUND, LOST = "7", "3"  # the examples that it answers, and does not


def overflowing(model: SumNet) -> SumNet:
    """A copy with finite weights that answers `SOUND`, but `LOST` with infinity: a feature that
    only `LOST` has counts for 1e38."""
    broken = copy.deepcopy(model)
    form = SPECS["mnist"].form
    images = [torch.from_numpy(image_of_strokes(EXAMPLES[n], form).copy()) for n in (SOUND, LOST)]
    with torch.inference_mode():
        sound, lost = broken.encoder(broken.normalize(torch.stack(images)[:, None]))
    only = int(torch.where(sound == 0, lost, 0).argmax())
    with torch.no_grad():
        broken.class_head[-1].weight[:, only] = 3e38 * torch.sign(torch.arange(10) - 4.5)
    return broken


@pytest.fixture
def run(shipped) -> Run:
    """A finished run of such a network, with a snapshot before and one after it broke."""
    model, card = shipped
    recipe = Recipe.read(card.params)
    run = create_run(runs_dir(), "quick", recipe)
    broken = overflowing(model)
    checkpoint.save(run.checkpoint, broken, replace(card, doubt_level=None))
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(model))
    snapshots.save_snapshot(run.snapshots, 9, snapshots.pack_snapshot(broken))
    run.append(record(9, loss=0.5, class_acc=0.5, sum_acc=0.5, joint_acc=0.5))
    run.set_state(State("finished"))
    return run


def visit(run: Run, page: str, picture: str, **query: str) -> str:
    """What a page says to whom a link to the run and a picture brings."""
    strokes = format_strokes(EXAMPLES[picture])
    app = opened(PAGES[page], net=run.id, run=run.id, c=run.id, s=strokes, **query)
    return html.unescape(words(app))


def test_the_network_of_these_tests_answers_one_picture_only(shipped):
    broken = overflowing(shipped[0])
    form = SPECS["mnist"].form
    sound, lost = (predict(broken, image_of_strokes(EXAMPLES[n], form), 4) for n in (SOUND, LOST))
    assert (sound.is_finite, sound.label) == (True, 7)
    assert (lost.is_finite, lost.class_probs, lost.sum_value) == (False, (0.0,) * 10, 0.0)


@pytest.mark.parametrize("page", ["draw", "explain"])
def test_a_page_says_it_in_place_of_the_answer(run, pen, page):
    pen(EXAMPLES[LOST])
    said = visit(run, page, LOST)
    assert NOT_A_NUMBER[:-1] in said
    assert "nan" not in said.lower().split()
    assert "Closest guess" not in said


def test_it_answers_where_it_can(run, pen):
    pen(EXAMPLES[SOUND])
    said = visit(run, "draw", SOUND)
    assert "The class head reads 7" in said
    said = visit(run, "explain", SOUND)
    assert "Two losses, one step" in said


def test_a_picture_without_an_answer_cannot_be_taught(run, pen):
    pen(EXAMPLES[LOST])
    app = opened(draw_page, net=run.id)
    assert "tell_3" not in keys(app)


def test_the_watch_says_from_which_step_on(run, pen):
    said = visit(run, "train", LOST)
    assert f"{NOT_A_NUMBER[:-1]} from step 9 on." in said
    assert "untrained" in said


def test_the_watch_says_it_where_there_is_no_answer_at_all(run, pen):
    (run.snapshots / "00000000.safetensors").unlink()
    app = opened(train_page, run=run.id, s=format_strokes(EXAMPLES[LOST]))
    assert f"{NOT_A_NUMBER[:-1]} from step 9 on." in words(app)


@pytest.fixture
def drawn(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn data set in the place of MNIST."""
    monkeypatch.setattr(download, "is_present", lambda *_: True)
    monkeypatch.setattr(networks, "_test_split", lambda name: data.test)
    networks._reading.clear()


@pytest.mark.parametrize("view", COMPARE_VIEWS)
def test_compare_shows_the_other_networks(run, drawn, data, view):
    model, _ = checkpoint.load(run.checkpoint)
    with torch.inference_mode():
        assert not model.every_addend(data.test.images).is_finite.all()
    app = opened(compare_page, c=f"mnist.{run.id}", run=run.id, view=view)
    said = words(app)
    needs_answers = view not in ("curves", "confusion")
    assert (f"Run 1: {NOT_A_NUMBER[:-1]} for some test images" in said) == needs_answers
    again = words(opened(compare_page, c=run.id, run=run.id, view=view))  # and is not read again
    assert (NOT_A_NUMBER[:-1] in again) == needs_answers
