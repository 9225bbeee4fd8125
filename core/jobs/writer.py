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
from core.runs import recovery
from core.runs.control import change_control
from core.runs.run import LOST, Run, State, network_stem
from core.storage import checkpoint, snapshots


class RunWriter:
    """Writes the events of a job into the directory of its run, in their order."""

    def __init__(self, run: Run, done: int = 0) -> None:
        """Records of the first `done` steps are there already."""
        self.run, self.done = run, done

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
                recovery.save_weights(self.run, content)
            case Checkpoint(weights, card):
                checkpoint.write(self.run.checkpoint, weights, card)
            case PauseOver():
                change_control(self.run.path, pause_at=None)
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
    return Job(preset, recipe.to_dict(), autosave, tests, base, examples, run.retry_words)
