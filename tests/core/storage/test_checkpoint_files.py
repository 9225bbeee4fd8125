"""Checkpoints by name, and the ink detector that one may hold."""

import pytest
import torch

from core.heads import InkDetector
from core.storage import checkpoint
from core.storage.checkpoint import CheckpointError


def test_a_detector_goes_to_disk_and_comes_back(tmp_path, model, card, images):
    model.add_ink_detector()
    checkpoint.save(tmp_path / "net", model, card)
    loaded, _ = checkpoint.load(tmp_path / "net")
    addends = torch.arange(10)
    assert torch.equal(loaded(images, addends).evidence, model(images, addends).evidence)


def test_a_detector_of_another_size_is_another_architecture(tmp_path, model, card):
    model.ink_detector = InkDetector(7, 3)
    checkpoint.save(tmp_path / "net", model, card)
    with pytest.raises(CheckpointError, match="another architecture"):
        checkpoint.load(tmp_path / "net")


def test_the_shipped_network_knows_ink_that_is_no_digit(shipped):
    assert shipped[0].ink_detector is not None


@pytest.mark.parametrize("suffix", ["", ".safetensors", ".json"])
def test_a_checkpoint_is_named_by_either_of_its_files(stem, suffix):
    assert checkpoint.stem_of(f"{stem}{suffix}") == stem


def test_a_folder_with_one_network_names_it(stem):
    assert checkpoint.stem_of(str(stem.parent)) == stem


def test_a_training_that_is_not_over_is_no_network(stem):
    (stem.parent / f"other{checkpoint.UNFINISHED}").touch()
    assert checkpoint.stem_of(str(stem.parent)) == stem


def test_a_shipped_network_is_named_by_its_preset():
    assert checkpoint.stem_of("mnist") == checkpoint.WEIGHTS_DIR / "mnist"


def test_a_folder_with_two_networks_names_none_of_them(stem, model, card):
    checkpoint.save(stem.parent / "other", model, card)
    assert checkpoint.stem_of(str(stem.parent)) == stem.parent
