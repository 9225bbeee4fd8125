"""Distortions of training images."""

import pytest
import torch

from core.data.augment import ERASED_AREA, augment, cut_out, erase, shift


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


def test_a_shift_moves_whole_pixels_and_brings_in_black(images):
    same = images[5:6].expand(64, 1, 28, 28)
    moved = shift(same, 2, mirrored=False, rng=seeded())
    assert (moved.shape, moved.dtype) == (same.shape, torch.uint8)
    padded = torch.nn.functional.pad(images[5, 0], (2, 2, 2, 2))
    places = {
        (row, column): padded[row : row + 28, column : column + 28]
        for row in range(5)
        for column in range(5)
    }
    found = {at for at, place in places.items() for image in moved if torch.equal(image[0], place)}
    assert len(found) > 15
    assert all(any(torch.equal(image[0], place) for place in places.values()) for image in moved)


@pytest.mark.parametrize(("mirrored", "count"), [(False, range(1)), (True, range(20, 45))])
def test_a_shift_mirrors_only_images_that_survive_it(images, mirrored, count):
    same = images[3:4].expand(64, 1, 28, 28)
    moved = shift(same, 0, mirrored, seeded())
    assert sum(torch.equal(image, same[0].flip(2)) for image in moved) in count


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_the_images_loses_a_rectangle(images, share):
    same = images[5:6].expand(400, 1, 28, 28)
    changed = (erase(same, share, seeded()) != same)[:, 0]
    hit = changed.flatten(1).any(1)
    assert abs(hit.float().mean() - share) <= 0.1 * (0 < share < 1)
    for one in changed[hit]:
        rows, columns = (one.any(along).nonzero() for along in (1, 0))
        height, width = (int(line.max() - line.min()) + 1 for line in (rows, columns))
        assert ERASED_AREA[0] - 0.01 < height * width / 28**2 < ERASED_AREA[1] + 0.05
        assert one.sum() > 0.95 * height * width  # noise may equal what was there


def test_a_seed_fixes_what_is_moved_and_erased(images):
    def change(seed: int) -> torch.Tensor:
        rng = seeded(seed)
        return erase(shift(images, 2, True, rng), 0.5, rng)

    assert torch.equal(change(3), change(3))
    assert not torch.equal(change(3), change(4))


def test_a_square_of_each_image_is_covered_somewhere_else():
    images = torch.full((400, 1, 28, 28), 7, dtype=torch.uint8)
    covered = cut_out(images, 8, 73.0, seeded()) == 73
    rows, columns = covered.any(3).sum(2), covered.any(2).sum(2)
    assert torch.equal(covered.sum((1, 2, 3)), (rows * columns).squeeze(1))  # a rectangle each
    assert rows.max() == columns.max() == 8
    assert rows.min() == columns.min() == 4  # the middle may be the first or the last pixel
    assert covered.any(0).all()  # no place is spared
    assert len({tuple(one.flatten().tolist()) for one in covered}) > 200


def test_the_rest_of_a_covered_image_is_as_it_was(images):
    covered = cut_out(images, 12, 255.0, seeded())
    kept = covered != 255
    assert torch.equal(covered[kept], images.float()[kept])
