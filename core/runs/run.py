"""A run on disk: its directory is the truth that pages, workers and links all read.

    runs/<id>/recipe.json         what was asked for: Request; its age is the run's
              examples.jsonl      drawings to learn, in a run that fine-tunes a network
              state.json          where it stands: State
              progress.jsonl      its history: a record every few steps, appended while it trains
              moments/            snapshots of the weights on the way; see core/storage/snapshots.py
              control.json, name.txt   what its owner asks of it; see core/runs/control.py
              last.safetensors    autosave: the weights so far; see core/runs/recovery.py
              stop, disk-full.json     a stop that was asked for; the state of a full disk
              checkpoint.*        the network and its card, at the end

Only the worker writes in a run, except for `stop`, `name.txt` and `control.json`. Files appear
whole (written aside, renamed); the one that grows may end in half a line, which readers skip. So a
reload, a second tab, a crash or a second app finds everything that was learned. Ids cannot be
guessed: whoever has the id may see the run. The directory's own time is when the run was last used.
Imports no torch: what needs it (recipes, examples, checkpoints) is imported where it is used.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from core import PROJECT
from core.errors import UserError
from core.runs import limits
from core.specs import OwnData, own_spec
from core.storage.files import age, read_whole, write_atomic
from core.storage.history import Record, dump_record, read_history

if TYPE_CHECKING:
    from core.finetune import HandExample
    from core.recipes.recipe import Recipe

RUN_ID = re.compile(r"[0-9a-f]{16}")

# queued -> preparing -> training <-> paused -> evaluating -> finished | stopped,
# or failed (it went wrong) or interrupted (its worker died)
Live = Literal["preparing", "training", "paused", "evaluating"]
Ended = Literal["finished", "stopped", "failed", "interrupted"]
StateName = Literal["queued"] | Live | Ended
WAITING: tuple[StateName, ...] = ("queued",)
LIVE: tuple[StateName, ...] = get_args(Live)
USABLE: tuple[StateName, ...] = ("finished", "stopped")
LOST: tuple[StateName, ...] = ("failed", "interrupted")

DISK_FULL_FILE = "disk-full.json"
DISK_FULL = "The disk is full: nothing more could be saved."
LEFT_QUEUE = "You left the queue before training began."
UNWATCHED = "No page showed this run while it waited, so it left the queue."


class RunError(UserError):
    """A run whose files are damaged; the message is one sentence for the visitor."""


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run stands."""

    name: StateName
    message: str = ""  # one sentence for the visitor, where there is more to say
    share: Annotated[float, Meta(ge=0, le=1)] | None = None  # done of this stage, where known

    @property
    def is_finished(self) -> bool:
        """Is it over, however it ended?"""
        return self.name in USABLE + LOST

    @property
    def is_usable(self) -> bool:
        """Is there a network to use?"""
        return self.name in USABLE


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run was asked for, as recipe.json holds it."""

    preset: str  # that the recipe started from
    params: dict[str, Any]  # the recipe, flat
    base: str | None = None  # network to fine-tune; None trains from nothing
    uploaded: bool = False  # did the network come from a file? Its metrics are that file's claim
    address: str = ""  # who asked, for fairness: keyed hash of a network address
    session: str = ""  # and of which browser behind it: hash of its secret; it owns the run
    own_data: OwnData | None = None  # of what it learns from, if somebody brought the pictures
    secret: bool = False  # is it a riddle? Then no page says what was asked for

    def __post_init__(self) -> None:
        if self.own_data:
            own_spec(self.own_data)  # so that the recipe can be read


@dataclass(frozen=True)
class FinetuneJob:
    """What a run learns when it starts from a network instead of from nothing."""

    base: str  # name of the network that it starts from
    examples: "list[HandExample]"


@dataclass(frozen=True)
class Run:
    """A handle on a run's directory."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def checkpoint(self) -> Path:
        """Stem of the checkpoint's two files, for `checkpoint.load`."""
        return self.path / "checkpoint"

    @property
    def snapshots(self) -> Path:
        """Folder of the snapshots, for `snapshots.load_snapshot`."""
        return self.path / "moments"

    @property
    def is_finetune(self) -> bool:
        """Does it start from a network and learn examples?"""
        return (self.path / "examples.jsonl").exists()

    @property
    def retry_words(self) -> str:
        """What to do when it failed."""
        return "Teach it again." if self.is_finetune else "Train again."

    @property
    def damaged_words(self) -> str:
        """What to say when its files make no sense."""
        return f"The files of this run are damaged. {self.retry_words}"

    # --- what it was asked for

    def request(self) -> Request:
        """What was asked for.

        Raises:
            RunError: it cannot be read.
        """
        with self._reading():
            content = (self.path / "recipe.json").read_bytes()
            return msgspec.json.decode(content, type=Request)

    def recipe(self) -> "tuple[str, Recipe]":
        """Name of the preset that it started from, and the recipe.

        Raises:
            RunError: it cannot be read.
        """
        from core.recipes.recipe import Recipe

        request = self.request()
        with self._reading():
            return request.preset, Recipe.read(request.params)

    @property
    def is_uploaded(self) -> bool:
        """Did the network come from a file, whose word its metrics are?"""
        with suppress(RunError):
            return self.request().uploaded
        return False

    def finetune_job(self) -> FinetuneJob | None:
        """What is to be learned from which network, or None when the run trains from nothing.

        Raises:
            RunError: it cannot be read.
        """
        base = self.request().base
        if base is None:
            return None
        from core import finetune

        with self._reading():
            text = (self.path / "examples.jsonl").read_text("utf-8")
            return FinetuneJob(base, finetune.parse_examples(text))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RunError(self.damaged_words) from error

    def created(self) -> int:
        """Nanoseconds since the epoch."""
        return (self.path / "recipe.json").stat().st_mtime_ns

    # --- where it stands

    def state(self) -> State:
        """Where it stands; a damaged file reads as an interrupted run."""
        return self.read_state()[0]

    def read_state(self) -> tuple[State, bool]:
        """Where it stands, and whether that is for good.

        A run that waits while no page shows it has left the queue. It is back when one does.
        """
        try:
            content = read_whole(self.path / "state.json")
            state = msgspec.json.decode(content, type=State)
            waits = state.name in WAITING
            asked = waits and self.stop_requested()
            left = read_whole(self.path / "stop").decode(errors="replace") if asked else ""
        except (OSError, msgspec.MsgspecError, RecursionError):
            return State("interrupted", self.damaged_words), False
        if asked:
            return State("interrupted", left or LEFT_QUEUE), False
        if waits and self.idle_seconds() > limits.LIMITS.unwatched_seconds:
            return State("interrupted", f"{UNWATCHED} {self.retry_words}"), False
        return state, state.is_finished

    def set_state(self, state: State) -> None:
        """Write where it stands.

        Raises:
            OSError: the run is gone, or the disk is full.
        """
        write_atomic(self.path / "state.json", msgspec.json.encode(state))

    def set_disk_full(self) -> None:
        """Fail where there is no room to write a state: a rename needs none."""
        with suppress(OSError):
            (self.path / DISK_FULL_FILE).replace(self.path / "state.json")

    def history(self) -> list[Record]:
        """The records so far; see `history.Recorder`."""
        return read_history(self.path / "progress.jsonl")

    def append(self, record: Record) -> None:
        """Add a record to the history."""
        with open(self.path / "progress.jsonl", "ab") as file:
            file.write(dump_record(record))

    def touch(self) -> None:
        """Note that somebody looks at it: it is not pruned for a while."""
        with suppress(OSError):
            os.utime(self.path)

    def idle_seconds(self) -> float:
        """Since somebody last looked at it; infinite for a run that is gone."""
        try:
            return age(os.stat(self.path).st_mtime)
        except OSError:
            return float("inf")

    def request_stop(self, why: str = "") -> None:
        """Ask the worker to stop it; `why` is a sentence for its page, if it still waits."""
        (self.path / "stop").write_text(why)

    def stop_requested(self) -> bool:
        """Did somebody ask for a stop?"""
        return (self.path / "stop").exists()


def runs_dir() -> Path:
    """`$SKETCH_SUM_RUNS`, or runs/ in the project; absolute, as the worker lives elsewhere."""
    chosen = os.environ.get("SKETCH_SUM_RUNS")
    return Path(chosen).expanduser().absolute() if chosen else PROJECT / "runs"


def find_run(root: Path, run_id: str) -> Run | None:
    """The run of that id, if it is one and is still kept. The id may come from anywhere."""
    is_kept = RUN_ID.fullmatch(run_id) and (root / run_id / "recipe.json").is_file()
    return Run(root / run_id) if is_kept else None


def list_runs(root: Path) -> Iterator[Run]:
    """All runs that are kept, oldest first. For where they stand, see `disk.list_entries`."""
    found = []
    for path in root.glob("[0-9a-f]*"):
        with suppress(FileNotFoundError):  # pruned at this moment
            if run := find_run(root, path.name):
                found.append((run.created(), run))
    return (run for _, run in sorted(found, key=itemgetter(0)))


def network_stem(root: Path, name: str) -> Path | None:
    """Where the network of that name is, for `checkpoint.load`: a shipped preset's or a run's."""
    from core.recipes.presets import PRESETS
    from core.storage.checkpoint import WEIGHTS_DIR

    if name in PRESETS:
        return WEIGHTS_DIR / name
    run = find_run(root, name)
    return run.checkpoint if run else None
