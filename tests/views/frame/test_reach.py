"""Who can open a link: what Share gives from localhost, and what a room gets."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from tests.views.frame.test_share import shared
from views.frame import share as share_module
from views.frame.room import room_link, typed_address
from views.input.sources import EXAMPLES
from views.session import address as address_module
from views.session.link import Link


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch):
    """A page at http://localhost:8501, on a machine with these addresses in the network."""

    def open_there(page: str, *addresses: str, **query: str) -> tuple[AppTest, str]:
        context = SimpleNamespace(url=f"http://localhost:8501/{page}", ip_address=None)
        monkeypatch.setattr(address_module, "st", SimpleNamespace(context=context, query_params={}))
        monkeypatch.setattr(share_module, "publish", lambda link: None)
        monkeypatch.setattr(share_module, "addresses_for_others", lambda: list(addresses))
        return shared("draw", **query)

    return open_there


def test_from_localhost_the_link_has_the_address_in_the_network(pen, panel, at_home) -> None:
    app, address = at_home("", "http://192.168.1.23:8501", n="3")
    assert address == "http://192.168.1.23:8501/?n=3&v=1"
    assert any("phones in the same Wi-Fi" in caption.value for caption in app.caption)
    assert not app.warning
    assert [text.value for text in app.text] == ["room"]  # its button


def test_of_several_addresses_one_is_chosen(pen, panel, at_home) -> None:
    others = ["http://192.168.1.23:8501", "http://10.1.2.3:8501"]
    app, address = at_home("", *others, n="3")
    assert address.startswith(others[0])
    app.selectbox(key="share_address").set_value(others[1]).run()
    assert app.code[0].value.startswith(others[1])


def test_a_link_that_nobody_else_can_open_says_so(pen, panel, at_home) -> None:
    app, address = at_home("", n="3")
    assert address == "http://localhost:8501/?n=3&v=1"
    assert app.warning[0].value.startswith("Others cannot open this address. ")
    assert not app.text  # nothing to show to a room


@pytest.mark.parametrize(("name", "value"), [("present", "1"), ("tour", "2")])
def test_a_link_for_others_neither_presents_nor_is_on_the_tour(pen, panel, name, value) -> None:
    app, address = shared("draw", n="3", **{name: value})
    assert address.endswith("/?n=3&v=1")
    assert app.query_params[name] == value  # here it goes on


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("http://192.168.1.23:8501/?n=3&v=1", "192.168.1.23:8501"),
        ("http://192.168.1.23:8501/train?v=1", "192.168.1.23:8501/train"),
        ("https://sum.example.org/?v=1", "https://sum.example.org"),
        ("http://[fd00::2]:8501/?v=1", "[fd00::2]:8501"),
    ],
)
def test_a_room_types_a_short_address(address, typed) -> None:
    assert typed_address(address) == typed


def test_a_room_does_not_begin_in_the_middle_of_a_tour() -> None:
    assert room_link(Link(3, tour=4)) == Link(3)


def test_a_room_draws_for_itself_unless_the_lesson_is_a_drawing() -> None:
    link = Link(3, EXAMPLES["8"], locked=("number",), present=True)
    assert room_link(link) == Link(3, locked=("number",))
    lesson = Link(strokes=EXAMPLES["7"], lesson="misread")
    assert room_link(lesson) == lesson
