"""Each bug of the quiz shows in its short run, so that whoever reads the figures can tell."""

import pytest

from core.dataset import Data
from core.evaluation.metrics import Metrics, evaluate
from core.recipes.bugs import LOSS_FLOOR
from core.recipes.presets import PRESETS
from core.trainer import Scores
from views.lessons.quiz import QUIZ_BUGS, QUIZ_SETTINGS

Result = tuple[Metrics, Scores]


@pytest.fixture(scope="module")
def results(mnist: Data) -> dict[str, Result]:
    """By bug: the test metrics, and the last validation; "" is the sound one."""
    part = mnist._replace(val=mnist.val.first(1_000), test=mnist.test.first(2_000))
    found = {}
    for bug in ("", *QUIZ_BUGS):
        recipe = PRESETS["quick"].recipe.change(QUIZ_SETTINGS).with_bug(bug)
        model, val = recipe.build(), None
        for progress in recipe.fit(model, part):
            val = progress.val or val
        assert val
        found[bug] = evaluate(model, part.test), val
    return found


def test_a_sound_run_has_none_of_the_symptoms(results: dict[str, Result]) -> None:
    test, val = results[""]
    assert min(test.class_acc, test.sum_acc) > 0.95
    assert val.class_loss < 0.3
    assert abs(val.joint_acc - test.joint_acc) < 0.02


def test_each_bug_has_its_own(results: dict[str, Result]) -> None:
    test, val = results["broadcast"]
    assert test.class_acc > 0.95
    assert test.sum_acc < 0.2
    test, val = results["softmax"]
    assert test.joint_acc > 0.9
    assert val.class_loss > LOSS_FLOOR - 0.01
    test, val = results["shared-softmax"]
    assert test.joint_acc < 0.3
    assert val.class_loss > LOSS_FLOOR - 0.01
    test, val = results["relu"]
    assert test.class_acc < 0.93
    test, val = results["label"]
    assert val.joint_acc > 0.99
    assert test.joint_acc < 0.6
    test, val = results["seen-images"]
    assert val.joint_acc > 0.995
    assert test.joint_acc < val.joint_acc - 0.01
    assert set(QUIZ_BUGS) < set(results)
