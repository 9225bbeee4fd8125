"""Distortions of training images."""

import pytest
import torch

from core.augment import augment


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_each_image_is_distorted_in_its_own_way(images):
    same = images[5:6].expand(8, 1, 28, 28)
    distorted = augment(same, 1.0, mirrored=False, rng=seeded())
    assert distorted.shape == same.shape
    assert len({tuple(image.flatten().tolist()) for image in distorted}) == 8


def test_pixels_stay_within_0_and_255(images):
    distorted = augment(images, 2.0, mirrored=True, rng=seeded())
    assert distorted.dtype == torch.float32
    assert distorted.min() >= 0
    assert 150 < distorted.max() <= 255.01


def test_no_strength_changes_nothing(images):
    assert torch.allclose(augment(images, 0.0, False, seeded()), images.float(), atol=0.05)


def test_more_strength_changes_more(images):
    change = [
        (augment(images, strength, False, seeded()) - images).abs().mean()
        for strength in (0.1, 0.4, 1.0)
    ]
    assert change == sorted(change)
    assert change[0] > 1


def test_the_given_images_stay_as_they_are(images):
    before = images.clone()
    augment(images, 1.0, True, seeded())
    assert torch.equal(images, before)


def test_a_seed_fixes_the_distortions(images):
    one, same, other = (augment(images, 1.0, True, seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(("mirrored", "count"), [(False, range(1)), (True, range(20, 45))])
def test_only_images_that_survive_it_are_mirrored(images, mirrored, count):
    """Half of 64 garments, but no digit: a 3 in the mirror is no 3."""
    same = images[3:4].float().expand(64, 1, 28, 28)
    distorted = augment(same, 0.0, mirrored, seeded())
    assert sum(torch.allclose(image, same[0].flip(2), atol=0.05) for image in distorted) in count
