"""Links: choices survive the way through an address; junk gives the default, never an error."""

import itertools
import math
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from core.data.drawing import CANVAS_SIDE, Strokes, simplify
from core.data.handwriting import STYLES, write_digit
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS
from core.runs.run import RUN_ID
from tests.core.recipes.test_recipe import valid_settings
from views.session.link import (
    COMPARE_VIEWS,
    DEFAULT_SETTINGS,
    HIDEABLE,
    LESSON_NAMES,
    LOCKABLE,
    MAX_COMPARED,
    MAX_OLD_TEXT,
    MAX_STROKES_TEXT,
    QUICK,
    Link,
    format_strokes,
    link_query,
    parse_link,
    parse_strokes,
)

SEVEN: Strokes = (((60.0, 50.0), (200.0, 50.0), (130.0, 236.0)), ((90.0, 140.0), (175.0, 140.0)))
RUN = "0123456789abcdef"

pixels = some.integers(0, CANVAS_SIDE - 1).map(float)
strokes = some.lists(
    some.lists(some.tuples(pixels, pixels), min_size=1, max_size=20).map(tuple), max_size=10
).map(tuple)


def subsets(names: tuple[str, ...]) -> some.SearchStrategy[tuple[str, ...]]:
    chosen = some.sets(some.sampled_from(names))
    return chosen.map(lambda some_names: tuple(n for n in names if n in some_names))


run_ids = some.text("0123456789abcdef", min_size=16, max_size=16)
networks = run_ids | some.sampled_from([name for name in PRESETS if PRESETS[name].shipped])
links = some.builds(
    Link,
    addend=some.integers(0, 9),
    strokes=strokes,
    network=networks,
    picture=some.none() | some.integers(0, 9_999),
    run=some.just("") | run_ids,
    settings=valid_settings,
    bug=some.sampled_from(list(BUGS)),
    compared=some.lists(networks, max_size=MAX_COMPARED, unique=True).map(tuple),
    view=some.sampled_from(COMPARE_VIEWS),
    hidden=subsets(HIDEABLE),
    locked=subsets(LOCKABLE),
    task=some.sampled_from(["", *LESSON_NAMES]),
)
keys = ["v", "n", "s", "net", "t", "run", "bug", "c", "view", "hide", "lock", "task", "x"]
names = some.sampled_from([*keys, *SETTINGS]) | some.text(max_size=3)
dotted = some.sampled_from([f"{name}.{RUN}.é.{part}" for name in PRESETS for part in HIDEABLE])
likely = some.sampled_from(
    [*LESSON_NAMES, *BUGS, *COMPARE_VIEWS, *HIDEABLE, "1", "v=1", RUN, "A" * 3_000, "Rg8.Rg8"]
)
numbers = some.integers().map(str) | some.floats().map(str)
junk = some.text(max_size=12) | numbers | dotted | likely


@given(chosen=links)
def test_a_link_opens_what_was_chosen(chosen):
    assert parse_link(link_query(chosen)) == chosen


@given(chosen=links)
def test_an_address_keeps_it_and_stays_short(chosen):
    address = urlencode(link_query(chosen))
    assert len(address) < 2_000
    assert parse_link(dict(parse_qsl(address))) == chosen


@given(chosen=links)
def test_nothing_in_an_address_needs_escaping(chosen):
    for name, text in link_query(chosen).items():
        assert quote(name) == name
        assert quote(text) == text


@settings(max_examples=10 * settings.default.max_examples)  # 1,000; 10,000 every night
@given(query=some.lists(some.tuples(names, junk), max_size=6).map(dict))
def test_any_address_gives_choices_within_bounds(query):
    opened = parse_link(query)
    assert parse_link(link_query(opened)) == opened
    assert opened.addend in range(10)
    assert set(opened.settings) == set(SETTINGS)
    for name, value in opened.settings.items():
        assert SETTINGS[name].check(name, value) == value
    assert opened.bug in BUGS
    assert opened.view in COMPARE_VIEWS
    assert opened.task in ("", *LESSON_NAMES)
    assert set(opened.hidden) <= set(HIDEABLE)
    assert set(opened.locked) <= set(LOCKABLE)
    assert len(set(opened.compared)) == len(opened.compared) <= MAX_COMPARED
    assert opened.network in PRESETS or RUN_ID.fullmatch(opened.network)
    assert opened.run == "" or RUN_ID.fullmatch(opened.run)
    assert opened.picture is None or 0 <= opened.picture < 10_000
    for x, y in (point for stroke in opened.strokes for point in stroke):
        assert 0 <= x < CANVAS_SIDE
        assert 0 <= y < CANVAS_SIDE


def test_no_address_gives_the_defaults():
    assert parse_link({}) == Link()
    assert Link() == Link(7, (), "mnist", None, "", DEFAULT_SETTINGS)


def test_defaults_need_no_address():
    assert link_query(Link()) == {}


def test_only_what_differs_is_said():
    assert link_query(Link(addend=3)) == {"v": "1", "n": "3"}
    chosen = Link(settings=DEFAULT_SETTINGS | {"lr": 0.3, "epochs": 5})
    assert link_query(chosen) == {"v": "1", "lr": "0.3", "epochs": "5"}
    fashion = DEFAULT_SETTINGS | {"dataset": "fashion-mnist", "fusion": "pixels"}
    assert link_query(Link(settings=fashion)) == {
        **{"v": "1", "dataset": "fashion-mnist", "fusion": "pixels"}
    }


def test_a_link_from_before_there_were_choices_opens_the_same_recipe():
    opened = parse_link({"v": "1", "lr": "0.3", "sum_weight": "0.1", "width": "8"}).settings
    assert opened == DEFAULT_SETTINGS | {"lr": 0.3, "sum_weight": 0.1, "width": 8}
    assert (opened["dataset"], opened["fusion"]) == ("mnist", "late")
    assert opened["sum_head"] == "regression"


def test_a_sum_head_brings_its_weight_unless_the_link_names_one():
    assert parse_link({"sum_head": "classification"}).settings["sum_weight"] == 1
    both = {"sum_head": "classification", "sum_weight": "0.03"}
    assert parse_link(both).settings["sum_weight"] == 0.03


def test_compared_networks_are_parted_by_dots():
    chosen = Link(compared=("mnist", RUN), view="sums")
    assert link_query(chosen) == {"v": "1", "c": f"mnist.{RUN}", "view": "sums"}


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("", ()),
        ("...", ()),
        ("quick", ()),  # not shipped
        (f"mnist.x.{RUN}", ("mnist", RUN)),
        (f"{RUN}.{RUN}", (RUN,)),
        (f"mnist{RUN}", ()),
        (".".join(f"{n:016x}" for n in range(99)), tuple(f"{n:016x}" for n in range(4))),
        ("../" * 10_000, ()),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_junk_among_the_compared_networks_is_left_out(text, compared):
    assert parse_link({"c": text}).compared == compared


@pytest.mark.parametrize("text", ["", "x", "Sums", "sums ", "draw"])
def test_junk_gives_the_first_view(text):
    assert parse_link({"view": text}).view == "curves"


@pytest.mark.parametrize("seed", [1_234_567, 2**31 - 1])
def test_a_long_seed_is_kept_to_the_last_digit(seed):
    chosen = Link(settings=DEFAULT_SETTINGS | {"seed": seed})
    assert parse_link(link_query(chosen)).settings["seed"] == seed


@pytest.mark.parametrize("version", ["2", "0", "", "1.0", "x"])
def test_a_link_of_another_version_gives_the_defaults(version):
    assert parse_link({"v": version, "n": "3", "lr": "0.3"}) == Link()


def test_a_link_without_a_version_is_read():
    assert parse_link({"n": "3"}).addend == 3


@pytest.mark.parametrize("text", ["", "10", "-1", "07", "3.0", " 3", "3\n", "three", "٣", "3" * 99])
def test_junk_gives_the_default_number(text):
    assert parse_link({"n": text}).addend == 7


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("lr", "99"), ("lr", "nan"), ("epochs", "2.5"), ("width", "1e9"), ("seed", "-1")),
        *(("dataset", "cifar"), ("dataset", ""), ("fusion", "Late"), ("sum_head", "1")),
    ],
)
def test_a_setting_out_of_bounds_gives_its_default(name, text):
    opened = parse_link({name: text, "dropout": "0.5"}).settings
    assert opened == DEFAULT_SETTINGS | {"dropout": 0.5}


@pytest.mark.parametrize("name", ["net", "run"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        RUN[1:],
        RUN + "0",
        RUN.upper(),
        RUN + "\n",
        "../" + RUN,
        "../../../../../..",
        "٠" * 16,
    ],
)
def test_what_is_no_run_id_is_no_run(name, text):
    assert parse_link({name: text}) == Link()


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
    """The digits of `core/pen.py`, thinned as those from the canvas are."""
    rng = np.random.default_rng(0)
    for style in itertools.chain.from_iterable(STYLES.values()):
        drawn = tuple(simplify(stroke, 1) for stroke in write_digit(style, rng)[0])
        assert len(urlencode(link_query(Link(strokes=drawn)))) < 200


LONGEST = Link(
    addend=9,
    strokes=(((1.0, 1.0),) * (MAX_STROKES_TEXT // 3),),
    network="f" * 16,
    picture=9_999,
    run="e" * 16,
    settings=QUICK.change(
        {
            **{"dataset": "fashion-mnist", "fusion": "pixels", "sum_head": "classification"},
            **{"epochs": 50, "lr": 1.2345678901234567, "batch_size": 2047, "width": 63},
            **{"dropout": 0.12345678901234567, "sum_weight": 0.12345678901234567},
            **{"augment": 1.2345678901234567, "seed": 2**31 - 1},
        }
    ).settings(),
    bug="shared-softmax",
    compared=tuple(f"{n:016x}" for n in range(MAX_COMPARED)),
    view="reliability",
    hidden=HIDEABLE,
    locked=LOCKABLE,
    task="misread",
)


def test_an_address_with_everything_is_under_2_000_characters():
    address = urlencode(link_query(LONGEST))
    assert parse_link(dict(parse_qsl(address))) == LONGEST
    assert len(address) < 2_000 - len("https://sketch-and-sum.example.org/")


def test_what_a_class_gets_is_said_in_dots():
    chosen = Link(hidden=("bug", "files"), locked=("lr",), task="rate")
    assert link_query(chosen) == {"v": "1", "hide": "bug.files", "lock": "lr", "task": "rate"}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("", ()),
        ("files.bug", ("bug", "files")),
        ("bug.bug.x..bug\0", ("bug",)),
        ("Bug", ()),
        ("bug." * 100_000, ()),
        ("lr,bug", ()),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_junk_among_what_is_left_out_is_ignored(text, hidden):
    assert parse_link({"hide": text}).hidden == hidden


@pytest.mark.parametrize("text", ["teach", "share", "pages", "", "all", "*"])
def test_only_controls_can_be_locked(text):
    assert parse_link({"lock": text}).locked == ()


@pytest.mark.parametrize("text", ["", "x", "Rate", "rate ", "<b>"])
def test_junk_is_no_lesson(text):
    assert parse_link({"task": text}).task == ""
