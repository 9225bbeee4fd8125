"""How long a run waits for its turn, and in which words a page says so."""

from pathlib import Path
from typing import NamedTuple

from core.forecast.speed import USUAL, Speed, read_speed
from core.recipes.settings import SETTINGS
from core.runs import queue
from core.runs.control import shared_training
from core.runs.disk import list_entries
from core.runs.run import LIVE, Request, Run
from core.specs import TRAIN_SIZE
from core.storage.history import Record

EARLY = 0.02  # of the steps: the first ones are slow, and tell less than earlier runs
COUNTS = ("epochs", "width", "images")  # the settings without which no time can be told


def about(seconds: float) -> str:
    """A time to expect, as precise as it is known: "5 s", "40 s", "2 min"."""
    if seconds < 9.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 57.5:
        return f"{5 * round(seconds / 5)} s"
    return f"{max(1, round(seconds / 60))} min"


def time_left(last: Record | None, request: Request, speed: Speed | None) -> float | None:
    """Until a run that trains has been tested; None where nothing is known."""
    if last and (speed is None or last["step"] >= EARLY * last["steps"]):
        return last["seconds"] * (last["steps"] / last["step"] - 1) + test_time(request, speed)
    params = {"images": TRAIN_SIZE} | request.params
    if speed is None or not all(isinstance(params.get(name), int) for name in COUNTS):
        return None  # nothing was measured, or the request is damaged
    return speed.run_seconds({name: params[name] for name in SETTINGS if name in params})


def test_time(request: Request, speed: Speed | None) -> float:
    """Seconds that the test of a run is expected to take; 0 where nothing is known."""
    width = request.params.get("width")
    is_quick = request.own_data is not None  # a test of few images takes no time
    if speed is None or is_quick or not isinstance(width, int):
        return 0.0
    return speed.test_seconds(width)


def training_run(root: Path, finetunes: bool = False) -> Run | None:
    """The run that the others of its kind wait for; None where none trains."""
    live = (entry.run for entry in list_entries(root) if entry.state.name in LIVE)
    return next((run for run in live if run.is_finetune == finetunes), None)


class Place(NamedTuple):
    """Of a run in the queue."""

    before: int  # runs, the one in training counted; 0 begins now
    seconds: float | None  # until it begins; None where nothing was measured yet


def place_of(root: Path, run: Run) -> Place:
    """The place of a run that waits: what is before it takes at most its share of the time."""
    speed, waiting = read_speed(root), queue.waiting_runs(root, run.is_finetune)
    if run not in waiting:
        return Place(0, 0.0)  # it has begun meanwhile
    before = waiting[: waiting.index(run)]
    live = training_run(root, run.is_finetune)
    count = len(before) + (live is not None)
    if speed is None:
        return Place(count, None)
    test = speed.test_seconds(USUAL)
    most = shared_training(test) + test
    each = [_run_seconds(other, speed) for other in before]
    if live:
        each.append(_run_seconds(live, speed, is_live=True))
    return Place(count, sum(min(most, seconds) for seconds in each))


def _run_seconds(run: Run, speed: Speed, is_live: bool = False) -> float:
    if run.is_finetune:
        return speed.finetune_seconds() or 0.0
    history = run.history() if is_live else []
    return time_left(history[-1] if history else None, run.request(), speed) or 0.0


def queue_words(place: Place) -> str:
    """What a run waits for and how long, for the visitor."""
    if not place.before:
        return "Starting."
    runs = "one run is" if place.before == 1 else f"{place.before} runs are"
    if not place.seconds:
        return f"Waiting: {runs} before yours."
    return f"Waiting: {runs} before yours, which begins in about {about(place.seconds)}."
