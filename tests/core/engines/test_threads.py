"""The engine of threads: what two shards compute is what one network would."""

import threading

import pytest
import torch
from torch import Tensor

from core.dataset import Batch
from core.engines import tracing
from core.engines.shard import Replica
from core.engines.threads import MIN_SHARD, SHARDS, Threads, parallel_map, unsplit
from core.heads import RegressionHead
from core.model import ModelConfig, SumNet
from core.trainer import TrainConfig, losses, train
from tests.conftest import PATIENCE

SIZE = SHARDS * MIN_SHARD

pytestmark = pytest.mark.usefixtures("exact")


def fresh(**config) -> SumNet:
    torch.manual_seed(0)
    return SumNet(ModelConfig(width=4, **config)).train()


def a_batch(data, count: int) -> Batch:
    labels = data.train.labels[:count]
    addends = torch.arange(count) % 10
    return Batch(data.train.images[:count], addends, labels, labels + addends)


def learn(replica: Replica, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """A loss as the trainer's, without its random changes."""
    output = replica(batch.images, batch.addends)
    class_loss, sum_loss = losses(RegressionHead(20, 4), output, batch)
    return class_loss + sum_loss, torch.stack([class_loss, sum_loss]).detach()


def learn_by_hand(model: SumNet, batch: Batch, share: float) -> Tensor:
    """The same of one shard; gradients add up."""
    loss, means = learn(model, batch, torch.Generator())
    (share * loss).backward()
    return share * means


def halves(batch: Batch) -> list[Batch]:
    return [Batch(*part) for part in zip(*(tensor.chunk(2) for tensor in batch), strict=True)]


def test_the_gradient_is_the_mean_over_the_batch_each_shard_normed_by_itself(data):
    """70 images: shards of 35. By hand: two passes of one network, one after the other."""
    model, alone = fresh(), fresh()
    batch = a_batch(data, 70)
    with Threads(model, 70, seed=0) as engine:
        means = engine.backward(learn, batch)
    expected = sum(learn_by_hand(alone, shard, 0.5) for shard in halves(batch))
    torch.testing.assert_close(means, expected)
    for ours, theirs in zip(model.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_gradients_start_anew_with_each_batch(data):
    model, alone = fresh(), fresh()
    with Threads(model, SIZE, seed=0) as engine:
        engine.backward(learn, a_batch(data, 70))
        engine.backward(learn, a_batch(data, SIZE))
    for shard in halves(a_batch(data, SIZE)):
        learn_by_hand(alone, shard, 0.5)
    for ours, theirs in zip(model.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_statistics_of_the_norms_are_the_mean_of_both(data):
    model, one, two = fresh(), fresh(), fresh()
    with Threads(model, SIZE, seed=0) as engine:
        engine.backward(learn, a_batch(data, SIZE))
        replicas = [dict(replica.named_buffers()) for replica in engine.replicas]
    for network, shard in zip((one, two), halves(a_batch(data, SIZE)), strict=True):
        learn_by_hand(network, shard, 0.5)
    first, second = dict(one.named_buffers()), dict(two.named_buffers())
    names = [name for name in first if "running" in name]
    assert names
    for name in names:
        for replica in replicas:
            torch.testing.assert_close(replica[name], (first[name] + second[name]) / 2)
        assert not torch.equal(first[name], second[name])


def test_replicas_share_the_weights_and_nothing_else():
    model = fresh()
    with Threads(model, SIZE, seed=0) as engine:
        one, two = engine.replicas
        assert one is model
        with torch.no_grad():
            one.class_head[1].weight.fill_(3.0)
        assert (two.class_head[1].weight == 3).all()
        two.class_head[1].weight.sum().backward()
        assert one.class_head[1].weight.grad is None


def test_a_small_batch_stays_whole():
    with Threads(fresh(), SIZE - 1, seed=0) as engine:
        assert len(engine.replicas) == 1


def test_a_last_batch_of_one_image_learns_from_that_image_alone(data):
    """65 images in batches of 64: the second replica has nothing to learn the second time."""
    model, alone = fresh(), fresh()
    with Threads(model, SIZE, seed=0) as engine:
        engine.backward(learn, a_batch(data, SIZE))
        before = alone.state_dict()
        alone.load_state_dict({name: model.state_dict()[name] for name in before})
        engine.backward(learn, a_batch(data, 1))
        assert all(parameter.grad is None for parameter in engine.replicas[1].parameters())
    learn_by_hand(alone, a_batch(data, 1), 1.0)
    for ours, theirs in zip(model.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_shards_are_computed_at_the_same_time_and_not_in_the_caller(data):
    both, threads = threading.Barrier(2, timeout=PATIENCE), []

    def meet(replica: Replica, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        both.wait()
        threads.append(threading.get_ident())
        return learn(replica, batch, rng)

    with Threads(fresh(), SIZE, seed=0) as engine:
        engine.backward(meet, a_batch(data, SIZE))
    assert len({*threads, threading.get_ident()}) == 3


def test_the_threads_end_with_the_training(data):
    before = threading.active_count()
    steps = train(fresh(), data, TrainConfig(batch_size=SIZE))
    next(steps)
    assert threading.active_count() > before
    steps.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_history_does_not_depend_on_the_threads_torch_may_use(data, threads):
    config = TrainConfig(batch_size=SIZE, augment=0.5)

    def history(count: int) -> list:
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        try:
            return list(train(fresh(dropout=0.5), data, config))
        finally:
            torch.set_num_threads(before)

    assert history(threads) == history(2)


def test_a_training_is_the_same_with_and_without_traces(data, request):
    config = TrainConfig(batch_size=SIZE)
    history = list(train(fresh(), data, config))
    assert len(tracing._computations) == 1
    request.getfixturevalue("untraced")
    assert list(train(fresh(), data, config)) == history


def test_each_shard_has_dropout_of_its_own(data):
    features, dropped = torch.ones(1, 1000), []

    def drop(replica: SumNet, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        dropped.append(replica.class_head[0](features))
        return learn(replica, batch, rng)

    with Threads(fresh(dropout=0.5), SIZE, seed=0) as engine:
        engine.backward(drop, a_batch(data, SIZE))
    one, two = dropped
    assert not torch.equal(one, two)
    assert 400 < one.count_nonzero() < 600
    assert set(one.unique().tolist()) == {0.0, 2.0}  # what is kept makes up for the rest
    assert torch.equal(fresh(dropout=0.5).class_head[0].eval()(features), features)


def test_a_parallel_map_keeps_the_order():
    assert parallel_map(lambda a, b: a - b, range(9), range(0, 18, 2)) == [-n for n in range(9)]


def test_an_error_in_a_thread_reaches_the_caller():
    def fail(part: int) -> None:
        raise ArithmeticError(part)

    with pytest.raises(ArithmeticError):
        parallel_map(fail, [1, 2])


def test_only_what_is_unsplit_stays_on_one_core():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(ArithmeticError), unsplit():
            assert torch.get_num_threads() == 1
            raise ArithmeticError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
