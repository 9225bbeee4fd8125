"""The published bugs: what each does to a network or a training, and what comes of it."""

import math
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

from core import model as networks
from core.dataset import Batch, Data, batches
from core.evaluation.metrics import Metrics
from core.heads import ClassificationHead, Output, RegressionHead
from core.recipes.bugs import BUGS, LOSS_FLOOR, what_gave_it_away
from core.recipes.recipe import Recipe
from core.trainer import losses, train
from tests.support.bugs import NAMES, QUICK, TINY, fitted

REGRESSION, CLASSIFICATION = RegressionHead(20, 8), ClassificationHead(20, 8)


@pytest.fixture(scope="module")
def sound(data) -> Metrics:
    return fitted(TINY, data)[2]


@pytest.fixture
def batch(data) -> Batch:
    return next(batches(data.train, 20, torch.Generator().manual_seed(0)))


@pytest.fixture
def output() -> Output:
    generator = torch.Generator().manual_seed(0)
    class_logits, sum_logits = (torch.randn(20, n, generator=generator) * 5 for n in (10, 19))
    return Output(class_logits, torch.rand(20, generator=generator) * 18, sum_logits)


# --- without a bug


def test_no_bug_is_the_first_choice_and_the_default():
    assert next(iter(BUGS)) == ""
    assert QUICK.bug is BUGS[""]
    assert QUICK.with_bug("") == QUICK


def test_without_a_bug_a_recipe_trains_bit_for_bit_like_the_trainer(data):
    config = {"epochs": 2, "augment": 0.5, "dropout": 0.3}
    recipe = TINY.change(config)
    one, other = recipe.build(), recipe.build()
    assert list(recipe.fit(one, data)) == list(train(other, data, recipe.train))
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_the_sound_method_is_the_batch_as_it_was_drawn_and_the_sound_losses(batch, output):
    method = BUGS[""].method
    assert method.prepare(batch) is batch
    assert method.losses is losses


# --- what each does


def test_broadcast_compares_every_answer_with_every_sum(batch, output):
    pairs = list(product(output.sum_value.tolist(), batch.sums.tolist()))
    expected = sum((value - total) ** 2 for value, total in pairs) / 20**2
    broken = output._replace(sum_logits=None)
    class_loss, sum_loss = BUGS["broadcast"].method.losses(REGRESSION, broken, batch)
    assert sum_loss.item() == pytest.approx(expected, rel=1e-5)
    assert class_loss == losses(REGRESSION, broken, batch)[0]


def test_two_softmaxes_keep_the_loss_of_a_perfect_answer_high(batch, output):
    perfect = 1e3 * torch.eye(10)[batch.labels]
    class_loss, _ = BUGS["softmax"].method.losses(
        CLASSIFICATION, output._replace(class_logits=perfect), batch
    )
    assert class_loss.item() == pytest.approx(math.log(math.e + 9) - 1)
    assert pytest.approx(1.4612, abs=1e-4) == LOSS_FLOOR


def test_a_shared_softmax_leaves_nothing_for_the_other_head(batch, output):
    """A class head that is sure takes the whole probability of 1: the sums are 19 zeros."""
    sure = output._replace(class_logits=1e3 * torch.eye(10)[batch.labels])
    _, sum_loss = BUGS["shared-softmax"].method.losses(CLASSIFICATION, sure, batch)
    assert sum_loss.item() == pytest.approx(math.log(19))


@pytest.mark.parametrize("sum_head", ["regression", "classification"])
def test_a_relu_leaves_no_logit_negative(images, sum_head):
    sound = Recipe(networks.ModelConfig(width=4, sum_head=sum_head))
    numbers = torch.arange(10)
    logits = sound.build().eval()(images, numbers).class_logits
    broken = sound.with_bug("relu").build().eval()(images, numbers)
    assert (logits < 0).any()
    assert torch.equal(broken.class_logits, logits.relu())
    assert all((part >= 0).all() for part in broken if part is not None)


def test_an_argmax_gives_the_sum_head_a_one_hot_and_the_encoder_no_gradient(images):
    model = TINY.with_bug("argmax").build()
    seen: list[torch.Tensor] = []
    model.sum_head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    output = model(images, torch.arange(10))
    assert torch.equal(seen[0][:, :10], torch.eye(10)[output.labels])
    output.sum_value.sum().backward()
    gradient = model.encoder[0].weight.grad
    assert gradient is None or not gradient.any()


def test_the_label_is_written_on_top_of_a_copy_within_the_margin(data):
    """Two of the same image with other labels differ in the two squares of these labels alone."""
    image, numbers = data.train.images[:1], torch.tensor([3])
    before = image.clone()
    for label in range(10):
        labels = torch.tensor([label])
        marked = BUGS["label"].method.prepare(Batch(image, numbers, labels, labels + 3))
        assert torch.equal(image, before)
        changed = (marked.images != 0)[0, 0, :4].nonzero().tolist()
        assert changed == [[r, 4 + 2 * label + c] for r in (2, 3) for c in (0, 1)]
        assert torch.equal(marked.images[:, :, 4:], before[:, :, 4:])


def test_a_fixed_addend_is_the_same_in_every_epoch_and_right(data):
    rng = torch.Generator().manual_seed(0)
    prepare = BUGS["fixed-addend"].method.prepare
    met: dict[bytes, set[int]] = {}
    for _ in range(2):
        for batch in map(prepare, batches(data.train, 50, rng)):
            assert torch.equal(batch.sums, batch.labels + batch.addends)
            for image, addend in zip(batch.images.numpy(), batch.addends.tolist(), strict=True):
                met.setdefault(image.tobytes(), set()).add(addend)
    assert {len(addends) for addends in met.values()} == {1}
    assert set.union(*met.values()) == set(range(10))


def test_evaluation_on_training_images_looks_at_nothing_else(data):
    broken = BUGS["seen-images"].data(data)
    seen = {image.tobytes() for image in data.train.images.numpy()}
    assert len(broken.val.labels) == len(data.val.labels)
    assert all(image.tobytes() in seen for image in broken.val.images.numpy())
    assert torch.equal(broken.test.images, data.test.images)  # the final figures stay honest


def test_a_network_with_a_bug_needs_no_other_module():
    """In a fresh process: an import of core.recipes.bugs elsewhere would hide it."""
    code = """
import sys, torch
from core.model import ModelConfig, SumNet
model = SumNet(ModelConfig(width=4, bug="relu")).eval()
output = model(torch.zeros(1, 1, 28, 28), torch.tensor([3]))
print(bool((output.class_logits >= 0).all()), "core.recipes.bugs" in sys.modules)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_an_unknown_bug_is_an_error_that_names_the_others():
    with pytest.raises(ValueError, match=r"^There is no bug 'gremlin'; choose from broadcast, "):
        networks.SumNet(networks.ModelConfig(width=4, bug="gremlin"))


def test_the_network_knows_every_bug():
    assert networks.ALTERATIONS.keys() == BUGS.keys()


# --- what comes of it


@pytest.mark.parametrize("name", NAMES)
def test_every_bug_trains_and_says_what_gave_it_away(data, name):
    recipe = TINY.with_bug(name).change({"epochs": 1})
    _, look, metrics = fitted(recipe, data)
    said = what_gave_it_away(name, metrics.scalars(), metrics.confusion, [look])
    assert re.search(r"\d\.\d", said)  # a figure of this run
    assert said.endswith(".")
    assert "\n" not in said


def test_without_a_bug_nothing_is_given_away():
    assert what_gave_it_away("", {}, [], []) == ""


def test_a_run_without_a_look_at_validation_has_nothing_to_tell():
    said = what_gave_it_away("label", {}, [], [{"step": 1, "loss": 2.3}])
    assert said.startswith("It was stopped before")


def test_the_broadcast_sum_head_answers_the_mean(data, sound):
    figures = fitted(TINY.with_bug("broadcast"), data)[2].scalars()
    assert sound.sum_r2 > 0.9
    assert figures["class_acc"] > 0.95
    assert abs(figures["sum_r2"]) < 0.1


def test_a_shared_softmax_ruins_the_sum(data, sound):
    figures = fitted(TINY.with_bug("shared-softmax"), data)[2].scalars()
    assert sound.joint_acc > 0.9
    assert figures["joint_acc"] < 0.3


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "Nothing did, this time"),
        ({3: 8}, "hardly ever answers class 3,"),
        ({3: 8, 5: 8, 9: 8}, "hardly ever answers class 3 or 5 or 9,"),
    ],
)
def test_classes_that_a_relu_silenced_are_named(answers, said):
    confusion = [[0] * 10 for _ in range(10)]
    for true in range(10):
        confusion[true][answers.get(true, true)] = 100
    look = {"val_loss": 1.0}
    assert said in what_gave_it_away("relu", {"class_acc": 0.7}, confusion, [look])


@pytest.fixture
def short(mnist) -> tuple[Recipe, Data]:
    """200 steps of a narrow network on real digits."""
    few = mnist._replace(
        train=mnist.train.first(12_800), val=mnist.val.first(1_000), test=mnist.test.first(1_000)
    )
    return QUICK.change({"width": 8, "epochs": 1, "batch_size": 64}), few


@pytest.mark.parametrize(
    ("name", "figure"), [("broadcast", "sum_r2"), ("shared-softmax", "joint_acc")]
)
def test_on_mnist_a_bug_costs_most_of_what_it_is_about(short, name, figure):
    """Sound over 0.8, broken below 0.1, where below 0.6 is asked for."""
    recipe, data = short
    right, wrong = (
        fitted(one, data)[2].scalars()[figure] for one in (recipe, recipe.with_bug(name))
    )
    assert right > 0.8
    assert wrong < 0.6 * right


def test_a_network_that_reads_the_label_fails_where_there_is_none(short):
    recipe, data = short
    _, look, metrics = fitted(recipe.with_bug("label"), data)
    assert look["val_joint_acc"] > 0.95
    assert metrics.joint_acc < 0.75


def test_every_bug_has_its_words():
    assert len({bug.title for bug in BUGS.values()}) == len(BUGS)
    for bug in BUGS.values():
        assert re.fullmatch(r"[a-z-]*", bug.name)  # nothing to escape in a link
        assert re.fullmatch(r"[A-Z][^.]*(1\.)?[^.]*\.", bug.about)  # one sentence


def test_a_class_that_there_is_not_is_not_silent():
    confusion = [[0] * 10 for _ in range(10)]
    confusion[0][0] = confusion[1][1] = 40
    said = what_gave_it_away("relu", {"class_acc": 1.0}, confusion, [{"val_loss": 1}])
    assert said.startswith("Nothing did, this time")
