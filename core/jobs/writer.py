"""What a job gives back, as the files of its run: the one writer of runs/<id>/."""

from core.jobs.events import (
    Autosave,
    Base,
    Checkpoint,
    Event,
    Job,
    PauseOver,
    Recorded,
    Refused,
    Snapshot,
    StateChange,
)
from core.library.store import read_collection
from core.runs import recovery
from core.runs.control import end_pause
from core.runs.run import LOST, Run, State, network_stem
from core.specs import find_spec
from core.storage import checkpoint, snapshots


class RunWriter:
    """Writes the events of a job into the directory of its run, in their order."""

    def __init__(self, run: Run, flushes: bool = True) -> None:
        """`flushes` has autosaves survive a power failure; of many runs at once, that is slow."""
        self.run, self.flushes = run, flushes
        self.done = 0  # steps whose records are there already

    def write(self, event: Event) -> None:
        """Write one event.

        Raises:
            OSError: the run is gone, or the disk is full.
        """
        match event:
            case StateChange(state):
                self._set_state(state)
            case Recorded(record):
                if record["step"] > self.done:
                    self.run.append(record)
            case Snapshot(step, content):
                snapshots.save_snapshot(self.run.snapshots, step, content)
            case Autosave(content):
                recovery.save_weights(self.run, content, self.flushes)
            case Checkpoint(weights, card):
                checkpoint.write(self.run.checkpoint, weights, card)
            case PauseOver():
                end_pause(self.run.path)
            case Refused():  # who hands jobs out deals with it
                pass

    def _set_state(self, state: State) -> None:
        try:
            self.run.set_state(state)
        except OSError:  # no room; or it was deleted meanwhile, and nobody waits for it
            if state.name not in LOST:
                raise
            self.run.set_disk_full()


def read_job(run: Run, autosave: bytes = b"", tests: bool = False) -> Job:
    """What a run asks for, as a job that needs no directory.

    Raises:
        RunError: its files are damaged.
        CheckpointError: the network to teach is gone.
        LibraryError: the pictures to learn from are gone.
    """
    preset, recipe = run.recipe()
    finetune_job = run.finetune_job()
    base, examples = None, ""
    if finetune_job:
        stem = network_stem(run.path.parent, finetune_job.base)
        if stem is None:
            raise checkpoint.CheckpointError("The network to teach is no longer kept here.")
        base = Base(*checkpoint.read(stem))
        examples = (run.path / "examples.jsonl").read_text("utf-8")
    dataset, pictures = recipe.model.dataset, b""
    if find_spec(dataset).own:
        pictures = read_collection(run.path.parent, dataset)
    params, words = recipe.to_dict(), run.retry_words
    return Job(preset, params, autosave, tests, base, examples, words, pictures)
