"""No address is an error: junk of every kind, through every page.

`parse_link` meets 10,000 addresses in test_link.py. Here each page meets a sample of them,
and some that a person would try.
"""

from dataclasses import replace
from itertools import product
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import runs_dir
from tests.support.links import junk, names
from tests.support.pages import PAGES, TIMEOUT, finished
from views.input import sources as sources_module
from views.session.link import HIDEABLE, LESSON_NAMES, link_query, parse_link

NASTY = (
    "v=1&s=" + "A" * 50_000,
    "n=%00&s=%FF%FE&lr=1e309&epochs=-0&seed=0x10&width=%F0%9F%98%80",
    "run=../../etc/passwd&net=..%2F..%2F&c=....%2F%2F&view=__class__",
    "hide=" + ".".join(HIDEABLE) + "&lock=" + ".".join(HIDEABLE) + "&task=<script>",
    "n=3&n=4&v=1&v=2",
    "lr=nan&dropout=inf&sum_weight=-inf&augment=1_0&batch_size=1e3",
    "t=9999&net=fashion-pixels&s=Rg8&n=9",
    "t=10000&bug=broadcast&sum_head=classification&fusion=pixels",
)
LESSONS = [f"task={lesson}&hide=share.pages" for lesson in LESSON_NAMES]


def parsed(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


@pytest.fixture
def known(alone: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Id of a run that is there; the canvas, which needs a browser, shows what it is told."""
    monkeypatch.setattr(sources_module, "draw_canvas", lambda canvas, **_: replace(canvas))
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    return run.id


def show(page: str, query: dict[str, str]) -> AppTest:
    app = AppTest.from_function(PAGES[page], default_timeout=TIMEOUT)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, query
    assert not app.error, query
    return app


@pytest.mark.parametrize(
    ("page", "text"),
    [*product(PAGES, NASTY), *product(("draw", "train"), LESSONS)],
    ids=lambda text: text[:24],
)
def test_no_nasty_address_is_an_error(page, text, known):
    show(page, parsed(text))


@pytest.mark.parametrize("page", PAGES)
def test_no_address_at_all_is_an_error(page, known, monkeypatch):
    @settings(
        max_examples=settings.default.max_examples // 10,  # 10; 100 every night
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(query=some.dictionaries(names, junk | some.just(known), max_size=8))
    def opens(query: dict[str, str]) -> None:
        app = show(page, query)
        left = dict(app.query_params)  # opens the same page
        assert link_query(parse_link(left)).items() <= left.items()

    opens()


@settings(max_examples=1_000)
@given(text=some.text() | some.text("&=%n3svtrunhide.lock0AF", max_size=60))
def test_any_text_behind_the_question_mark_is_read(text):
    parse_link(parsed(text))


def test_a_damaged_run_behind_an_address_is_no_error(known):
    for name in ("state.json", "checkpoint.json", "checkpoint.safetensors"):
        file = Path(runs_dir()) / known / name
        kept = file.read_bytes()
        for content in (b"", b"[]", b'{"preset": 3, "params": {"convs": 9}}', b"\xff" * 20):
            file.write_bytes(content)
            for page in PAGES:
                show(page, {"run": known, "net": known, "c": f"mnist.{known}"})
        file.write_bytes(kept)
