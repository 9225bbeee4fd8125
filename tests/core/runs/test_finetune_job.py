"""A run that fine-tunes a network, from its first step to its last."""

import shutil

import pytest

from core import finetune
from core.finetune import HandExample
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State
from core.storage import checkpoint
from tests.support.workers import TINY

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]  # whoever drew it


@pytest.fixture
def base(root, runner) -> Run:
    """A small network with late fusion, trained in a run of its own."""
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    return run


def test_a_finetune_job_goes_from_queued_to_finished(root, runner, base, states):
    runner.execute(create_run(root, "quick", TINY, FinetuneJob(base.id, HAND)))
    assert states == ["queued", "preparing", "training", "evaluating", "finished"]


def test_a_finetune_job_changes_a_copy_of_its_base(root, runner, base, data):
    pictures, weights = HAND[0].image[None], base.checkpoint.with_suffix(".safetensors")
    before = weights.read_bytes()
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    runner.execute(run)
    (old, old_card), (model, card) = (
        checkpoint.load(base.checkpoint),
        checkpoint.load(run.checkpoint),
    )
    assert finetune.read_labels(old, pictures) != finetune.read_labels(model, pictures) == [4]
    assert weights.read_bytes() == before
    assert (card.taught, card.preset, Recipe.read(card.params)) == (1, "quick", TINY)
    assert card.doubt_level is not None
    assert card.epochs == old_card.epochs == 2
    assert sum(map(sum, card.confusion)) == 10 * len(data.test.labels)


def test_a_finetune_job_without_its_base_says_one_sentence(root, runner, base):
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    shutil.rmtree(base.path)
    runner.execute(run)
    assert run.state() == State("failed", "The network to teach is no longer kept here.")
    assert run.finetune_job() == FinetuneJob(base.id, HAND)


def test_a_finetune_job_that_fails_says_to_teach_again(root, runner, base, monkeypatch, caplog):
    monkeypatch.setattr(finetune, "finetune", lambda *_: 1 / 0)
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    runner.execute(run)
    assert run.state() == State("failed", "Training failed. Teach it again.")
    assert "ZeroDivisionError" in caplog.text
