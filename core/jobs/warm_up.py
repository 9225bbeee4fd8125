"""What a process does before its first job, since the first time is the slowest."""

from contextlib import closing, suppress
from itertools import islice

from core.data import download
from core.evaluation.metrics import evaluate
from core.jobs.data_sets import DataSets
from core.recipes.presets import PRESETS
from core.specs import SPECS, data_dir
from core.trainer import EVAL_BATCH, train

WARM_UP_STEPS = 5


def warm_up(data_sets: DataSets) -> None:
    """Load what most runs need, if it is here; take a few steps, and evaluate."""
    recipe = PRESETS["quick"].recipe
    if not download.is_present(SPECS[recipe.model.dataset].files, data_dir()):
        return
    with suppress(download.DownloadError):  # damaged: the first run says so
        data = data_sets.load(recipe.model.dataset)
        model = recipe.build()
        with closing(train(model, data, recipe.train)) as steps:
            for _ in islice(steps, WARM_UP_STEPS):
                pass
        evaluate(model, data.val.first(EVAL_BATCH))
