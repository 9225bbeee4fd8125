"""What single parameters of an address may be, one by one."""

import pytest

from views.session.link import DEFAULT_SETTINGS, MAX_COMPARED, Link, link_query, parse_link

RUN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "picture"), [("0", 0), ("9999", 9_999), ("10000", None), ("-1", None), ("1.5", None)]
)
def test_there_are_10000_test_images(text, picture):
    assert parse_link({"t": text}).picture == picture


@pytest.mark.parametrize(("text", "addend"), [("0", 0), ("9", 9), ("10", 7), ("-1", 7), ("x", 7)])
def test_a_number_is_a_digit_or_the_usual_one(text, addend):
    assert parse_link({"n": text}).addend == addend


@pytest.mark.parametrize(
    ("text", "network"), [(RUN, RUN), ("quick", "mnist"), (RUN + "0", "mnist")]
)
def test_a_network_is_a_shipped_one_or_a_run(text, network):
    assert parse_link({"net": text}).network == network


def test_the_first_networks_of_too_many_are_compared_each_once():
    names = [f"{number:016x}" for number in range(6)]
    compared = parse_link({"c": ".".join([names[0], names[0], *names])}).compared
    assert compared == tuple(names[:2])  # of the first four parts
    assert len(parse_link({"c": ".".join(names)}).compared) == MAX_COMPARED


@pytest.mark.parametrize("version", ["2", "", "0"])
def test_an_address_of_another_version_opens_the_usual_page(version):
    assert parse_link({"v": version, "n": "3"}) == Link()


def test_a_whole_number_is_said_without_a_fraction():
    settings = DEFAULT_SETTINGS | {"augment": 1.0, "width": 8.0}
    assert link_query(Link(settings=settings)) == {"v": "1", "augment": "1", "width": "8"}


def test_what_is_hidden_comes_in_the_order_of_the_pages():
    assert parse_link({"hide": "share.nonsense.pages"}).hidden == ("pages", "share")
    assert parse_link({"lock": "share.lr.number"}).locked == ("number", "lr")


def test_a_stroke_is_three_letters_a_point():
    """9 bits across, 9 bits down, in the alphabet of base64url."""
    assert parse_link({"s": "AAARAR"}).strokes == (((0, 0), (136, 17)),)
    assert parse_link({"s": "AAA.AAB"}).strokes == (((0, 0),), ((0, 1),))
