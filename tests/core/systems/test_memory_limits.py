"""What a container may use of memory, in control groups of both versions."""

import pytest

from core.systems.memory import usable_memory
from tests.core.systems.test_cores import own, write

GIGABYTE = 1 << 30


@pytest.mark.parametrize(("limit", "expected"), [(str(GIGABYTE), GIGABYTE), ("max", None)])
def test_a_limit_of_version_2_counts(tmp_path, limit, expected):
    write(tmp_path / "pod" / "box", memory__max=limit)
    machine = usable_memory(tmp_path, tmp_path / "none")
    assert usable_memory(tmp_path, own(tmp_path, "0::/pod/box")) == (expected or machine)


def test_a_limit_of_version_1_and_of_a_group_around_counts(tmp_path):
    write(tmp_path / "memory", memory__limit_in_bytes=str(2 * GIGABYTE))
    write(tmp_path / "memory" / "box", memory__limit_in_bytes=str(1 << 62))
    assert usable_memory(tmp_path, own(tmp_path, "9:memory:/box")) == 2 * GIGABYTE
    assert usable_memory(tmp_path, own(tmp_path, "4:cpu:/box")) != 2 * GIGABYTE


@pytest.mark.parametrize("junk", ["", "x", "-1", "0"])
def test_junk_is_no_limit(tmp_path, junk):
    write(tmp_path, memory__max=junk)
    machine = usable_memory(tmp_path, tmp_path / "none")
    assert usable_memory(tmp_path, own(tmp_path, "0::/")) == machine
