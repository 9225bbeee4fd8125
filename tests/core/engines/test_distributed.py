"""The same command line in two processes under torchrun, on one machine."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.dataset import Data
from core.engines.engine import DeviceError, choose_device
from tests.conftest import PATIENCE, wait_for

ROOT = Path(__file__).parents[3]
CALL = [
    "-m",
    "tests.support.train_drawn",
    "--preset",
    "quick",
    "--batch-size",
    "64",
    "--device",
    "cpu",
]


def launch(count: int, *arguments: str) -> subprocess.Popen[str]:
    """A training of the drawn data set in `count` processes; alone without torchrun."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    launcher = [sys.executable, *(torchrun if count > 1 else [])]
    return subprocess.Popen(
        [*launcher, *CALL, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_learn_what_one_learns(tmp_path):
    """The halves of a batch are the parts of two ranks: the same figures, one writer."""
    told = {}
    for count in (1, 2):
        out = tmp_path / str(count)
        process = launch(count, "--epochs", "3", "--out", str(out), "--json")
        said, complaint = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, complaint
        lines = said.strip().splitlines()
        assert len(lines) == 1  # one of them speaks
        told[count] = json.loads(lines[0])
        written = sorted(file.name for file in out.iterdir())
        assert written == ["quick.json", "quick.jsonl", "quick.safetensors"]
    one, two = told[1], told[2]
    assert one["class_acc"] > 0.8
    for key in ("class_acc", "sum_acc", "joint_acc", "sum_r2"):
        assert two[key] == pytest.approx(one[key], abs=0.05)


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_rank_ends_the_job_and_keeps_what_was_learned(tmp_path, victim):
    process = launch(2, "--epochs", "50", "--out", str(tmp_path))
    try:
        unfinished = tmp_path / "quick.unfinished.safetensors"
        wait_for(unfinished.exists, "the first epoch")
        os.kill(rank_pid(process.pid, victim), signal.SIGKILL)
        _, complaint = process.communicate(timeout=PATIENCE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode != 0
    said = [line for line in complaint.splitlines() if line.startswith("Another process of")]
    assert len(said) == 1, complaint
    if victim != 0:  # the first one knows how far they were
        assert said[0].endswith(f"is in {unfinished}.")
    assert unfinished.exists()
    assert not (tmp_path / "quick.safetensors").exists()


def rank_pid(launcher: int, rank: int) -> int:
    """The process of that rank among the launcher's children."""
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        if f"RANK={rank}".encode() in environment:
            return int(child)
    raise AssertionError(f"no rank {rank}")


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    with pytest.raises(DeviceError, match="no cuda device"):
        choose_device("cuda")


def test_auto_prefers_cuda_and_each_rank_has_its_own(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_device("auto") == torch.device("cuda", 1)


def test_data_move_to_a_device_whole(data: Data):
    moved = data.to(torch.device("meta"))
    assert {tensor.device.type for split in moved[1:] for tensor in split} == {"meta"}
    assert moved.spec == data.spec
