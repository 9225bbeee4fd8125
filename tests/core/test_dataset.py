"""The data: which images are in which split, and what addend each of them meets."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, random_split

from core import trainer
from core.data.torchvision_compat import import_torchvision
from core.dataset import Data, Split, SumDataset, batches, pair
from core.model import ModelConfig, SumNet
from core.recipes.recipe import Recipe
from core.specs import SPECS, data_dir
from core.trainer import TrainConfig, train


@pytest.fixture
def numbered() -> Split:
    """103 images whose first two pixels are their index and label: one knows them again."""
    images = torch.zeros(103, 1, 28, 28, dtype=torch.uint8)
    labels = torch.arange(103) * 7 % 10
    images[:, 0, 0, 0] = torch.arange(103)
    images[:, 0, 0, 1] = labels
    return Split(images, labels)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def epoch(split: Split, rng: torch.Generator) -> dict[int, int]:
    """The addend that each image of a numbered split meets in one epoch, by index."""
    return {
        index: addend
        for batch in batches(split, 20, rng)
        for index, addend in zip(
            batch.images[:, 0, 0, 0].tolist(), batch.addends.tolist(), strict=True
        )
    }


@pytest.fixture(scope="module")
def published() -> dict[bool, tuple[torch.Tensor, torch.Tensor]]:
    """MNIST as torchvision reads it, by `train`."""
    reader = import_torchvision().datasets.MNIST
    parts = {train: reader(data_dir(), train=train) for train in (True, False)}
    return {train: (part.data.unsqueeze(1), part.targets) for train, part in parts.items()}


def test_mnist_is_split_50_000_10_000_10_000(mnist):
    shapes = [(split.images.shape, split.labels.shape) for split in mnist.splits]
    assert shapes == [((n, 1, 28, 28), (n,)) for n in (50_000, 10_000, 10_000)]


def test_the_test_split_is_the_published_one(mnist, published):
    images, labels = published[False]
    assert torch.equal(mnist.test.images, images)
    assert torch.equal(mnist.test.labels, labels)


def test_train_and_val_are_split_by_random_split(mnist, published):
    images, labels = published[True]
    parts = random_split(range(60_000), [50_000, 10_000], seeded())
    for split, part in zip((mnist.train, mnist.val), parts, strict=True):
        assert torch.equal(split.images, images[part.indices])
        assert torch.equal(split.labels, labels[part.indices])


def test_no_image_is_in_two_splits(mnist):
    seen = [{image.tobytes() for image in split.images.numpy()} for split in mnist.splits]
    assert [len(one) for one in seen] == [50_000, 10_000, 10_000]
    assert len(set.union(*seen)) == 70_000


def test_what_is_not_held_out_is_learned_too(mnist):
    held = mnist.holding_out(2_000)
    assert torch.equal(held.val.images, mnist.val.images[:2_000])
    assert torch.equal(held.train.images[:50_000], mnist.train.images)
    assert torch.equal(held.train.images[50_000:], mnist.val.images[2_000:])
    assert torch.equal(held.train.labels[50_000:], mnist.val.labels[2_000:])
    assert held.test is mnist.test
    assert mnist.holding_out(10_000) is mnist


def blank(name: str) -> Data:
    """50 black images in each split."""
    split = Split(torch.zeros(50, 1, 28, 28, dtype=torch.uint8), torch.zeros(50, dtype=torch.int64))
    return Data(SPECS[name], split, split, split)


@pytest.mark.parametrize("share, count", [(0.0, 0), (0.2, 10), (1.0, 50)])
def test_handwriting_joins_the_training_images_alone(share, count):
    before = blank("mnist")
    after = before.with_handwriting(share, seed=0)
    images, labels = after.of_epoch(1)
    assert len(images) == len(labels) == after.epoch_images == 50 + count
    assert images[50:].any((1, 2, 3)).all() and not images[:50].any()
    assert after.val is before.val and after.test is before.test


def test_each_epoch_and_each_seed_has_handwriting_of_its_own():
    ours, again, others = (blank("mnist").with_handwriting(1.0, seed) for seed in (3, 3, 4))
    written = {
        data.of_epoch(epoch).images[50:].numpy().tobytes()
        for data in (ours, again, others)
        for epoch in (1, 2, 3)
    }
    assert len(written) == 6
    assert torch.equal(ours.of_epoch(2).images, again.of_epoch(2).images)


def test_a_training_goes_through_the_handwriting_of_each_epoch(monkeypatch):
    shown = []
    monkeypatch.setattr(trainer, "batches", lambda split, *_: shown.append(split) or iter(()))
    data = blank("mnist").with_handwriting(0.2, seed=0)
    list(train(SumNet(ModelConfig(width=4)), data, TrainConfig(epochs=3)))
    wanted = [data.of_epoch(epoch) for epoch in (1, 2, 3)]
    assert [split.images.tolist() for split in shown] == [w.images.tolist() for w in wanted]


@pytest.mark.parametrize("name, images", [("mnist", 100), ("fashion-mnist", 50)])
def test_a_recipe_adds_handwriting_to_digits_and_not_to_garments(name, images):
    recipe = Recipe(ModelConfig(name, width=4), TrainConfig(batch_size=50, pen=1.0, held_out=50))
    *_, last = recipe.fit(recipe.build(), blank(name))
    assert last.images == images


def test_the_spec_has_the_mean_and_spread_of_the_training_images(mnist):
    pixels = torch.cat([mnist.train.images, mnist.val.images]).numpy() / np.float32(255)
    assert pixels.mean(dtype=np.float64) == pytest.approx(mnist.spec.mean, abs=5e-5)
    assert pixels.std(dtype=np.float64) == pytest.approx(mnist.spec.std, abs=5e-5)


def test_an_epoch_shows_every_image_once(numbered):
    shown = [
        i for batch in batches(numbered, 20, seeded()) for i in batch.images[:, 0, 0, 0].tolist()
    ]
    assert sorted(shown) == list(range(103))
    assert shown != sorted(shown)


def test_the_last_batch_holds_what_is_left(numbered):
    sizes = [len(batch.labels) for batch in batches(numbered, 20, seeded())]
    assert sizes == [20, 20, 20, 20, 20, 3]


def test_images_labels_and_sums_stay_together(numbered):
    for batch in batches(numbered, 20, seeded()):
        assert torch.equal(batch.labels, batch.images[:, 0, 0, 1].long())
        assert torch.equal(batch.labels, numbered.labels[batch.images[:, 0, 0, 0].long()])
        assert torch.equal(batch.sums, batch.labels + batch.addends)


def test_an_image_meets_another_addend_in_the_next_epoch(numbered):
    rng = seeded()
    first, second = epoch(numbered, rng), epoch(numbered, rng)
    same = sum(first[index] == second[index] for index in first)
    assert same < 30  # of 103: about ten by chance


def test_addends_are_all_of_0_to_9_and_equally_likely():
    split = Split(torch.zeros(10_000, 1, 1, 1, dtype=torch.uint8), torch.zeros(10_000).long())
    counts = pair(split, torch.arange(10_000), seeded()).addends.bincount()
    assert len(counts) == 10
    assert all(900 < count < 1100 for count in counts)  # 1000 give or take three sigma


def test_an_addend_says_nothing_about_the_label(data):
    batch = pair(data.train, torch.arange(600), seeded())
    assert abs(np.corrcoef(batch.labels, batch.addends)[0, 1]) < 0.15


def test_a_seed_fixes_the_epoch(numbered):
    assert epoch(numbered, seeded(4)) == epoch(numbered, seeded(4))
    assert epoch(numbered, seeded(4)) != epoch(numbered, seeded(5))


def test_an_item_is_the_dictionary_of_its_image(numbered):
    item = SumDataset(numbered)[5]
    assert set(item) == {"image", "addend", "target"}
    assert torch.equal(item["image"], numbered.images[5])
    assert item["image"].shape == (1, 28, 28)
    assert item["target"]["label"] == numbered.labels[5]
    assert item["target"]["sum"] == numbered.labels[5] + item["addend"]


def test_an_item_has_a_new_addend_at_every_access(numbered):
    examples = SumDataset(numbered)
    assert {int(examples[5]["addend"]) for _ in range(200)} == set(range(10))


def test_the_dataset_can_be_iterated(numbered):
    labels = [int(item["target"]["label"]) for item in SumDataset(numbered)]
    assert labels == numbered.labels.tolist()


@pytest.mark.parametrize("index", [103, -104])
def test_an_index_out_of_range_is_an_index_error(numbered, index):
    with pytest.raises(IndexError, match=f"{index} is out of range for 103 images"):
        SumDataset(numbered)[index]


def test_the_dataset_feeds_a_data_loader(numbered):
    sizes = []
    for batch in DataLoader(SumDataset(numbered), batch_size=50):
        assert torch.equal(batch["target"]["sum"], batch["target"]["label"] + batch["addend"])
        sizes.append(tuple(batch["image"].shape))
    assert sizes == [(50, 1, 28, 28), (50, 1, 28, 28), (3, 1, 28, 28)]


def test_the_first_images_keep_their_labels(numbered):
    assert torch.equal(numbered.first(3).images, numbered.images[:3])
    assert torch.equal(numbered.first(3).labels, numbered.labels[:3])
