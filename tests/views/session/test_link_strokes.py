"""Drawings in links: what fits survives the way, what does not gets rougher, junk is nothing."""

import itertools
import math
from urllib.parse import parse_qsl, urlencode

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
    is_cut,
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
        *("", "!", "é", ".", "A", "AA", ".AAA", "AAA..AAA", "AAA AAA", "AAA\n"),
        *("Rg8=", "Rg+", "٣٣٣", "A" * 100_000, "AAA." * 10_000, "\0\0\0"),
        "___",  # a point at (511, 511), beside the canvas
        "AAA.jAA",  # a point at (280, 0), just beside it
    ],
    ids=lambda text: repr(text)[:12],
)
def test_junk_links_give_no_drawing(text):
    assert parse_strokes(text) == ()


DRAWN = (((140.0, 60.0), (0.0, 0.0)), ((140.0, 60.0), (20.0, 30.0)))  # Rg8AAA.Rg8Cge


@pytest.mark.parametrize(
    ("text", "points"),
    [
        *(("Rg8AAA.Rg8CI", 3), ("Rg8AAA.Rg8C", 3), ("Rg8AAA.Rg", 2), ("Rg8AAA.", 2), ("Rg8AA", 1)),
        *(("Rg8AAA.Rg8).", 3), ("Rg8AAA,", 2), ("Rg8'\"", 1), ("Rg", 0)),
    ],
)
def test_a_drawing_that_lacks_its_end_is_read_as_far_as_it_goes(text, points):
    read = parse_strokes(text)
    assert [each for stroke in read for each in stroke] == [
        each for stroke in DRAWN for each in stroke
    ][:points]
    assert is_cut({"s": text, "v": "1"})


def test_a_link_that_was_cut_after_any_character_tells_it():
    """Cut within the drawing, or just behind it; what comes before the drawing is no matter."""
    link = urlencode(link_query(Link(addend=3, strokes=DRAWN)))
    assert link == "n=3&s=Rg8AAA.Rg8Cge&v=1"
    cut = [is_cut(dict(parse_qsl(link[:end]))) for end in range(len(link) + 1)]
    first, last = link.index("Rg8"), link.index("v=1")
    assert cut == [first < end <= last + 2 for end in range(len(link) + 1)]


@pytest.mark.parametrize("query", [{}, {"v": "1"}, {"n": "3"}, {"s": "", "v": "1"}, {"s": "é"}])
def test_a_link_without_a_drawing_is_not_cut(query):
    assert not is_cut(query)


@given(drawn=strokes, addend=some.integers(0, 9))
def test_every_link_ends_in_a_letter_or_digit(drawn, addend):
    """Chats leave out a hyphen or a dot at the end of a link."""
    link = urlencode(link_query(Link(addend=addend, strokes=drawn)))
    assert not link or link[-1].isalnum()


def test_links_of_before_name_their_version_first():
    query = dict(parse_qsl("v=1&n=3&s=Rg8AAA.Rg8Cge"))
    assert parse_link(query) == Link(addend=3, strokes=DRAWN)
    assert not is_cut(query)


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
