"""Drawings in links: what fits survives the way, what does not gets rougher, junk is nothing."""

import itertools
import math
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from core.data.drawing import CANVAS_SIDE, simplify
from core.data.handwriting import STYLES, write_digit
from tests.support.links import strokes
from views.session.link import (
    MAX_OLD_TEXT,
    MAX_STROKES_TEXT,
    Link,
    format_strokes,
    link_query,
    parse_link,
    parse_strokes,
)


def test_a_point_is_three_characters_and_strokes_are_parted_by_dots():
    """(140, 60) is 140 * 512 + 60 = 71740, in 6 bits 17 32 60: R, g, 8."""
    assert format_strokes((((140, 60),),)) == "Rg8"
    assert format_strokes((((140, 60), (0, 0)), ((140, 60),))) == "Rg8AAA.Rg8"


@given(drawn=strokes)
def test_strokes_come_back(drawn):
    text = format_strokes(drawn)
    assert parse_strokes(text) == (drawn if len(text) <= MAX_STROKES_TEXT else ())


@given(
    drawn=some.lists(
        some.lists(some.tuples(*[some.floats(-400, 700)] * 2), max_size=5).map(tuple), max_size=5
    ).map(tuple)
)
def test_strokes_beside_the_canvas_come_back_at_its_edge(drawn):
    def clip(at: float) -> float:
        return float(min(CANVAS_SIDE - 1, max(0, round(at))))

    expected = tuple(tuple((clip(x), clip(y)) for x, y in stroke) for stroke in drawn if stroke)
    assert parse_strokes(format_strokes(drawn)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "!", "é", ".", "A", "AA", "AAAA", "AAA.", ".AAA", "AAA..AAA", "AAA AAA", "AAA\n"),
        *("Rg8=", "Rg+", "٣٣٣", "A" * 10, "A" * 100_000, "AAA." * 10_000, "\0\0\0"),
        "___",  # a point at (511, 511), beside the canvas
        "AAA.jAA",  # a point at (280, 0), just beside it
    ],
    ids=lambda text: repr(text)[:12],
)
def test_junk_links_give_no_drawing(text):
    assert parse_strokes(text) == ()


def test_a_drawing_too_long_for_an_address_gets_rougher():
    """A spiral of 700 points, 2,100 characters: no point of it is lost by more than 2 pixels."""
    turns = [i / 700 for i in range(700)]
    spiral = tuple(
        (round(140 + 130 * t * math.cos(60 * t)), round(140 + 130 * t * math.sin(60 * t)))
        for t in turns
    )
    assert len(format_strokes((spiral,))) > MAX_STROKES_TEXT
    (carried,) = parse_link(link_query(Link(strokes=(spiral,)))).strokes
    line = ImageDraw.Draw(image := Image.new("1", (CANVAS_SIDE, CANVAS_SIDE)))
    line.line(list(carried), fill=1, width=5)
    assert all(image.getpixel(point) for point in spiral)
    assert (carried[0], carried[-1]) == (spiral[0], spiral[-1])


@pytest.mark.parametrize("strokes", [1, 10, 60])
def test_the_wildest_scribble_fits_into_an_address(strokes):
    wild = tuple(
        tuple(
            (float((i + n) * 37 % CANVAS_SIDE), float(i * 53 % CANVAS_SIDE))
            for i in range(6_000 // strokes)
        )
        for n in range(strokes)
    )
    assert len(link_query(Link(strokes=wild))["s"]) <= MAX_STROKES_TEXT


def test_more_strokes_than_an_address_can_hold_are_left_out():
    dots = tuple(((float(i % CANVAS_SIDE), 0.0),) for i in range(MAX_STROKES_TEXT // 4 + 2))
    assert link_query(Link(addend=3, strokes=dots)) == {"v": "1", "n": "3"}
    assert parse_link(link_query(Link(strokes=dots[:-2]))).strokes == dots[:-2]


def test_the_longest_drawing_is_kept_to_the_point():
    scribble = (tuple((float(i % CANVAS_SIDE), 0.0) for i in range(MAX_STROKES_TEXT // 3)),)
    assert parse_link(link_query(Link(strokes=scribble))).strokes == scribble


def test_longer_drawings_of_older_links_are_still_read():
    text = "Rg8" * (MAX_OLD_TEXT // 3)
    assert len(text) > MAX_STROKES_TEXT
    assert len(parse_strokes(text)[0]) == MAX_OLD_TEXT // 3


def test_written_digits_take_a_tenth_of_an_address():
    """The digits of `core/data/handwriting.py`, thinned as those from the canvas are."""
    rng = np.random.default_rng(0)
    for style in itertools.chain.from_iterable(STYLES.values()):
        drawn = tuple(simplify(stroke, 1) for stroke in write_digit(style, rng)[0])
        assert len(urlencode(link_query(Link(strokes=drawn)))) < 200
