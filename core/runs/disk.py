"""The runs directory as a whole: which runs are in it, what they take, which old ones make room.

Networks that visitors uploaded have a share of their own, so they never push out what others
trained. Imports no torch.
"""

import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path

import msgspec

from core.runs import limits
from core.runs.run import RUN_ID, WAITING, Request, Run, RunError, State
from core.storage.files import age, read_whole

MEGABYTE = 1_000_000
UNWRITABLE = (
    "Nothing can be saved here now, so your run waits. It begins by itself once that is mended: "
    "tell whoever runs this app that its folder of runs is read-only."
)
LEFTOVER_SECONDS = 3_600  # what is half made for so long was left by an app that was killed


@dataclass
class Entry:
    """A run in the list. What it was asked for and what it takes is read once, when needed."""

    run: Run
    created: int  # nanoseconds since the epoch
    state: State
    for_good: bool  # will it stay in that state?

    @property
    def request(self) -> Request:
        """What was asked for; nothing where that cannot be read now."""
        with suppress(RunError):
            return self._request
        return Request("", {})

    @cached_property
    def _request(self) -> Request:
        return self.run.request()

    @property
    def size(self) -> int:
        """Bytes on the disk; 0 where that cannot be read now."""
        with suppress(OSError):  # another visitor's page is removing it
            return self._size
        return 0

    @cached_property
    def _size(self) -> int:
        return _folder_bytes(self.run.path)

    @property
    def left_queue(self) -> bool:
        """Is it over before it began? It is back in the queue if a page shows it again."""
        if not self.state.is_finished or self.for_good:
            return False
        with suppress(OSError, msgspec.MsgspecError, RecursionError):
            content = read_whole(self.run.path / "state.json")
            return msgspec.json.decode(content, type=State).name in WAITING
        return False


_over: dict[Path, dict[str, Entry]] = {}  # by runs directory and id: what will not change


def list_entries(root: Path) -> list[Entry]:
    """All runs that are kept, and where they stand, oldest first.

    Runs that are over are read once in a process, so a list of thousands takes milliseconds.
    """
    known = _over.get(root, {})
    found = []
    for name in filter(RUN_ID.fullmatch, _names(root)):
        with suppress(OSError):  # pruned at this moment, or no run
            found.append(known.get(name) or _read_entry(Run(root / name)))
    _over[root] = {entry.run.id: entry for entry in found if entry.for_good}
    return sorted(found, key=attrgetter("created"))


def _read_entry(run: Run) -> Entry:
    created = run.created()
    return Entry(run, created, *run.read_state())


def _names(root: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return os.listdir(root)
    return []


def _folder_bytes(folder: str | os.PathLike[str]) -> int:
    with os.scandir(folder) as found:
        return sum(_folder_bytes(each) if each.is_dir() else each.stat().st_size for each in found)


def is_writable(root: Path) -> bool:
    """May runs be written there? Without a try: cheap enough to ask at each poll."""
    return os.access(root, os.W_OK | os.X_OK)


def has_room(root: Path, times: int = 1) -> bool:
    """Is so much of the disk free as runs need, or so many times as much?"""
    least = times * limits.LIMITS.free_megabytes * MEGABYTE
    return shutil.disk_usage(root).free >= least


def staging_path(run: Run) -> Path:
    """Where the run is while it is half made, or half removed: nobody finds it there."""
    return run.path.with_name(f".{run.id}")


def prune(root: Path) -> None:
    """Remove the oldest finished runs until number, age and size are within the limits.

    Runs that somebody used a short while ago stay, whatever the limits say; on a disk that is
    nearly full, uploaded networks do not.
    """
    limit = limits.LIMITS
    _remove_leftovers(root)
    over = [entry for entry in list_entries(root) if entry.state.is_finished]
    kinds: dict[str, list[Entry]] = {"left": [], "uploaded": [], "trained": []}
    for entry in over:
        kinds[_kind(entry)].append(entry)
    in_use = limit.in_use_minutes * 60
    _prune(root, kinds["left"], limit.kept_megabytes * MEGABYTE, limit.unwatched_seconds)
    taken = _prune(root, kinds["uploaded"], limit.uploaded_megabytes * MEGABYTE, in_use)
    _prune(root, kinds["trained"], limit.kept_megabytes * MEGABYTE - taken, in_use)


def _kind(entry: Entry) -> str:
    """What left the queue and what was uploaded never pushes out what was trained."""
    if entry.left_queue:
        return "left"
    return "uploaded" if entry.request.uploaded else "trained"


def _prune(root: Path, entries: list[Entry], most_bytes: float, in_use_seconds: float) -> int:
    """The same for runs of one kind; the bytes that those take that stay."""
    limit = limits.LIMITS
    kept_seconds = limit.kept_days * 86_400
    number, total = len(entries), sum(entry.size for entry in entries)
    full = not has_room(root)
    for entry in entries:
        crowded = number > limit.kept_runs or total > most_bytes or full
        if not crowded and age(entry.created / 1e9) <= kept_seconds:
            continue  # nothing is used longer ago than it was made
        idle = entry.run.idle_seconds()
        in_use = idle <= in_use_seconds and not (full and entry.request.uploaded)
        if (crowded or idle > kept_seconds) and not in_use and _remove(entry.run):
            number, total = number - 1, total - entry.size
            full = full and not has_room(root)
    return total


def _remove(run: Run) -> bool:
    """Remove it; False where somebody else is at it, or nobody may."""
    with suppress(OSError):
        aside = run.path.rename(staging_path(run))  # gone at once, however long it takes
        shutil.rmtree(aside, ignore_errors=True)
        return True
    return False


def shrink_uploads(root: Path, address: str, size: int) -> None:
    """Remove uploaded networks until one more of so many bytes fits into their share.

    Those of the address that has most go first, this one's counted, whether in use or not: so
    nobody fills the share for the others.
    """
    uploaded = [entry for entry in list_entries(root) if entry.request.uploaded]
    uploaded.sort(key=lambda entry: -entry.run.idle_seconds())
    taken = Counter({address: size})
    for entry in uploaded:
        taken[entry.request.address] += entry.size
    while taken.total() > limits.LIMITS.uploaded_megabytes * MEGABYTE and uploaded:
        ((most, _),) = taken.most_common(1)
        goes = next((each for each in uploaded if each.request.address == most), uploaded[0])
        _remove(goes.run)
        uploaded.remove(goes)
        taken[goes.request.address] -= goes.size


def _remove_leftovers(root: Path) -> None:
    """Remove what a killed app left half made or half removed."""
    for name in _names(root):
        if name.startswith(".") and RUN_ID.fullmatch(name[1:]):
            aside = root / name
            with suppress(OSError):
                if age(aside.stat().st_mtime) > LEFTOVER_SECONDS:
                    shutil.rmtree(aside, ignore_errors=True)
