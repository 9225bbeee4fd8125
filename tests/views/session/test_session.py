"""What is a visitor's own."""

import os
from types import SimpleNamespace

import pytest

from core.finetune import HandExample
from tests.support.pages import draw_page, finetune_run, opened, session_of
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
