"""train --resume: a training that was cut off goes on, and ends as if it had not been."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from core.cli import train
from core.cli.main import main
from core.storage import checkpoint
from core.storage.history import history_file, read_history
from core.trainer import Progress
from tests.support.command_line import TRAIN, complaint

LONG = [*TRAIN, "--epochs", "3"]


class PowerFailureError(Exception):
    """Nothing of ours catches it."""


@pytest.fixture
def cut_off(drawn, tmp_path, monkeypatch) -> Iterator[Path]:
    """The unfinished file of a training that was cut off in its second epoch."""

    def fail(progress: Progress) -> None:
        if progress.step > 1.5 * progress.steps / 3:
            raise PowerFailureError

    with monkeypatch.context() as patched, suppress(PowerFailureError):
        patched.setattr(train, "_shower", lambda *_: fail)
        main([*LONG, "--out", str(tmp_path / "cut")])
    yield tmp_path / "cut" / "quick.unfinished.safetensors"


def test_it_ends_with_the_same_network_and_history(cut_off, tmp_path, capsys):
    assert main([*LONG, "--out", str(cut_off.parent), "--resume"]) == 0
    assert main([*LONG, "--out", str(tmp_path / "whole")]) == 0
    cards, histories = [], []
    for folder in ("cut", "whole"):
        cards.append(checkpoint.read_card(tmp_path / folder / "quick"))
        records = read_history(history_file(tmp_path / folder / "quick"))
        histories.append([{**record, "seconds": 0} for record in records])
        seconds = [record["seconds"] for record in records]
        assert seconds == sorted(seconds)
    assert cards[0].weights_sha256 == cards[1].weights_sha256
    assert histories[0] == histories[1]
    assert not cut_off.exists()


def test_the_first_epoch_is_not_trained_again(cut_off, monkeypatch):
    seen = []
    monkeypatch.setattr(train, "_shower", lambda *_: lambda progress: seen.append(progress.epoch))
    main([*LONG, "--out", str(cut_off.parent), "--resume"])
    assert set(seen) == {2, 3}


def test_without_an_unfinished_file_it_starts_at_the_beginning(drawn, tmp_path):
    assert main([*TRAIN, "--out", str(tmp_path), "--resume"]) == 0
    assert checkpoint.read_card(tmp_path / "quick").epochs == 1


def test_a_training_that_was_cut_off_is_never_overwritten(cut_off, capsys):
    before = cut_off.read_bytes()
    assert complaint(capsys, *LONG, "--out", cut_off.parent) == (
        f"{cut_off} is a training that was cut off: add --resume to go on with it, or delete it to "
        "begin again.\n"
    )
    assert cut_off.read_bytes() == before


def test_other_settings_are_refused(cut_off, capsys):
    other = [*LONG, "--lr", "0.05", "--out", cut_off.parent, "--resume"]
    assert complaint(capsys, *other) == (
        f"{cut_off} is of other settings: give those, or delete it.\n"
    )
    assert cut_off.exists()


def rewrite(file: Path, recipe: Callable[[dict[str, object]], object]) -> None:
    with safe_open(file, "pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        facts = json.loads(opened.metadata()["facts"])
    recipe(facts["recipe"])
    file.write_bytes(save(tensors, {"facts": json.dumps(facts)}))


def test_a_setting_that_is_newer_than_the_file_has_its_default(cut_off):
    rewrite(cut_off, lambda recipe: recipe.pop("temperature"))
    assert main([*LONG, "--out", str(cut_off.parent), "--resume"]) == 0
    assert not cut_off.exists()


def test_a_setting_that_is_not_known_here_is_refused(cut_off, capsys):
    rewrite(cut_off, lambda recipe: recipe.update(warmth=1.0))
    said = complaint(capsys, *LONG, "--out", cut_off.parent, "--resume")
    assert said == f"{cut_off} is damaged: delete it and train again.\n"


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04" + b"0" * 100])
def test_a_damaged_file_is_refused(cut_off, content, capsys):
    cut_off.write_bytes(content)
    said = complaint(capsys, *LONG, "--out", cut_off.parent, "--resume")
    assert said == f"{cut_off} is damaged: delete it and train again.\n"


def test_a_file_that_is_something_else_is_refused(cut_off, capsys):
    cut_off.write_bytes(save({"x": torch.ones(1)}))
    said = complaint(capsys, *LONG, "--out", cut_off.parent, "--resume")
    assert said == f"{cut_off} is damaged: delete it and train again.\n"


def test_without_out_there_is_nothing_to_resume(drawn, capsys):
    assert complaint(capsys, *TRAIN, "--resume") == (
        "Without --out nothing was saved: there is nothing to go on with.\n"
    )
