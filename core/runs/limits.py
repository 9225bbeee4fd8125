"""What one visitor may ask of the machine that all share. The environment can set each limit.

`run_seconds` is `$SKETCH_SUM_RUN_SECONDS`, and so on: the variable is the field's name in capitals.
A value that is not a number, or out of bounds, is logged and the default stays. Pages and commands
hand limits in where core.data and core.finetune need them.
"""

import logging
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.recipes.recipe import Recipe

_log = logging.getLogger("sketch_sum.limits")

PREFIX = "SKETCH_SUM_"


def _limit(default: float, what: str, low: float = 1) -> Any:
    """A field: its default, what it limits in words for README, and the least that makes sense."""
    return field(default=default, metadata={"what": what, "low": low})


@dataclass(frozen=True)
class Limits:
    """The defaults suit two cores, 3 GB of memory and a lecture hall."""

    run_seconds: float = _limit(600, "seconds that a run may take; then it is stopped")
    run_steps: float = _limit(30_000, "steps of a run")
    run_size: float = _limit(20_000_000, "epochs × width × images of a run")
    shared_seconds: float = _limit(40, "seconds that a run may keep others waiting; then likewise")
    waiting: float = _limit(30, "runs that may wait before a new one; else the queue is full")
    unwatched_seconds: float = _limit(120, "seconds that a run waits while no page shows it")
    kept_runs: float = _limit(200, "runs kept, and as many uploaded networks; the oldest go first")
    kept_days: float = _limit(30, "days since its last use that a run is kept")
    kept_megabytes: float = _limit(1_000, "megabytes of all runs together")
    uploaded_megabytes: float = _limit(200, "of these, megabytes of uploaded networks", 0)
    uploaded_per_minute: float = _limit(30, "networks that one address may upload in a minute")
    free_megabytes: float = _limit(200, "megabytes free on the disk; below, no run is accepted", 0)
    in_use_minutes: float = _limit(60, "minutes after its last use that a run is safe from removal")
    upload_megabytes: float = _limit(10, "megabytes of a picture, 10 at most")
    upload_megapixels: float = _limit(25, "megapixels of a picture")
    examples: float = _limit(100, "examples of handwriting, of one visitor")
    examples_megabytes: float = _limit(4, "megabytes of a file of such examples, 10 at most")
    collection_pictures: float = _limit(10_000, "pictures of somebody's own data set")
    collection_megabytes: float = _limit(
        50, "megabytes of them that are uploaded at once, 50 at most"
    )
    collections_megabytes: float = _limit(500, "megabytes of all such pictures that are kept")
    readings: float = _limit(1, "such uploads that are read at once; others wait their turn")
    reading_seconds: float = _limit(300, "seconds that reading one may take")
    heavy_work: float = _limit(1, "long computations for pages at once; others wait their turn")
    sockets: float = _limit(2_000, "pages open at once, of all visitors")
    sockets_per_address: float = _limit(500, "pages open at once behind one network address")
    page_runs: float = _limit(3, "whole pages computed at once; others wait their turn")
    fragment_runs: float = _limit(2, "parts of pages computed at once, such as answers")
    messages_per_second: float = _limit(20, "messages of one page; faster ones wait")
    message_kilobytes: float = _limit(400, "kilobytes of one message; a long drawing has 100")
    kilobytes_per_second: float = _limit(400, "kilobytes that one page may send; more waits")
    live_questions_per_second: float = _limit(40, "pictures of one moving pen answered a second")
    live_answers: float = _limit(16, "moving pens answered at once; others wait their turn")
    uploads_per_minute: float = _limit(120, "files that one page may upload")
    uploads_per_address: float = _limit(20, "times as many that all pages behind one address may")
    worker_megabytes: float = _limit(1_500, "memory below which no worker waits for runs", 0)
    uploads_megabytes: float = _limit(100, "megabytes of uploads in memory; the oldest go first")


def read_limits(environment: Mapping[str, str]) -> Limits:
    """The limits that the environment sets, and the defaults of all others."""
    found = {}
    for each in fields(Limits):
        name = variable_of(each.name)
        if not (text := environment.get(name)):
            continue
        low = each.metadata["low"]
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if low <= value < float("inf"):
            found[each.name] = value
        else:
            _log.warning(
                "%s must be a number from %g up, not %r: %g stays.", name, low, text, each.default
            )
    return Limits(**found)


def variable_of(name: str) -> str:
    """Of the environment, for a limit of that name."""
    return PREFIX + name.upper()


LIMITS = read_limits(os.environ)


def run_size(params: Mapping[str, Any]) -> float:
    """Epochs × width × images of a recipe, as the limit counts; 0 where these are not known."""
    counts = (params.get("epochs"), params.get("width"), params.get("images", math.inf))
    if not all(isinstance(count, int | float) for count in counts):
        return 0.0
    epochs, width, _ = counts
    return epochs * width * shown_images(params)  # type: ignore[operator, no-any-return]


def shown_images(settings: Mapping[str, Any]) -> float:
    """That an epoch shows, about; few pictures of somebody's own are gone over several times."""
    from core.specs import LENT_HELD_OUT, TRAIN_SIZE, VAL_SIZE

    usual = epoch_images(settings.get("dataset"))
    images: float = settings.get("images", TRAIN_SIZE)
    if usual < TRAIN_SIZE:
        return usual
    if images < TRAIN_SIZE:
        return images
    rest = VAL_SIZE - LENT_HELD_OUT  # which a lent encoder has learned, so it goes on with them
    return TRAIN_SIZE + (rest if settings.get("start") == "shipped" else 0)


def epoch_images(dataset: object) -> int:
    """That an epoch of a data set shows; of most, where nobody knows it."""
    from core.specs import TRAIN_SIZE, find_spec, is_known  # with numpy: the server starts without

    is_name = isinstance(dataset, str) and is_known(dataset)
    return find_spec(str(dataset)).epoch_images if is_name else TRAIN_SIZE


def check_size(recipe: "Recipe") -> None:
    """Check that a run is small enough to share a machine with others.

    Raises:
        SettingError: it is not; says what to change.
    """
    from core.recipes.settings import SettingError

    limit, train = LIMITS, recipe.train
    images = shown_images(recipe.settings())
    epochs = int(limit.run_size / (recipe.model.width * images))
    if train.epochs > epochs:
        fewer = f"at most {epochs}, or " if epochs else ""
        raise SettingError(
            f"{train.epochs} epochs at width {recipe.model.width} would take too long here. "
            f"Choose {fewer}a smaller width."
        )
    steps = train.epochs * -(-images // train.batch_size)
    if steps > limit.run_steps:
        raise SettingError(
            f"{steps:,} steps would take too long here; {limit.run_steps:,.0f} is the limit. "
            "Choose fewer epochs or a larger batch."
        )
