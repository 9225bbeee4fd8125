"""The lessons show what they promise. Each is tried: trained, drawn, taught."""

import copy
from urllib.parse import parse_qsl

import pytest

from core import finetune
from core.data.drawing import Strokes, mnist_form, rasterize
from core.dataset import Data
from core.evaluation.metrics import Metrics, evaluate
from core.evaluation.prediction import predict
from core.finetune import HandExample
from core.trainer import DivergedError
from views.session.lessons import A_2_IN_A_MIRROR, A_SHORT_7, LESSONS
from views.session.link import QUICK, parse_link


@pytest.mark.parametrize("name", LESSONS)
def test_the_address_of_a_finetune_run_opens_it(name):
    lesson = LESSONS[name]
    page, _, query = lesson.address.partition("?")
    assert page == (lesson.page or "./")
    assert parse_link(dict(parse_qsl(query))) == lesson.link
    assert lesson.link.lesson == name


@pytest.fixture(scope="module")
def learned(mnist: Data):
    """The figures of a lesson's run on a fifth of MNIST; two epochs of it."""
    train, val, test = mnist.train.first(10_000), mnist.val.first(500), mnist.test.first(1_000)
    part = mnist._replace(train=train, val=val, test=test)
    done: dict[object, Metrics] = {}

    def learn(name: str, **changes: object) -> Metrics:
        asked = LESSONS[name].link
        recipe = QUICK.change({**asked.settings, "epochs": 2, **changes}).with_bug(asked.bug)
        if recipe not in done:
            model = recipe.build()
            for _ in recipe.fit(model, part):
                pass
            done[recipe] = evaluate(model, part.test)
        return done[recipe]

    return learn


def test_a_learning_rate_of_30_lets_the_loss_run_away(learned):
    with pytest.raises(DivergedError):
        learned("rate")
    assert learned("rate", lr=0.1).class_acc > 0.9


def test_a_weight_of_0_leaves_the_sum_unlearned(learned):
    assert learned("weight").class_acc > 0.9
    assert learned("weight").sum_acc < 0.15
    assert learned("weight", sum_weight=0.003).sum_acc > 0.8


def test_late_fusion_is_far_ahead_after_the_same_epochs(learned):
    assert learned("fusion", fusion="late").sum_acc > learned("fusion").sum_acc + 0.1


def test_the_published_bug_spoils_the_sum_alone(learned):
    assert learned("bug").class_acc > 0.9
    assert abs(learned("bug").sum_r2) < 0.1


@pytest.mark.parametrize(("strokes", "meant", "read"), [(A_SHORT_7, 7, 1), (A_2_IN_A_MIRROR, 2, 5)])
def test_a_hand_is_misread_with_confidence(shipped, strokes: Strokes, meant, read):
    model, card = shipped
    prediction = predict(model, mnist_form(rasterize(strokes)), 7, card.doubt_level)
    assert prediction.is_readable
    assert (prediction.label, prediction.total) == (read, read + 7)
    assert max(prediction.class_probs) > 0.9
    assert meant != read


def test_one_example_teaches_it_the_mirrored_2(shipped, mnist):
    model = copy.deepcopy(shipped[0])
    example = HandExample(2, A_2_IN_A_MIRROR)
    finetune.finetune(model, mnist.train, [example])
    prediction = predict(model, example.image, 7, shipped[1].doubt_level)
    assert (prediction.label, prediction.total, prediction.is_readable) == (2, 9, True)
