"""Links: choices survive the way through an address; junk gives the default, never an error."""

from dataclasses import fields
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.data.drawing import CANVAS_SIDE
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS
from core.runs.run import RUN_ID
from tests.support.links import RUN, junk, links, names
from views.session.link import (
    COMPARE_VIEWS,
    DEFAULT_SETTINGS,
    FIELDS,
    HIDEABLE,
    LESSON_NAMES,
    LOCKABLE,
    MAX_COMPARED,
    MAX_STROKES_TEXT,
    QUICK,
    Link,
    link_query,
    parse_link,
)

LONGEST = Link(
    addend=9,
    strokes=(((1.0, 1.0),) * (MAX_STROKES_TEXT // 3),),
    network="f" * 16,
    picture=9_999,
    run="e" * 16,
    settings=QUICK.change(
        {
            **{"dataset": "fashion-mnist", "fusion": "pixels", "sum_head": "classification"},
            **{"epochs": 200, "lr": 1.2345678901234567, "batch_size": 2047, "width": 63},
            **{"dropout": 0.12345678901234567, "sum_weight": 0.12345678901234567},
            **{"augment": 1.2345678901234567, "seed": 2**31 - 1},
        }
    ).settings(),
    bug="shared-softmax",
    compared=tuple(f"{n:016x}" for n in range(MAX_COMPARED)),
    view="reliability",
    hidden=HIDEABLE,
    locked=LOCKABLE,
    lesson="misread",
    present=True,
)


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
    assert opened.lesson in ("", *LESSON_NAMES)
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


def test_every_choice_of_a_link_has_one_parameter():
    attributes = [each.attribute for each in FIELDS]
    assert sorted([*attributes, "settings"]) == sorted(each.name for each in fields(Link))
    parameters = ["v", *(each.parameter for each in FIELDS), *SETTINGS]
    assert len(set(parameters)) == len(parameters)


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


def test_an_address_with_everything_is_under_2_000_characters():
    address = urlencode(link_query(LONGEST))
    assert parse_link(dict(parse_qsl(address))) == LONGEST
    assert len(address) < 2_000 - len("https://sketch-and-sum.example.org/")


def test_what_a_class_gets_is_said_in_dots():
    chosen = Link(hidden=("bug", "files"), locked=("lr",), lesson="rate")
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
    assert parse_link({"task": text}).lesson == ""
