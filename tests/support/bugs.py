"""What the tests of the published bugs share."""

from core.dataset import Data
from core.evaluation.metrics import Metrics, evaluate
from core.model import SumNet
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe

QUICK = PRESETS["quick"].recipe
NAMES = [name for name in BUGS if name]
TINY = QUICK.change({"width": 4, "epochs": 8, "batch_size": 30, "lr": 0.1, "sum_weight": 0.1})


def fitted(recipe: Recipe, data: Data) -> tuple[SumNet, dict[str, float], Metrics]:
    """A network trained by a recipe, its last validation, its test metrics."""
    model = recipe.build()
    *_, last = recipe.fit(model, data)
    val = {f"val_{name}": value for name, value in last.val._asdict().items()}
    return model, val, evaluate(model, data.test)
