"""How much memory this process may use: the machine's, or what a container is allowed."""

import os
from contextlib import suppress
from pathlib import Path

from core.systems.groups import CGROUPS, OWN_CGROUP, group_folders

LIMIT_FILES = ("memory.max", "memory.limit_in_bytes")  # of versions 2 and 1


def usable_memory(groups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int | None:
    """Bytes; None where the system does not say."""
    found = []
    with suppress(AttributeError, ValueError, OSError):  # Windows
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for folder in group_folders("memory", groups, own):
        for name in LIMIT_FILES:
            with suppress(OSError, ValueError):  # "max" is no number
                found.append(int((folder / name).read_text("utf-8")))
    return min((limit for limit in found if limit > 0), default=None)
