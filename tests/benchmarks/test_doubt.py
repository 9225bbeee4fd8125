"""The benchmark of what a network calls unreadable."""

import json
import sys

import numpy as np
import pytest
import torch

from benchmarks import doubt
from core.storage import checkpoint


def test_every_letter_and_sign_can_be_drawn():
    for style in (*doubt.LETTERS, *doubt.SIGNS):
        assert doubt.written(style, np.random.default_rng(0)).shape == (28, 28), style


def test_scribbles_are_many_and_all_different():
    styles = list(doubt.scribbles(np.random.default_rng(0)))
    assert len(set(styles)) == doubt.SCRIBBLES
    for style in styles[:50]:
        assert doubt.written(style, np.random.default_rng(0)).any()


def test_the_share_above_the_threshold_is_accepted(trained, images):
    energies = trained(images, torch.zeros(10, dtype=torch.int64)).energy
    threshold = energies.sort().values[3].item()
    count, share = doubt.accepted(trained, threshold, images[:, 0].numpy())
    assert (count, share) == (10, pytest.approx(0.7))


def test_as_a_command(monkeypatch, capsys):
    monkeypatch.setattr(doubt, "EACH", 1)
    monkeypatch.setattr(doubt, "SCRIBBLES", 20)
    monkeypatch.setattr(doubt, "DIGITS", 20)
    monkeypatch.setattr(doubt, "PAIRS", 10)
    monkeypatch.setattr(sys, "argv", ["doubt.py", "--json"])
    doubt.main()
    found = json.loads(capsys.readouterr().out)
    assert found["digits: MNIST test images"]["images"] == 10_000
    assert found["digits: MNIST test images"]["accepted"] > 0.98
    assert found["scribbles"]["accepted"] < 0.7


def test_a_card_without_a_threshold_is_refused(monkeypatch, tmp_path, shipped, capsys):
    checkpoint.save(tmp_path / "old", shipped[0], shipped[1])
    text = (tmp_path / "old.json").read_text()
    card = json.loads(text) | {"doubt_level": None}
    (tmp_path / "old.json").write_text(json.dumps(card))
    monkeypatch.setattr(sys, "argv", ["doubt.py", "--model", str(tmp_path / "old")])
    with pytest.raises(SystemExit, match="2"):
        doubt.main()
    assert "has no out-of-distribution threshold" in capsys.readouterr().err
