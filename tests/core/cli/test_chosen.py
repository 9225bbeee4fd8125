"""What a training takes from its options: whose settings, which pictures, where it is saved."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from core.cli.main import main
from core.cli.own_data import MOST_UNREAD, read_own
from core.doubt import detector
from core.recipes.presets import PRESETS
from core.storage import checkpoint
from tests.support.command_line import last_line
from tests.support.shapes import shape_files, zipped

NAMES = ("circle", "cross")
OPTIONS = ["--epochs", "1", "--width", "4", "--json"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A zip file of drawings, with as many files that are no pictures as are named."""
    files = shape_files(6, NAMES)
    files |= {f"shapes/cross/bad-{number}.png": b"x" for number in range(MOST_UNREAD)}
    file = tmp_path / "pens.zip"
    file.write_bytes(zipped(files).getvalue())
    return file


def test_a_preset_as_it_is_goes_where_networks_are_shipped(drawn, tmp_path, monkeypatch, capsys):
    small = PRESETS["mnist"].recipe.change({"width": 4, "epochs": 1, "batch_size": 30})
    monkeypatch.setitem(PRESETS, "mnist", replace(PRESETS["mnist"], recipe=small))
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path / "weights")
    for name, value in {"DIGITS": 60, "OUTLIERS": 60, "EPOCHS": 1}.items():
        monkeypatch.setattr(detector, name, value)
    assert main(["train"]) == 0  # mnist, if nothing else is said
    assert checkpoint.read_card(tmp_path / "weights" / "mnist").preset == "mnist"
    assert f"saved as {tmp_path / 'weights' / 'mnist'}.safetensors" in capsys.readouterr().out


def test_one_s_own_pictures_are_read_and_tested_as_the_kind_that_was_said(
    pictures, tmp_path, capsys
):
    """By themselves they would be taken for drawings."""
    asked = ["train", "--data", str(pictures), "--kind", "photo", "--preset", "quick"]
    assert main([*asked, "--out", str(tmp_path), *OPTIONS]) == 0
    said = capsys.readouterr()
    assert "read as photos of things (circle (0): 6, cross (1): 6)" in said.err
    card = checkpoint.read_card(tmp_path / "quick")
    assert card.own_data and (card.own_data.kind, card.own_data.title) == ("photo", "pens")
    assert main(["evaluate", str(tmp_path), "--data", str(pictures), "--json"]) == 0
    again = capsys.readouterr()
    assert "read as photos of things" in again.err and "other pictures" not in again.err
    assert said.out == again.out


def test_no_more_are_said_to_be_unread_than_there_are(pictures, capsys):
    assert read_own(str(pictures)).spec.title == "pens"
    said = capsys.readouterr().err
    assert said.count("cross/bad-") == MOST_UNREAD
    assert "more that could not be read" not in said


def test_a_preset_that_was_asked_for_is_taken_as_it_is_for_one_s_own_pictures(
    pictures, tmp_path, capsys
):
    asked = ["train", "--data", str(pictures), "--preset", "quick", "--out", str(tmp_path)]
    assert main([*asked, *OPTIONS]) == 0
    params = checkpoint.read_card(tmp_path / "quick").params
    assert params["augment"] == PRESETS["quick"].recipe.to_dict()["augment"] == 0.0
    assert str(params["dataset"]).startswith("own-")
    assert last_line(capsys)["preset"] == "quick"


def test_settings_of_the_command_line_win_over_those_that_suit_few_pictures(pictures, tmp_path):
    asked = ["train", "--data", str(pictures), "--augment", "0", "--start", "nothing"]
    assert main([*asked, "--out", str(tmp_path), *OPTIONS]) == 0
    params = checkpoint.read_card(tmp_path / "quick").params
    assert (params["augment"], params["start"], params["width"]) == (0, "nothing", 4)


@pytest.mark.parametrize(("name", "given"), [("2024.05 leaves", "2024.05 leaves"), ("pens", ".")])
def test_a_folder_gives_its_whole_name_however_it_is_called(
    pictures, tmp_path, monkeypatch, name, given
):
    with zipfile.ZipFile(pictures) as packed:
        packed.extractall(tmp_path / "unpacked")
    (tmp_path / "unpacked" / "shapes").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path / name if given == "." else tmp_path)
    assert read_own(given).spec.title == name
