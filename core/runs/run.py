"""A run on disk: its directory is the truth that pages, workers and links all read.

    runs/<id>/recipe.json         what was asked for; its age is the run's
              examples.jsonl      drawings to learn, in a run that teaches a network
              state.json          where it stands: State
              progress.jsonl      a line every few steps, appended while it trains
              moments/            snapshots of the weights on the way; see core/moments.py
              control.json        pause, or another learning rate; see core/control.py
              last.safetensors    the weights so far, while it trains; see core/rescue.py
              stop                exists once somebody asked for a stop
              disk-full.json      the state to take when there is no room to write another
              checkpoint.*        the network and its card, at the end

Only the worker writes in a run, except for `stop` and `control.json`. Files appear whole (written
aside, renamed); the one that grows may end in half a line, which readers skip. So a reload, a
second tab, a crash or a second app finds everything that was learnt. Ids cannot be guessed: who has
the id may see the run. The directory's own time is when the run was last used.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path

from core import PROJECT, finetune
from core.finetune import HandExample
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.control import read_control
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.storage.files import write_atomic
from core.storage.history import read_history

RUN_ID = re.compile(r"[0-9a-f]{16}")

DISK_FULL = "disk-full.json"
WAITING, USABLE = ("queued",), ("finished", "stopped")
LIVE = ("preparing", "training", "paused", "evaluating")
LOST = ("failed", "interrupted")


class RunError(RuntimeError):
    """A run whose files are damaged; the message is one sentence for the visitor."""


@dataclass(frozen=True)
class State:
    """Where a run stands."""

    name: str  # queued -> preparing -> training <-> paused -> evaluating -> finished | stopped,
    # or failed (it went wrong) or interrupted (its worker died)
    message: str = ""  # one sentence for the visitor, where there is more to say
    share: float | None = None  # of the present stage, 0-1, where it is known

    @property
    def is_finished(self) -> bool:
        return self.name in USABLE + LOST

    @property
    def is_usable(self) -> bool:
        """Is there a network to use?"""
        return self.name in USABLE


@dataclass(frozen=True)
class FinetuneJob:
    """What a run teaches, instead of training from nothing."""

    base: str  # name of the network that it starts from
    examples: list[HandExample]


@dataclass(frozen=True)
class Run:
    """A handle on one run's directory."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def checkpoint(self) -> Path:
        """Stem of the checkpoint's two files, for `checkpoint.load`."""
        return self.path / "checkpoint"

    @property
    def retry_words(self) -> str:
        """What to do when it came to nothing."""
        teaches = (self.path / "examples.jsonl").exists()
        return "Teach it again." if teaches else "Train again."

    @property
    def snapshots(self) -> Path:
        """Folder of the snapshots, for `moments.recall`."""
        return self.path / "moments"

    @property
    def unreadable(self) -> str:
        return f"What is left of this run cannot be read. {self.retry_words}"

    def recipe(self) -> tuple[str, Recipe]:
        """Name of the preset that it started from, and the recipe.

        Raises:
            RunError: it cannot be read.
        """
        with self._reading():
            asked = json.loads((self.path / "recipe.json").read_bytes())
            return str(asked["preset"]), Recipe.read(asked["params"])

    @property
    def is_uploaded(self) -> bool:
        """Did the network come from a file, whose word its figures are?"""
        with suppress(RunError), self._reading():
            return "uploaded" in json.loads((self.path / "recipe.json").read_bytes())
        return False

    def repeatable_recipe(self) -> Recipe | None:
        """The recipe, if settings alone tell how the run went: an address then makes it again."""
        try:
            recipe = self.recipe()[1]
            apart = (self.path / "examples.jsonl").exists() or read_control(self.path).lr
            same = PRESETS["quick"].recipe.change(recipe.settings()).with_bug(recipe.bug.name)
        except (RunError, ValueError):
            return None  # damaged
        return recipe if recipe == same and not apart else None

    def finetune_job(self) -> FinetuneJob | None:
        """What is to be taught, or None when the run trains from nothing.

        Raises:
            RunError: it cannot be read.
        """
        with self._reading():
            asked = json.loads((self.path / "recipe.json").read_bytes())
            if "base" not in asked:
                return None
            text = (self.path / "examples.jsonl").read_text()
            return FinetuneJob(str(asked["base"]), finetune.parse_examples(text))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RunError(self.unreadable) from error

    def created(self) -> int:
        """Nanoseconds since the epoch."""
        return (self.path / "recipe.json").stat().st_mtime_ns

    def state(self) -> State:
        try:
            state = State(**json.loads((self.path / "state.json").read_bytes()))
            if state.name not in WAITING + LIVE + USABLE + LOST or not isinstance(
                state.message, str
            ):
                raise ValueError(state)
            if not isinstance(state.share, int | float | None):
                raise ValueError(state)
        except (OSError, ValueError, TypeError, RecursionError):
            return State("interrupted", self.unreadable)
        if state.name in WAITING and self.stop_requested():
            return State("interrupted", "You left the line before the training began.")
        return state

    def set_state(self, state: State) -> None:
        write_atomic(self.path / "state.json", json.dumps(asdict(state)).encode())

    def give_up(self) -> None:
        """Where there is no room to write a state: a rename needs none."""
        with suppress(OSError):
            (self.path / DISK_FULL).replace(self.path / "state.json")

    def touch(self) -> None:
        """Note that somebody looks at it: it is not pruned for a while."""
        with suppress(OSError):
            os.utime(self.path)

    def last_used(self) -> float:
        """When it was last used, in seconds since the epoch."""
        return self.path.stat().st_mtime

    def history(self) -> list[dict[str, float]]:
        """The lines of progress.jsonl so far, each a flat record; see `recorder.Recorder`."""
        return read_history(self.path / "progress.jsonl")

    def append(self, record: dict[str, float]) -> None:
        with open(self.path / "progress.jsonl", "ab") as file:
            file.write(json.dumps(record).encode() + b"\n")

    def queue_words(self) -> str:
        """In words, how long the line before it is."""
        before = queue_position(self.path.parent, self)
        people = "one training is" if before == 1 else f"{before} trainings are"
        return f"Waiting: {people} before you." if before else "Starting."

    def request_stop(self) -> None:
        (self.path / "stop").touch()

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()


def runs_dir() -> Path:
    """`$SKETCH_SUM_RUNS`, or runs/ in the project; absolute, as the worker lives elsewhere."""
    chosen = os.environ.get("SKETCH_SUM_RUNS")
    return Path(chosen).expanduser().absolute() if chosen else PROJECT / "runs"


def create_run(root: Path, preset: str, recipe: Recipe, lesson: FinetuneJob | None = None) -> Run:
    """A new run, waiting for a worker. It appears in `root` whole, and behind all that are there.

    Raises:
        OSError: it cannot be written.
    """
    newest = max((run.created() for run in list_runs(root)), default=0)
    made = Run(root / secrets.token_hex(8))
    with _staged(made) as run:
        asked: dict[str, object] = {"preset": preset, "params": recipe.params()}
        if lesson:
            asked["base"] = lesson.base
            write_atomic(
                run.path / "examples.jsonl", finetune.dump_examples(lesson.examples).encode()
            )
        write_atomic(run.path / "recipe.json", json.dumps(asked).encode())
        if run.created() <= newest:  # the clock was moved back; the line keeps its order
            os.utime(run.path / "recipe.json", ns=(newest + 1, newest + 1))
        full = State("failed", f"The disk is full: nothing more could be kept. {run.retry_words}")
        write_atomic(run.path / DISK_FULL, json.dumps(asdict(full)).encode())
        run.set_state(State("queued"))
    return made


def import_run(root: Path, model: SumNet, card: Card) -> Run:
    """A network from a file as a run that is over. It appears in `root` whole.

    Raises:
        OSError: it cannot be written.
    """
    made = Run(root / secrets.token_hex(8))
    with _staged(made) as run:
        checkpoint.save(run.checkpoint, model, card)
        asked = {"preset": card.preset, "params": card.params, "uploaded": True}
        write_atomic(run.path / "recipe.json", json.dumps(asked).encode())
        run.set_state(State("finished"))
    return made


@contextmanager
def _staged(made: Run) -> Iterator[Run]:
    """The run under a name that nobody looks at, to be written; then it gets its own."""
    path = staging_path(made)
    try:
        path.mkdir(parents=True)
        yield Run(path)
        path.rename(made.path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
        raise


def staging_path(run: Run) -> Path:
    """Where the run is while it is half made, or half removed: nobody finds it there."""
    return run.path.with_name(f".{run.id}")


def find_run(root: Path, run_id: str) -> Run | None:
    """The run of that id, if it is one and is still kept. The id may come from anywhere."""
    run = Run(root / run_id) if RUN_ID.fullmatch(run_id) else None
    return run if run and (run.path / "recipe.json").is_file() else None


def network_stem(root: Path, name: str) -> Path | None:
    """Where the network of that name is, for `checkpoint.load`: a shipped preset's or a run's."""
    if name in PRESETS:
        return checkpoint.WEIGHTS_DIR / name
    run = find_run(root, name)
    return run.checkpoint if run else None


def list_runs(root: Path) -> Iterator[Run]:
    """All runs that are kept, oldest first."""
    found = []
    for path in root.glob("[0-9a-f]*"):
        with suppress(FileNotFoundError):  # pruned at this moment
            if run := find_run(root, path.name):
                found.append((run.created(), run))
    return (run for _, run in sorted(found, key=itemgetter(0)))


def queue_position(root: Path, run: Run) -> int:
    """How many runs are before this one: the one in training and those that wait longer."""
    before = 0
    for other in list_runs(root):
        if other.id == run.id:
            break
        before += not other.state().is_finished
    return before


def finetune_job_of(root: Path, name: str) -> FinetuneJob | None:
    """What the network of that name was taught; None for one that was trained from nothing."""
    run = find_run(root, name)
    with suppress(RunError):  # damaged; the network may answer all the same
        return run.finetune_job() if run else None
    return None
