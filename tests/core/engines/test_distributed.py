"""The same command line in two processes under torchrun, on one machine."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import distributed

from core.engines.distributed import Distributed
from core.engines.engine import choose_engine
from core.storage.history import read_history
from tests.conftest import PATIENCE, wait_for
from tests.support.trainings import fresh

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
    """The shards of two threads are those of two ranks: the same metrics, one writer."""
    told, first = {}, {}
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
        first[count] = read_history(out / "quick.jsonl")[0]
    for key in ("class_loss", "class_acc"):  # of the same batch by the same network
        assert first[2][key] == pytest.approx(first[1][key], rel=1e-3)
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
    assert said[0].endswith(f" is in {unfinished}.")
    assert "forcefully exiting" not in complaint  # torchrun need not kill the other one
    assert unfinished.exists()
    assert not (tmp_path / "quick.safetensors").exists()


def rank_pid(launcher: int, rank: int) -> int:
    """The process of that rank among the launcher's children."""
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        if f"RANK={rank}".encode() in environment:
            return int(child)
    raise AssertionError(f"no rank {rank}")


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """A group of one: this process."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1
    )
    yield
    distributed.destroy_process_group()


def test_a_process_in_a_group_gets_the_engine_of_the_group(group):
    engine = choose_engine(fresh(), 64, seed=0)
    assert isinstance(engine, Distributed)
    assert (engine.is_primary, engine.world_size) == (True, 1)
