"""On what a run trains: a GPU where there is one; it is tested and saved from the CPU."""

import pytest
import torch

from core.engines import engine
from core.finetune import HandExample
from core.jobs import job
from core.model import SumNet
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, State
from core.storage import checkpoint
from tests.support.workers import TINY

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]


@pytest.fixture
def moves(monkeypatch) -> list[object]:
    """Where networks are moved, and a stand-in for a GPU: the CPU by another index."""
    seen: list[object] = []
    gpu = torch.device("cpu", 0)
    real_to, real_cpu, real_evaluate = SumNet.to, SumNet.cpu, job.evaluate

    def to(model: SumNet, *args: object, **options: object) -> SumNet:
        seen.extend("the chosen device" for arg in args if arg is gpu)
        return real_to(model, *args, **options)

    def choose(name: str) -> torch.device:
        seen.append(name)
        return gpu

    monkeypatch.setattr(engine, "choose_device", choose)
    monkeypatch.setattr(SumNet, "to", to)
    monkeypatch.setattr(SumNet, "cpu", lambda model: (seen.append("cpu"), real_cpu(model))[1])
    monkeypatch.setattr(job, "evaluate", lambda *a: (seen.append("test"), real_evaluate(*a))[1])
    return seen


def test_a_run_trains_on_the_best_device_and_is_tested_on_the_cpu(root, runner, moves):
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    assert run.state() == State("finished")
    assert moves == ["auto", "the chosen device", "cpu", "test"]
    assert all(tensor.is_cpu for tensor in checkpoint.load(run.checkpoint)[0].parameters())


def test_fine_tuning_asks_for_no_device(root, runner, moves):
    base = create_run(root, "quick", TINY)
    runner.execute(base)
    moves.clear()
    run = create_run(root, "quick", TINY, FinetuneJob(base.id, HAND))
    runner.execute(run)
    assert run.state() == State("finished")
    assert moves == ["test"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_on_a_real_gpu(root, runner, data):
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    assert run.state() == State("finished")
    model, card = checkpoint.load(run.checkpoint)
    assert model(data.test.images, data.test.labels).class_logits.isfinite().all()
    assert card.figures["class_acc"] > 0.5
