"""What a training starts from."""

import pytest
import torch

from core.collections.album import read_album
from core.collections.archive import read_zip
from core.collections.collection import Collection, make_collection
from core.dataset import Split
from core.evaluation.metrics import evaluate
from core.recipes.presets import PRESETS, own_recipe
from core.recipes.recipe import ENCODER_OF_DRAWINGS, ENCODER_OF_PHOTOS, Recipe
from core.runs.limits import shown_images
from core.specs import LENT_HELD_OUT, VAL_SIZE
from core.storage import checkpoint
from core.storage.start import OF_DRAWINGS, OF_PHOTOS, build_to_train
from tests.support.shapes import shape_files, zipped


def collected(each: int, seed: int) -> Collection:
    files = shape_files(each, seed=seed)
    return make_collection(read_album(read_zip(zipped(files)), "Shapes", "ink"))


@pytest.mark.parametrize(
    ("dataset", "lender"), [("mnist", "mnist"), ("fashion-mnist", "fashion-late")]
)
def test_the_encoder_is_that_of_the_shipped_network_of_such_pictures(dataset, lender):
    recipe = PRESETS["quick"].recipe.change({"dataset": dataset, "start": "shipped"})
    shipped, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / lender)
    lent, theirs = (net.encoder.state_dict() for net in (build_to_train(recipe), shipped))
    assert all(torch.equal(lent[name], value) for name, value in theirs.items())


@pytest.mark.parametrize(
    ("name", "said"), [(OF_DRAWINGS, ENCODER_OF_DRAWINGS), (OF_PHOTOS, ENCODER_OF_PHOTOS)]
)
def test_what_is_said_of_a_lent_encoder_is_so(name, said):
    assert {part: getattr(PRESETS[name].recipe.model, part) for part in said} == said


@pytest.mark.parametrize("name", [OF_DRAWINGS, OF_PHOTOS])
def test_what_is_held_out_is_what_its_encoder_did_not_learn(name):
    lender = PRESETS[name].recipe
    recipe = PRESETS["quick"].recipe.change({"dataset": lender.model.dataset, "start": "shipped"})
    assert recipe.ready().train.held_out == lender.train.held_out == LENT_HELD_OUT
    assert recipe.change({"start": "nothing"}).ready().train.held_out == VAL_SIZE


def test_of_ones_own_pictures_a_lent_encoder_has_learned_none():
    recipe = own_recipe(collected(4, seed=0).spec.name, images=12)
    assert recipe.ready().train.held_out == recipe.train.held_out


def test_as_many_images_are_shown_as_a_run_is_judged_by(mnist):
    for start in ("nothing", "shipped"):
        recipe = PRESETS["quick"].recipe.change({"start": start}).ready()
        data = mnist.holding_out(recipe.train.held_out).learning(recipe.train.images)
        assert shown_images(recipe.settings()) == len(data.train.labels)


def test_from_nothing_it_is_what_the_recipe_builds():
    recipe = PRESETS["quick"].recipe
    first, second = recipe.build().state_dict(), build_to_train(recipe).state_dict()
    assert all(torch.equal(first[name], value) for name, value in second.items())


def test_a_recipe_of_the_shipped_encoder_is_read_back():
    settings = PRESETS["quick"].recipe.change({"start": "shipped", "width": 8})
    recipe = settings.ready()
    assert (settings.model.width, recipe.model.width) == (8, 32)
    assert Recipe.read(recipe.to_dict()) == recipe


def test_four_pictures_of_a_class_learn_more_from_it_than_from_nothing():
    few, many = collected(4, seed=0), collected(10, seed=77)
    test = Split(torch.from_numpy(many.images)[:, None], torch.from_numpy(many.labels))
    recipe = own_recipe(few.spec.name, few.train_count)
    assert recipe.train.start == "shipped"
    right = []
    for start in ("nothing", "shipped"):
        started = recipe.change({"start": start, "epochs": 1}).ready()
        model = build_to_train(started)
        for _ in started.fit(model, few.data()):
            pass
        right.append(evaluate(model.eval(), test).scalars()["class_acc"])
    assert right[1] > right[0]
