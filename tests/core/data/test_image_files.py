"""From image files of all kinds to ink: formats, paper and ink, damage, and what is refused."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import image_files as image_files_module
from core.data.drawing import CANVAS_SIDE, Pixels, mnist_form, rasterize
from core.data.image_files import read_image, shades_of
from core.data.photo import read_photo
from tests.support.pictures import SEVEN, difference, extent


@pytest.fixture
def seven() -> Image.Image:
    """White on black, as on the canvas."""
    return Image.fromarray(rasterize(SEVEN))


@pytest.fixture
def form(seven) -> Pixels:
    """The seven in MNIST form."""
    found = mnist_form(np.asarray(seven))
    assert found is not None
    return found


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def negative(image: Image.Image) -> Image.Image:
    return Image.fromarray(255 - np.asarray(image))


@pytest.mark.parametrize("invert", [False, True], ids=["light on dark", "dark on light"])
@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        *(("L", suffix) for suffix in ("png", "bmp", "tiff", "gif", "webp", "jpg")),
        *(("1", suffix) for suffix in ("png", "gif", "tiff", "bmp")),
        *(("P", suffix) for suffix in ("png", "gif", "tiff", "bmp")),
        *(("RGB", suffix) for suffix in ("png", "jpg", "tiff", "webp")),
        *(("RGBA", suffix) for suffix in ("png", "webp", "tiff")),
        *(("LA", "png"), ("CMYK", "jpg"), ("CMYK", "tiff"), ("YCbCr", "jpg")),
    ],
)
def test_any_kind_of_file_is_read(seven, form, tmp_path, mode, suffix, invert):
    image = negative(seven) if invert else seven
    path = save(image.convert("RGB").convert(mode), tmp_path / f"seven.{suffix}")
    assert difference(read_image(path), form) < 1


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("invert", [False, True])
def test_16_bits_are_read(seven, form, tmp_path, suffix, invert):
    grey = np.asarray(negative(seven) if invert else seven).astype(np.uint16) * 257
    path = save(Image.fromarray(grey), tmp_path / f"seven.{suffix}")
    with Image.open(path) as image:
        assert image.mode == "I;16"
    assert difference(read_image(path), form) < 1


@pytest.mark.parametrize("mode", ["I;16", "I", "F", "12 of 16"])
@pytest.mark.parametrize("invert", [False, True])
def test_shades_of_more_than_8_bits_are_kept(mnist, tmp_path, mode, invert):
    """Pillow's own conversion makes all that is not black white."""
    image = 255 - mnist.val.images[0, 0].numpy() if invert else mnist.val.images[0, 0].numpy()
    shades = {
        "I;16": image.astype(np.uint16) * 257,
        "I": image.astype(np.int32) * 257,
        "F": image.astype(np.float32) / 255,
        "12 of 16": image.astype(np.uint16) * 16,
    }[mode]
    path = save(Image.fromarray(shades), tmp_path / "digit.tiff")
    assert difference(read_image(path), mnist_form(read_photo(image).ink)) < 1


def test_noise_in_16_bits_is_blank(tmp_path):
    noise = np.random.default_rng(0).integers(0, 20, (50, 50)).astype(np.uint16)
    for paper in (noise, 65_535 - noise):
        assert read_image(save(Image.fromarray(paper), tmp_path / "blank.png")) is None


@pytest.mark.parametrize("ink_color", [(0, 0, 0), (255, 255, 255), (200, 30, 30), (30, 30, 200)])
@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (128, 128, 128)])
def test_what_is_transparent_is_paper_whatever_color_it_hides(
    seven, form, tmp_path, ink_color, hidden
):
    picture = Image.composite(
        Image.new("RGB", seven.size, ink_color), Image.new("RGB", seven.size, hidden), seven
    )
    picture.putalpha(seven)
    assert difference(read_image(save(picture, tmp_path / "seven.png")), form) < 1


@pytest.mark.parametrize("shade", [0, 255], ids=["black", "white"])
def test_translucent_ink_is_read(seven, form, tmp_path, shade):
    picture = Image.new("L", seven.size, shade)
    picture.putalpha(seven.point(lambda ink: ink * 0.3))
    assert difference(read_image(save(picture, tmp_path / "seven.png")), form) < 2


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])], ids=["an index", "per color"])
def test_a_transparent_palette_is_read(seven, form, tmp_path, transparency):
    picture = Image.fromarray((np.asarray(seven) > 127).astype(np.uint8)).convert("P")
    picture.putpalette([255, 255, 255, 0, 0, 0])
    path = save(picture, tmp_path / "seven.png", transparency=transparency)
    assert difference(read_image(path), form) < 1


def test_an_animation_is_read_by_its_first_frame(seven, form, tmp_path):
    rest = [Image.new("L", seven.size, shade) for shade in (0, 255)]
    path = save(seven, tmp_path / "seven.gif", save_all=True, append_images=rest, duration=50)
    assert difference(read_image(path), form) < 1


def test_colored_ink_on_colored_paper_is_read(seven, form, tmp_path):
    picture = Image.composite(
        Image.new("RGB", seven.size, (20, 20, 160)),
        Image.new("RGB", seven.size, (250, 240, 200)),
        seven,
    )
    assert difference(read_image(save(picture, tmp_path / "seven.png")), form) < 1


def test_pale_ink_counts_as_much_as_black(seven, form, tmp_path):
    pale = np.where(np.asarray(seven), 150, 200).astype(np.uint8)
    assert difference(read_image(save(Image.fromarray(pale), tmp_path / "pale.png")), form) < 1


def test_grain_of_the_paper_is_no_ink(seven, form, tmp_path):
    rng = np.random.default_rng(0)
    grain = rng.integers(-12, 13, (CANVAS_SIDE, CANVAS_SIDE))
    photo = np.clip(np.asarray(negative(seven)) * 0.8 + 20 + grain, 0, 255).astype(np.uint8)
    path = save(Image.fromarray(photo), tmp_path / "photo.png")
    assert difference(read_image(path), form) < 6


def test_a_photo_is_turned_as_its_camera_says(seven, form, tmp_path):
    lying = seven.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    assert difference(read_image(save(lying, tmp_path / "photo.jpg", exif=exif)), form) < 1


@pytest.mark.filterwarnings("ignore::UserWarning")  # as core/drawing.py does for the process
def test_a_photo_with_damaged_camera_data_is_read(seven, form, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Somebody's camera, with a long name"
    path = save(seven, tmp_path / "photo.jpg", exif=exif.tobytes()[:-20])
    assert difference(read_image(path), form) < 1


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (5, 3), (28, 28)])
@pytest.mark.parametrize("color", ["black", "white", "#777777", (0, 0, 0, 0), (255, 255, 255, 0)])
def test_a_blank_picture_is_no_picture(tmp_path, size, color):
    mode = "RGBA" if isinstance(color, tuple) else "RGB"
    assert read_image(save(Image.new(mode, size, color), tmp_path / "blank.png")) is None


def test_a_shade_that_nobody_can_see_is_blank(seven, tmp_path):
    nearly = np.where(np.asarray(seven), 240, 255).astype(np.uint8)
    assert read_image(save(Image.fromarray(nearly), tmp_path / "blank.png")) is None


def test_a_huge_picture_is_read(seven, form, tmp_path):
    huge = seven.resize((4800, 4800), Image.Resampling.BICUBIC)
    assert difference(read_image(save(huge, tmp_path / "huge.png")), form) < 3


def test_a_tiny_picture_is_read(tmp_path):
    """A seven of 3 x 5 pixels."""
    dots = np.array([[1, 1, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]], np.uint8) * 255
    image = read_image(save(Image.fromarray(np.pad(dots, 1)), tmp_path / "tiny.png"))
    assert extent(image) == (20, 12)


def test_what_is_said_of_warnings_holds_for_all_threads_and_is_left_alone(
    seven, tmp_path, monkeypatch
):
    """`catch_warnings` in two threads may leave the filters of one of them for good."""
    before, seen = list(warnings.filters), []
    real = shades_of
    monkeypatch.setattr(
        image_files_module,
        "shades_of",
        lambda image, side: (seen.append(warnings.filters), real(image, side))[1],
    )
    read_image(save(seven, tmp_path / "seven.png"))
    assert [list(each) for each in seen] == [before]


def test_while_a_picture_is_unpacked_no_other_one_is(seven, tmp_path, monkeypatch):
    """A large photo takes a few hundred megabytes."""
    free = []

    def unpack(image: Image.Image, side: int) -> Pixels:
        free.append(image_files_module.ONE_AT_A_TIME.acquire(blocking=False))
        return shades_of(image, side)

    monkeypatch.setattr(image_files_module, "shades_of", unpack)
    read_image(save(seven, tmp_path / "seven.png"))
    assert free == [False]
