"""Image files that cannot be read: each is refused in one sentence, whatever is in it."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image

from core.data.drawing import rasterize
from core.data.image_files import ImageFileError, read_image
from tests.support.pictures import SEVEN


@pytest.fixture
def seven() -> Image.Image:
    """White on black, as on the canvas."""
    return Image.fromarray(rasterize(SEVEN))


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


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
    said = complaint(tmp_path)
    assert "cannot be read as an image (" in said and "damaged" not in said


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_said(mnist, tmp_path, suffix, share):
    noise = Image.fromarray(mnist.val.images[:100].numpy().reshape(280, 280))
    path = save(noise, tmp_path / f"digits.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert complaint(path) == (
        f"{path} cannot be read as an image: it may be damaged or not complete. "
        "Save it again as a JPEG or PNG."
    )


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp", "avif"])
@pytest.mark.parametrize("kept", [14, 20, 40, 100])
def test_no_words_of_a_decoder_are_said(seven, tmp_path, suffix, kept):
    """They name places in the memory, and what a decoder calls its own parts."""
    path = save(seven, tmp_path / f"seven.{suffix}")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ImageFileError) as error, path.open("rb") as file:
        read_image(file)
    assert str(error.value).endswith("damaged or not complete. Save it again as a JPEG or PNG.")


@pytest.mark.parametrize("suffix", ["ico", "eps", "pdf", "psd", "tga", "pcx"])
def test_decoders_that_nobody_needs_are_not_for_strangers(seven, tmp_path, suffix):
    path = tmp_path / f"seven.{suffix}"
    if suffix == "psd":
        path.write_bytes(b"8BPS\0\1" + bytes(6) + b"\0\1" + bytes(3) + b"\x08" * 9)
    else:
        seven.save(path)
    assert complaint(path) == f"{path} is not an image."


# --- damaged pictures, at random

KINDS = ("png", "jpeg", "gif", "webp", "bmp", "tiff", "avif")


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


def test_too_many_pixels_are_one_sentence(seven, tmp_path):
    path = save(seven, tmp_path / "seven.png")  # 280 x 280
    with pytest.raises(ImageFileError, match=r"seven\.png has more than 0\.01 megapixels\.$"):
        read_image(path, max_pixels=10_000)
    assert read_image(path, max_pixels=280 * 280) is not None
