import threading

import pytest
import torch

from core.dataset import Batch
from core.engines.threads import MIN_SHARD, SHARDS, Threads, parallel_map
from core.model import ModelConfig, SumNet
from core.trainer import TrainConfig, losses, train

SIZE = SHARDS * MIN_SHARD


def fresh(**config) -> SumNet:
    torch.manual_seed(0)
    return SumNet(ModelConfig(width=4, **config)).train()


def a_batch(data, count: int) -> Batch:
    labels = data.train.labels[:count]
    addends = torch.arange(count) % 10
    return Batch(data.train.images[:count], addends, labels, labels + addends)


def learn(replica: SumNet, share: float, *part: torch.Tensor) -> None:
    half = Batch(*part)
    class_loss, sum_loss = losses(replica(half.images, half.addends), half)
    (share * (class_loss + sum_loss)).backward()


def test_the_gradient_is_the_mean_over_the_batch_each_half_normed_by_itself(data):
    """70 images: halves of 35. By hand: two passes of one network, one after the other."""
    model, alone = fresh(), fresh()
    batch = a_batch(data, 70)
    parts = [tensor.chunk(2) for tensor in batch]
    with Threads(model, 70, seed=0) as halves:
        halves.map(learn, [0.5, 0.5], *parts)
        halves.join()
    for half in zip(*parts, strict=True):
        learn(alone, 0.5, *half)  # gradients add up
    for ours, theirs in zip(model.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_statistics_of_the_norms_are_the_mean_of_both(data):
    model, one, two = fresh(), fresh(), fresh()
    parts = [tensor.chunk(2) for tensor in a_batch(data, SIZE)]
    with Threads(model, SIZE, seed=0) as halves:
        halves.map(learn, [0.5, 0.5], *parts)
        halves.join()
        replicas = [dict(replica.named_buffers()) for replica in halves.replicas]
    for network, half in zip((one, two), zip(*parts, strict=True), strict=True):
        learn(network, 0.5, *half)
    first, second = dict(one.named_buffers()), dict(two.named_buffers())
    names = [name for name in first if "running" in name]
    assert names
    for name in names:
        for replica in replicas:
            torch.testing.assert_close(replica[name], (first[name] + second[name]) / 2)
        assert not torch.equal(first[name], second[name])


def test_replicas_share_the_weights_and_nothing_else():
    model = fresh()
    with Threads(model, SIZE, seed=0) as halves:
        one, two = halves.replicas
        assert one is model
        with torch.no_grad():
            one.class_head[1].weight.fill_(3.0)
        assert (two.class_head[1].weight == 3).all()
        two.class_head[1].weight.sum().backward()
        assert one.class_head[1].weight.grad is None


def test_a_small_batch_stays_whole():
    with Threads(fresh(), SIZE - 1, seed=0) as halves:
        assert len(halves.replicas) == 1


def test_a_last_batch_of_one_image_learns_from_that_image_alone(data):
    """65 images in batches of 64: the second half has nothing to learn the second time."""
    model = fresh()
    with Threads(model, SIZE, seed=0) as halves:
        for batch in (a_batch(data, SIZE), a_batch(data, 1)):
            shares, parts = zip(*halves.parts(batch), strict=True)
            halves.map(lambda replica, share, part: learn(replica, share, *part), shares, parts)
            halves.join()
        assert shares == (1.0,)
        assert all(parameter.grad is None for parameter in halves.replicas[1].parameters())


def test_halves_work_at_the_same_time_and_not_in_the_caller():
    both = threading.Barrier(2, timeout=30)
    with Threads(fresh(), SIZE, seed=0) as halves:
        threads = halves.map(lambda replica: (both.wait(), threading.get_ident())[1])
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


def test_each_half_has_dropout_of_its_own(data):
    dropped = fresh(dropout=0.5).class_head[0]
    features = torch.ones(1, 1000)
    model = fresh(dropout=0.5)
    with Threads(model, SIZE, seed=0) as halves:
        one, two = halves.map(lambda replica: replica.class_head[0](features))
    assert not torch.equal(one, two)
    assert 400 < one.count_nonzero() < 600
    assert set(one.unique().tolist()) == {0.0, 2.0}  # what is kept makes up for the rest
    assert torch.equal(dropped.eval()(features), features)


def test_side_by_side_keeps_the_order():
    assert parallel_map(lambda a, b: a - b, range(9), range(0, 18, 2)) == [-n for n in range(9)]


def test_an_error_in_a_half_reaches_the_caller():
    def fail(part: int) -> None:
        raise ArithmeticError(part)

    with pytest.raises(ArithmeticError):
        parallel_map(fail, [1, 2])
