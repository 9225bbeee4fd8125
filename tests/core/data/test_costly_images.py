"""Small files that ask a decoder for minutes or gigabytes: none of them reaches one."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from core.data import image_files
from core.data.image_files import ImageFileError, read_file, shades_of

UNUSUAL = "The file is packed in an unusual way. Save it again as a JPEG or PNG."


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg_of_scans(count: int) -> bytes:
    """A progressive picture whose last scan comes again and again."""
    content = saved(Image.new("L", (64, 64), 200), "JPEG", progressive=True)
    starts = [match.start() for match in re.finditer(b"\xff\xda", content)]
    return content[:-2] + content[starts[-1] : -2] * (count - len(starts)) + content[-2:]


def png_of_chunks(count: int) -> bytes:
    chunk = bytes(4) + b"prVt" + struct.pack(">I", zlib.crc32(b"prVt"))
    content = saved(Image.new("L", (8, 8)), "PNG")
    return content[:33] + count * chunk + content[33:]


def jpeg_of_segments(count: int) -> bytes:
    content = saved(Image.new("L", (8, 8)), "JPEG")
    return content[:2] + count * b"\xff\xfe\0\2" + content[2:]


def gif_of_comments(size: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 5, 5, 0, 0, 0)
    return head + b"!\xfe" + size // 256 * (b"\xff" + bytes(255)) + b"\0" + b","


def bmp_of_runs(*_: int) -> bytes:
    content = bytearray(saved(Image.new("P", (8, 8)), "BMP"))
    content[30:34] = struct.pack("<I", 1)
    return bytes(content)


def tiff_of_tiles(count: int) -> bytes:
    entries = [(256, 4, 1, count), (257, 4, 1, 1), (258, 3, 1, 8), (262, 3, 1, 1)]
    entries += [(322, 4, 1, 1), (323, 4, 1, 1), (324, 4, count, 200), (325, 4, count, 200)]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)
    return head.ljust(200, b"\0") + bytes(4 * count)


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (jpeg_of_scans, 33),
        (jpeg_of_scans, 1_000),
        (png_of_chunks, 20_000),
        (jpeg_of_segments, 20_000),
        (gif_of_comments, 1_100_000),
        (bmp_of_runs, 0),
        (tiff_of_tiles, 20_001),
    ],
)
def test_a_file_that_keeps_a_decoder_busy_is_not_decoded(monkeypatch, make, count):
    monkeypatch.setattr(image_files, "shades_of", lambda image: pytest.fail("decoded"))
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(ImageFileError) as error:
        read_file(io.BytesIO(make(count)))
    assert str(error.value) == UNUSUAL


@pytest.mark.parametrize(
    ("make", "count"),
    [(jpeg_of_scans, 20), (png_of_chunks, 100), (jpeg_of_segments, 100)],
)
def test_the_same_in_moderation_is_read(make, count):
    assert not read_file(io.BytesIO(make(count))).ink.any()


def test_a_netpbm_file_is_no_picture_whatever_it_is_called(tmp_path):
    """Pillow reads its comments byte by byte."""
    path = tmp_path / "seven.png"
    path.write_bytes(b"P6\n" + 1000 * b"#\n" + b"5 5\n255\n" + bytes(75))
    with pytest.raises(ImageFileError, match=r"seven\.png is not an image\.$"):
        read_file(path)


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "GIF", "TIFF"])
def test_a_few_bytes_that_claim_a_huge_picture_are_not_decoded(monkeypatch, kind):
    monkeypatch.setattr(image_files, "shades_of", lambda image: pytest.fail("decoded"))
    options = {"TIFF": {"compression": "tiff_deflate"}, "WEBP": {"lossless": True}}.get(kind, {})
    content = saved(Image.new("1", (4_800, 4_800)).convert("P" if kind == "GIF" else "L"), kind)
    if options:
        content = saved(Image.new("L", (4_800, 4_800)), kind, **options)
    if len(content) > 23_000:
        pytest.skip("this format packs nothing that tight")
    with pytest.raises(ImageFileError, match=r"has 23 megapixels with nothing in them\.$"):
        read_file(io.BytesIO(content))


def test_a_photo_of_a_usual_phone_is_read():
    """5,712 x 4,284 is what a phone of today takes unless told otherwise: 24.5 megapixels."""
    content = saved(Image.effect_noise((714, 536), 9).resize((5_712, 4_284)), "JPEG", quality=95)
    assert image_files.read_shades(io.BytesIO(content)).shape[1] == image_files.PHOTO_SIDE


def test_a_photo_is_decoded_no_larger_than_it_is_looked_at(monkeypatch):
    sizes = []
    monkeypatch.setattr(
        Image.Image, "thumbnail", lambda image, *_: sizes.append(image.size) or image.resize((9, 9))
    )
    content = saved(Image.new("RGB", (4_000, 3_000), "white"), "JPEG")
    with Image.open(io.BytesIO(content)) as image:
        shades_of(image)
    assert sizes == [(1_000, 750)] or max(sizes[0]) <= 2_048


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_deep_shades_are_reduced_before_they_are_floats(monkeypatch, mode):
    kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
    values = np.zeros((1_500, 1_200), kind)
    values[300:900, 500:600] = 1 if mode == "F" else 60_000
    shades = shades_of(Image.fromarray(values))
    assert max(shades.shape) <= 750
    assert (int(shades.min()), int(shades.max())) == (0, 255)


HEIC_HEADS = [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"]


@pytest.mark.parametrize("head", HEIC_HEADS)
def test_a_heic_photo_is_told_what_to_become(head):
    with pytest.raises(ImageFileError, match=r"^The file is a HEIC photo\. Save or send it as a J"):
        read_file(io.BytesIO(head + bytes(100)))


@pytest.mark.parametrize("name", ["7.jfif", "7.jpe", "7.avif", "7.heic", "7.txt", "7"])
def test_a_picture_is_told_by_what_is_in_it(tmp_path, name):
    picture = np.full((100, 100), 240, np.uint8)
    picture[20:80, 45:55] = 20
    path = tmp_path / name
    path.write_bytes(
        saved(Image.fromarray(picture).convert("RGB"), "AVIF" if "avif" in name else "JPEG")
    )
    assert read_file(path).ink.any()


@given(
    kind=some.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF"]),
    rest=some.binary(max_size=200),
)
def test_the_start_of_a_picture_with_anything_behind_it_is_refused_in_a_sentence(kind, rest):
    starts = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "GIF": b"GIF89a"}
    starts |= {"BMP": b"BM", "TIFF": b"II*\0"}
    with pytest.raises(ImageFileError, match=r"^The file .*\.$"):
        read_file(io.BytesIO(starts[kind] + rest))
