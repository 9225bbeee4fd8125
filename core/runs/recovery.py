"""What a run had learned when its training was interrupted.

While a run trains, the weights so far are kept beside its history, every few seconds. When the
worker is killed, the next one tests them, and the run is kept as if it had been stopped there: it
loses a few seconds.
"""

from contextlib import suppress
from pathlib import Path

from core.runs.run import Run
from core.storage.autosave import autosave_step
from core.storage.files import write_atomic
from core.storage.history import history_file, write_history

RECOVERY_MESSAGE = "Training was interrupted. Testing the last saved weights."


def _autosave_file(run: Run) -> Path:
    return run.path / "last.safetensors"


def save_weights(run: Run, content: bytes, durable: bool = True) -> None:
    """Keep the weights so far (`pack_autosave`).

    Raises:
        OSError: there is no room.
    """
    write_atomic(_autosave_file(run), content, durable)


def read_weights(run: Run) -> bytes:
    """The weights so far; b"" where there are none."""
    with suppress(OSError):
        return _autosave_file(run).read_bytes()
    return b""


def cut_history(run: Run, autosave: bytes) -> None:
    """Forget the records after those weights: whatever comes next goes on from there.

    Raises:
        OSError: it cannot be written.
    """
    step = autosave_step(autosave)
    if history := run.history():
        kept = [record for record in history if record["step"] <= step]
        write_history(history_file(run.path / "progress"), kept)


def remove_autosave(run: Run) -> None:
    """Remove the weights so far: the run is finished, and its checkpoint, if any, has the rest."""
    _autosave_file(run).unlink(missing_ok=True)
