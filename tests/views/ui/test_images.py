"""Pixels as pictures in a page: what the browser gets is what was there."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from views.ui.images import (
    CELL,
    GAP,
    image_tag,
    montage,
    picture_flow,
    picture_tag,
    shades,
    signed_veil,
)


def decoded(tag: str, place: int = 0) -> np.ndarray:
    """The pixels of a picture in a page."""
    content = re.findall(r'src="data:image/png;base64,([^"]+)"', tag)[place]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_a_picture_is_shown_pixel_by_pixel_with_its_words():
    pixels = np.arange(784, dtype=np.uint8).reshape(28, 28)
    tag = image_tag(pixels, 104, 'a "5" & more')
    assert np.array_equal(decoded(tag), pixels)
    assert 'width="104" height="104"' in tag
    assert 'alt="a &quot;5&quot; &amp; more"' in tag
    assert "image-rendering:pixelated" in tag


def test_a_photo_keeps_its_shape():
    tag = picture_tag(np.zeros((30, 20), np.uint8), 104, "<i>")
    assert "object-fit:contain" in tag and 'alt="&lt;i&gt;"' in tag
    assert decoded(tag).shape == (30, 20)


def test_ink_shows_through_a_veil_with_a_color_for_each_side_and_framed_signs():
    ink = np.zeros((28, 28), np.uint8)
    ink[3, 5] = 255
    shares = np.array([[0.0, 0.5], [1.0, -0.5]], np.float32)
    squares = {"+": (1, 0, 1), "−": (1, 1, 1)}
    tag = signed_veil(ink, shares, ("#4F5BD5", "#A21C6B"), squares, 104, "where")
    paper, veil = decoded(tag, 0), decoded(tag, 1)
    assert paper[3, 5].tolist() == [128, 153] and paper[5, 3].tolist() == [128, 0]
    assert veil[0, 1, :3].tolist() == veil[1, 0, :3].tolist() == [0x4F, 0x5B, 0xD5]
    assert veil[1, 1, :3].tolist() == [0xA2, 0x1C, 0x6B]
    assert veil[..., 3].tolist() == [[0, 102], [204, 102]]  # 80 % at most
    assert 'style="width:104px"' in tag and '<img alt="" ' in tag
    found = re.findall(
        r"<b style=\"left:([\d.]+)%;top:([\d.]+)%;width:([\d.]+)%;height:([\d.]+)%\">(.)</b>", tag
    )
    assert [(*map(float, frame[:4]), frame[4]) for frame in found] == [
        (0, 50, 50, 50, "+"),
        (50, 50, 50, 50, "−"),
    ]


def test_shades_go_from_black_to_white_between_two_values():
    values = np.array([-1.0, 0.0, 2.0, 4.0, 9.0], np.float32)
    assert shades(values, 0, 4).tolist() == [0, 0, 128, 255, 255]
    assert shades(np.zeros(2, np.float32), 0, 0).tolist() == [0, 0]


@pytest.mark.parametrize(("side", "cell"), [(14, 42), (7, 42), (3, 42), (28, 56), (100, 100)])
def test_a_montage_enlarges_small_maps_to_cells_of_one_size(side, cell):
    maps = np.zeros((1, side, side), np.uint8)
    assert decoded(montage(maps, "maps")).shape == (cell, cell, 2)


def test_a_montage_has_16_pictures_a_row_in_reading_order():
    maps = np.zeros((18, 14, 14), np.uint8)
    maps[1], maps[16, 0, 13] = 90, 200
    sheet = decoded(montage(maps, "eighteen"))
    step = CELL + GAP
    assert sheet.shape == (2 * step - GAP, 16 * step - GAP, 2)
    assert sheet[0, step].tolist() == [90, 255]  # the second, beside the first
    assert sheet[step, CELL - 1].tolist() == [200, 255]  # the 17th: below the first
    assert sheet[step + 5, CELL - 1].tolist() == [0, 255]
    assert sheet[0, CELL].tolist() == [0, 0]  # between two
    assert sheet[step, 2 * step].tolist() == [0, 0]  # no 19th


def test_pictures_that_flow_are_one_image_each_and_one_for_who_hears_them():
    pictures = np.zeros((18, 28, 28), np.uint8)
    pictures[17, 0, 27] = 200
    html = picture_flow(pictures, 'Pictures of "A"')
    assert html.count("<img ") == html.count('alt=""') == 18
    assert 'role="img" aria-label="Pictures of &quot;A&quot;"' in html
    assert decoded(html, 17)[0, 54:].tolist() == [200, 200]  # twice as large: a sharp edge
    assert 'style="--columns:16"' in html
    assert 'style="--columns:3"' in picture_flow(pictures[:3], "few")
