"""The address of a page: what is not ours stays in it, and a link that was cut says so."""

import pytest

from tests.support.pages import PAGES, opened, opened_app
from views.input.sources import EXAMPLES
from views.session.address import CUT_LINK
from views.session.link import format_strokes
from views.session.session import MAX_OTHERS_TEXT

SIGNED = {"utm_source": "forum", "__sign": "a-_.%é"}


@pytest.mark.parametrize("page", PAGES)
def test_parameters_of_others_stay_and_ours_are_added(page, pen) -> None:
    app = opened(PAGES[page], n="4", **SIGNED)
    assert (SIGNED | {"n": "4", "v": "1"}).items() <= dict(app.query_params).items()


def test_parameters_of_others_stay_while_ours_come_and_go(pen) -> None:
    app = opened(PAGES["draw"], **SIGNED)
    app.button(key="addend_3").click().run()
    assert dict(app.query_params) == SIGNED | {"n": "3", "v": "1"}
    app.button(key="addend_7").click().run()
    assert dict(app.query_params) == SIGNED


def test_a_parameter_that_comes_twice_stays_twice(pen) -> None:
    app = opened(PAGES["draw"], tag=["a", "b"])  # type: ignore[arg-type]
    app.button(key="addend_3").click().run()
    assert dict(app.query_params) == {"tag": ["a", "b"], "n": "3", "v": "1"}


def test_an_address_does_not_grow_beyond_measure(pen) -> None:
    app = opened(PAGES["draw"], x="y" * MAX_OTHERS_TEXT)
    app.button(key="addend_3").click().run()
    assert dict(app.query_params) == {"n": "3", "v": "1"}


def test_a_link_that_was_cut_says_so_once(pen) -> None:
    app = opened_app(s=format_strokes(EXAMPLES["8"])[:-2])
    assert [toast.value for toast in app.toast] == [CUT_LINK]
    assert not app.run().toast


def test_a_whole_link_says_nothing(pen) -> None:
    assert not opened_app(s=format_strokes(EXAMPLES["8"]), v="1").toast
