"""A traced network answers as the network does, to the last bit, for any batch."""

import gc
import weakref

import pytest
import torch

from core.encoders import ENCODERS
from core.evaluation import tracing
from core.evaluation.tracing import traced
from core.heads import FUSIONS, SUM_HEADS
from core.model import ALTERATIONS, ModelConfig, SumNet


def network(**config: object) -> SumNet:
    torch.manual_seed(3)
    return SumNet(ModelConfig(width=4, **config)).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("bug", ALTERATIONS)
@pytest.mark.parametrize("sum_head", SUM_HEADS)
@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("encoder", ENCODERS)
@torch.inference_mode()
def test_its_answers_are_the_same(encoder, fusion, sum_head, bug):
    model = network(encoder=encoder, fusion=fusion, sum_head=sum_head, bug=bug)
    rng = torch.Generator().manual_seed(0)
    for count in (1, 2, 5):
        images = torch.randint(0, 256, (count, 1, 28, 28), generator=rng, dtype=torch.uint8)
        addends = torch.randint(0, 10, (count,), generator=rng)
        for ours, theirs in zip(
            traced(model)(images, addends), model(images, addends), strict=True
        ):
            assert (ours is None) == (theirs is None)
            assert ours is None or torch.equal(ours, theirs)


def test_a_network_is_traced_once_and_forgotten_with_its_last_user(monkeypatch):
    model = network()
    forward = traced(model)
    assert forward is not model and traced(model) is forward
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_where_tracing_fails_the_network_itself_answers(monkeypatch, caplog):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no longer there")

    monkeypatch.setattr(tracing.torch.jit, "trace", broken)
    model = network()
    assert traced(model) is model and traced(model) is model
    assert caplog.text.count("answers slower") == 1
