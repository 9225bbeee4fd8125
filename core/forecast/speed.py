"""How fast this machine trains: measured when the worker starts, and again by each run.

    runs/.speed.json    {"narrow": 4e-05, "wide": 1.5e-04, "test": 1.2, "ratios": [1.1, 0.9], ...}

One example: at width 8 an image takes 40 us, at width 32 it takes 150 us. So at width 16 it takes
about 77 us, and an epoch of 50,000 images 3.8 s; the last runs took 1.1 times what was expected of
them, so 4.2 s. Then the network is tested, which takes 1.2 s.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Annotated

import msgspec
from msgspec import Meta

from core.recipes.settings import Value
from core.runs.limits import epoch_images, shown_images
from core.runs.run import USABLE, Run, RunError
from core.specs import TRAIN_SIZE, find_spec, is_known
from core.storage.files import MAX_NUMBER, write_atomic
from core.storage.history import Record

SPEED_FILE = ".speed.json"
NARROW, USUAL, WIDE = 8, 16, 32  # widths: measured, of the quick recipe, measured
RECENT = 9  # runs of each kind that count
# What an image costs where a shipped encoder learns on, in times of the quick one of width `WIDE`.
DRAWINGS_COST, PHOTOS_COST = 4.0, 8.0
PIXELS_COST = 2.1  # of pixel fusion at width 16, in times of late fusion: 1.9 at 8, 2.7 at 32
LEAST_IMAGES = 5_000  # of a run that counts
SLOWEST_TEST = 3.0  # times what was measured at the start; what looks slower is a pause before it

Duration = Annotated[float, Meta(gt=0, le=MAX_NUMBER)]


class Speed(msgspec.Struct, frozen=True):
    """What was measured here."""

    narrow: Duration  # to learn an image at width 8
    wide: Duration  # at width 32
    test: Duration  # to test a network of width 16
    ratios: list[Duration] = []  # of recent runs: seconds taken to seconds expected, latest last
    tests: list[Duration] = []  # of recent runs: seconds of testing, as if of width 16
    finetunes: list[Duration] = []  # that recent fine-tunings took, latest last

    def train_seconds(self, settings: Mapping[str, Value]) -> float:
        """That learning is expected to take at these settings."""
        usual = median(self.ratios) if self.ratios else 1.0
        return usual * self._expected(settings)

    def _expected(self, settings: Mapping[str, Value]) -> float:
        """The same by what was measured at the start alone."""
        images = float(settings["epochs"]) * shown_images(settings)
        if settings.get("start") == "shipped":
            dataset = str(settings.get("dataset", "mnist"))
            is_drawn = is_known(dataset) and find_spec(dataset).is_drawn
            return images * (DRAWINGS_COST if is_drawn else PHOTOS_COST) * self.wide
        cost = PIXELS_COST if settings.get("fusion") == "pixels" else 1.0
        return images * cost * self._per_image(float(settings["width"]))

    def _per_image(self, width: float) -> float:
        """A straight line through both widths that were measured; it costs something at any."""
        slope = (self.wide - self.narrow) / (WIDE - NARROW)
        return max(self.narrow / 2, self.narrow + slope * (width - NARROW))

    def test_seconds(self, width: float) -> float:
        """That the test images are expected to take at this width."""
        usual = median(self.tests) if self.tests else self.test
        return usual * self._per_image(width) / self._per_image(USUAL)

    def run_seconds(self, settings: Mapping[str, Value]) -> float:
        """From the first step to the test metrics."""
        share = epoch_images(settings.get("dataset")) / TRAIN_SIZE  # so are its test images
        return self.train_seconds(settings) + share * self.test_seconds(float(settings["width"]))

    def finetune_seconds(self) -> float | None:
        """That teaching is expected to take; None before anybody did."""
        return median(self.finetunes) if self.finetunes else None


def read_speed(root: Path) -> Speed | None:
    """What was measured here; None where nothing was yet."""
    with suppress(OSError, msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode((root / SPEED_FILE).read_bytes(), type=Speed)
    return None


def write_speed(root: Path, speed: Speed) -> None:
    """Keep it. Nothing depends on it but expectations: a disk that is full is no error."""
    with suppress(OSError):
        write_atomic(root / SPEED_FILE, msgspec.json.encode(speed), durable=False)


def note_run(root: Path, run: Run, seconds: float) -> None:
    """A run is over and took so many seconds, pauses included: count it, if it learned enough."""
    speed = read_speed(root)
    if speed is None or run.state().name not in USABLE:
        return
    if run.is_finetune:
        recent = [*speed.finetunes, max(seconds, 0.001)][-RECENT:]
        return write_speed(root, msgspec.structs.replace(speed, finetunes=recent))
    with suppress(RunError, OSError, KeyError, TypeError, ValueError):  # damaged
        history = run.history()
        if run.request().own_data:
            return  # its test is far shorter than most
        if history and history[-1]["images"] >= LEAST_IMAGES:
            write_speed(root, _with_run(speed, run, history[-1]))


def _with_run(speed: Speed, run: Run, last: Record) -> Speed:
    """What was known, and what this run says of training and of testing."""
    settings = run.recipe()[1].settings()
    share = last["step"] / last["steps"]
    ratio = max(last["seconds"], 0.001) / (share * speed._expected(settings))
    learned, tested = (
        (run.path / name).stat().st_mtime for name in ("progress.jsonl", "state.json")
    )
    scale = speed._per_image(USUAL) / speed._per_image(float(settings["width"]))
    test = min(max(tested - learned, 0.001) * scale, SLOWEST_TEST * speed.test)
    return msgspec.structs.replace(
        speed,
        ratios=[*speed.ratios, ratio][-RECENT:],
        tests=[*speed.tests, test][-RECENT:],
    )
