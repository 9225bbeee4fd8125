"""Which engine and which device are chosen."""

import pytest
import torch

from core.dataset import Data
from core.engines import engine
from core.engines.engine import DeviceError, choose_device, choose_engine
from core.engines.threads import Threads
from core.trainer import train
from tests.support.trainings import SHORT, fresh


def test_a_process_alone_gets_the_engine_of_threads():
    with choose_engine(fresh(), 64, seed=0) as chosen:
        assert isinstance(chosen, Threads)
        assert chosen.is_primary
        assert chosen.device == torch.device("cpu")


def test_an_engine_in_the_registry_trains(data, monkeypatch):
    """One that comes first and suits, without a change to the trainer."""
    calls = []

    class Counted(Threads):
        def backward(self, *given):
            calls.append(given)
            return super().backward(*given)

    monkeypatch.setattr(engine, "ENGINES", {"counted": Counted, **engine.ENGINES})
    steps = list(train(fresh(), data, SHORT))
    assert len(calls) == len(steps)


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    with pytest.raises(DeviceError, match="no cuda device"):
        choose_device("cuda")


def test_auto_prefers_cuda_and_each_rank_has_its_own(monkeypatch):
    monkeypatch.setattr(engine, "_failure", lambda device: "")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_device("auto") == torch.device("cuda", 1)


@pytest.fixture
def broken_gpu(monkeypatch) -> None:
    """A GPU that the driver lists, but that runs nothing, as this torch cannot use it."""
    real = torch.ones

    def ones(*shape: int, device: torch.device) -> torch.Tensor:
        if device.type == "cuda":
            raise RuntimeError("CUDA error: no kernel image is available for execution\nMore")
        return real(*shape, device=device)

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", ones)


def test_auto_leaves_a_gpu_alone_that_runs_no_kernel_and_says_so(broken_gpu, caplog):
    assert choose_device("auto") == torch.device("cpu")
    assert "no kernel image is available for execution. The CPU computes." in caplog.text


def test_a_named_device_that_runs_no_kernel_is_one_sentence(broken_gpu):
    with pytest.raises(DeviceError) as error:
        choose_device("cuda")
    reason = "CUDA error: no kernel image is available for execution"
    assert str(error.value) == f"This machine cannot use its cuda device ({reason})."


def test_data_move_to_a_device_whole(data: Data):
    moved = data.to(torch.device("meta"))
    assert {tensor.device.type for split in moved.splits for tensor in split} == {"meta"}
    assert moved.spec == data.spec
