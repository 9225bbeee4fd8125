"""How many cores this process may compute on.

torch counts the cores of the machine. A container may be allowed fewer: by a quota of processor
time, which Linux keeps in control groups (version 2: `cpu.max`; version 1: `cpu.cfs_quota_us`), or
by a set of cores. Threads beyond that only wait for each other.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

from core.systems.groups import CGROUPS, OWN_CGROUP, group_folders

BELOW_NORMAL = 0x4000  # priority class of Windows, in <winbase.h>


def usable_cores(groups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int:
    """Cores that this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):  # not on Windows and macOS
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min([cores, *(int(quota) for quota in _quotas(groups, own))]))


def respect_cores(wanted: int | None = None) -> int:
    """Have torch compute on the cores that this process may use, or on fewer; how many."""
    import torch

    count = min(wanted or torch.get_num_threads(), usable_cores())
    torch.set_num_threads(count)
    return count


def step_back() -> None:
    """Let others compute first."""
    if hasattr(os, "nice"):
        os.nice(10)
    elif sys.platform == "win32":
        system = ctypes.windll.kernel32
        system.SetPriorityClass(system.GetCurrentProcess(), BELOW_NORMAL)


def _quotas(groups: Path, own: Path) -> list[float]:
    """Each quota that holds for this process, in cores."""
    found = (_quota(folder) for folder in group_folders("cpu", groups, own))
    return [quota for quota in found if quota]


def _quota(folder: Path) -> float | None:
    """Cores that the group of this folder may use; None where it may use all."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text("utf-8").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text("utf-8")
            period = (folder / "cpu.cfs_period_us").read_text("utf-8")
        cores = int(quota) / int(period)  # "max" is no number
        return cores if cores > 0 else None  # -1 is none
    return None
