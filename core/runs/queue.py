"""How runs come and go: who may join the queue, whose turn it is, how a run is made.

One run trains at a time. Addresses take turns, and so do the browsers behind one address, so nobody
waits for all that somebody else has queued:

    who came          A1 A2 A3 A4 B1 A1   (browser 1 at address A, browser 2 there, ...)
    who is served     A1 B1 A2 A3 A4 A1

At an address a short run does not wait for all long ones: the longer a run is, the later is it due.
Where an address has too many, what is due last leaves the queue. Runs that fine-tune a network take
seconds and have a queue of their own. A visitor has one run in each. Imports no torch.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from core.errors import UserError
from core.runs import disk, limits
from core.runs.disk import Entry, list_entries
from core.runs.run import (
    DISK_FULL,
    DISK_FULL_FILE,
    LIVE,
    WAITING,
    FinetuneJob,
    Request,
    Run,
    State,
    find_run,
)
from core.specs import find_spec
from core.storage.files import age, write_atomic

if TYPE_CHECKING:
    from core.model import SumNet
    from core.recipes.recipe import Recipe
    from core.storage.checkpoint import Card


TURNS_FILE = ".turns.json"  # in the runs directory: keys of the visitors that were served, in order
MAX_TURNS = 1_000  # that are remembered
DUE_AFTER = 1e-4  # seconds, times the size of a run (see limits): 160 s for the quick recipe
CROWDED_OUT = "The queue was full, and shorter runs came. Choose fewer epochs, or try again later."


class QueueError(UserError):
    """There is no place in the queue; the message is one sentence for the visitor."""


class Visitor(NamedTuple):
    """Who asks, as far as fairness must know: not who it is, but who is the same."""

    address: str = ""  # keyed hash of the network address; "" is this machine
    session: str = ""  # hash of the secret of one browser behind it, which owns the run

    @property
    def key(self) -> str:
        """In the file of turns."""
        return f"{self.address}/{self.session}"


NOBODY = Visitor()


def enqueue(
    root: Path,
    own: Iterable[str],
    preset: str,
    recipe: "Recipe",
    finetune_job: FinetuneJob | None = None,
    visitor: Visitor = NOBODY,
    is_secret: bool = False,
) -> Run:
    """A new run in the queue. `own` are the ids of the same visitor's earlier runs.
    If it `is_secret`, no page says its recipe.

    Raises:
        SettingError: it would take too long.
        QueueError: the visitor has a run in this queue already, or the queue or the disk is full.
        OSError: it cannot be written.
    """
    finetunes = finetune_job is not None
    if not finetunes:
        limits.check_size(recipe)
    mine = [run for name in own if (run := find_run(root, name))]
    if any(run.state().name in WAITING and run.is_finetune == finetunes for run in mine):
        raise QueueError("You already have a run in the queue. Wait for it, or stop it first.")
    waiting = _waiting(root, finetunes)
    visitors = [*map(visitor_of, waiting), visitor]
    size = 0.0 if finetunes else limits.run_size(recipe.to_dict())
    due = [*map(_due, waiting), time.time() + DUE_AFTER * size]
    before = in_turn(visitors, read_turns(root), due).index(len(waiting))
    if before >= limits.LIMITS.waiting:
        raise QueueError("The queue is full. Try again in a few minutes.")
    make_room(root)
    run = create_run(root, preset, recipe, finetune_job, visitor, is_secret)
    _crowd_out(root, finetunes, visitor.address)
    return run


def _crowd_out(root: Path, finetunes: bool, address: str) -> None:
    """What waits at an address beyond its share leaves the queue: what would be done last."""
    runs = [run for run in waiting_runs(root, finetunes) if run.request().address == address]
    for run in runs[int(limits.LIMITS.waiting) :]:
        with suppress(OSError):  # gone meanwhile
            run.request_stop(CROWDED_OUT)


# --- whose turn it is


def in_turn(
    visitors: Sequence[Visitor], served: Sequence[str], due: Sequence[float] = ()
) -> list[int]:
    """In which order runs are done: indices into their visitors, who are given oldest run first.

    Addresses take turns, beginning with the one that was served longest ago. At an address its
    browsers do, and of those that were never served the one whose first run is `due` first, in
    seconds. `served` are keys of visitors, latest last.
    """
    last = {key: turn for turn, key in enumerate(served)}
    last |= {key.partition("/")[0]: turn for turn, key in enumerate(served)}
    pages: dict[Visitor, list[int]] = {}
    for index, visitor in enumerate(visitors):
        pages.setdefault(visitor, []).append(index)
    addresses: dict[str, list[list[int]]] = {}
    by_due = {visitor: due[mine[0]] if due else 0 for visitor, mine in pages.items()}
    for visitor in sorted(pages, key=lambda each: (last.get(each.key, -1), by_due[each])):
        addresses.setdefault(visitor.address, []).append(pages[visitor])
    turns = sorted(addresses, key=lambda address: (last.get(address, -1), min(addresses[address])))
    return _alternate([_alternate(addresses[address]) for address in turns])


def _alternate(queues: list[list[int]]) -> list[int]:
    """The first of each, then the second of each, and so on."""
    rounds = zip_longest(*([(item,) for item in queue] for queue in queues), fillvalue=())
    return [item for each in rounds for items in each for item in items]


def visitor_of(entry: Entry) -> Visitor:
    """Who asked for a run."""
    return Visitor(entry.request.address, entry.request.session)


def _due(entry: Entry) -> float:
    """Seconds since the epoch. To fine-tune takes equally long, whatever made the network."""
    size = 0.0 if entry.request.base else limits.run_size(entry.request.params)
    return entry.created / 1e9 + DUE_AFTER * size


def waiting_runs(root: Path, finetunes: bool) -> list[Run]:
    """The runs that wait to be trained, or to fine-tune a network, in the order of their turns."""
    waiting = _waiting(root, finetunes)
    order = in_turn([*map(visitor_of, waiting)], read_turns(root), [*map(_due, waiting)])
    return [waiting[index].run for index in order]


def _waiting(root: Path, finetunes: bool) -> list[Entry]:
    """The same, oldest first."""
    entries = list_entries(root)
    return [e for e in entries if e.state.name in WAITING and e.run.is_finetune == finetunes]


def queue_position(root: Path, run: Run) -> int:
    """How many runs are before this one, if it waits: the one in training and those served first.

    Who comes later may be served first: see above.
    """
    waiting = waiting_runs(root, run.is_finetune)
    if run not in waiting:
        return 0
    live = (entry.run for entry in list_entries(root) if entry.state.name in LIVE)
    return waiting.index(run) + sum(other.is_finetune == run.is_finetune for other in live)


def read_turns(root: Path) -> list[str]:
    """Keys of the visitors that were served, latest last."""
    try:
        return msgspec.json.decode((root / TURNS_FILE).read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError, RecursionError):
        return []


def note_turn(root: Path, run: Run) -> None:
    """A run gets its turn: whoever asked for it comes last from now on."""
    key = visitor_of(Entry(run, 0, State("queued"), False)).key
    turns = [*(other for other in read_turns(root) if other != key), key][-MAX_TURNS:]
    with suppress(OSError):  # less fair; the run says what is wrong
        write_atomic(root / TURNS_FILE, msgspec.json.encode(turns), durable=False)


# --- room


def make_room(root: Path) -> None:
    """Make room for one more run, of whatever kind.

    Raises:
        QueueError: the disk is nearly full.
        OSError: the directory cannot be written.
    """
    root.mkdir(parents=True, exist_ok=True)
    disk.prune(root)
    if not disk.has_room(root):
        raise QueueError("The disk is nearly full, so nothing new can be saved. Try again later.")


def make_room_for_upload(root: Path, visitor: Visitor, size: int) -> None:
    """Make room for an uploaded network of so many bytes, but never the room that runs need.

    Raises:
        QueueError: too many come from this address, or there is no room.
        OSError: the directory cannot be written.
    """
    make_room(root)
    if not disk.has_room(root, times=2) or size > limits.LIMITS.uploaded_megabytes * disk.MEGABYTE:
        raise QueueError("There is no room for uploaded networks now. Try again later.")
    recent = (e for e in list_entries(root) if age(e.created / 1e9) < 60)
    mine = [e for e in recent if e.request.uploaded and e.request.address == visitor.address]
    if len(mine) >= limits.LIMITS.uploaded_per_minute:
        raise QueueError("Too many networks at once. Wait a minute, then choose the file again.")
    disk.shrink_uploads(root, visitor.address, size)


# --- making a run


def create_run(
    root: Path,
    preset: str,
    recipe: "Recipe",
    finetune_job: FinetuneJob | None = None,
    visitor: Visitor = NOBODY,
    is_secret: bool = False,
) -> Run:
    """A new run, waiting for a worker. It appears in `root` whole, and behind all that are there.

    Raises:
        OSError: it cannot be written.
    """
    newest = max((entry.created for entry in list_entries(root)), default=0)
    made = Run(root / secrets.token_hex(8))
    with _staged(made) as run:
        base = finetune_job.base if finetune_job else None
        if finetune_job:
            from core import finetune

            examples = finetune.dump_examples(finetune_job.examples)
            write_atomic(run.path / "examples.jsonl", examples.encode())
        own = find_spec(recipe.model.dataset).own
        asked = (preset, recipe.to_dict(), base, False, *visitor, own, is_secret)
        _write_request(run, Request(*asked))
        if run.created() <= newest:  # the clock was moved back; the queue keeps its order
            os.utime(run.path / "recipe.json", ns=(newest + 1, newest + 1))
        full = State("failed", f"{DISK_FULL} {run.retry_words}")
        write_atomic(run.path / DISK_FULL_FILE, msgspec.json.encode(full))
        run.set_state(State("queued"))
    return made


def import_run(root: Path, model: "SumNet", card: "Card", visitor: Visitor = NOBODY) -> Run:
    """A network from a file as a run that is finished. It appears in `root` whole.

    Raises:
        OSError: it cannot be written.
    """
    from core.storage import checkpoint

    made = Run(root / secrets.token_hex(8))
    with _staged(made) as run:
        checkpoint.save(run.checkpoint, model, card)
        _write_request(run, Request(card.preset, card.params, None, True, *visitor, card.own_data))
        run.set_state(State("finished"))
    return made


def _write_request(run: Run, request: Request) -> None:
    write_atomic(run.path / "recipe.json", msgspec.json.encode(request))


@contextmanager
def _staged(made: Run) -> Iterator[Run]:
    """The run under a name that nobody looks at, to be written; then it gets its own."""
    path = disk.staging_path(made)
    try:
        path.mkdir(parents=True)
        yield Run(path)
        path.rename(made.path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
        raise
