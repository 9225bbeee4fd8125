"""What stands around the pages: the badge of a run at Train, and what was just caused."""

import json

import pytest

from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import Run, State, list_runs, runs_dir
from tests.conftest import record
from tests.support.pages import finished, opened_app, session_of, the_run
from views.frame import badge as badge_module
from views.frame.badge import BADGE_POLL
from views.input.sources import EXAMPLES
from views.session import jobs
from views.session.session import Race

QUICK = PRESETS["quick"].recipe


def badge(app) -> str:
    """What stands at Train; "" is nothing."""
    styles = [part.proto.body for part in app.get("html") if "--run-badge" in part.proto.body]
    return styles[0].split("--run-badge: '")[1].split("'")[0] if styles else ""


def run_in(name: str) -> Run:
    run = create_run(runs_dir(), "quick", QUICK)
    run.set_state(State(name))
    return run


def test_the_other_pages_say_how_far_the_run_is(pen):
    run = run_in("queued")
    app = opened_app(run=run.id)
    assert badge(app) == "waits"
    run.set_state(State("training"))
    assert badge(app.run()) == "…"
    run.append(record(21))
    assert badge(app.run()) == "42 %"
    finished(run)
    assert badge(app.run()) == "done"


def test_a_run_that_failed_has_ended(pen):
    run = run_in("training")
    app = opened_app(run=run.id)
    run.set_state(State("failed", "It went wrong."))
    assert badge(app.run()) == "ended"


def test_the_train_page_has_none(pen):
    pen(EXAMPLES["3"])
    app, run = opened_app(), run_in("training")
    session_of(app).unseen_run = run.id
    assert badge(app.run()) == "…"
    app.button(key="train_your_own").click().run()
    assert badge(app) == ""


@pytest.mark.parametrize(("name", "every"), [("training", BADGE_POLL), ("failed", None)])
def test_it_polls_while_there_is_more_to_come(pen, monkeypatch, name, every):
    run, polls = run_in("training"), []
    app = opened_app(run=run.id)
    run.set_state(State(name))
    monkeypatch.setattr(badge_module, "poll", lambda show, every, *_: polls.append(every))
    app.run()
    assert polls == [every]


@pytest.mark.parametrize("is_gone", [False, True])
def test_when_the_run_ends_the_whole_page_runs_again(pen, monkeypatch, is_gone):
    run, pages = run_in("finished"), []
    app = opened_app()
    session_of(app).unseen_run = "0123456789abcdef" if is_gone else run.id
    monkeypatch.setattr(badge_module.st, "rerun", lambda: pages.append("whole"))
    badge_module._badge(session_of(app), True, "draw")
    assert pages == ["whole"]


def in_a_race(app, first: Run) -> None:
    session = session_of(app)
    session.race = Race(first.id, "late fusion", "pixel fusion", QUICK.change({"fusion": "pixels"}))
    session.unseen_run = first.id


def test_a_race_goes_on_whichever_page_is_shown(pen):
    app, first = opened_app(), run_in("training")
    in_a_race(app, first)
    finished(first)
    session_of(app).choose(compared=("mnist", "fashion-late"))
    arrivals_before = arrivals(app)
    assert badge(app.run()) == "waits"
    second = the_run(app)
    assert second.id != first.id and second.recipe()[1].model.fusion == "pixels"
    assert session_of(app).race.second == session_of(app).unseen_run == second.id
    assert arrivals(app.run()) == arrivals_before  # who draws meanwhile stays where they are
    assert session_of(app).link.compared == ("mnist", "fashion-late")
    assert len(list(list_runs(runs_dir()))) == 2


def test_a_race_that_cannot_go_on_says_why_on_any_page_and_once(pen, monkeypatch):
    app, first = opened_app(), run_in("training")
    in_a_race(app, first)
    finished(first)
    monkeypatch.setattr(jobs, "start_recipe", lambda *_: full())
    app.run()
    assert [toast.value for toast in app.toast] == [
        "The second run of the race did not start. The run could not be written to disk (full). "
        "Try again later."
    ]
    assert not app.run().toast and session_of(app).race is None


def full() -> None:
    raise OSError(28, "full")


@pytest.mark.parametrize("gone", ["", "0123456789abcdef"])
def test_without_a_run_there_is_none(pen, gone):
    assert badge(opened_app(run=gone)) == ""


def test_a_run_that_was_over_when_its_link_was_opened_has_none(pen):
    run = run_in("queued")
    finished(run)
    assert badge(opened_app(run=run.id)) == ""


def test_what_was_caused_is_said_once_and_the_page_begins_at_its_top(pen):
    app = opened_app()
    session_of(app).arrive("*Mine* answers now.")
    app.run()
    assert [toast.value for toast in app.toast] == [r"\*Mine\* answers now."]
    assert arrivals(app) == 1
    app.run()
    assert not app.toast
    assert arrivals(app) == 1  # the browser has seen that one


def arrivals(app) -> int:
    found = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(data["arrivals"] for data in found if "arrivals" in data)
