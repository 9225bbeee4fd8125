"""Strangers are apart: nothing of theirs is run, shown as markup, logged, or seen by others."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS
from core.runs import limits, log
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, State, find_run, runs_dir
from tests.support.pages import (
    PAGES,
    draw_page,
    finished,
    opened,
    session_of,
    words,
)

ROOT = Path(__file__).parents[2]

QUICK = PRESETS["quick"].recipe

HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]


@given(name=some.sampled_from([*SETTINGS]), value=some.integers() | some.floats() | some.text())
def test_whatever_is_sent_a_setting_is_within_its_bounds(name, value):
    usual = QUICK.settings()[name]
    clamped = SETTINGS[name].clamp(value, usual)
    assert SETTINGS[name].check(name, clamped) == clamped
    assert SETTINGS[name].clamp(usual, value) == usual


@pytest.mark.parametrize("junk", [float("nan"), "nan", "x", None])
def test_what_is_no_number_leaves_a_setting_as_it_is(junk):
    assert SETTINGS["epochs"].clamp(junk, 3) == 3


@settings(max_examples=200)
@given(
    some.dictionaries(
        some.sampled_from([*SETTINGS, "x"]), some.integers() | some.floats() | some.text()
    )
)
def test_a_recipe_is_within_its_bounds_or_refused(values):
    try:
        recipe = QUICK.change(values)
    except ValueError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert Recipe.read(json.loads(json.dumps(recipe.to_dict()))) == recipe


CODE = [*ROOT.glob("core/**/*.py"), *ROOT.glob("views/**/*.py"), ROOT / "streamlit_app.py"]


def test_nothing_is_unpickled_and_no_markup_is_let_through():
    """No checkpoint, session or upload may run code, here or in a browser."""
    unpickles = r"\bpickle\b|torch\.load|torch\.save|joblib|shelve|marshal|(?<![.\w])eval\("
    lets_through = r"unsafe_allow_html|unsafe_allow_javascript|(?<![.\w])exec\("
    for path in CODE:
        assert not re.search(f"{unpickles}|{lets_through}", path.read_text()), path


def test_ids_come_from_the_system_s_secrets():
    """`random` may choose an image or roll a dice, nothing that has to stay secret."""
    assert not re.search(r"\brandom\b|uuid", (ROOT / "core/runs/queue.py").read_text())
    assert "secrets.token_hex(8)" in (ROOT / "core/runs/queue.py").read_text()


def test_a_visitor_sees_no_run_but_their_own_and_those_of_links(pen):
    """Pages show no ids but titles: were there another run, one of the two would be the second."""
    mine, other = (create_run(runs_dir(), "quick", QUICK) for _ in range(2))
    for run in (mine, other):
        finished(run)
    for page in PAGES:
        app = opened(PAGES[page], run=mine.id, net=mine.id)
        offered = [each.options for each in (*app.selectbox, *app.multiselect)]
        shown = f"{words(app)} {offered} {app.main} {dict(app.query_params)}"
        assert ("Shared: usual settings" in shown) == (page in ("draw", "compare")), page
        assert " #2" not in shown and other.id not in shown, page


EVIL = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("page", PAGES)
def test_markup_in_an_address_reaches_no_page(pen, page):
    names = ("n", "s", "net", "t", "run", "bug", "c", "view", "lr", "dataset", "seed", "v2")
    app = opened(PAGES[page], **dict.fromkeys(names, EVIL))
    assert "onerror" not in words(app) + repr(app.main)


def test_markup_in_a_message_of_a_run_is_shown_as_text():
    """Messages name what failed; a run's files may have been edited by hand."""
    run = create_run(runs_dir(), "quick", QUICK, FinetuneJob("mnist", HAND))
    run.set_state(State("preparing", EVIL))
    app = opened(draw_page, net="mnist")
    session_of(app).finetune_run = run.id
    app.run()
    assert EVIL not in " ".join(html.proto.body for html in app.get("html"))


@pytest.fixture
def lines(caplog) -> Callable[[], list[dict]]:
    caplog.set_level(logging.INFO, log.LOGGER)
    return lambda: [json.loads(log.JsonLines().format(each)) for each in caplog.records]


def test_the_log_has_the_run_and_its_settings_and_nothing_of_the_visitor(pen, lines):
    app = opened(draw_page)
    session_of(app).examples = HAND
    app.run()
    app.button(key="teach").click().run()
    (line,) = (each for each in lines() if each["event"] == "run queued")
    run = find_run(runs_dir(), session_of(app).finetune_run)
    assert run
    assert (line["run"], line["level"], line["taught"]) == (run.id, "INFO", True)
    assert set(line) == {"time", "level", "event", "pid", "run", "settings", "taught"}
    assert set(line["settings"]) == set(SETTINGS)
    assert "131" not in json.dumps(line["settings"])  # a point of the drawing


def test_trouble_is_logged_on_one_line_with_its_traceback(lines):
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.trouble("run failed", run="3f2a")
    (line,) = lines()
    assert (line["event"], line["run"], line["level"]) == ("run failed", "3f2a", "WARNING")
    assert line["error"].endswith("ZeroDivisionError: division by zero")


def test_a_second_start_writes_no_line_twice(monkeypatch):
    monkeypatch.setattr(log.log, "handlers", [])
    log.start()
    log.start()
    assert len(log.log.handlers) == 1


def test_the_server_is_set_for_strangers():
    import tomllib

    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    assert config["server"]["enableCORS"] is True
    assert config["server"]["maxUploadSize"] == limits.Limits().collection_megabytes
    assert config["server"]["maxMessageSize"] <= 5
    assert config["client"]["showErrorDetails"] == "none"
    assert config["browser"]["gatherUsageStats"] is False
