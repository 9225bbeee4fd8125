"""Whose run it is: the browser that pressed Train steers it, everybody else watches."""

import pytest
from streamlit.testing.v1 import AppTest

from core.recipes.presets import PRESETS
from core.runs.control import ControlFile, NotOwnerError, read_control
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from tests.support.pages import finished, keys, opened, session_of, the_run, train_page, words
from views.session import jobs, networks
from views.train.status import WATCHING

STEERING = {"train_pause", "train_step", "train_stop"}


@pytest.fixture
def browser(monkeypatch):
    """browser("a") is who comes from now on; "" is one that keeps no cookies."""

    def come(secret: str) -> None:
        monkeypatch.setattr("views.session.visitor.secret_in", lambda cookies: secret)

    return come


def trains(app: AppTest) -> Run:
    """The run of that page, some steps later."""
    run = the_run(app)
    run.append({"seconds": 2.0, "step": 3, "steps": 391, "epoch": 1, "images": 384, "lr": 0.1})
    run.set_state(State("training"))
    return run


def popovers(app: AppTest) -> list[str]:
    return [block.proto.popover.label for block in app.get("popover")]


def pressed_train() -> AppTest:
    return opened(train_page).button(key="train_start").click().run()


def test_a_stranger_with_the_link_watches_and_may_train_a_network_of_their_own(browser):
    browser("a")
    run = trains(pressed_train())
    browser("b")
    app = opened(train_page, run=run.id)
    assert WATCHING in words(app)
    assert not keys(app) & STEERING
    assert not [slider for slider in app.select_slider if slider.key == "live_lr"]
    assert not app.button(key="train_start").disabled
    assert app.button(key="train_start").label == "Train your own"
    app.button(key="train_start").click().run()
    assert the_run(app) != run


def test_a_reload_and_a_second_tab_of_the_browser_steer_it_still(browser):
    browser("a")
    run = trains(pressed_train())
    app = opened(train_page, run=run.id)  # a session of its own
    assert WATCHING not in words(app)
    assert keys(app) >= STEERING
    app.button(key="train_pause").click().run()
    assert read_control(run.path) == ControlFile(pause_at=0)


def test_a_browser_that_keeps_no_cookies_owns_its_run_until_a_reload(browser):
    browser("")
    app = pressed_train()
    run = trains(app)
    assert keys(app.run()) >= STEERING
    assert not keys(opened(train_page, run=run.id)) & STEERING


def test_who_has_lost_the_secret_since_the_page_was_drawn_changes_nothing(browser):
    """The page offers no button then; whatever is sent all the same is refused."""
    browser("a")
    app = pressed_train()
    run = trains(app)
    app.run()
    browser("b")
    app.button(key="train_stop").click().run()
    assert not app.exception
    assert not run.stop_requested()


def test_a_run_of_the_first_versions_is_steered_by_whoever_has_its_link(browser):
    browser("b")
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    run.set_state(State("training"))
    assert "train_stop" in keys(opened(train_page, run=run.id))


def test_no_secret_and_no_hash_reaches_a_page_or_its_address(browser):
    secret = "s" * 32
    browser(secret)
    app = pressed_train()
    run = trains(app)
    app.run()
    said = f"{words(app)} {app.main} {dict(app.query_params)}"
    assert secret not in said and run.request().session not in said


def test_only_the_owner_names_a_network_and_everybody_sees_the_name(browser):
    browser("a")
    app = pressed_train()
    run = the_run(app)
    finished(run)
    assert "Name it" in popovers(app.run())
    jobs.rename_network(session_of(app), run, "Ada's <first>")
    browser("b")
    other = opened(train_page, run=run.id, net=run.id)
    assert networks.network_titles(session_of(other))[run.id] == "Ada's first (99.6 %)"
    assert "Name it" not in popovers(other)
    with pytest.raises(NotOwnerError):
        jobs.rename_network(session_of(other), run, "Bob's")
