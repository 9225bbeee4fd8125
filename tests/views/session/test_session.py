"""What is a visitor's own."""

import os
from types import SimpleNamespace

import pytest

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.control import browser_hash
from core.runs.queue import Visitor, create_run
from core.runs.run import FinetuneJob, Run, State, runs_dir
from tests.support.pages import draw_page, finetune_run, opened, session_of, taught
from views.input.sources import EXAMPLES
from views.session import session as visits
from views.session.canvas_state import CanvasState
from views.session.link import Link, parse_strokes
from views.session.session import Session, cached_finetune_job


def test_an_address_fills_the_session(pen) -> None:
    session = session_of(opened(draw_page, n="4", t="7", s="Rg8Zg8"))
    assert (session.link.addend, session.source, session.picture) == (4, "test", 7)
    assert session.canvas.strokes == session.canvas.start == parse_strokes("Rg8Zg8") != ()
    drawn = session_of(opened(draw_page, s="Rg8Zg8"))
    assert (drawn.source, drawn.picture, drawn.canvas.generation) == ("draw", 0, 2)
    assert session_of(opened(draw_page)).canvas.generation == 1
    first = session_of(opened(draw_page, t="0"))
    assert (first.source, first.picture) == ("test", 0)


def test_no_two_sessions_have_the_same_secret() -> None:
    secrets = {Session(Link(), CanvasState()).secret for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(secret) >= 32 for secret in secrets)


def test_a_choice_leaves_the_others_as_they_are() -> None:
    session = Session(Link(addend=4, network="fashion-late"), CanvasState())
    session.choose(addend=5)
    assert session.link == Link(addend=5, network="fashion-late")


@pytest.mark.parametrize(("theme", "dark"), [("dark", True), ("light", False), (None, False)])
def test_the_theme_is_that_of_the_browser(monkeypatch, theme, dark) -> None:
    monkeypatch.setattr(visits.st, "context", SimpleNamespace(theme=SimpleNamespace(type=theme)))
    assert visits.is_dark() is dark


def test_examples_that_were_written_anew_are_read_anew() -> None:
    seven, eight = HandExample(7, EXAMPLES["7"]), HandExample(8, EXAMPLES["8"])
    run = finetune_run(seven)
    job = cached_finetune_job(run.id)
    assert job and job.examples == [seven]
    file = run.path / "examples.jsonl"
    file.write_text(file.read_text().replace('"label": 7', '"label": 1'))
    os.utime(file, (1, 1))
    again = cached_finetune_job(run.id)
    assert again and [each.label for each in again.examples] == [1]
    assert cached_finetune_job("mnist") is None
    assert eight not in again.examples


def run_of(secret: str, state: str = "training", *, is_secret: bool = False) -> Run:
    visitor = Visitor(session=browser_hash(secret))
    recipe = PRESETS["quick"].recipe
    run = create_run(runs_dir(), "quick", recipe, visitor=visitor, is_secret=is_secret)
    run.set_state(State(state))
    return run


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes has the browser "a"."""
    monkeypatch.setattr("views.session.visitor.secret_in", lambda cookies: "a")


@pytest.mark.parametrize("state", ["queued", "training", "paused", "evaluating"])
def test_a_reload_on_any_page_finds_the_run_that_goes_on(pen, browser, state: str) -> None:
    run = run_of("a", state)
    app = opened(draw_page)
    session = session_of(app)
    assert (session.own_runs, session.unseen_run, session.link.run) == ([run.id], run.id, run.id)
    assert "run" not in app.query_params


def test_the_run_of_another_browser_and_a_riddle_are_not_found(pen, browser) -> None:
    run_of("b")
    run_of("a", is_secret=True)
    session = session_of(opened(draw_page))
    assert (session.own_runs, session.unseen_run, session.link.run) == ([], "", "")


def test_a_run_that_is_over_is_ones_own_and_not_shown(pen, browser) -> None:
    run = run_of("a", "finished")
    session = session_of(opened(draw_page))
    assert (session.own_runs, session.unseen_run, session.link.run) == ([run.id], "", "")


def test_a_link_to_another_run_shows_that_one(pen, browser) -> None:
    own, other = run_of("a"), run_of("b", "finished")
    session = session_of(opened(draw_page, run=other.id))
    assert (session.own_runs, session.link.run) == ([own.id], other.id)


def test_of_many_runs_the_newest_are_found(pen, browser, monkeypatch) -> None:
    monkeypatch.setattr(visits, "MOST_RECALLED", 2)
    runs = [run_of("a", "finished").id for _ in range(3)]
    assert session_of(opened(draw_page)).own_runs == runs[1:]


def test_runs_that_came_to_nothing_push_no_network_out(pen, browser, monkeypatch) -> None:
    monkeypatch.setattr(visits, "MOST_RECALLED", 2)
    network = run_of("a", "finished")
    for state in ("failed", "interrupted"):
        run_of("a", state)
    assert session_of(opened(draw_page)).own_runs == [network.id]


def test_of_two_runs_that_go_on_the_newer_is_shown(pen, browser) -> None:
    older, newer = run_of("a"), run_of("a", "queued")
    session = session_of(opened(draw_page))
    assert session.own_runs == [older.id, newer.id]
    assert session.link.run == session.unseen_run == newer.id


def test_a_run_that_learns_handwriting_is_none_of_the_train_page(pen, browser) -> None:
    job = FinetuneJob("mnist", [HandExample(7, EXAMPLES["7"])])
    visitor = Visitor(session=browser_hash("a"))
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe, job, visitor)
    session = session_of(opened(draw_page))
    assert (session.own_runs, session.link.run) == ([run.id], "")


def test_the_end_of_the_run_in_the_link_is_still_to_be_seen_while_it_goes_on(pen) -> None:
    live, over = run_of("b"), run_of("b", "finished")
    assert session_of(opened(draw_page, run=live.id)).unseen_run == live.id
    assert session_of(opened(draw_page, run=over.id)).unseen_run == ""


def test_who_comes_back_to_a_taught_network_has_its_examples(pen) -> None:
    seven, eight = HandExample(7, EXAMPLES["7"]), HandExample(8, EXAMPLES["8"])
    run = finetune_run(seven, eight)
    taught(run)
    assert session_of(opened(draw_page, net=run.id)).examples == [seven, eight]
