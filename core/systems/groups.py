"""Control groups, in which Linux keeps what a container's processes may use (versions 1 and 2)."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def group_folders(
    controller: str, groups: Path = CGROUPS, own: Path = OWN_CGROUP
) -> Iterator[Path]:
    """The folders of this process's group and of those around it, where a limit may stand.

    `controller` is "cpu" or "memory". None where there are no groups.
    """
    with suppress(OSError):  # no Linux
        for line in own.read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            root = groups / controller if controllers else groups
            # in a container the path may be the host's, and the group is the root
            yield from {root, *_folders(root, path)}


def _folders(root: Path, path: str) -> list[Path]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    return [root.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
