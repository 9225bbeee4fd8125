"""A traced network answers and learns as the network does, to the last bit, for any batch."""

import gc
import threading
import weakref
from itertools import product

import pytest
import torch

from core.encoders import ENCODERS
from core.engines import tracing
from core.engines.precision import autocast
from core.engines.tracing import traced, traced_to_learn
from core.heads import FUSIONS, SUM_HEADS
from core.model import ALTERATIONS, ModelConfig, SumNet
from core.specs import OwnData, own_spec


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    """Each test traces anew."""
    monkeypatch.setattr(tracing, "_computations", {})


def network(seed: int = 3, **config: object) -> SumNet:
    torch.manual_seed(seed)
    return SumNet(ModelConfig(width=4, **config)).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("has_detector", [False, True])
@pytest.mark.parametrize("bug", ALTERATIONS)
@pytest.mark.parametrize("sum_head", SUM_HEADS)
@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("encoder", ENCODERS)
@torch.inference_mode()
def test_its_answers_are_the_same(encoder, fusion, sum_head, bug, has_detector):
    shape = {"encoder": encoder, "fusion": fusion, "sum_head": sum_head, "bug": bug}
    first, model = network(4, **shape), network(dataset="fashion-mnist", dropout=0.5, **shape)
    if has_detector:
        first.add_ink_detector()
        model.add_ink_detector()
    for each in (first, model):  # one trace for both, whatever their weights
        assert traced(each) is not each
    rng = torch.Generator().manual_seed(0)
    for count in (1, 2, 5):
        images = torch.randint(0, 256, (count, 1, 28, 28), generator=rng, dtype=torch.uint8)
        addends = torch.randint(0, 10, (count,), generator=rng)
        for ours, theirs in zip(
            traced(model)(images, addends), model(images, addends), strict=True
        ):
            assert (ours is None) == (theirs is None)
            assert ours is None or torch.equal(ours, theirs)
    assert len(tracing._computations) == 1


def step(model: SumNet, count: int, is_traced: bool) -> dict[str, torch.Tensor]:
    """What a network answers to a batch, its gradients, and its tensors afterwards, by name."""
    rng = torch.Generator().manual_seed(count)
    images = torch.randint(0, 256, (count, 1, 28, 28), generator=rng, dtype=torch.uint8)
    addends = torch.randint(0, 10, (count,), generator=rng)
    model.zero_grad()
    forward = traced_to_learn(model) if is_traced else model.train()
    assert (forward is model) != is_traced
    with autocast():
        output = forward(images, addends)
    parts = {f"answer {n}": part for n, part in enumerate(output) if part is not None}
    sum(part.square().mean() for part in parts.values()).backward()
    gradients = {
        f"gradient of {name}": weight.grad
        for name, weight in model.named_parameters()
        if weight.grad is not None
    }
    return parts | gradients | model.tensors()


@pytest.mark.parametrize(
    "shape",
    [
        {"encoder": encoder, "fusion": fusion, "sum_head": sum_head}
        for encoder, fusion, sum_head in product(ENCODERS, FUSIONS, SUM_HEADS)
    ]
    + [{"encoder": "cosine", "bug": bug} for bug in ALTERATIONS],
    ids=lambda shape: "-".join(shape.values()),
)
def test_it_learns_the_same(shape):
    """The first calls are the ones in which TorchScript optimizes it."""
    model, alone = network(**shape), network(**shape)
    for count in (64, 64, 64, 40, 2):
        ours, expected = step(model, count, True), step(alone, count, False)
        assert ours.keys() == expected.keys()
        assert any("gradient" in name for name in ours)
        for name, tensor in ours.items():
            assert torch.equal(tensor, expected[name]), name
    assert len(tracing._computations) == 1


def test_a_network_with_dropout_learns_without_a_trace():
    """Each of its threads draws from random numbers of its own, so that a seed fixes them."""
    model = network(dropout=0.5)
    assert traced_to_learn(model) is model


def test_networks_that_learn_leave_room_for_those_that_answer(monkeypatch):
    monkeypatch.setattr(tracing, "MOST_TO_LEARN", 1)
    monkeypatch.setattr(tracing, "MOST_TO_ANSWER", 1)
    networks = [network(hidden=hidden).train() for hidden in (8, 9, 8)]
    assert [traced_to_learn(each) is each for each in networks] == [False, True, False]
    model = network()
    assert traced(model) is not model


@torch.inference_mode()
def test_a_data_set_of_fewer_classes_has_a_trace_of_its_own():
    own = own_spec(OwnData("Three", ("a", "b", "c"), "ink", 0.1, 0.3, "0" * 32))
    images, addends = torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.tensor([3])
    for _ in range(2):
        ten, three = network(), network(dataset=own.name)
        assert traced(ten)(images, addends).class_logits.softmax(1).min() > 0
        assert traced(three)(images, addends).class_logits.softmax(1)[:, 3:].max() == 0


@torch.inference_mode()
def test_a_network_without_an_ink_detector_has_a_trace_of_its_own():
    """One that learned from the encoder of a shipped network, which has one."""
    shipped, lent = network(), network()
    shipped.add_ink_detector()
    images, addends = torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.tensor([3])
    for model in (shipped, lent):
        for ours, theirs in zip(
            traced(model)(images, addends), model(images, addends), strict=True
        ):
            assert (ours is None) == (theirs is None)


def test_only_so_many_architectures_are_traced(monkeypatch):
    """TorchScript gives nothing back: a stranger must not fill the memory with networks."""
    monkeypatch.setattr(tracing, "MOST_TO_ANSWER", 1)
    networks = [network(hidden=hidden) for hidden in (8, 9, 8)]
    assert [traced(each) is each for each in networks] == [False, True, False]


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
    assert caplog.text.count("answer slower") == 1


def test_two_who_ask_at_the_same_time_trace_once(monkeypatch):
    made, at_once = [], threading.Event()
    real = tracing._trace

    def slow(model: SumNet) -> object:
        made.append(model)
        if len(made) == 1:
            at_once.wait(0.3)  # for the other, which has to wait for us
        else:
            at_once.set()
        return real(model)

    monkeypatch.setattr(tracing, "_trace", slow)
    model = network()
    threads = [threading.Thread(target=traced, args=(model,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [model]
