import pytest
import torch

from core.model import ModelConfig, SumNet
from core.storage import snapshots
from core.trainer import Progress, Scores, TrainConfig, train


def fresh(width: int = 4) -> SumNet:
    torch.manual_seed(0)
    return SumNet(ModelConfig(width=width)).eval()


def at(step: int) -> Progress:
    return Progress(step, 100, 1, 0, 0.1, Scores(*[0.0] * 6), None)


@pytest.mark.parametrize("steps", [1, 2, 39, 391, 30_000])
def test_from_before_the_first_step_to_the_last_and_denser_at_the_beginning(steps):
    plan = sorted(snapshots.planned_steps(steps, fresh()))
    assert (plan[0], plan[-1]) == (0, steps)
    assert len(plan) <= snapshots.MAX_COUNT
    middle = plan[len(plan) // 2]
    assert middle <= (steps + 1) / 2


def test_large_networks_have_fewer(monkeypatch):
    wide = fresh(64)
    size = sum(tensor.nbytes for tensor in wide.state_dict().values()) // 2
    count = len(snapshots.planned_steps(1_000, wide))
    assert 1 < count < snapshots.MAX_COUNT
    assert count * size <= snapshots.MAX_BYTES
    monkeypatch.setattr(snapshots, "MAX_BYTES", 1)
    assert snapshots.planned_steps(1_000, wide) == {0, 1_000}


def test_a_snapshot_is_the_network_as_it_was(tmp_path, data):
    model = fresh()
    expected = {}
    snapshots.save_snapshot(tmp_path, 0, snapshots.pack_snapshot(model))
    for progress in train(model, data, TrainConfig(batch_size=100)):
        model.eval()
        snapshots.save_snapshot(tmp_path, progress.step, snapshots.pack_snapshot(model))
        expected[progress.step] = model(data.test.images, data.test.labels).class_logits.detach()
    assert snapshots.snapshot_steps(tmp_path) == [0, *expected]
    for step, logits in expected.items():
        recalled = snapshots.load_snapshot(tmp_path, fresh().config, step)
        answer = recalled(data.test.images, data.test.labels).class_logits
        torch.testing.assert_close(answer, logits, atol=0.05, rtol=0.01)  # half precision
    assert not torch.allclose(expected[1], logits, atol=0.05)


def test_there_are_the_planned_snapshots_and_some_that_were_made_one_by_one(monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_COUNT", 4)
    plan = snapshots.SnapshotPlan(fresh())
    due = [step for step in range(1, 101) if plan.is_due(at(step), paused=20 <= step < 40)]
    assert due == [11, 20, 21, 22, 23, 24, 25, 44, 100]


def test_of_a_large_network_fewer_moments_are_kept_one_by_one_too(monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_BYTES", 1)
    plan = snapshots.SnapshotPlan(fresh())
    assert [step for step in range(1, 10) if plan.is_due(at(step), paused=True)] == [1, 2, 3]


def test_a_moment_that_is_gone_or_damaged_or_of_another_network_is_none(tmp_path):
    snapshots.save_snapshot(tmp_path, 7, snapshots.pack_snapshot(fresh()))
    assert snapshots.load_snapshot(tmp_path, fresh().config, 8) is None
    assert snapshots.load_snapshot(tmp_path, fresh(8).config, 7) is None
    file = tmp_path / "00000007.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    assert snapshots.load_snapshot(tmp_path, fresh().config, 7) is None


def test_no_moments_where_there_is_no_run(tmp_path):
    assert snapshots.snapshot_steps(tmp_path / "none") == []


def test_to_look_at_a_moment_draws_no_random_numbers(tmp_path):
    """A training in the same process goes on as if nobody had looked."""
    snapshots.save_snapshot(tmp_path, 7, snapshots.pack_snapshot(fresh()))
    config, before = fresh().config, torch.get_rng_state()
    model = snapshots.load_snapshot(tmp_path, config, 7)
    assert torch.equal(torch.get_rng_state(), before)
    assert model and not model.training


def test_a_second_moment_of_a_run_is_written_beside_the_first(tmp_path):
    folder = tmp_path / "moments"
    for step in (0, 12):
        snapshots.save_snapshot(folder, step, snapshots.pack_snapshot(fresh()))
    assert snapshots.snapshot_steps(folder) == [0, 12]
