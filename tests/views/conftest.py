"""Fixtures of all pages: runs in a folder of the test's own, no worker, a pen for the canvas."""

from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from core.data.drawing import Strokes
from tests.support.pages import PAGES, Pen
from views.session import jobs, networks


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a folder of this test, and nobody who trains them."""

    class NoWorker:
        def ensure(self) -> None: ...

    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(jobs, "worker", NoWorker)
    monkeypatch.setattr(type(st.context), "ip_address", None)  # AppTest has a mock there
    networks._cached_checkpoint.clear()
    networks._cached_large_checkpoint.clear()
    networks._cached_card.clear()


@pytest.fixture
def left_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the pages that a page led to; there is only the one that is opened."""
    names: list[str] = []

    def go_to(name: str, news: str = "") -> None:
        names.append(name)

    for page in PAGES:
        monkeypatch.setattr(f"views.{page}.page.go_to", go_to, raising=False)
    return names


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch) -> Pen:
    """Puts strokes on the canvas, which AppTest cannot draw, as if the browser had sent them."""

    def draw(strokes: Strokes) -> None:
        monkeypatch.setattr(
            "views.input.sources.draw_canvas",
            lambda canvas, **_: replace(canvas, strokes=strokes),
        )

    draw(())
    return draw
