"""What the sections say of the very network that answers: what is broken, fixed or smoothed."""

from collections.abc import Callable

import pytest

from core.model import ModelConfig
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.storage.checkpoint import Card
from core.trainer import TrainConfig
from tests.support.pages import explain_page, opened, words
from views.explain.sections import SOUND_WORDS
from views.session import networks

FIGURES = {"class_acc": 0.9, "sum_r2": 0.8, "sum_mae": 0.5, "sum_acc": 0.7, "joint_acc": 0.6}


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> Callable[[Recipe], str]:
    """The words of the page about an untrained network of a recipe."""

    def explain(recipe: Recipe) -> str:
        model = recipe.build().eval()
        card = Card("quick", recipe.to_dict(), 0, 1, 1.0, FIGURES, [], model.parameter_count)
        monkeypatch.setattr(networks, "answering_network", lambda session: (model, card, ""))
        return words(opened(explain_page))

    return explain


@pytest.mark.parametrize("bug", [name for name in BUGS if name])
def test_of_a_broken_network_the_page_says_what_is_wrong_and_not_that_it_is_sound(explained, bug):
    said = explained(PRESETS["quick"].recipe.with_bug(bug))
    assert said.count(f"**This network was broken on purpose.** {BUGS[bug].about}") == 2
    assert SOUND_WORDS not in said


def test_of_a_sound_network_nothing_is_broken(explained):
    said = explained(PRESETS["quick"].recipe)
    assert "broken on purpose" not in said and SOUND_WORDS in said


def test_fixed_filters_are_not_among_the_parameters_that_move(explained):
    model = PRESETS["quick"].recipe.build()
    fixed = sum(each.numel() for each in model.parameters() if not each.requires_grad)
    assert fixed and model.trained_count == model.parameter_count - fixed
    assert f"moves {model.trained_count:,} parameters" in explained(PRESETS["quick"].recipe)


def test_a_smoothed_training_is_told_beside_the_loss_without_it(explained):
    said = explained(PRESETS["mnist"].recipe)
    assert "Its labels were smoothed by 0.05 and its logits divided by 1.75, so in" in said
    assert "Its labels were smoothed by 0.02, so in" in explained(PRESETS["quick"].recipe)
    assert "were smoothed" not in explained(Recipe(ModelConfig(), TrainConfig()))
