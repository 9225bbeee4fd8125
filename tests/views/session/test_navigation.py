"""The way from one page to another, in the whole app."""

import importlib

import pytest

from tests.support.pages import keys, opened_app, session_of
from views.app import PAGES
from views.session import navigation
from views.session.navigation import PAGES_KEY

GONE = "0123456789abcdef"


def test_the_app_opens_at_the_draw_page_and_knows_all(pen) -> None:
    app = opened_app()
    assert "addend_7" in keys(app)
    assert list(app.session_state[PAGES_KEY]) == [
        *("draw", "train", "compare", "explain", "data", "lessons"),
    ]


def test_a_button_leads_to_another_page_with_all_choices(pen) -> None:
    app = opened_app(net=GONE, n="4", width="8")
    app.button(key="again").click().run()
    assert not app.exception
    assert "train_start" in keys(app)
    assert (session_of(app).page, app.query_params["n"], app.query_params["width"]) == (
        *("train", "4", "8"),
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_name_of_a_page_can_stand_in_an_address_and_its_module_shows_it(page) -> None:
    assert page.name.isalpha() and page.name.islower()
    assert callable(getattr(importlib.import_module(page.module), f"show_{page.name}"))


@pytest.mark.parametrize(("query", "position"), [({}, "top"), ({"hide": "pages"}, "hidden")])
def test_a_link_can_leave_the_other_pages_out(pen, monkeypatch, query, position) -> None:
    asked: list[str] = []
    real = navigation.st.navigation
    monkeypatch.setattr(
        navigation.st, "navigation", lambda pages, position: asked.append(position) or real(pages)
    )
    opened_app(**query)
    assert asked == [position]
