"""What a recipe is, in a few words: for the names of networks and for a run that trains.

One example: the quick recipe at width 4 with ReLU on its logits is "broken: ReLU on the logits,
width 4".
"""

from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS
from core.specs import find_spec

MOST_NAMED = 3  # settings that are named; the rest is counted
NO_CHANGE = "usual settings"
USUAL_DATASET = PRESETS["quick"].recipe.model.dataset


def recipe_parts(preset: str, recipe: Recipe) -> list[str]:
    """What is special about a recipe: its data, and settings that are not its preset's."""
    usual = PRESETS.get(preset, PRESETS["quick"]).recipe.with_bug(recipe.bug.name)
    changes = usual.diff(recipe.settings())
    parts = [SETTINGS[name].say(value) for name, value in changes.items() if name != "dataset"]
    if len(parts) > MOST_NAMED:
        parts[MOST_NAMED:] = [f"{len(parts) - MOST_NAMED} more"]
    if recipe.model.dataset != USUAL_DATASET:
        spec = find_spec(recipe.model.dataset)
        parts.insert(0, spec.title if spec.own else f"{spec.noun}s")
    return parts


def bug_parts(recipe: Recipe) -> list[str]:
    """That it is broken on purpose, and how; [] for a sound one."""
    return [f"broken: {recipe.bug.title}"] if recipe.bug.name else []


def recipe_words(preset: str, recipe: Recipe) -> str:
    """The whole in one line."""
    return ", ".join([*bug_parts(recipe), *recipe_parts(preset, recipe)]) or NO_CHANGE
