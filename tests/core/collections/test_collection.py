"""A data set of one's own: into shape, split, and what is said about it."""

import io
import random
from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from PIL import Image

from core.collections.album import ReadingProgress, read_album
from core.collections.archive import CollectionError, read_zip
from core.collections.collection import Collection, collect, listed, split_parts
from core.collections.packing import pack_collection
from core.data.drawing import photo_form
from core.recipes.presets import PRESETS
from core.specs import TRAIN_SIZE, find_spec
from tests.support.shapes import draw_shape, png, shape_files, zipped


def collected(files: dict[str, bytes], **options: object) -> Collection:
    return collect(read_zip(zipped(files)), "shapes", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shapes() -> Collection:
    return collected(shape_files(10))


def test_the_folders_are_the_classes_numbered_in_order(shapes):
    assert shapes.spec.class_names[:3] == ("A", "circle", "cross")
    assert shapes.counts == [10] * 10
    assert shapes.spec.numbered(1) == "circle (1)"
    assert (shapes.warnings, shapes.unread) == ((), ())


def test_folders_that_are_digits_keep_their_number():
    files = shape_files(3, ["circle", "cross"])
    renamed = {k.replace("circle", "4").replace("cross", "2"): v for k, v in files.items()}
    found = collected(renamed)
    assert found.spec.class_names == tuple("01234")
    assert found.counts == [0, 0, 3, 0, 3]


def test_drawings_are_read_as_ink_and_things_as_photos():
    names = ["circle", "cross", "heart"]
    assert collected(shape_files(5, names)).spec.own.kind == "ink"
    assert collected(shape_files(5, names[::2], filled=True)).spec.own.kind == "photo"
    assert collected(shape_files(5, names), kind="photo").spec.own.kind == "photo"


def test_ink_is_in_mnists_form(shapes):
    boxes = [
        max(np.ptp(np.flatnonzero(image.any(axis))) + 1 for axis in (0, 1))
        for image in shapes.images
    ]
    assert shapes.images.shape == (100, 28, 28)
    assert set(boxes) == {20}


def test_a_photo_of_a_thing_is_as_fashion_mnist_shows_it():
    light = np.full((60, 100), 240, np.uint8)
    light[20:40, 10:90] = 100
    dark = np.full((60, 100), 5, np.uint8)
    dark[20:40, 10:90] = 155
    for picture in (light, dark):
        image = photo_form(picture)
        assert image is not None
        rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
        assert (len(rows), len(columns)) == (7, 28)
        assert rows[0] == 10
        assert set(image[10]) == {155}
    assert photo_form(np.full((60, 100), 240, np.uint8)) is None


def test_seven_tenths_are_for_training_and_two_for_the_test(shapes):
    parts = Counter(zip(shapes.labels.tolist(), shapes.parts.tolist(), strict=True))
    assert {parts[label, "train"] for label in range(10)} == {7}
    assert {parts[label, "val"] for label in range(10)} == {1}
    assert {parts[label, "test"] for label in range(10)} == {2}


def test_a_seed_fixes_the_split_and_another_gives_another(shapes):
    again, other = (collected(shape_files(10), seed=seed) for seed in (0, 1))
    assert again.parts.tolist() == shapes.parts.tolist()
    assert other.parts.tolist() != shapes.parts.tolist()


def test_an_epoch_of_few_pictures_goes_over_them_several_times(shapes):
    data = shapes.data().learning(TRAIN_SIZE)
    assert data.train.images.shape == (70 * 85, 1, 28, 28)
    assert Counter(data.train.labels.tolist()) == dict.fromkeys(range(10), 7 * 85)
    assert data.test.images.shape == (20, 1, 28, 28)


@pytest.mark.parametrize(("images", "steps"), [(TRAIN_SIZE, 46), (500, 46), (100, 47)])
def test_fewer_pictures_are_different_ones_and_an_epoch_is_as_long(images, steps):
    """Of 140 pictures: 42 times all of them, or 60 times the first 100."""
    data = collected(shape_files(20)).data()
    recipe = PRESETS["quick"].recipe.change({"dataset": data.spec.name, "images": images})
    assert recipe.training(recipe.build(), data).steps == steps
    shown = data.learning(images).train.images.flatten(1)
    count = min(images, 140)
    assert shown.unique(dim=0).shape[0] == data.train.first(count).images.unique(dim=0).shape[0]
    assert len(shown) == 6_000 // count * count


def test_mean_and_spread_are_those_of_the_training_images(shapes):
    shades = shapes.images[shapes.parts == "train"] / 255
    assert shapes.spec.mean == pytest.approx(shades.mean(), abs=1e-4)
    assert shapes.spec.std == pytest.approx(shades.std(), abs=1e-4)


def test_the_same_pictures_are_the_same_data_set_but_for_a_key(shapes):
    again = collected(shape_files(10))
    secret = collected(shape_files(10), key="0123456789abcdef" * 2)
    assert again.spec.name == shapes.spec.name
    assert secret.spec.name != shapes.spec.name
    assert find_spec(secret.spec.name) is secret.spec


# --- copies


def test_copies_are_never_in_two_parts():
    labels = np.array([0] * 12 + [1] * 12)
    digests = [bytes([number % 4]) for number in range(24)]  # the classes share their pictures
    for seed in range(20):
        parts = split_parts(labels, digests, seed)
        assert len(set(zip(digests, parts.tolist(), strict=True))) == 4
        assert set(parts.tolist()) >= {"train", "test"}


@pytest.mark.parametrize("copies", [(10, 1, 1), (5, 5, 5), (1, 1, 30), (2, 1, 1, 40)])
def test_copies_leave_each_class_something_of_each_part(copies):
    names = [bytes([number]) for number, count in enumerate(copies) for _ in range(count)]
    for seed in range(20):
        parts = split_parts(np.zeros(len(names), np.int64), names, seed)
        assert set(parts.tolist()) == {"train", "val", "test"}


def test_the_first_pictures_of_a_part_are_of_all_classes():
    data = collected(shape_files(100, ["circle", "cross"])).data()
    for split in (data.train, data.val, data.test):
        assert set(split.first(8).labels.tolist()) == {0, 1}


def test_copies_are_counted_and_said():
    files = shape_files(10, ["circle", "cross"])
    files["shapes/circle/copy.png"] = files["shapes/circle/001.png"]
    files["shapes/cross/wrong.png"] = files["shapes/circle/002.png"]
    said = collected(files).warnings
    assert said == (
        "2 pictures are a copy of another; copies stay in the same part.",
        "1 picture is in two classes: nobody can learn which is right.",
    )


# --- what is said of the rest


def test_few_and_uneven_pictures_are_said():
    files = shape_files(30, ["circle"]) | shape_files(4, ["cross"])
    assert collected(files).warnings == (
        "cross has fewer than 10 pictures.",
        "circle has 30 pictures and cross only 4: in doubt it will say circle. "
        "Bring about as many of each.",
    )


def test_what_cannot_be_used_is_named_with_its_reason():
    files = shape_files(10, ["circle", "cross"])
    files["shapes/circle/notes.txt"] = b"not a picture"
    files["shapes/circle/half.png"] = files["shapes/circle/001.png"][:200]
    files["shapes/cross/empty.png"] = png(Image.new("L", (50, 50), 255))
    files["shapes/list.txt"] = b""
    found = collected(files)
    reasons = {unread.path: unread.why for unread in found.unread}
    assert list(reasons) == [
        *("shapes/list.txt", "circle/notes.txt", "circle/half.png", "cross/empty.png"),
    ]
    assert reasons["shapes/list.txt"] == "It lies in no folder."
    assert reasons["circle/notes.txt"] == "The file is not an image."
    assert "cannot be read" in reasons["circle/half.png"]
    assert reasons["cross/empty.png"] == "There is nothing to see on it."
    assert found.counts == [10, 10]


def test_a_class_needs_three_different_pictures():
    files = shape_files(5, ["circle"])
    files |= {f"shapes/cross/{n}.png": files["shapes/circle/001.png"] for n in range(5)}
    with pytest.raises(CollectionError) as error:
        collected(files)
    assert str(error.value) == ("cross has 1 different picture that I can use; each class needs 3.")


def test_reading_reports_and_can_be_stopped():
    seen: list[ReadingProgress] = []

    def stop(reading: ReadingProgress) -> None:
        seen.append(reading)
        if reading.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collected(shape_files(5, ["circle", "cross"]), report=stop)
    assert seen == [ReadingProgress(1, 10), ReadingProgress(2, 10), ReadingProgress(3, 10)]


@pytest.mark.parametrize(
    ("names", "said"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_names_in_a_sentence(names, said):
    assert listed(names) == said
    assert listed([*"abcdef"]) == "a, b, c and 3 more"


# --- the way out and back


@pytest.mark.parametrize("filled", [False, True])
def test_a_packed_data_set_opens_as_it_was(filled):
    before = collected(shape_files(6, ["circle", "cross", "star"], filled=filled))
    after = collect(read_zip(io.BytesIO(pack_collection(before))), "another title")
    assert np.array_equal(after.images, before.images)
    assert after.labels.tolist() == before.labels.tolist()
    assert after.parts.tolist() == before.parts.tolist()
    assert after.spec.own == before.spec.own


@pytest.mark.parametrize("note", [b"", b"{}", b'{"title":"x","kind":"other"}', b"[" * 9_999])
def test_a_note_that_is_not_ours_is_ignored(note):
    files = {k.removeprefix("shapes/"): v for k, v in shape_files(5, ["circle", "cross"]).items()}
    found = collected(files | {"sketch-sum.json": note})
    assert found.spec.title == "shapes"


def test_a_note_of_ours_with_other_pictures_is_said():
    files = {k.removeprefix("shapes/"): v for k, v in shape_files(5, ["circle", "cross"]).items()}
    files |= {
        f"circle/{n}.png": png(draw_shape("star", random.Random(n)).resize((28, 28)))
        for n in range(3)
    }
    with pytest.raises(CollectionError, match="cross has 0 different pictures"):
        collected(files | {"sketch-sum.json": b'{"title":"x","kind":"ink"}'})


@pytest.mark.parametrize(
    "names",
    [("*", "/"), ("?", ":", "!"), (".", "a"), ("..", "a"), ("<", ">", '"', "|"), (".a", "a")],
)
def test_a_packed_data_set_keeps_its_classes_apart(names):
    pictures = list(shape_files(4, ["circle"]).values())
    labels = bytes(number % len(names) for number in range(4 * len(names)))
    own = collected({f"{n}/{k}.png": p for n in "ab" for k, p in enumerate(pictures)})
    spec = replace(own.spec, own=msgspec.structs.replace(own.spec.own, classes=names))
    images = np.repeat(own.images[:4], len(names), 0)
    filled = replace(own, spec=spec, images=images, labels=np.frombuffer(labels, np.uint8))
    again = read_album(read_zip(io.BytesIO(pack_collection(filled))), "x")
    assert sorted(again.counts().values()) == [4] * len(names)
