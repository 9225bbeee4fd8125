"""Before a process does its first job: what most runs need is loaded, done once, and timed.

The first time is slowest, so the first steps are not counted.
"""

import time
from contextlib import closing, suppress
from itertools import islice

from core.data import download
from core.dataset import Data
from core.evaluation.metrics import evaluate
from core.forecast.speed import NARROW, USUAL, WIDE, Speed
from core.jobs.data_sets import DataSets
from core.recipes.presets import PRESETS
from core.specs import SPECS, TEST_SIZE, data_dir
from core.trainer import EVAL_BATCH, train

UNTIMED_STEPS, TIMED_STEPS = 5, 8
TIMED = PRESETS["quick"].recipe


def warm_up(data_sets: DataSets) -> Speed | None:
    """Get ready; how fast that went, or None where the data set of most runs is not here."""
    if not download.is_present(SPECS[TIMED.model.dataset].files, data_dir()):
        return None
    with suppress(download.DownloadError):  # damaged: the first run says so
        data = data_sets.load(TIMED.model.dataset)
        test = _test_seconds(data)
        narrow, wide = (_image_seconds(data, width) for width in (NARROW, WIDE))
        return Speed(narrow, wide, test)
    return None


def _image_seconds(data: Data, width: int) -> float:
    """To learn an image at this width."""
    recipe = TIMED.change({"width": width})
    with closing(train(recipe.build(), data, recipe.train)) as steps:
        for _ in islice(steps, UNTIMED_STEPS):
            pass
        start = time.perf_counter()
        for _ in islice(steps, TIMED_STEPS):
            pass
        seconds = time.perf_counter() - start
    return seconds / (TIMED_STEPS * recipe.train.batch_size)


def _test_seconds(data: Data) -> float:
    """To test a network of the usual width."""
    model = TIMED.change({"width": USUAL}).build()
    few = data.val.first(2 * EVAL_BATCH)
    evaluate(model, few)
    start = time.perf_counter()
    evaluate(model, few)
    return (time.perf_counter() - start) * TEST_SIZE / (2 * EVAL_BATCH)
