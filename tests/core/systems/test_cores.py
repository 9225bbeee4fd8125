"""A container's quota of processor time, in control groups of both versions."""

import os
from pathlib import Path

import pytest
import torch

from core.systems import cores
from core.systems.cores import respect_cores, usable_cores


@pytest.fixture(autouse=True)
def sixteen_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n", "utf-8")


def own(folder: Path, line: str) -> Path:
    (folder / "own").write_text(line + "\n", "utf-8")
    return folder / "own"


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1), ("max 100000", 16)],
)
def test_a_quota_of_version_2_counts(tmp_path, cpu_max, expected):
    write(tmp_path, cpu__max=cpu_max)
    assert usable_cores(tmp_path, own(tmp_path, "0::/")) == expected


def test_a_quota_of_a_group_around_it_counts(tmp_path):
    write(tmp_path / "pod", cpu__max="300000 100000")
    write(tmp_path / "pod" / "box", cpu__max="max 100000")
    assert usable_cores(tmp_path, own(tmp_path, "0::/pod/box")) == 3


@pytest.mark.parametrize(("quota", "expected"), [("400000", 4), ("-1", 16), ("0", 16)])
def test_a_quota_of_version_1_counts(tmp_path, quota, expected):
    write(tmp_path / "cpu" / "box", cpu__cfs_quota_us=quota, cpu__cfs_period_us="100000")
    assert usable_cores(tmp_path, own(tmp_path, "4:cpu,cpuacct:/box")) == expected


def test_the_path_of_the_host_leads_nowhere_in_a_container(tmp_path):
    write(tmp_path / "cpu", cpu__cfs_quota_us="200000", cpu__cfs_period_us="100000")
    assert usable_cores(tmp_path, own(tmp_path, "4:cpu:/docker/0123abcd")) == 2


@pytest.mark.parametrize("junk", ["", "x", "1", "100000 0", "a b c"])
def test_junk_is_no_quota(tmp_path, junk):
    write(tmp_path, cpu__max=junk)
    assert usable_cores(tmp_path, own(tmp_path, "0::/")) == 16


def test_without_control_groups_all_cores_count(tmp_path):
    assert usable_cores(tmp_path, tmp_path / "none") == 16


def test_torch_computes_on_no_more(monkeypatch, all_cores):
    monkeypatch.setattr(cores, "usable_cores", lambda: 1)
    assert respect_cores() == torch.get_num_threads() == 1


def test_torch_computes_on_fewer_where_fewer_are_wanted(monkeypatch, all_cores):
    monkeypatch.setattr(cores, "usable_cores", lambda: 8)
    assert respect_cores(1) == torch.get_num_threads() == 1
