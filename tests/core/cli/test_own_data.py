"""train and evaluate on pictures of one's own, and a network that knows their names."""

import io
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image

from core.cli.main import main
from core.cli.own_data import MOST_UNREAD
from core.collections.album import UNREAD_KEPT
from core.storage import bundle, checkpoint
from tests.support.command_line import complaint, last_line
from tests.support.shapes import shape_files, zipped

NAMES = ("circle", "cross", "star")
OPTIONS = ["--epochs", "1", "--width", "4", "--json"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("own")
    with zipfile.ZipFile(zipped(shape_files(12, NAMES))) as archive:
        archive.extractall(place)
    return place / "shapes"


@pytest.fixture(scope="module")
def network(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a network that was trained on the shapes."""
    out = tmp_path_factory.mktemp("network")
    assert main(["train", "--data", str(folder), "--out", str(out), *OPTIONS]) == 0
    return out


def test_a_folder_of_pictures_trains_a_network_that_knows_their_names(network):
    model, card = checkpoint.load(network / "quick")
    assert model.spec.class_names == NAMES
    assert model.spec.title == "shapes"
    assert card.figures["class_acc"] > 0.8
    assert card.params["augment"] == 0.5  # few pictures are distorted


def test_a_zip_file_is_the_same_data_set(folder, network, tmp_path):
    file = tmp_path / "shapes.zip"
    file.write_bytes(zipped(shape_files(12, NAMES)).getvalue())
    assert main(["train", "--data", str(file), "--out", str(tmp_path), *OPTIONS]) == 0
    one, other = (checkpoint.read_card(place / "quick") for place in (network, tmp_path))
    assert one.weights_sha256 == other.weights_sha256
    assert one.own_data == other.own_data


def test_evaluate_measures_it_again(folder, network, capsys):
    capsys.readouterr()
    assert main(["evaluate", str(network), "--data", str(folder), "--json"]) == 0
    assert last_line(capsys) == checkpoint.read_card(network / "quick").report()


def brought(place: Path, names: Sequence[str], seed: int = 0) -> Path:
    """A zip file of shapes, the same as in `folder` for seed 0, in folders of these names."""
    files = shape_files(12, NAMES, seed=seed)
    renamed = dict(zip(NAMES, names, strict=True))
    file = place / "brought.zip"
    moved = {
        "/".join(renamed.get(part, part) for part in path.split("/")): content
        for path, content in files.items()
    }
    file.write_bytes(zipped(moved).getvalue())
    return file


def test_evaluate_refuses_pictures_of_other_classes(network, tmp_path, capsys):
    file = brought(tmp_path, ("apple", "birch", "cherry"))
    assert main(["evaluate", str(network), "--data", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == (
        "These pictures are of apple, birch, cherry, but the network learned circle, cross, star: "
        "give pictures in folders of these names."
    )


def test_evaluate_takes_fewer_classes_by_their_names(folder, network, tmp_path, capsys):
    """Of cross and star alone, cross is class 0; of the network it is class 1."""
    for name in NAMES[1:]:
        shutil.copytree(folder / name, tmp_path / "two" / name)
    capsys.readouterr()
    assert main(["evaluate", str(network), "--data", str(tmp_path / "two"), "--json"]) == 0
    assert last_line(capsys)["class_acc"] > 0.8


@pytest.mark.parametrize(("seed", "is_said"), [(0, False), (7, True)])
def test_evaluate_says_that_other_pictures_may_be_learned_ones(
    network, tmp_path, capsys, seed, is_said
):
    file = brought(tmp_path, NAMES, seed=seed)
    assert main(["evaluate", str(network), "--data", str(file), "--json"]) == 0
    said = capsys.readouterr()
    assert ("it may have learned some of them" in said.err) is is_said
    assert said.out.count("\n") == 1


def test_all_that_could_not_be_read_is_counted(folder, tmp_path, capsys):
    brought = tmp_path / "brought"
    shutil.copytree(folder, brought)
    for number in range(UNREAD_KEPT + 50):
        (brought / "circle" / f"bad-{number}.png").write_bytes(b"no picture")
    assert main(["train", "--data", str(brought), "--out", str(tmp_path), *OPTIONS]) == 0
    said = capsys.readouterr().err
    assert said.count("circle/bad-") == MOST_UNREAD
    assert f"... and {UNREAD_KEPT + 50 - MOST_UNREAD} more that could not be read" in said


def test_a_data_set_of_ours_has_no_others_beside_it(folder, capsys):
    assert complaint(capsys, "train", "--dataset", "fashion-mnist", "--data", folder) == (
        "--data and --dataset are two data sets: give one of them.\n"
    )
    assert complaint(capsys, "train", "--kind", "photo") == (
        "--kind is of your own pictures: say with --data where they are.\n"
    )


def test_evaluate_needs_the_pictures(network, capsys):
    assert complaint(capsys, "evaluate", network) == (
        "The pictures of this data set are its owner's: give them with --data.\n"
    )


def test_it_answers_with_the_names_and_their_numbers(folder, network, capsys):
    capsys.readouterr()
    picture = sorted((folder / "star").iterdir())[0]
    assert main(["predict", str(picture), "--addend", "7", "--model", str(network)]) == 0
    said = capsys.readouterr().out
    assert any(f"{name} ({label}) + 7 = " in said for label, name in enumerate(NAMES))


def test_a_bundle_takes_the_names_along(network):
    packed = bundle.pack_bundle(*checkpoint.load(network / "quick"))
    model, card = bundle.unpack_bundle(packed)
    assert model.spec.class_names == NAMES
    assert card.own_data == checkpoint.read_card(network / "quick").own_data


def test_things_are_read_as_in_training(tmp_path, capsys):
    files = shape_files(8, NAMES[::2], filled=True)
    file = tmp_path / "things.zip"
    file.write_bytes(zipped(files).getvalue())
    main(["train", "--data", str(file), "--out", str(tmp_path), *OPTIONS])
    assert "read as photos of things" in capsys.readouterr().err
    picture = tmp_path / "thing.png"
    picture.write_bytes(next(iter(files.values())))
    model, _ = checkpoint.load(tmp_path / "quick")
    seen: list[torch.Tensor] = []
    handle = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0]) if type(module) is type(model) else None
    )
    try:
        main(["predict", str(picture), "--addend", "7", "--model", str(tmp_path)])
    finally:
        handle.remove()
    shades = Image.open(io.BytesIO(picture.read_bytes()))
    assert seen and (seen[0] > 0).float().mean() > 0.3  # filled, not an outline
    assert shades.size == (140, 140)


def test_what_was_noticed_is_said(tmp_path, capsys):
    files = shape_files(4, NAMES) | {"shapes/star/notes.txt": b"x"}
    file = tmp_path / "few.zip"
    file.write_bytes(zipped(files).getvalue())
    assert main(["train", "--data", str(file), *OPTIONS]) == 0
    said = capsys.readouterr().err
    assert "circle, cross and star have fewer than 10 pictures." in said
    assert "star/notes.txt: The file is not an image." in said


@pytest.mark.parametrize("what", ["nothing", "junk.zip"])
def test_no_pictures_are_one_sentence(what, tmp_path, capsys):
    (tmp_path / "junk.zip").write_bytes(b"junk")
    said = complaint(capsys, "train", "--data", tmp_path / what)
    assert said.startswith(("This is no zip file", f"{tmp_path / what} cannot be read"))
