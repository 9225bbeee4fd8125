"""requirements.lock: what requirements.txt pins and all that it needs, each file by its hash."""

import re
from pathlib import Path

import pytest

from tools.lock import LEFT_OUT, LOCK, blocks, without_torch

ROOT = Path(__file__).parents[2]
PACKAGES = blocks(LOCK.read_text().split("\n", 1)[1])
PINNED = re.findall(r"(?m)^([\w-]+)==(\S+)$", (ROOT / "requirements.txt").read_text())


def test_every_requirement_is_locked_at_its_version_but_torch():
    for name, version in PINNED:
        found = [re.split(r"==|[ ;]", block)[1] for each, block in PACKAGES if each == name]
        assert found == ([] if LEFT_OUT.fullmatch(name) else [version]), name


def test_every_line_has_a_version_and_a_hash():
    assert len(PACKAGES) > 40
    for name, block in PACKAGES:
        line = rf"{name}==[\w.]+(?: ;.*)? \\\n(?:    --hash=sha256:[0-9a-f]{{64}}.*\n)+"
        assert re.match(line, block), name
        assert "://" not in block, name


def test_only_torch_and_what_its_cuda_builds_need_is_left_out():
    text = "torch==2 \\\n  --hash=a\nnvidia-nccl-cu13==1\ntriton==3\ntqdm==4\nsympy==1\n"
    assert [name for name, _ in blocks(without_torch(text))] == ["tqdm", "sympy"]


@pytest.mark.parametrize("file", ["Dockerfile", "docs/operations.md"])
def test_the_container_and_the_host_install_by_hashes(file):
    assert "--require-hashes -r requirements.lock" in (ROOT / file).read_text()
