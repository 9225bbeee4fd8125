"""From strokes and image files to the form that MNIST's images have."""

import io
import math
import struct
import warnings
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from core.data import image_files as image_files_module
from core.data.drawing import (
    CANVAS_SIDE,
    DOT_SIDE,
    PEN_WIDTH,
    Pixels,
    Strokes,
    count_digits,
    is_dot,
    mnist_form,
    rasterize,
)
from core.data.image_files import ImageFileError, extract_ink, read_image

SEVEN: Strokes = (((60, 50), (200, 50), (130, 236)), ((90, 140), (175, 140)))

places = some.tuples(*[some.floats(0, CANVAS_SIDE - 1)] * 2)
strokes = some.lists(
    some.lists(places, min_size=1, max_size=12).map(tuple), min_size=1, max_size=5
).map(tuple)


def center_of_mass(image: Pixels) -> tuple[float, float]:
    mass = image.astype(float)
    rows, columns = np.indices(image.shape)
    return (mass * rows).sum() / mass.sum(), (mass * columns).sum() / mass.sum()


def extent(image: Pixels) -> tuple[int, int]:
    """Rows and columns from the first to the last ink."""
    lit = [np.flatnonzero(image.any(axis)) for axis in (1, 0)]
    return tuple(int(line[-1] - line[0] + 1) for line in lit)  # type: ignore[return-value]


def difference(one: Pixels | None, other: Pixels | None) -> float:
    """Mean difference of two pictures, in steps of 255."""
    assert one is not None and other is not None
    return float(np.abs(one.astype(int) - other).mean())


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


# --- MNIST form


def test_the_images_of_mnist_are_in_mnist_form_already(mnist):
    images = mnist.val.images[:2000, 0].numpy()
    unchanged = [np.array_equal(mnist_form(image), image) for image in images]
    assert sum(unchanged) >= 1900


def test_an_image_of_mnist_comes_back_from_anywhere_on_a_larger_paper(mnist):
    rng = np.random.default_rng(0)
    for image in mnist.val.images[:50, 0].numpy():
        paper = np.zeros((280, 280), np.uint8)
        top, left = rng.integers(0, 252, 2)
        paper[top : top + 28, left : left + 28] = image
        assert difference(mnist_form(paper), mnist_form(image)) == 0


def test_an_image_of_mnist_comes_back_from_ten_times_its_size(mnist):
    for image in mnist.val.images[:50, 0].numpy():
        large = image.repeat(10, 0).repeat(10, 1)
        assert difference(mnist_form(large), mnist_form(image)) < 0.5


@given(drawn=strokes)
def test_the_longer_side_is_20_and_all_of_it_is_inside(drawn):
    image = mnist_form(rasterize(drawn))
    assert image is not None
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert max(extent(image)) in (19, 20)  # a faint edge may round to nothing


@given(drawn=strokes)
def test_the_center_of_mass_is_in_the_middle_or_as_near_as_fits(drawn):
    image = mnist_form(rasterize(drawn))
    for axis, middle in enumerate(center_of_mass(image)):
        lines = np.flatnonzero(image.any(1 - axis))
        at_the_edge = lines[0] == 0 or lines[-1] == 27
        assert abs(middle - 14) <= 0.501 or at_the_edge


@given(drawn=strokes, shift=some.tuples(some.integers(0, 100), some.integers(0, 100)))
def test_it_does_not_matter_where_it_is_drawn(drawn, shift):
    picture = rasterize(drawn)
    moved = np.pad(picture, [(by, 100 - by) for by in shift])
    assert np.array_equal(mnist_form(moved), mnist_form(picture))


@pytest.mark.parametrize("size", [110, 220, 560, 2100])
def test_it_does_not_matter_how_large_it_is_drawn(seven, form, size):
    scaled = seven.resize((size, size), Image.Resampling.LANCZOS)
    assert difference(mnist_form(extract_ink(scaled)), form) < 8
    assert (
        difference(mnist_form(np.rot90(extract_ink(scaled))), form) > 16
    )  # what is another picture


def test_a_thin_line_on_a_large_paper_is_not_faint():
    paper = Image.new("L", (2000, 2000))
    ImageDraw.Draw(paper).line((100, 100, 1900, 1500), fill=255, width=3)
    image = mnist_form(np.asarray(paper))
    assert image.max() == 255


def test_proportions_are_kept():
    tall = mnist_form(np.full((100, 10), 255, np.uint8))
    assert extent(tall) == (20, 2)
    assert extent(mnist_form(np.full((3, 300), 255, np.uint8))) == (1, 20)


def test_a_single_pixel_becomes_a_dot():
    assert extent(mnist_form(np.full((1, 1), 255, np.uint8))) == (20, 20)


def test_no_ink_is_no_picture():
    assert mnist_form(np.zeros((280, 280), np.uint8)) is None


def test_specks_too_small_to_be_seen_are_no_picture():
    specks = np.zeros((2000, 2000), np.uint8)
    specks[0, 0] = specks[-1, -1] = 255
    assert mnist_form(specks) is None


def test_the_drawing_is_not_edited():
    picture = np.array(rasterize(SEVEN))
    before = picture.copy()
    mnist_form(picture)
    assert np.array_equal(picture, before)


# --- strokes


def distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """From a point to a line between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy or 1)
    along = min(1, max(0, along))
    return math.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


@given(drawn=strokes, x=some.integers(0, CANVAS_SIDE - 1), y=some.integers(0, CANVAS_SIDE - 1))
def test_there_is_ink_where_the_round_pen_has_been(drawn, x, y):
    lines = [
        line for stroke in drawn for line in (pairwise(stroke) if len(stroke) > 1 else [stroke * 2])
    ]
    nearest = min(distance(x, y, *line) for line in lines)
    there = rasterize(drawn)[y, x]
    if nearest < PEN_WIDTH / 2 - 1.5:
        assert there == 255
    if nearest > PEN_WIDTH / 2 + 1.5:
        assert there == 0


def test_no_strokes_leave_the_canvas_blank():
    assert not rasterize(()).any()


def test_a_stroke_of_one_point_is_a_round_dot():
    dot = rasterize((((140, 140),),))
    assert extent(dot) == (PEN_WIDTH, PEN_WIDTH)
    assert dot.sum() / 255 == pytest.approx(math.pi * (PEN_WIDTH / 2) ** 2, rel=0.1)


@given(
    some.lists(
        some.lists(some.tuples(*[some.floats(-1e4, 1e4)] * 2), min_size=1, max_size=4).map(tuple),
        max_size=3,
    ).map(tuple)
)
def test_a_pen_that_leaves_the_canvas_does_no_harm(drawn):
    assert rasterize(drawn).shape == (CANVAS_SIDE, CANVAS_SIDE)


# --- image files


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def negative(image: Image.Image) -> Image.Image:
    return Image.fromarray(255 - np.asarray(image))


@pytest.mark.parametrize("invert", [False, True], ids=["light on dark", "dark on light"])
@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        *(("L", suffix) for suffix in ("png", "bmp", "tiff", "gif", "webp", "jpg", "pgm")),
        *(("1", suffix) for suffix in ("png", "gif", "tiff", "bmp", "pbm")),
        *(("P", suffix) for suffix in ("png", "gif", "tiff", "bmp")),
        *(("RGB", suffix) for suffix in ("png", "jpg", "tiff", "webp", "ppm")),
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
    assert difference(read_image(path), mnist_form(extract_ink(Image.fromarray(image)))) < 1


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
    huge = seven.resize((5000, 5000), Image.Resampling.BICUBIC)
    assert difference(read_image(save(huge, tmp_path / "huge.png")), form) < 3


def test_a_tiny_picture_is_read(tmp_path):
    """A seven of 3 x 5 pixels."""
    dots = np.array([[1, 1, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]], np.uint8) * 255
    image = read_image(save(Image.fromarray(np.pad(dots, 1)), tmp_path / "tiny.png"))
    assert extent(image) == (20, 12)


# --- files that are no pictures


def complaint(path: Path) -> str:
    """What is said of a file that cannot be read: one sentence that names it."""
    with pytest.raises(ImageFileError) as error:
        read_image(path)
    sentence = str(error.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_missing_file_is_said(tmp_path):
    path = tmp_path / "nowhere.png"
    assert complaint(path) == f"There is no file {path}."


@pytest.mark.parametrize("content", [b"", b"seven", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8"])
def test_a_file_that_is_no_image_is_said(tmp_path, content):
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    assert complaint(path)


def test_a_folder_is_no_image(tmp_path):
    assert "cannot be read as an image" in complaint(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_said(mnist, tmp_path, suffix, share):
    noise = Image.fromarray(mnist.val.images[:100].numpy().reshape(280, 280))
    path = save(noise, tmp_path / f"digits.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert complaint(path)


@pytest.mark.parametrize("suffix", ["ico", "eps", "pdf", "psd", "tga", "pcx"])
def test_decoders_that_nobody_needs_are_not_for_strangers(seven, tmp_path, suffix):
    path = tmp_path / f"seven.{suffix}"
    if suffix == "psd":
        path.write_bytes(b"8BPS\0\1" + bytes(6) + b"\0\1" + bytes(3) + b"\x08" * 9)
    else:
        seven.save(path)
    assert complaint(path) == f"{path} is not an image."


def test_what_is_said_of_warnings_holds_for_all_threads_and_is_left_alone(
    seven, tmp_path, monkeypatch
):
    """`catch_warnings` in two threads may leave the filters of one of them for good."""
    before, seen = list(warnings.filters), []
    real = extract_ink
    monkeypatch.setattr(
        image_files_module,
        "extract_ink",
        lambda image: (seen.append(warnings.filters), real(image))[1],
    )
    read_image(save(seven, tmp_path / "seven.png"))
    assert [list(each) for each in seen] == [before]


# --- damaged pictures, at random

KINDS = ("png", "jpeg", "gif", "webp", "bmp", "tiff", "avif", "ppm")


@pytest.fixture(scope="module")
def whole(mnist) -> dict[str, bytes]:
    """The same picture in every format."""
    picture = Image.fromarray(mnist.val.images[:9].numpy().reshape(84, 84))
    files = {}
    for kind in KINDS:
        file = io.BytesIO()
        picture.convert("RGB").save(file, kind)
        files[kind] = file.getvalue()
    return files


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore::UserWarning")
@given(
    kind=some.sampled_from(KINDS),
    flips=some.lists(some.tuples(some.floats(0, 1), some.integers(1, 255)), max_size=6),
    keep=some.floats(0, 1) | some.just(1.0),
)
def test_a_damaged_picture_is_read_or_refused_in_a_sentence(whole, kind, flips, keep):
    content = bytearray(whole[kind])
    for place, bits in flips:
        content[int(place * (len(content) - 1)) if place > 0.5 else int(place * 99)] ^= bits
    try:
        image = read_image(io.BytesIO(bytes(content[: round(keep * len(content))])))
    except ImageFileError as error:
        said = str(error)
        assert said.startswith("The file ") and said.endswith(".") and "\n" not in said
    else:
        assert image is None or (image.shape, image.dtype) == ((28, 28), np.uint8)


@given(some.binary(max_size=200))
def test_any_bytes_are_refused_in_a_sentence(content):
    with pytest.raises(ImageFileError, match=r"^The file .*\.$"):
        read_image(io.BytesIO(content))


def png_header(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT"


@pytest.mark.parametrize("side", [7_100, 10_000, 30_000])  # mere refusal, warning, error of Pillow
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(side, side))
    assert complaint(path)


def test_too_many_pixels_are_said(seven, tmp_path, monkeypatch):
    monkeypatch.setattr(image_files_module, "MAX_PIXELS", 10_000)
    path = save(seven, tmp_path / "seven.png")
    assert "has more than" in complaint(path)


@pytest.mark.parametrize(
    "strokes, dot",
    [
        ((), False),
        ((((100, 100),),), True),
        ((((100, 100), (100 + DOT_SIDE, 100 + DOT_SIDE)),), True),
        ((((100, 100), (101 + DOT_SIDE, 100)),), False),
        ((((100, 100),), ((200, 200),)), False),
        (SEVEN, False),
    ],
)
def test_a_dot_is_a_slip_of_the_pen(strokes, dot):
    assert is_dot(strokes) is dot


def bars(*places: tuple[int, int, int, int]) -> Pixels:
    """Ink in rectangles: top, left, bottom, right."""
    canvas = np.zeros((280, 280), np.uint8)
    for top, left, bottom, right in places:
        canvas[top:bottom, left:right] = 255
    return canvas


@pytest.mark.parametrize(
    "picture, count",
    [
        (bars(), 0),
        (bars((50, 50, 200, 80)), 1),
        (bars((50, 50, 200, 80), (50, 100, 200, 130)), 2),
        (bars((50, 50, 200, 80), (120, 100, 200, 130)), 2),  # one is smaller, but not by half
        (bars((50, 50, 200, 80), (150, 100, 200, 130)), 1),  # a speck beside it
        (bars((50, 50, 200, 80), (50, 80, 90, 130)), 1),  # they touch
        (bars((40, 50, 60, 200), (90, 60, 200, 190)), 1),  # one above the other
        (bars((50, 0, 200, 30), (50, 100, 200, 130), (50, 250, 200, 280)), 3),  # to the edges
        (rasterize(SEVEN), 1),
    ],
)
def test_figures_side_by_side_are_counted(picture, count):
    assert count_digits(picture) == count
